//! What the names of the vocabulary mean, for an event without repeated keys.

use super::csr;
use super::node::{Node, Step, Value, steps};
use super::object;
use super::readings::Reading;
use super::text::{clean_path, ipv4, percent_decode};

/// Names with something below them, and whether that is a map of free form.
const ROOTS: [(&str, bool); 27] = [
    ("annotations", true),
    ("user.extra", true),
    ("impersonatedUser.extra", true),
    ("uri.query", true),
    ("user.groups", false),
    ("impersonatedUser.groups", false),
    ("actor.groups", false),
    ("sourceIPs", false),
    ("exec.command", false),
    ("object", false),
    ("patch", false),
    ("requestObject", false),
    ("responseObject", false),
    ("podSpec", false),
    ("containers", false),
    ("volumes", false),
    ("hostPaths", false),
    ("rbac.rules", false),
    ("rbac.subjects", false),
    ("rbac.roleRef", false),
    ("responseStatus.details", false),
    ("responseStatus.metadata", false),
    ("event.flags", false),
    ("csr.commonName", false),
    ("csr.organizations", false),
    ("csr.dnsNames", false),
    ("csr.usages", false),
];

/// Splits a name into a field and a path below it.
pub(crate) fn split(name: &str) -> (&str, Vec<Step>) {
    for (root, free) in ROOTS {
        if let Some(rest) = name.strip_prefix(root)
            && (rest.is_empty() || rest.starts_with(['.', '[']))
        {
            return (root, steps(rest, free));
        }
    }
    (name, Vec::new())
}

/// Finds a field.
pub(crate) fn find(reading: &Reading, name: &str) -> Option<Node> {
    let event = &reading.event;
    let recorded = |path: &[&str]| recorded(event, path);
    let text = |path: &[&str]| recorded_text(event, path);
    let made = |text: Option<String>| text.map(|text| Node::text_of(name, text));
    match name {
        "verb" => made(some(text(&["verb"]))),
        "resource" | "subresource" | "apiGroup" | "namespace" => {
            made(some(text(&["objectRef", name])))
        }
        "name" => find_name(reading),
        "ref" => find_ref(reading),
        "operation" => {
            let verb = some(text(&["verb"]))?;
            let created = (verb == "patch" || verb == "update") && code(event) == Some(201);
            made(Some(if created { "create".to_owned() } else { verb }))
        }
        "user" | "impersonatedUser" | "objectRef" | "responseStatus" => recorded(&[name]).cloned(),
        "user.extra" | "impersonatedUser.extra" => {
            let extra = recorded(&[name.split('.').next().unwrap(), "extra"])?;
            // Some providers write a single value bare.
            let listed = |(key, value): &(String, Node)| {
                let mut value = value.clone();
                if let Value::Text(text) = &value.value {
                    let only = Node::text_of(format!("{}/only", value.id), text.clone());
                    value.value = Value::List(vec![only]);
                }
                (key.clone(), value)
            };
            let entries = extra.children().iter().map(listed).collect();
            Some(Node {
                value: Value::Object(entries),
                ..extra.clone()
            })
        }
        "actor.username" => made(actor_name(event)),
        "actor.groups" => recorded(&[actor(event), "groups"]).cloned(),
        "actor.kind" => made(actor_kind(event)),
        "serviceAccount.namespace" => made(service_account(event).map(|(namespace, _)| namespace)),
        "serviceAccount.name" => made(service_account(event).map(|(_, name)| name)),
        "node.name" => made(
            actor_name(event)?
                .strip_prefix("system:node:")
                .map(str::to_owned),
        ),
        "client.ip" => client(recorded(&["sourceIPs"])?, &reading.proxies),
        "csr.commonName" | "csr.organizations" | "csr.dnsNames" | "csr.signerName"
        | "csr.usages" => csr::find(reading, name),
        "client.net" => {
            let ip = ipv4(reading.field("client.ip")?.text()?)?;
            let [a, b, c, _] = ip.to_be_bytes();
            made(Some(format!("{a}.{b}.{c}.0/24")))
        }
        "uri.path" => {
            let uri = text(&["requestURI"])?;
            made(Some(percent_decode(uri.split('?').next().unwrap(), false)))
        }
        "uri.query" => query(event),
        "exec.command" => command(reading),
        "exec.program" => {
            let command = command(reading)?;
            let first = command.list_members().first()?.scalar()?;
            made(first.rsplit(['/', '\\']).next().map(str::to_owned))
        }
        "exec.commandLine" => {
            let command = command(reading)?;
            let words: Vec<_> = command
                .list_members()
                .iter()
                .filter_map(|word| word.scalar())
                .collect();
            made(Some(words.join(" ")))
        }
        "exec.container" => {
            is_exec(event).then_some(())?;
            query(event)?.get("container").cloned()
        }
        "exec.tty" | "exec.stdin" => {
            is_exec(event).then_some(())?;
            let first = query(event).and_then(|query| {
                let value = query.get(name.strip_prefix("exec.").unwrap())?.clone();
                match value.list_members().first() {
                    Some(first) => first.scalar(),
                    None => value.scalar(),
                }
            });
            let on = first.is_some_and(|text| text != "0" && !text.eq_ignore_ascii_case("false"));
            Some(Node::new(name, Value::Bool(on)))
        }
        "decision" => recorded(&["annotations", "authorization.k8s.io/decision"]).cloned(),
        "reason" => recorded(&["annotations", "authorization.k8s.io/reason"]).cloned(),
        "status" => recorded(&["responseStatus", "code"]).cloned(),
        "outcome" => made(outcome(reading)),
        "object" | "patch" | "podSpec" | "containers" | "volumes" | "hostPaths" | "rbac.rules"
        | "rbac.subjects" | "rbac.roleRef" => object::find(reading, name),
        _ => {
            let path: Vec<&str> = name.split('.').collect();
            recorded(&path).cloned()
        }
    }
}

