//! The resources of Kubernetes: their names, groups and subresources.

/// A resource that comes with Kubernetes.
#[derive(Debug)]
pub(super) struct Resource {
    /// The name in requests.
    pub(super) plural: &'static str,
    /// Short names of kubectl.
    pub(super) short: &'static [&'static str],
    /// API groups that have it; the core group is empty.
    pub(super) groups: &'static [&'static str],
    /// Whether it can be written by apply, which is a patch.
    pub(super) applied: bool,
}

const fn resource(
    plural: &'static str,
    short: &'static [&'static str],
    groups: &'static [&'static str],
) -> Resource {
    Resource {
        plural,
        short,
        groups,
        applied: true,
    }
}

/// A resource that is only ever posted, such as a review.
const fn posted(plural: &'static str, groups: &'static [&'static str]) -> Resource {
    Resource {
        plural,
        short: &[],
        groups,
        applied: false,
    }
}

const APPS: &[&str] = &["apps", "extensions"];
const NETWORKING: &[&str] = &["networking.k8s.io", "extensions"];
const RBAC: &[&str] = &["rbac.authorization.k8s.io"];
const ADMISSION: &[&str] = &["admissionregistration.k8s.io"];
const STORAGE: &[&str] = &["storage.k8s.io"];
const FLOW: &[&str] = &["flowcontrol.apiserver.k8s.io"];
const AUTHORIZATION: &[&str] = &["authorization.k8s.io"];
const RESOURCE: &[&str] = &["resource.k8s.io"];

pub(super) static RESOURCES: &[Resource] = &[
    posted("bindings", &[""]),
    posted("componentstatuses", &[""]),
    resource("configmaps", &["cm"], &[""]),
    resource("endpoints", &["ep"], &[""]),
    resource("events", &["ev"], &["", "events.k8s.io"]),
    resource("limitranges", &["limits"], &[""]),
    resource("namespaces", &["ns"], &[""]),
    resource("nodes", &["no"], &["", "metrics.k8s.io"]),
    resource("persistentvolumeclaims", &["pvc"], &[""]),
    resource("persistentvolumes", &["pv"], &[""]),
    resource("pods", &["po"], &["", "metrics.k8s.io"]),
    resource("podtemplates", &[], &[""]),
    resource("replicationcontrollers", &["rc"], &[""]),
    resource("resourcequotas", &["quota"], &[""]),
    resource("secrets", &[], &[""]),
    resource("serviceaccounts", &["sa"], &[""]),
    resource("services", &["svc"], &[""]),
    resource("controllerrevisions", &[], &["apps"]),
    resource("daemonsets", &["ds"], APPS),
    resource("deployments", &["deploy"], APPS),
    resource("replicasets", &["rs"], APPS),
    resource("statefulsets", &["sts"], &["apps"]),
    resource("cronjobs", &["cj"], &["batch"]),
    resource("jobs", &[], &["batch"]),
    resource("horizontalpodautoscalers", &["hpa"], &["autoscaling"]),
    resource("poddisruptionbudgets", &["pdb"], &["policy"]),
    resource("podsecuritypolicies", &["psp"], &["policy", "extensions"]),
    resource("ingressclasses", &[], &["networking.k8s.io"]),
    resource("ingresses", &["ing"], NETWORKING),
    resource("ipaddresses", &["ip"], &["networking.k8s.io"]),
    resource("networkpolicies", &["netpol"], NETWORKING),
    resource("servicecidrs", &[], &["networking.k8s.io"]),
    resource("clusterrolebindings", &[], RBAC),
    resource("clusterroles", &[], RBAC),
    resource("rolebindings", &[], RBAC),
    resource("roles", &[], RBAC),
    resource(
        "certificatesigningrequests",
        &["csr"],
        &["certificates.k8s.io"],
    ),
    resource("clustertrustbundles", &[], &["certificates.k8s.io"]),
    resource("mutatingadmissionpolicies", &[], ADMISSION),
    resource("mutatingadmissionpolicybindings", &[], ADMISSION),
    resource("mutatingwebhookconfigurations", &[], ADMISSION),
    resource("validatingadmissionpolicies", &[], ADMISSION),
    resource("validatingadmissionpolicybindings", &[], ADMISSION),
    resource("validatingwebhookconfigurations", &[], ADMISSION),
    resource(
        "customresourcedefinitions",
        &["crd", "crds"],
        &["apiextensions.k8s.io"],
    ),
    resource("apiservices", &[], &["apiregistration.k8s.io"]),
    resource("csidrivers", &[], STORAGE),
    resource("csinodes", &[], STORAGE),
    resource("csistoragecapacities", &[], STORAGE),
    resource("storageclasses", &["sc"], STORAGE),
    resource("volumeattachments", &[], STORAGE),
    resource("volumeattributesclasses", &["vac"], STORAGE),
    resource("priorityclasses", &["pc"], &["scheduling.k8s.io"]),
    resource("leases", &[], &["coordination.k8s.io"]),
    resource("endpointslices", &[], &["discovery.k8s.io"]),
    resource("runtimeclasses", &[], &["node.k8s.io"]),
    resource("flowschemas", &[], FLOW),
    resource("prioritylevelconfigurations", &[], FLOW),
    resource("deviceclasses", &[], RESOURCE),
    resource("resourceclaims", &[], RESOURCE),
    resource("resourceclaimtemplates", &[], RESOURCE),
    resource("resourceslices", &[], RESOURCE),
    posted("selfsubjectreviews", &["authentication.k8s.io"]),
    posted("tokenreviews", &["authentication.k8s.io"]),
    posted("localsubjectaccessreviews", AUTHORIZATION),
    posted("selfsubjectaccessreviews", AUTHORIZATION),
    posted("selfsubjectrulesreviews", AUTHORIZATION),
    posted("subjectaccessreviews", AUTHORIZATION),
];

/// Verbs of a resource that are also verbs of its subresources, where that is another matter.
pub(super) static SUBRESOURCES: &[(&str, &[&str], &[&str])] = &[
    (
        "pods",
        &["create"],
        &["exec", "attach", "portforward", "binding", "eviction"],
    ),
    ("pods", &["get"], &["exec", "attach", "portforward", "log"]),
    (
        "pods",
        &["update", "patch"],
        &["ephemeralcontainers", "resize", "status"],
    ),
    (
        "nodes",
        &["create", "get", "update", "patch", "delete"],
        &["proxy"],
    ),
    (
        "services",
        &["create", "get", "update", "patch", "delete"],
        &["proxy"],
    ),
    ("serviceaccounts", &["create"], &["token"]),
    (
        "certificatesigningrequests",
        &["update", "patch"],
        &["approval", "status"],
    ),
    ("namespaces", &["update"], &["finalize"]),
];

/// Finds a resource by its name in requests.
pub(super) fn find(name: &str) -> Option<&'static Resource> {
    RESOURCES
        .iter()
        .find(|resource| resource.plural.eq_ignore_ascii_case(name))
}

