//! Of which requests there is an object, and of which resources a pod template.

use super::check;
use crate::support::event;

#[test]
fn what_leaves_an_object_and_what_has_a_pod_template() {
    const POD: &str = r#"{"containers":[{"name":"c","image":"nginx"}]}"#;
    let body = format!(
        r#"{{"spec":{{"containers":[{{"name":"c","image":"nginx"}}],"template":{{"spec":{POD}}}}}}}"#
    );
    let groups = [
        "",
        "apps",
        "Apps",
        "example.com",
        "rbac.Authorization.k8s.io",
    ];
    let mut events = Vec::new();
    for verb in ["get", "create", "patch", "delete"] {
        for resource in ["pods", "Pods", "secrets", "deployments"] {
            for group in groups {
                for code in [200, 201] {
                    let group = match group {
                        "" => String::new(),
                        group => format!(r#","apiGroup":"{group}""#),
                    };
                    let sent = match verb {
                        "create" | "patch" => format!(r#","requestObject":{body}"#),
                        _ => String::new(),
                    };
                    events.push(event(&format!(
                        r#""verb":"{verb}","objectRef":{{"resource":"{resource}"{group}}},"responseStatus":{{"code":{code}}}{sent}"#
                    )));
                }
            }
        }
    }
    let n_told = check(
        &[
            ("verb", &["get", "create", "patch"]),
            ("operation", &["create", "patch", "delete"]),
            ("resource", &["pods", "secrets", "deployments"]),
            (
                "apiGroup",
                &["", "apps", "example.com", "rbac.authorization.k8s.io"],
            ),
            ("status", &["201"]),
            ("object", &[]),
            ("containers", &[]),
            ("containers.image", &["nginx"]),
            ("patch", &[]),
        ],
        &events,
    );
    assert!(n_told > 100, "{n_told}");
}
