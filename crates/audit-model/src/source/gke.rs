//! Google Kubernetes Engine: audit events that Cloud Logging files as entries of Google's own audit log.
//!
//! `Event` and `LogEntry` are not one to one: groups, UID, extra, level, the query and the stage `RequestReceived` are
//! not recorded. What can be told is written as the native event; the rest stays absent. The names of the members are
//! those of `google.logging.v2.LogEntry` and `google.cloud.audit.AuditLog`.

mod answer;
mod method;
mod wrap;

use std::net::IpAddr;

use crate::error::DecodeError;
use crate::read::SkipReason;
use crate::source::request::Draft;
use crate::source::{Form, Outer, Pieces, Provider, Source};
use crate::tree::{Kind, NodeId};

use answer::{Asked, DECISION, Decision};
use method::Call;

/// The API server of a cluster, among the services that write an audit log.
const SERVICE: &str = "k8s.io";
/// What Google adds to each object, to say what it is.
const TYPE: &str = "@type";
/// Names of a member of `LogEntry`, and in dumps of client libraries.
const PAYLOAD: [&str; 2] = ["protoPayload", "proto_payload"];

pub(crate) fn open(outer: &Outer<'_>, pieces: &mut Pieces<'_>) -> bool {
    if let Some(payload) = field(outer, outer.root, PAYLOAD) {
        return entry(outer, payload, pieces);
    }
    let monitored = outer.text(&["resource", "type"]);
    if matches!(
        monitored,
        Some("gke_cluster" | "k8s_control_plane_component")
    ) {
        pieces.skip(SkipReason::ControlPlane);
        return true;
    }
    wrap::open(outer, pieces)
}

/// The member under one of two names, the first of which is the API's.
fn field(outer: &Outer<'_>, node: NodeId, names: [&str; 2]) -> Option<NodeId> {
    names.iter().find_map(|name| outer.below(node, &[name]))
}

fn text<'o>(outer: &Outer<'o>, node: NodeId, names: [&str; 2]) -> Option<&'o str> {
    outer.text_of(field(outer, node, names)?)
}

/// An entry of an audit log: the API server's, or that of another service.
fn entry(outer: &Outer<'_>, payload: NodeId, pieces: &mut Pieces<'_>) -> bool {
    let audit = outer
        .text_below(payload, &[TYPE])
        .is_some_and(|name| name.ends_with("AuditLog"));
    match text(outer, payload, ["serviceName", "service_name"]) {
        Some(SERVICE) => match request(outer, payload) {
            Ok(entry) => {
                pieces.set_source(source(outer));
                pieces.write(Form::Text, |bytes| event(outer, &entry, bytes));
            }
            Err(error) => pieces.malformed(error),
        },
        Some(_) => pieces.skip(SkipReason::ControlPlane),
        None if outer.text(&["resource", "type"]) == Some("gke_cluster") => {
            pieces.skip(SkipReason::ControlPlane);
        }
        None if audit => pieces.malformed(wrong(outer, payload, ["serviceName", "service_name"])),
        None => return false,
    }
    true
}

/// An entry that the API server wrote.
struct Entry<'o> {
    payload: NodeId,
    call: Call<'o>,
}

fn request<'o>(outer: &Outer<'o>, payload: NodeId) -> Result<Entry<'o>, DecodeError> {
    let method = ["methodName", "method_name"];
    let name = ["resourceName", "resource_name"];
    let resource = match field(outer, payload, name) {
        None => "",
        Some(node) => outer
            .text_of(node)
            .ok_or_else(|| wrong(outer, payload, name))?,
    };
    let call = text(outer, payload, method)
        .and_then(|method| Call::read(method, resource))
        .ok_or_else(|| wrong(outer, payload, method))?;
    let status = outer.below(payload, &["status"]);
    if status.is_some_and(|status| outer.kind(status) != Kind::Object) {
        return Err(DecodeError::wrong_type(
            "protoPayload.status",
            "an object",
            "something else",
            0,
        ));
    }
    Ok(Entry { payload, call })
}

/// The error for a member that is not the text that it should be.
fn wrong(outer: &Outer<'_>, payload: NodeId, names: [&str; 2]) -> DecodeError {
    let found = match field(outer, payload, names).map(|node| outer.kind(node)) {
        None => "nothing",
        Some(Kind::Text) => "text of no known form",
        Some(_) => "something else",
    };
    let [name, _] = names;
    DecodeError::wrong_type(&format!("protoPayload.{name}"), "a string", found, 0)
}

