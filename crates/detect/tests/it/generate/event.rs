//! Events, as a server writes them and as nobody should.

use super::Choices;
use super::csr;
use super::pools::{
    CAPABILITIES, CODES, COMMANDS, DECISIONS, GROUPS, IMAGES, IPS, KINDS, LABELS, NAMES,
    NAMESPACES, NUMBERS, PATHS, RESOURCES, ROLES, STAGES, SUBRESOURCES, USERS, VERBS, WORDS,
};
use super::write::write;

/// A value to be written.
#[derive(Clone, Debug)]
pub(crate) enum Gen {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Gen>),
    Object(Vec<(String, Gen)>),
}

pub(crate) fn text(text: impl Into<String>) -> Gen {
    Gen::Text(text.into())
}

fn object<const N: usize>(entries: [(&str, Gen); N]) -> Gen {
    Gen::Object(
        entries
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect(),
    )
}

fn texts(texts: Vec<&str>) -> Gen {
    Gen::List(texts.into_iter().map(text).collect())
}

/// The bytes of an event.
pub(crate) fn event(choices: &mut Choices<'_>) -> Vec<u8> {
    let (verb, resource) = (choices.pick(VERBS), choices.pick(RESOURCES));
    event_of(choices, verb, resource)
}

/// The bytes of an event of such a request.
pub(crate) fn event_of(c: &mut Choices<'_>, verb: &str, resource: &str) -> Vec<u8> {
    let subresource = if c.one_in(3) {
        c.pick(SUBRESOURCES)
    } else {
        ""
    };
    let mut entries = vec![
        ("kind".to_owned(), text("Event")),
        ("apiVersion".to_owned(), text("audit.k8s.io/v1")),
        ("auditID".to_owned(), text("1")),
        (
            "stage".to_owned(),
            text(if c.one_in(5) {
                c.pick(STAGES)
            } else {
                STAGES[0]
            }),
        ),
        ("verb".to_owned(), text(verb)),
    ];
    let mut put = |key: &str, value: Gen| entries.push((key.to_owned(), value));
    put("user", user(c));
    if c.one_in(4) {
        put("impersonatedUser", user(c));
    }
    if !c.one_in(8) {
        put("objectRef", object_ref(c, resource, subresource));
    }
    if !c.one_in(8) {
        put("sourceIPs", texts(c.some(3, |c| c.pick(IPS))));
    }
    put("requestURI", text(uri(c)));
    if !c.one_in(6) {
        put("responseStatus", status(c));
    }
    if c.one_in(2) {
        put("userAgent", text(c.pick(NAMES)));
    }
    if c.one_in(2) {
        put("annotations", annotations(c));
    }
    if !c.one_in(6) {
        put("requestObject", request(c, verb, resource));
    }
    if c.one_in(3) {
        let mut response = body(c, resource);
        if let Gen::Object(entries) = &mut response {
            match c.below(6) {
                1 => entries.push(("kind".to_owned(), text("Status"))),
                2 => entries.push(("apiVersion".to_owned(), text("meta.k8s.io/v1"))),
                _ => {}
            }
        }
        put("responseObject", response);
    }
    if c.one_in(8) {
        // The envelope is the server's own text; one repeated key is doubt enough.
        let at = 3 + c.below(entries.len() - 3);
        let (key, value) = entries[at].clone();
        let other = match key.as_str() {
            "verb" => text(c.pick(VERBS)),
            "stage" => text(c.pick(STAGES)),
            "user" => user(c),
            "requestURI" => text(uri(c)),
            "sourceIPs" => texts(c.some(3, |c| c.pick(IPS))),
            "objectRef" => object_ref(c, resource, subresource),
            "requestObject" => request(c, verb, resource),
            _ => value,
        };
        entries.insert(c.below(entries.len()), (key, other));
    }
    write(c, &Gen::Object(entries))
}