/// The last address that is none of a trusted proxy; where all are, the last one.
fn client(addresses: &Node, proxies: &[(u32, u32)]) -> Option<Node> {
    let addresses = addresses.list_members();
    let is_proxy = |address: &Node| {
        let address = address.text().and_then(ipv4);
        address.is_some_and(|address| {
            let is_in = |(network, length): &(u32, u32)| {
                let shift = 32 - length;
                u64::from(address) >> shift == u64::from(*network) >> shift
            };
            proxies.iter().any(is_in)
        })
    };
    let found = addresses.iter().rev().find(|address| !is_proxy(address));
    found.or(addresses.last()).map(|address| (*address).clone())
}

/// What is recorded; `null` is absent in the envelope.
fn recorded<'e>(event: &'e Node, path: &[&str]) -> Option<&'e Node> {
    event.at(path).filter(|node| !node.is_null())
}

pub(crate) fn recorded_text(event: &Node, path: &[&str]) -> Option<String> {
    recorded(event, path)?.text().map(str::to_owned)
}

fn some(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

pub(crate) fn code(event: &Node) -> Option<i64> {
    recorded(event, &["responseStatus", "code"])?
        .scalar()?
        .parse()
        .ok()
}

fn find_name(reading: &Reading) -> Option<Node> {
    let event = &reading.event;
    if let Some(name) = some(recorded_text(event, &["objectRef", "name"])) {
        return Some(Node::text_of("name", name));
    }
    if recorded_text(event, &["verb"])? == "create" {
        return event.at(&["responseObject", "metadata", "name"]).cloned();
    }
    None
}

fn find_ref(reading: &Reading) -> Option<Node> {
    let event = &reading.event;
    let name = find_name(reading)?;
    let is_namespace =
        recorded_text(event, &["objectRef", "resource"]).as_deref() == Some("namespaces");
    let namespace = some(recorded_text(event, &["objectRef", "namespace"]));
    match namespace.filter(|_| !is_namespace) {
        Some(namespace) => Some(Node::text_of(
            "ref",
            format!("{namespace}/{}", name.text()?),
        )),
        None => Some(name),
    }
}

fn actor(event: &Node) -> &'static str {
    if recorded(event, &["impersonatedUser"]).is_some() {
        "impersonatedUser"
    } else {
        "user"
    }
}

fn actor_name(event: &Node) -> Option<String> {
    some(recorded_text(event, &[actor(event), "username"]))
}

fn service_account(event: &Node) -> Option<(String, String)> {
    let name = actor_name(event)?;
    let (namespace, name) = name
        .strip_prefix("system:serviceaccount:")?
        .split_once(':')?;
    Some((namespace.to_owned(), name.to_owned()))
}

fn actor_kind(event: &Node) -> Option<String> {
    let groups = recorded(event, &[actor(event), "groups"]);
    let unauthenticated = groups.is_some_and(|groups| {
        let mut groups = groups.list_members().into_iter();
        groups.any(|group| group.text() == Some("system:unauthenticated"))
    });
    if unauthenticated {
        return Some("anonymous".to_owned());
    }
    let name = actor_name(event)?;
    let kind = if name == "system:anonymous" {
        "anonymous"
    } else if service_account(event).is_some() {
        "serviceaccount"
    } else if name.starts_with("system:node:") {
        "node"
    } else if name.starts_with("system:") {
        "system"
    } else {
        "user"
    };
    Some(kind.to_owned())
}