fn source(outer: &Outer<'_>) -> Source {
    let label = |name: &str| {
        outer
            .text(&["resource", "labels", name])
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    Source {
        cluster: label("cluster_name"),
        region: label("location"),
        project: label("project_id"),
        ..Source::from(Provider::Gke)
    }
}

fn event(outer: &Outer<'_>, entry: &Entry<'_>, bytes: &mut Vec<u8>) {
    let Entry { payload, call } = entry;
    let request = outer.below(*payload, &["request"]);
    let response = outer.below(*payload, &["response"]);
    let operation = outer.at(&["operation"]);
    let mut draft = Draft::open(bytes, outer.tree());
    // An entry says how much of the request was logged by what is there.
    draft.text(
        "level",
        match (request, response) {
            (_, Some(_)) => "RequestResponse",
            (Some(_), None) => "Request",
            (None, None) => "Metadata",
        },
    );
    let id = operation.and_then(|operation| some(outer, outer.below(operation, &["id"])));
    let insert = || some(outer, field(outer, outer.root, ["insertId", "insert_id"]));
    draft.node("auditID", id.or_else(insert), &[]);
    draft.text("stage", stage(outer, operation));
    draft.text("requestURI", &call.uri());
    draft.text("verb", call.verb);

    let identity = field(
        outer,
        *payload,
        ["authenticationInfo", "authentication_info"],
    );
    let known = |names| identity.and_then(|identity| some(outer, field(outer, identity, names)));
    let user = known(["principalEmail", "principal_email"]);
    draft.object("user", |draft| {
        draft.node("username", user, &[]);
        // Whom Google's own identities stand for; the API server knows of no such thing.
        if let Some(subject) = known(["principalSubject", "principal_subject"])
            .and_then(|subject| outer.text_of(subject))
        {
            draft.object("extra", |draft| draft.list_of("principalSubject", subject));
        }
    });
    if let Some(whom) = known(["authoritySelector", "authority_selector"]) {
        draft.object("impersonatedUser", |draft| {
            draft.node("username", Some(whom), &[]);
        });
    }

    let client = field(outer, *payload, ["requestMetadata", "request_metadata"]);
    // Google writes `private` or `gce-internal-ip` where it does not tell the address.
    let address = client
        .and_then(|client| {
            text(outer, client, ["callerIp", "caller_ip"])
                .or_else(|| outer.text_below(client, &["callerIP"]))
        })
        .filter(|address| address.parse::<IpAddr>().is_ok());
    if let Some(address) = address {
        draft.list_of("sourceIPs", address);
    }
    let agent = ["callerSuppliedUserAgent", "caller_supplied_user_agent"];
    let agent = client.and_then(|client| some(outer, field(outer, client, agent)));
    draft.node("userAgent", agent, &[]);

    if let Some(target) = &call.target {
        let mut target = target.clone();
        if target.name.is_empty()
            && !matches!(call.verb, "list" | "watch" | "deletecollection")
            && let Some(name) = [response, request]
                .into_iter()
                .flatten()
                .find_map(|body| outer.text_below(body, &["metadata", "name"]))
        {
            target.name = name.into();
        }
        draft.target(&target);
    }

    let told = outer.at(&["labels", DECISION]).is_some();
    let inferred = Decision::of_info(outer, *payload);
    let decision = if told {
        Decision::of_label(outer)
    } else {
        inferred
    };
    let subresource = call
        .target
        .as_ref()
        .map_or("", |target| &target.subresource);
    let asked = Asked {
        verb: call.verb,
        subresource,
        decision,
    };
    answer::write(outer, *payload, &asked, &mut draft);
    draft.node("requestObject", request, &[TYPE]);
    draft.node("responseObject", response, &[TYPE]);
    let time = some(outer, outer.at(&["timestamp"]));
    draft.node("requestReceivedTimestamp", time, &[]);
    draft.node("stageTimestamp", time, &[]);
    // Without a user nobody was asked whether the request is allowed.
    let inferred = inferred.filter(|_| !told && user.is_some());
    annotations(outer, inferred, &mut draft);
    draft.close();
}

/// A member that is there and not empty, as proto writes what it leaves out.
fn some(outer: &Outer<'_>, node: Option<NodeId>) -> Option<NodeId> {
    node.filter(|node| outer.text_of(*node) != Some(""))
}

/// The stage, by whether the entry is the first and the last of its operation.
fn stage(outer: &Outer<'_>, operation: Option<NodeId>) -> &'static str {
    let is = |name: &str| {
        operation
            .and_then(|operation| outer.below(operation, &[name]))
            .is_some_and(|node| outer.kind(node) == Kind::Bool(true))
    };
    if is("first") && !is("last") {
        "ResponseStarted"
    } else {
        "ResponseComplete"
    }
}

/// The labels of an entry are the annotations of the event. The decision is told a second time elsewhere.
fn annotations(outer: &Outer<'_>, inferred: Option<Decision>, draft: &mut Draft<'_>) {
    let labels = outer.at(&["labels"]);
    let Some(decision) = inferred else {
        draft.node("annotations", labels, &[]);
        return;
    };
    match labels {
        Some(labels) if outer.kind(labels) != Kind::Object => {
            draft.node("annotations", Some(labels), &[]);
        }
        _ => draft.object("annotations", |draft| {
            for label in labels.into_iter().flat_map(|node| outer.children(node)) {
                draft.node(outer.key(label).unwrap_or_default(), Some(label), &[]);
            }
            draft.text(DECISION, decision.as_str());
        }),
    }
}
