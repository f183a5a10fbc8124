//! Amazon EKS: audit events verbatim in `CloudWatch` messages, in every form in which `CloudWatch` hands those out.

use crate::read::SkipReason;
use crate::source::{Form, Outer, Pieces, Provider, Source, line, looks_like_json};
use crate::tree::NodeId;

/// What `CloudWatch` puts at the end of a message that it cuts.
pub(crate) const TRUNCATED: &str = "[Truncated...]";
/// The streams of a cluster's log group that hold audit events.
pub(crate) const AUDIT_STREAM: &str = "kube-apiserver-audit-";

pub(crate) fn open(outer: &Outer<'_>, pieces: &mut Pieces<'_>) -> bool {
    if let Some(data) = outer.text(&["awslogs", "data"]) {
        packed(data, outer, pieces);
    } else if outer.has_text(&["messageType"]) && outer.at(&["logEvents"]).is_some() {
        subscription(outer, pieces);
    } else if outer.has_list(&["events"])
        && outer
            .list(&["events"])
            .any(|event| has_message(outer, event))
    {
        for event in outer.list(&["events"]) {
            let stream = outer.text_below(event, &["logStreamName"]);
            message(outer, event, stream, pieces);
        }
    } else if outer
        .list(&["Records"])
        .any(|record| outer.below(record, &["kinesis", "data"]).is_some())
    {
        for record in outer.list(&["Records"]) {
            data(
                outer.text_below(record, &["kinesis", "data"]),
                outer,
                pieces,
            );
        }
    } else if outer
        .list(&["records"])
        .any(|record| outer.has_text_below(record, &["recordId"]))
    {
        for record in outer.list(&["records"]) {
            data(outer.text_below(record, &["data"]), outer, pieces);
        }
    } else if outer.has_list(&["results"]) && outer.at(&["statistics"]).is_some() {
        insights(outer, pieces);
    } else if outer.has_text(&["@message"]) {
        let stream = outer.text(&["@logStream"]);
        message_of(outer, outer.at(&["@message"]), stream, pieces);
    } else {
        return false;
    }
    true
}

fn has_message(outer: &Outer<'_>, event: NodeId) -> bool {
    outer.has_text_below(event, &["message"]) && outer.below(event, &["timestamp"]).is_some()
}

/// The result of a query of Logs Insights: rows of `{field, value}`.
fn insights(outer: &Outer<'_>, pieces: &mut Pieces<'_>) {
    for row in outer.list(&["results"]) {
        let column = |name: &str| {
            let cell = outer
                .children(row)
                .find(|cell| outer.text_below(*cell, &["field"]) == Some(name));
            cell.and_then(|cell| outer.below(cell, &["value"]))
        };
        let stream = column("@logStream").and_then(|stream| outer.text_of(stream));
        message_of(outer, column("@message"), stream, pieces);
    }
    if pieces.len() == 0 {
        pieces.skip(SkipReason::EmptyList);
    }
}

/// A subscription object: `{messageType, owner, logGroup, logStream, logEvents}`.
fn subscription(outer: &Outer<'_>, pieces: &mut Pieces<'_>) {
    let stream = outer.text(&["logStream"]);
    source(
        outer.text(&["logGroup"]),
        stream,
        outer.text(&["owner"]),
        pieces,
    );
    if outer.text(&["messageType"]) == Some("CONTROL_MESSAGE") {
        // `CloudWatch` asks in this way whether its subscriber is there.
        pieces.skip(SkipReason::ControlMessage);
        return;
    }
    for event in outer.list(&["logEvents"]) {
        message(outer, event, stream, pieces);
    }
    if pieces.len() == 0 {
        pieces.skip(SkipReason::EmptyList);
    }
}

fn message(outer: &Outer<'_>, event: NodeId, stream: Option<&str>, pieces: &mut Pieces<'_>) {
    message_of(outer, outer.below(event, &["message"]), stream, pieces);
}

/// One message of a stream.
fn message_of(
    outer: &Outer<'_>,
    node: Option<NodeId>,
    stream: Option<&str>,
    pieces: &mut Pieces<'_>,
) {
    let Some((node, text)) = node.and_then(|node| Some((node, outer.text_of(node)?))) else {
        pieces.skip(SkipReason::NotAuditEvent);
        return;
    };
    if pieces.source().is_none() {
        source(None, stream, None, pieces);
    }
    // What the other components of the control plane write is klog or logfmt text.
    let other_stream = stream.is_some_and(|stream| !stream.starts_with(AUDIT_STREAM));
    if !looks_like_json(text) {
        if line::text(outer, node, stream.unwrap_or_default(), pieces) {
            return;
        }
        pieces.skip(if other_stream {
            SkipReason::ControlPlane
        } else {
            SkipReason::NotAuditEvent
        });
    } else if let Some(kept) = text.trim_end().strip_suffix(TRUNCATED) {
        pieces.cut(kept);
    } else {
        pieces.carry(Form::Text, outer, node);
    }
}

/// Notes where messages come from, if the name of their group or stream says that it is an EKS cluster.
fn source(
    group: Option<&str>,
    stream: Option<&str>,
    account: Option<&str>,
    pieces: &mut Pieces<'_>,
) {
    let eks = group.and_then(|group| group.strip_prefix("/aws/eks/"));
    if eks.is_none() && !stream.is_some_and(|stream| stream.starts_with(AUDIT_STREAM)) {
        return;
    }
    pieces.set_source(Source {
        // `/aws/eks/<cluster>/cluster`
        cluster: eks
            .and_then(|rest| rest.strip_suffix("/cluster"))
            .map(str::to_owned),
        account: account.map(str::to_owned),
        ..Source::from(Provider::Eks)
    });
}

fn data(data: Option<&str>, outer: &Outer<'_>, pieces: &mut Pieces<'_>) {
    match data {
        Some(data) => packed(data, outer, pieces),
        None => pieces.skip(SkipReason::NotAuditEvent),
    }
}

/// Base64 of gzip of JSON, or of JSON.
fn packed(data: &str, outer: &Outer<'_>, pieces: &mut Pieces<'_>) {
    match crate::source::unpack(data, outer.limits) {
        Ok(bytes) => pieces.raw(&bytes),
        Err(error) => pieces.malformed(error),
    }
}