fn user(c: &mut Choices<'_>) -> Gen {
    let mut entries = vec![("username".to_owned(), text(c.pick(USERS)))];
    if c.one_in(2) {
        entries.push(("groups".to_owned(), texts(c.any(3, |c| c.pick(GROUPS)))));
    }
    if c.one_in(3) {
        let mut extra = Vec::new();
        for key in ["a.b", "k", "a.b"] {
            if c.one_in(3) {
                let value = if c.one_in(4) {
                    text(c.pick(WORDS))
                } else {
                    texts(c.any(2, |c| c.pick(WORDS)))
                };
                extra.push((key.to_owned(), value));
            }
        }
        entries.push(("extra".to_owned(), Gen::Object(extra)));
    }
    if c.one_in(8) {
        entries.push(("uid".to_owned(), Gen::Null));
    }
    Gen::Object(entries)
}

fn object_ref(c: &mut Choices<'_>, resource: &str, subresource: &str) -> Gen {
    let mut entries = vec![("resource".to_owned(), text(resource))];
    if !c.one_in(4) {
        entries.push(("name".to_owned(), text(c.pick(NAMES))));
    }
    if !c.one_in(4) {
        let namespace = if c.one_in(6) { "" } else { c.pick(NAMESPACES) };
        entries.push(("namespace".to_owned(), text(namespace)));
    }
    if !subresource.is_empty() || c.one_in(6) {
        entries.push(("subresource".to_owned(), text(subresource)));
    }
    match resource {
        "deployments" => entries.push(("apiGroup".to_owned(), text("apps"))),
        "pods" if c.one_in(8) => entries.push(("apiGroup".to_owned(), text("metrics.k8s.io"))),
        _ => {}
    }
    Gen::Object(entries)
}

fn status(c: &mut Choices<'_>) -> Gen {
    if c.one_in(8) {
        return object([("status", text("Failure"))]);
    }
    let code = if c.one_in(3) { c.pick(CODES) } else { CODES[0] };
    object([("code", Gen::Number(code.to_owned()))])
}

