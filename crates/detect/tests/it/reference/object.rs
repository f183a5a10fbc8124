//! Views of the bodies: the object, its pod template, its containers, its RBAC.

use super::node::{Node, Value};
use super::patch;
use super::readings::Reading;
use super::vocabulary::{host_path, image_parts, recorded_text};

pub(crate) fn find(reading: &Reading, name: &str) -> Option<Node> {
    match name {
        "object" => object(reading),
        "patch" => the_patch(reading),
        "podSpec" => pod_spec(reading),
        "containers" => containers(reading),
        "volumes" => pod_spec(reading)?.get("volumes").cloned(),
        "hostPaths" => {
            let paths: Vec<Node> = volumes(&pod_spec(reading)?)
                .into_iter()
                .map(|(_, path)| path)
                .collect();
            list_unless_empty("hostPaths", paths)
        }
        "rbac.rules" => rbac(reading, &["roles", "clusterroles"])?
            .get("rules")
            .cloned(),
        "rbac.roleRef" => bindings(reading)?.get("roleRef").cloned(),
        "rbac.subjects" => {
            let subjects = bindings(reading)?.get("subjects")?.clone();
            match subjects.value {
                Value::List(_) | Value::Patched(_) => {
                    let made = subjects.list_members().into_iter().map(subject).collect();
                    Some(Node {
                        value: Value::List(made),
                        ..subjects
                    })
                }
                _ => Some(subjects),
            }
        }
        _ => panic!("no view of the body is called {name}"),
    }
}

fn text(reading: &Reading, path: &[&str]) -> String {
    recorded_text(&reading.event, path).unwrap_or_default()
}

fn body(reading: &Reading, key: &str) -> Option<Node> {
    reading
        .event
        .get(key)
        .filter(|body| !body.is_null())
        .cloned()
}

pub(crate) fn object(reading: &Reading) -> Option<Node> {
    match text(reading, &["verb"]).as_str() {
        "create" | "update" => body(reading, "requestObject").filter(Node::is_object),
        "patch" => {
            let response = body(reading, "responseObject").filter(|response| {
                let text = |key: &str| response.get(key).and_then(Node::text).unwrap_or_default();
                response.is_object()
                    && text("kind") != "Status"
                    && !text("apiVersion").starts_with("meta.k8s.io/")
            });
            response.or_else(|| the_patch(reading))
        }
        _ => None,
    }
}

fn the_patch(reading: &Reading) -> Option<Node> {
    if text(reading, &["verb"]) != "patch" {
        return None;
    }
    patch::of(&body(reading, "requestObject")?)
}

/// Whether the request sets something at one of these paths. Only a patch may leave parts alone; of one that cannot be
/// read nobody knows.
fn touches(reading: &Reading, paths: &[&[&str]]) -> bool {
    if text(reading, &["verb"]) != "patch" {
        return true;
    }
    let Some(patch) = the_patch(reading) else {
        return true;
    };
    let mut set = paths.iter().filter_map(|path| patch.at(path));
    set.any(|node| !node.is_null())
}

/// Where the pod template is, of a kind that has one.
fn template_path(reading: &Reading) -> Option<&'static [&'static str]> {
    let resource = recorded_text(&reading.event, &["objectRef", "resource"])?;
    let group = text(reading, &["objectRef", "apiGroup"]);
    let is_workload = [
        "cronjobs",
        "daemonsets",
        "deployments",
        "jobs",
        "replicasets",
        "replicationcontrollers",
        "statefulsets",
    ]
    .contains(&resource.as_str());
    let is_custom = group.contains('.') && !group.ends_with(".k8s.io");
    let of_workloads = group == "apps" || group == "batch";
    Some(match resource.as_str() {
        "pods" if group.is_empty() => &["spec"],
        "podtemplates" if group.is_empty() => &["template", "spec"],
        "cronjobs" => &["spec", "jobTemplate", "spec", "template", "spec"],
        "controllerrevisions" if of_workloads => return None,
        _ if is_workload || is_custom || of_workloads => &["spec", "template", "spec"],
        _ => return None,
    })
}

fn subresource(reading: &Reading) -> String {
    text(reading, &["objectRef", "subresource"])
}

fn is_ephemeral(reading: &Reading) -> bool {
    subresource(reading) == "ephemeralcontainers"
        && text(reading, &["objectRef", "resource"]) == "pods"
}

/// The pod template, whether or not a patch touches it.
fn template(reading: &Reading) -> Option<Node> {
    let path = template_path(reading)?;
    if !subresource(reading).is_empty() && !is_ephemeral(reading) {
        return None;
    }
    object(reading)?.at(path).cloned()
}

fn pod_spec(reading: &Reading) -> Option<Node> {
    let template = template(reading)?;
    if !is_ephemeral(reading) {
        return touches(reading, &[template_path(reading)?]).then_some(template);
    }
    touches(reading, &[&["spec", "ephemeralContainers"]]).then_some(())?;
    let key = "ephemeralContainers";
    let containers = template.get(key)?.clone();
    let shown = Value::Object(vec![(key.to_owned(), containers)]);
    Some(Node {
        value: shown,
        ..template
    })
}