/// The parameters of the query; those that are repeated are lists.
fn query(event: &Node) -> Option<Node> {
    let recorded = recorded(event, &["requestURI"])?;
    let uri = recorded.text()?;
    let made = |id: String, value: Value| Node {
        choices: recorded.choices.clone(),
        ..Node::new(id, value)
    };
    let query = uri.split_once('?').map_or("", |(_, query)| query);
    let mut all: Vec<(String, Vec<Node>)> = Vec::new();
    for (at, pair) in query.split('&').enumerate() {
        if pair.is_empty() {
            continue;
        }
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let key = percent_decode(key, true);
        let value = made(
            format!("query/{at}"),
            Value::Text(percent_decode(value, true)),
        );
        match all.iter_mut().find(|(known, _)| *known == key) {
            Some((_, values)) => values.push(value),
            None => all.push((key, vec![value])),
        }
    }
    let entries = all.into_iter().map(|(key, mut values)| {
        let value = if values.len() == 1 {
            values.remove(0)
        } else {
            made(format!("query/{key}"), Value::List(values))
        };
        (key, value)
    });
    Some(made("query".to_owned(), Value::Object(entries.collect())))
}

fn is_exec(event: &Node) -> bool {
    let text = |key: &str| recorded_text(event, &["objectRef", key]).unwrap_or_default();
    text("resource") == "pods" && ["exec", "attach"].contains(&text("subresource").as_str())
}

fn command(reading: &Reading) -> Option<Node> {
    is_exec(&reading.event).then_some(())?;
    let command = query(&reading.event)?.get("command")?.clone();
    Some(match command.value {
        Value::List(_) => command,
        _ => Node::new("command", Value::List(vec![command])),
    })
}

fn outcome(reading: &Reading) -> Option<String> {
    let event = &reading.event;
    let code = code(event);
    let decision = find(reading, "decision");
    let forbidden = decision.is_some_and(|decision| decision.text() == Some("forbid"));
    let failed = recorded_text(event, &["responseStatus", "status"]).as_deref() == Some("Failure");
    let outcome = match code {
        Some(401 | 403) => "denied",
        _ if forbidden => "denied",
        Some(code) if code >= 400 => "failure",
        Some(_) if is_dry_run(reading) => "dry-run",
        Some(_) => "success",
        None if failed => "failure",
        None => return None,
    };
    Some(outcome.to_owned())
}

/// Only requests that write an object heed `dryRun`.
fn is_dry_run(reading: &Reading) -> bool {
    let event = &reading.event;
    let verb = recorded_text(event, &["verb"]).unwrap_or_default();
    let subresource = recorded_text(event, &["objectRef", "subresource"]).unwrap_or_default();
    let deletes = ["delete", "deletecollection"].contains(&verb.as_str());
    let writes = deletes || ["create", "update", "patch"].contains(&verb.as_str());
    let streams = ["exec", "attach", "portforward", "proxy", "token"];
    if !writes
        || streams.contains(&subresource.as_str())
        || recorded(event, &["objectRef"]).is_none()
    {
        return false;
    }
    let says_all = |node: Option<&Node>| {
        let values = node.map_or_else(Vec::new, Node::values);
        values.iter().any(|value| value.text() == Some("All"))
    };
    says_all(query(event).as_ref().and_then(|query| query.get("dryRun")))
        || deletes && says_all(event.at(&["requestObject", "dryRun"]))
}

/// The parts of an image reference as a container runtime reads it.
pub(crate) fn image_parts(id: &str, image: &str) -> Vec<(String, Node)> {
    let (rest, digest) = match image.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (image, None),
    };
    let last = rest.rsplit('/').next().unwrap();
    let (name, tag) = match last.split_once(':') {
        Some((_, tag)) => (
            rest.strip_suffix(tag).unwrap().strip_suffix(':').unwrap(),
            Some(tag),
        ),
        None => (rest, None),
    };
    let host = name
        .split_once('/')
        .filter(|(first, _)| first.contains('.') || first.contains(':') || *first == "localhost");
    let (registry, repository) = match host {
        Some(("index.docker.io", rest)) => ("docker.io", rest),
        Some(parts) => parts,
        None => ("docker.io", name),
    };
    let repository = if registry == "docker.io" && !repository.contains('/') {
        format!("library/{repository}")
    } else {
        repository.to_owned()
    };
    let tag = tag.or(if digest.is_none() {
        Some("latest")
    } else {
        None
    });
    let parts = [
        ("registry", Some(registry)),
        ("repository", Some(repository.as_str())),
        ("tag", tag),
        ("digest", digest),
    ];
    let made = parts.into_iter().filter_map(|(key, text)| {
        Some((key.to_owned(), Node::text_of(format!("{id}/{key}"), text?)))
    });
    made.collect()
}

/// A cleaned host path.
pub(crate) fn host_path(id: &str, path: &Node) -> Option<Node> {
    Some(Node::text_of(
        format!("{id}/clean"),
        clean_path(path.text()?),
    ))
}
