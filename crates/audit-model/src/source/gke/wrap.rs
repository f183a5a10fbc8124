//! What entries of Cloud Logging come in: lists, Pub/Sub messages, dumps of client libraries, rows of `BigQuery`.

use crate::error::DecodeError;
use crate::read::SkipReason;
use crate::source::gke::{PAYLOAD, field, text};
use crate::source::request::Draft;
use crate::source::{Form, Outer, Pieces, looks_like_json, unpack};
use crate::tree::{Kind, NodeId};

/// Members of an entry and what the Go client library calls them.
const GO: &[(&str, &str)] = &[
    ("InsertID", "insertId"),
    ("LogName", "logName"),
    ("Timestamp", "timestamp"),
    ("Resource", "resource"),
    ("Labels", "labels"),
    ("Operation", "operation"),
];
/// What `BigQuery` calls the payload; it keeps the bodies as text.
const ROW: &str = "protopayload_auditlog";
const BODIES: [(&str, [&str; 2]); 2] = [
    ("request", ["requestJson", "request_json"]),
    ("response", ["responseJson", "response_json"]),
];

pub(super) fn open(outer: &Outer<'_>, pieces: &mut Pieces<'_>) -> bool {
    let row = outer
        .at(&[ROW])
        .filter(|row| outer.kind(*row) == Kind::Object);
    if let Some(row) = row {
        bigquery(outer, row, pieces);
    } else if let (Some(entry), Some(payload)) = (outer.at(&["Entry"]), outer.at(&["AuditPayload"]))
    {
        go_client(outer, entry, payload, pieces);
    } else if outer.list(&["entries"]).any(|entry| {
        field(outer, entry, PAYLOAD).is_some()
            || text(outer, entry, ["logName", "log_name"]).is_some()
    }) {
        // The answer of `entries.list`. Each entry is sniffed for itself.
        for entry in outer.list(&["entries"]) {
            pieces.node(outer, entry);
        }
    } else if outer
        .list(&["receivedMessages"])
        .any(|received| outer.below(received, &["message"]).is_some())
    {
        for received in outer.list(&["receivedMessages"]) {
            message(outer, outer.below(received, &["message"]), pieces);
        }
    } else if outer.at(&["message", "data"]).is_some()
        && [
            &["subscription"][..],
            &["ackId"],
            &["message", "messageId"],
            &["message", "message_id"],
        ]
        .iter()
        .any(|keys| outer.has_text(keys))
    {
        message(outer, outer.at(&["message"]), pieces);
    } else {
        return false;
    }
    true
}

/// A message of Pub/Sub: `{data, attributes, messageId, publishTime}`, the data in base64.
fn message(outer: &Outer<'_>, message: Option<NodeId>, pieces: &mut Pieces<'_>) {
    let data = message.and_then(|message| outer.text_below(message, &["data"]));
    let Some(data) = data else {
        pieces.skip(SkipReason::ControlMessage);
        return;
    };
    match unpack(data, outer.limits) {
        // A topic may carry other things.
        Ok(bytes) => pieces.loose(&bytes),
        Err(error) => pieces.malformed(error),
    }
}

/// An entry as Go's client library has it in memory: the payload twice, as structures and as the API's JSON.
fn go_client(outer: &Outer<'_>, entry: NodeId, payload: NodeId, pieces: &mut Pieces<'_>) {
    let json = outer.text_of(payload);
    if json.is_some_and(|json| !looks_like_json(json)) {
        pieces.malformed(DecodeError::packed("JSON"));
        return;
    }
    pieces.write(Form::Text, |bytes| {
        bytes.push(b'{');
        let mut draft = Draft::of(bytes, outer.tree());
        for (name, member) in GO {
            draft.node(member, outer.below(entry, &[name]), &[]);
        }
        match json {
            Some(json) => draft.raw("protoPayload", json),
            None => draft.node("protoPayload", Some(payload), &[]),
        }
        draft.close();
    });
}

/// A row of a `BigQuery` export as the entry that it was.
fn bigquery(outer: &Outer<'_>, row: NodeId, pieces: &mut Pieces<'_>) {
    let bodies = BODIES.map(|(member, names)| (member, text(outer, row, names)));
    if bodies
        .iter()
        .any(|(_, body)| body.is_some_and(|body| !body.is_empty() && !looks_like_json(body)))
    {
        pieces.malformed(DecodeError::packed("JSON"));
        return;
    }
    pieces.write(Form::Text, |bytes| {
        bytes.push(b'{');
        let mut draft = Draft::of(bytes, outer.tree());
        for member in outer.children(outer.root) {
            if let Some(key) = outer.key(member).filter(|key| *key != ROW) {
                draft.node(key, Some(member), &[]);
            }
        }
        draft.object("protoPayload", |draft| {
            for member in outer.children(row) {
                let key = outer.key(member).unwrap_or_default();
                if !BODIES.iter().any(|(_, names)| names.contains(&key)) {
                    draft.node(key, Some(member), &[]);
                }
            }
            for (member, body) in bodies {
                if let Some(body) = body.filter(|body| !body.is_empty()) {
                    draft.raw(member, body);
                }
            }
        });
        draft.close();
    });
}