/// The cleaned host paths of a pod's volumes, by the name of the volume.
fn volumes(spec: &Node) -> Vec<(String, Node)> {
    let Some(volumes) = spec.get("volumes") else {
        return Vec::new();
    };
    let members = volumes.list_members().into_iter();
    members
        .filter_map(|volume| {
            let name = volume.get("name").and_then(Node::text).unwrap_or_default();
            let path = volume.at(&["hostPath", "path"])?;
            Some((name.to_owned(), host_path(&path.id, path)?))
        })
        .collect()
}

fn list_unless_empty(id: &str, members: Vec<Node>) -> Option<Node> {
    if members.is_empty() {
        None
    } else {
        Some(Node::new(id, Value::List(members)))
    }
}

fn containers(reading: &Reading) -> Option<Node> {
    let spec = pod_spec(reading)?;
    if !spec.is_object() {
        return Some(spec);
    }
    // Ephemeral containers mount volumes of the pod that the request does not show as its own.
    let volumes = template(reading).map_or_else(Vec::new, |template| volumes(&template));
    let places = [
        ("containers", "container"),
        ("initContainers", "init"),
        ("ephemeralContainers", "ephemeral"),
    ];
    let mut members = Vec::new();
    let mut is_there = false;
    for (key, kind) in places {
        if let Some(list) = spec.get(key).filter(|list| !list.is_null()) {
            is_there = true;
            for member in list.list_members() {
                members.push(container(member, kind, &volumes));
            }
        }
    }
    is_there.then(|| Node::new("containers", Value::List(members)))
}

fn container(member: &Node, kind: &str, volumes: &[(String, Node)]) -> Node {
    if !member.is_object() {
        return member.clone();
    }
    let computed = ["kind", "capabilities", "hostPaths"];
    let mut entries: Vec<(String, Node)> = member
        .children()
        .iter()
        .filter(|(key, _)| !computed.contains(&key.as_str()))
        .cloned()
        .collect();
    for (key, node) in &mut entries {
        if let (true, Some(image)) = (key == "image", node.text().map(str::to_owned)) {
            node.parts = image_parts(&node.id, &image);
        }
    }
    entries.push(("kind".to_owned(), Node::text_of("kind", kind)));
    let added = member.at(&["securityContext", "capabilities", "add"]);
    let added = added.map_or_else(Vec::new, Node::direct_members);
    let capabilities = added.into_iter().filter_map(|capability| {
        let name = capability.text()?.to_uppercase();
        let name = name.strip_prefix("CAP_").unwrap_or(&name);
        Some(Node::text_of(format!("{}/capability", capability.id), name))
    });
    if let Some(list) = list_unless_empty("capabilities", capabilities.collect()) {
        entries.push(("capabilities".to_owned(), list));
    }
    let mounts = member.get("volumeMounts");
    let mounts = mounts.map_or_else(Vec::new, Node::direct_members);
    let paths = mounts.into_iter().flat_map(|mount| {
        let name = mount.get("name").and_then(Node::text);
        let of_name = volumes.iter().filter(move |(known, _)| name == Some(known));
        of_name.map(|(_, path)| path.clone())
    });
    if let Some(list) = list_unless_empty("hostPaths", paths.collect()) {
        entries.push(("hostPaths".to_owned(), list));
    }
    Node {
        value: Value::Object(entries),
        ..member.clone()
    }
}

/// The object of a request for roles or bindings that says something about what they grant.
fn rbac(reading: &Reading, resources: &[&str]) -> Option<Node> {
    let resource = text(reading, &["objectRef", "resource"]);
    let parts: &[&[&str]] = &[
        &["rules"],
        &["aggregationRule"],
        &["subjects"],
        &["roleRef"],
    ];
    let fits = resources.contains(&resource.as_str()) && subresource(reading).is_empty();
    (fits && touches(reading, parts)).then_some(())?;
    object(reading)
}

fn bindings(reading: &Reading) -> Option<Node> {
    rbac(reading, &["rolebindings", "clusterrolebindings"])
}

fn subject(member: &Node) -> Node {
    if !member.is_object() {
        return member.clone();
    }
    let mut entries: Vec<(String, Node)> = member
        .children()
        .iter()
        .filter(|(key, _)| key != "username")
        .cloned()
        .collect();
    let text = |key: &str| member.get(key).and_then(Node::text);
    let username = match (text("kind"), text("namespace"), text("name")) {
        (Some("User"), _, Some(name)) => Some(name.to_owned()),
        (Some("ServiceAccount"), Some(namespace), Some(name)) => {
            Some(format!("system:serviceaccount:{namespace}:{name}"))
        }
        _ => None,
    };
    if let Some(username) = username {
        let node = Node::text_of(format!("{}/username", member.id), username);
        entries.push(("username".to_owned(), node));
    }
    Node {
        value: Value::Object(entries),
        ..member.clone()
    }
}