/// The resource that a kind, a singular or a short name means.
pub(super) fn meant(name: &str) -> Option<&'static Resource> {
    if find(name).is_some() {
        return None;
    }
    let name = name.to_ascii_lowercase();
    RESOURCES.iter().find(|resource| {
        resource.short.contains(&name.as_str()) || singular(resource.plural) == name
    })
}

/// Whether a group is one of those that come with Kubernetes.
pub(super) fn is_group(group: &str) -> bool {
    RESOURCES.iter().any(|resource| {
        resource
            .groups
            .iter()
            .any(|known| known.eq_ignore_ascii_case(group))
    })
}

fn singular(plural: &str) -> String {
    if let Some(stem) = plural.strip_suffix("ies") {
        return format!("{stem}y");
    }
    let stem = plural
        .strip_suffix("es")
        .filter(|stem| stem.ends_with("ss"))
        .or_else(|| plural.strip_suffix('s'));
    stem.unwrap_or(plural).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_mean_a_resource() {
        for (name, expected) in [
            ("pod", "pods"),
            ("Pod", "pods"),
            ("svc", "services"),
            ("ClusterRoleBinding", "clusterrolebindings"),
            ("networkpolicy", "networkpolicies"),
            ("ingress", "ingresses"),
            ("ingressclass", "ingressclasses"),
            ("lease", "leases"),
            ("crds", "customresourcedefinitions"),
        ] {
            assert_eq!(
                meant(name).map(|found| found.plural),
                Some(expected),
                "{name}"
            );
        }
        for name in ["pods", "Pods", "endpoints", "widgets", "widget", ""] {
            assert!(meant(name).is_none(), "{name}");
        }
    }

    #[test]
    fn the_table_knows_what_it_speaks_of() {
        for (at, one) in RESOURCES.iter().enumerate() {
            assert!(!one.groups.is_empty());
            assert!(
                RESOURCES[..at]
                    .iter()
                    .all(|other| other.plural != one.plural)
            );
        }
        for (name, ..) in SUBRESOURCES {
            assert!(find(name).is_some(), "{name}");
        }
    }
}