fn encoded(c: &mut Choices<'_>, word: &str) -> String {
    word.bytes()
        .map(|byte| match byte {
            b' ' if c.one_in(2) => "+".to_owned(),
            b'a'..=b'z' if !c.one_in(6) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

fn uri(c: &mut Choices<'_>) -> String {
    let word = c.pick(NAMES);
    let mut uri = format!("/api/{}", encoded(c, word));
    let mut parameters = Vec::new();
    for _ in 0..c.below(4) {
        let word = c.pick(COMMANDS);
        parameters.push(format!("command={}", encoded(c, word)));
    }
    for parameter in [
        "dryRun=All",
        "stdin=true",
        "tty=0",
        "tty=False",
        "container=web",
        "%63ommand=x",
        "a.b=x",
        "flag",
    ] {
        if c.one_in(8) {
            parameters.push(parameter.to_owned());
        }
    }
    if !parameters.is_empty() {
        uri.push('?');
        uri += &parameters.join("&");
    }
    uri
}

fn annotations(c: &mut Choices<'_>) -> Gen {
    let mut entries = Vec::new();
    for key in [
        "authorization.k8s.io/decision",
        "authorization.k8s.io/reason",
        "a.b",
        "k",
    ] {
        if c.one_in(2) {
            let value = if key.ends_with("decision") {
                c.pick(DECISIONS)
            } else {
                c.pick(WORDS)
            };
            entries.push((key.to_owned(), text(value)));
        }
    }
    if c.one_in(8) {
        entries.push(("k".to_owned(), text(c.pick(WORDS))));
    }
    Gen::Object(entries)
}

fn request(c: &mut Choices<'_>, verb: &str, resource: &str) -> Gen {
    if verb == "patch" && c.one_in(2) {
        return Gen::List(operations(c, resource));
    }
    if verb.starts_with("delete") {
        return if c.one_in(2) {
            object([("dryRun", texts(c.any(1, |_| "All")))])
        } else {
            object([])
        };
    }
    let mut made = body(c, resource);
    if verb == "patch" && c.one_in(3) {
        direct(c, &mut made);
    } else if c.one_in(2) {
        for _ in 0..=c.below(2) {
            repeat(c, &mut made);
        }
    }
    made
}

/// A body of the kind that the resource has, or of another one.
fn body(c: &mut Choices<'_>, resource: &str) -> Gen {
    let odd = [
        Gen::Null,
        text("skipped-too-big-size-object"),
        Gen::List(Vec::new()),
        Gen::Number("7".to_owned()),
    ];
    if c.one_in(16) {
        return odd[c.below(odd.len())].clone();
    }
    let resource = if c.one_in(8) {
        c.pick(RESOURCES)
    } else {
        resource
    };
    let mut entries = vec![("metadata".to_owned(), metadata(c))];
    match resource {
        "pods" => entries.push(("spec".to_owned(), pod_spec(c))),
        "deployments" => {
            let spec = pod_spec(c);
            entries.push((
                "spec".to_owned(),
                object([("template", object([("spec", spec)]))]),
            ));
        }
        "cronjobs" => {
            let spec = pod_spec(c);
            let template = object([("template", object([("spec", spec)]))]);
            entries.push((
                "spec".to_owned(),
                object([("jobTemplate", object([("spec", template)]))]),
            ));
        }
        "clusterrolebindings" => {
            entries.push(("subjects".to_owned(), Gen::List(c.any(3, subject))));
            if !c.one_in(4) {
                entries.push((
                    "roleRef".to_owned(),
                    object([("name", text(c.pick(ROLES)))]),
                ));
            }
        }
        "certificatesigningrequests" => entries.push(("spec".to_owned(), csr::spec(c))),
        "roles" => entries.push(("rules".to_owned(), Gen::List(c.any(3, rbac_rule)))),
        "secrets" => {
            let data = c.any(3, |c| (c.pick(LABELS).to_owned(), text(c.pick(WORDS))));
            entries.push(("data".to_owned(), Gen::Object(unique(data))));
        }
        _ => {}
    }
    if c.one_in(3) {
        let odd = c.some(3, |c| {
            (c.pick(&["a", "b", "list"]).to_owned(), anything(c, 3))
        });
        entries.push(("x".to_owned(), Gen::Object(unique(odd))));
    }
    Gen::Object(entries)
}

fn unique(entries: Vec<(String, Gen)>) -> Vec<(String, Gen)> {
    let mut kept: Vec<(String, Gen)> = Vec::new();
    for (key, value) in entries {
        if !kept.iter().any(|(known, _)| *known == key) {
            kept.push((key, value));
        }
    }
    kept
}

fn anything(c: &mut Choices<'_>, depth: usize) -> Gen {
    match c.below(if depth == 0 { 4 } else { 7 }) {
        0 => text(c.pick(WORDS)),
        1 => Gen::Number(c.pick(NUMBERS).to_owned()),
        2 => Gen::Bool(c.one_in(2)),
        3 => Gen::Null,
        4 | 5 => Gen::List(c.any(3, |c| anything(c, depth - 1))),
        _ => Gen::Object(unique(c.any(3, |c| {
            (
                c.pick(&["x", "y", "list"]).to_owned(),
                anything(c, depth - 1),
            )
        }))),
    }
}

fn metadata(c: &mut Choices<'_>) -> Gen {
    let mut entries = vec![("name".to_owned(), text(c.pick(NAMES)))];
    if c.one_in(2) {
        let mut labels = unique(c.any(3, |c| (c.pick(LABELS).to_owned(), text(c.pick(WORDS)))));
        // Dotted keys may also be objects in objects, which no server stores and any client can send.
        if c.one_in(2) {
            let decoy = object([
                ("b", object([("c", text(c.pick(WORDS)))])),
                ("b.c", text(c.pick(WORDS))),
            ]);
            labels.push(("a".to_owned(), decoy));
        }
        if c.one_in(6) {
            labels.push(("nothing".to_owned(), Gen::Null));
        }
        entries.push(("labels".to_owned(), Gen::Object(labels)));
    }
    Gen::Object(entries)
}

fn pod_spec(c: &mut Choices<'_>) -> Gen {
    let mut entries = Vec::new();
    for key in ["containers", "initContainers", "ephemeralContainers"] {
        if key == "containers" || c.one_in(4) {
            let list = match c.below(12) {
                11 => Gen::Null,
                10 => anything(c, 2),
                _ => Gen::List(c.any(3, container)),
            };
            entries.push((key.to_owned(), list));
        }
    }
    if c.one_in(2) {
        let volumes = c.any(3, |c| {
            let mut volume = vec![("name".to_owned(), text(c.pick(&["v", "w"])))];
            if !c.one_in(4) {
                volume.push((
                    "hostPath".to_owned(),
                    object([("path", text(c.pick(PATHS)))]),
                ));
            }
            Gen::Object(volume)
        });
        entries.push(("volumes".to_owned(), Gen::List(volumes)));
    }
    for key in ["hostNetwork", "hostPID"] {
        if c.one_in(3) {
            let value = if c.one_in(5) {
                anything(c, 1)
            } else {
                Gen::Bool(c.one_in(2))
            };
            entries.push((key.to_owned(), value));
        }
    }
    Gen::Object(entries)
}

fn container(c: &mut Choices<'_>) -> Gen {
    if c.one_in(12) {
        return anything(c, 2);
    }
    let mut entries = vec![
        ("name".to_owned(), text(c.pick(NAMES))),
        ("image".to_owned(), text(c.pick(IMAGES))),
    ];
    if c.one_in(2) {
        let mut context = vec![("privileged".to_owned(), Gen::Bool(c.one_in(2)))];
        if c.one_in(2) {
            let mut add: Vec<Gen> = c.any(2, |c| text(c.pick(CAPABILITIES)));
            if c.one_in(6) {
                add.push(anything(c, 1));
            }
            context.push(("capabilities".to_owned(), object([("add", Gen::List(add))])));
        }
        entries.push(("securityContext".to_owned(), Gen::Object(context)));
    }
    if c.one_in(2) {
        entries.push(("args".to_owned(), texts(c.any(3, |c| c.pick(COMMANDS)))));
    }
    if c.one_in(3) {
        let env = c.any(2, |c| {
            object([
                ("name", text(c.pick(&["A", "B"]))),
                ("value", anything(c, 0)),
            ])
        });
        entries.push(("env".to_owned(), Gen::List(env)));
    }
    if c.one_in(3) {
        let mounts = c.any(2, |c| object([("name", text(c.pick(&["v", "w"])))]));
        entries.push(("volumeMounts".to_owned(), Gen::List(mounts)));
    }
    if c.one_in(10) {
        entries.push(("kind".to_owned(), text("init")));
    }
    Gen::Object(entries)
}

fn subject(c: &mut Choices<'_>) -> Gen {
    let mut entries = vec![
        ("kind".to_owned(), text(c.pick(KINDS))),
        (
            "name".to_owned(),
            text(c.pick(&["dana", "web", "system:masters"])),
        ),
    ];
    if !c.one_in(3) {
        entries.push(("namespace".to_owned(), text(c.pick(NAMESPACES))));
    }
    Gen::Object(entries)
}

fn rbac_rule(c: &mut Choices<'_>) -> Gen {
    let mut resources = c.any(2, |c| c.pick(RESOURCES));
    if c.one_in(3) {
        resources.push("*");
    }
    let mut verbs = c.any(2, |c| c.pick(VERBS));
    if c.one_in(3) {
        verbs.push("*");
    }
    object([("verbs", texts(verbs)), ("resources", texts(resources))])
}

/// A JSON Patch that names a place in a list that is not known once only: after that an index may mean another member.
fn operations(c: &mut Choices<'_>, resource: &str) -> Vec<Gen> {
    let mut kept = Vec::new();
    let mut indexed = Vec::new();
    for operation in c.some(4, |c| operation(c, resource)) {
        let Gen::Object(entries) = &operation else {
            continue;
        };
        let path = entries.iter().find_map(|(key, value)| match value {
            Gen::Text(path) if key == "path" => Some(path.clone()),
            _ => None,
        });
        let path =
            path.filter(|path| path.contains("containers/0") || path.contains("containers/1"));
        if path.is_none() || !indexed.contains(&path) {
            kept.push(operation);
            indexed.push(path);
        }
    }
    kept
}

/// One operation of a JSON Patch.
fn operation(c: &mut Choices<'_>, resource: &str) -> Gen {
    let spec = match resource {
        "deployments" => "/spec/template/spec",
        "cronjobs" => "/spec/jobTemplate/spec/template/spec",
        _ => "/spec",
    };
    let (path, value) = match c.below(11) {
        0 => (format!("{spec}/containers/-"), container(c)),
        1 => (format!("{spec}/containers/0/image"), text(c.pick(IMAGES))),
        2 => (
            format!("{spec}/containers/0/securityContext/privileged"),
            Gen::Bool(c.one_in(2)),
        ),
        3 => (format!("{spec}/containers"), Gen::List(c.any(2, container))),
        4 => (format!("{spec}/hostNetwork"), Gen::Bool(c.one_in(2))),
        5 => (
            "/metadata/labels/app.kubernetes.io~1name".to_owned(),
            text(c.pick(WORDS)),
        ),
        6 => (
            "/metadata/labels".to_owned(),
            object([("app", text(c.pick(WORDS)))]),
        ),
        7 => ("/subjects/-".to_owned(), subject(c)),
        8 => ("/rules".to_owned(), Gen::List(c.any(2, rbac_rule))),
        9 => (format!("{spec}/containers/1"), container(c)),
        _ => ("/metadata/name".to_owned(), text(c.pick(NAMES))),
    };
    let op = if c.one_in(3) {
        c.pick(&["remove", "test", "move", "copy"])
    } else {
        c.pick(&["add", "replace"])
    };
    let mut entries = vec![("op".to_owned(), text(op)), ("path".to_owned(), text(path))];
    match op {
        "remove" => {}
        "move" | "copy" => {
            let from = match c.below(3) {
                0 if op == "copy" => format!("{spec}/containers/0"),
                1 => "/metadata/name".to_owned(),
                _ => format!("{spec}/hostNetwork"),
            };
            entries.push(("from".to_owned(), text(from)));
        }
        _ => entries.push(("value".to_owned(), value)),
    }
    Gen::Object(entries)
}

/// Puts a directive of a strategic merge patch somewhere.
fn direct(c: &mut Choices<'_>, value: &mut Gen) {
    match value {
        Gen::Object(entries) => {
            let n = entries.len();
            if n == 0 || c.one_in(3) {
                let (key, value) = match c.below(3) {
                    0 => ("$patch", text(c.pick(&["delete", "replace"]))),
                    1 => ("$setElementOrder/containers", Gen::List(Vec::new())),
                    _ => ("$retainKeys", Gen::List(vec![text("name")])),
                };
                if !entries.iter().any(|(known, _)| known == key) {
                    entries.push((key.to_owned(), value));
                }
            }
            if n > 0 {
                let at = c.below(n);
                direct(c, &mut entries[at].1);
            }
        }
        Gen::List(members) if !members.is_empty() => {
            let at = c.below(members.len());
            direct(c, &mut members[at]);
        }
        _ => {}
    }
}

/// Repeats a key somewhere in a body, with another value.
fn repeat(c: &mut Choices<'_>, value: &mut Gen) {
    match value {
        Gen::Object(entries) if !entries.is_empty() => {
            let at = c.below(entries.len());
            let goes_on = matches!(&entries[at].1, Gen::Object(inner) if !inner.is_empty())
                || matches!(&entries[at].1, Gen::List(inner) if !inner.is_empty());
            if goes_on && !c.one_in(3) {
                repeat(c, &mut entries[at].1);
                return;
            }
            let (key, old) = entries[at].clone();
            let new = match (key.as_str(), &old) {
                ("image", _) => text(c.pick(IMAGES)),
                ("name", _) => text(c.pick(&["web", "v", "w", "dana"])),
                (_, Gen::Bool(value)) => Gen::Bool(!value),
                (_, Gen::Object(_)) if c.one_in(2) => {
                    let mut other = old.clone();
                    repeat(c, &mut other);
                    if let Gen::Object(entries) = other {
                        Gen::Object(unique(entries.into_iter().rev().collect()))
                    } else {
                        other
                    }
                }
                (_, Gen::List(members)) if c.one_in(2) => {
                    Gen::List(members.iter().skip(1).cloned().collect())
                }
                _ => anything(c, 1),
            };
            let place = c.below(entries.len() + 1);
            entries.insert(place, (key, new));
        }
        Gen::List(members) if !members.is_empty() => {
            let at = c.below(members.len());
            repeat(c, &mut members[at]);
        }
        _ => {}
    }
}
