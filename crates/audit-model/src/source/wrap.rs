//! What log shippers, queues and log stores put around the records that they carry, told by its content.
//!
//! Each shape is its product's own documentation's: Docker's `json-file` driver, Fluent Bit, Vector, Logstash,
//! `journalctl -o json`, Loki's push and query API, Splunk's HTTP Event Collector and search export, `kcat -J` and
//! Kafka Connect, `CloudEvents` 1.0, Amazon SNS and SQS, Elasticsearch.

use crate::read::SkipReason;
use crate::source::{End, Form, Outer, Pieces, line, otlp, unpack};
use crate::tree::{Kind, NodeId};

/// Tried in order; the first one that knows the record takes it.
const WRAPPERS: &[fn(&Outer<'_>, &mut Pieces<'_>) -> bool] = &[
    text,
    container,
    otlp::open,
    loki,
    splunk,
    kafka,
    cloud_event,
    queue,
    shipper,
    list,
    anywhere,
];

/// Members that hold what a shipper carries, the untouched original first.
const CARRIED: &[&[&str]] = &[
    &["event", "original"],
    &["event.original"],
    &["message"],
    &["log"],
    &["MESSAGE"],
    &["msg"],
    &["line"],
    &["content"],
    &["textPayload"],
    &["jsonPayload"],
    &["_source"],
    &["_raw"],
];

/// What tells the streams of several containers apart.
const STREAM: &[&[&str]] = &[
    &["kubernetes", "docker_id"],
    &["kubernetes", "container_id"],
    &["kubernetes", "pod_id"],
    &["kubernetes", "pod_name"],
    &["kubernetes", "container_name"],
    &["container_id"],
    &["log", "file", "path"],
    &["file"],
];

/// How much of a text is looked at to see whether it may be an event.
const HEAD: usize = 512;

pub(crate) fn open(outer: &Outer<'_>, pieces: &mut Pieces<'_>) -> bool {
    WRAPPERS.iter().any(|wrapper| wrapper(outer, pieces))
}

/// A JSON text that holds JSON: a record that was encoded twice.
fn text(outer: &Outer<'_>, pieces: &mut Pieces<'_>) -> bool {
    outer.kind(outer.root) == Kind::Text && line::text(outer, outer.root, "", pieces)
}

/// A line of a container: `{log, stream, time}` of Docker, or what Fluent Bit makes of a line of the runtime
/// interface, with its mark for parts.
fn container(outer: &Outer<'_>, pieces: &mut Pieces<'_>) -> bool {
    let Some(output) = outer
        .text(&["stream"])
        .filter(|output| matches!(*output, "stdout" | "stderr"))
    else {
        return false;
    };
    let Some(text) = outer.text(&["log"]).or_else(|| outer.text(&["message"])) else {
        return false;
    };
    let tag = outer.text(&["logtag"]).or_else(|| outer.text(&["_p"]));
    let end = match tag {
        Some("P") => End::More,
        Some("F") => End::Last,
        _ if text.ends_with('\n') => End::Last,
        _ => End::Unsaid,
    };
    let mut stream = output.to_owned();
    for part in STREAM.iter().filter_map(|keys| outer.text(keys)) {
        stream.push('\0');
        stream.push_str(part);
    }
    pieces.part(&stream, end, text.as_bytes());
    true
}

/// Loki: a push, the answer to a query, a line of `logcli -o jsonl`.
fn loki(outer: &Outer<'_>, pieces: &mut Pieces<'_>) -> bool {
    if outer.at(&["labels"]).is_some()
        && outer.at(&["timestamp"]).is_some()
        && carried_below(outer, outer.root, &["line"], pieces)
    {
        return true;
    }
    let pushed = outer.list(&["streams"]).any(|stream| {
        ["stream", "values"]
            .iter()
            .all(|key| outer.below(stream, &[key]).is_some())
    });
    let answered = outer.text(&["data", "resultType"]) == Some("streams");
    let streams: Vec<_> = if pushed {
        outer.list(&["streams"]).collect()
    } else if answered {
        outer.list(&["data", "result"]).collect()
    } else {
        return false;
    };
    for stream in streams {
        let name = outer
            .below(stream, &["stream"])
            .map(|labels| {
                let mut name = Vec::new();
                outer.write_json(labels, &mut name);
                String::from_utf8_lossy(&name).into_owned()
            })
            .unwrap_or_default();
        for value in outer.members_below(stream, &["values"]) {
            match outer.children(value).nth(1) {
                Some(line) => carried(outer, line, &name, pieces),
                None => pieces.skip(SkipReason::NotAuditEvent),
            }
        }
    }
    true
}

/// Splunk: an event for its collector, or a result of a search.
fn splunk(outer: &Outer<'_>, pieces: &mut Pieces<'_>) -> bool {
    let raw = [&["result", "_raw"][..], &["_raw"]]
        .into_iter()
        .find(|keys| outer.has_text(keys));
    if let Some(raw) = raw {
        carried_below(outer, outer.root, raw, pieces);
        return true;
    }
    let raw: &[&str] = &["_raw"];
    if outer
        .list(&["results"])
        .any(|result| outer.has_text_below(result, raw))
    {
        for result in outer.list(&["results"]) {
            if !carried_below(outer, result, raw, pieces) {
                pieces.skip(SkipReason::NotAuditEvent);
            }
        }
        return true;
    }
    let sent = ["sourcetype", "index", "host", "source"]
        .iter()
        .any(|key| outer.has_text(&[key]));
    match outer.at(&["event"]) {
        Some(event) if sent && outer.at(&["event", "original"]).is_none() => {
            carried(outer, event, "", pieces);
            true
        }
        _ => false,
    }
}

/// A message of Kafka as tools show it, or with the schema that Connect adds.
fn kafka(outer: &Outer<'_>, pieces: &mut Pieces<'_>) -> bool {
    let shown = ["topic", "partition", "offset"]
        .iter()
        .all(|key| outer.at(&[key]).is_some());
    let payload = match outer.at(&["payload"]) {
        Some(payload) if shown || outer.has("schema") => payload,
        None if shown => match outer.at(&["value"]) {
            Some(value) => value,
            None => return false,
        },
        _ => return false,
    };
    carried(outer, payload, "", pieces);
    true
}

/// `CloudEvents` in structured mode.
fn cloud_event(outer: &Outer<'_>, pieces: &mut Pieces<'_>) -> bool {
    if !outer.has_text(&["specversion"]) || !outer.has_text(&["type"]) {
        return false;
    }
    if let Some(data) = outer.text(&["data_base64"]) {
        packed(data, outer, pieces);
        return true;
    }
    match outer.at(&["data"]) {
        Some(data) => {
            carried(outer, data, "", pieces);
            true
        }
        None => false,
    }
}

/// Notifications of Amazon SNS and messages of SQS.
fn queue(outer: &Outer<'_>, pieces: &mut Pieces<'_>) -> bool {
    if outer.has_text(&["Message"]) {
        match outer.text(&["Type"]) {
            Some("Notification") => {
                carried_below(outer, outer.root, &["Message"], pieces);
                return true;
            }
            Some("SubscriptionConfirmation" | "UnsubscribeConfirmation") => {
                pieces.skip(SkipReason::ControlMessage);
                return true;
            }
            _ => {}
        }
    }
    for (list, body) in [
        ("Records", &["body"] as &[&str]),
        ("Records", &["Sns", "Message"]),
        ("Messages", &["Body"]),
    ] {
        if outer
            .list(&[list])
            .any(|record| outer.has_text_below(record, body))
        {
            for record in outer.list(&[list]) {
                if !carried_below(outer, record, body, pieces) {
                    pieces.node(outer, record);
                }
            }
            return true;
        }
    }
    false
}

/// Records of log shippers: what they carry is under one of a few names, as text or as an object.
fn shipper(outer: &Outer<'_>, pieces: &mut Pieces<'_>) -> bool {
    // Text first, because a shipper's own `log` or `message` object may stand beside it.
    for keys in CARRIED {
        if let Some(node) = outer.at(keys)
            && let Some(text) = outer.text_of(node)
            && line::may_be_json(text)
        {
            pieces.carry(Form::Loose, outer, node);
            return true;
        }
    }
    for keys in CARRIED {
        let Some(node) = outer.at(keys) else { continue };
        match outer.kind(node) {
            Kind::Object => {
                pieces.node(outer, node);
                return true;
            }
            Kind::Text if line::text(outer, node, &stream_of(outer), pieces) => return true,
            Kind::List if *keys == ["MESSAGE"] => {
                if let Some(bytes) = byte_list(outer, node) {
                    pieces.loose(&bytes);
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

fn stream_of(outer: &Outer<'_>) -> String {
    let parts: Vec<_> = STREAM.iter().filter_map(|keys| outer.text(keys)).collect();
    parts.join("\0")
}

/// The bytes that the journal writes as numbers where a text is not plain.
fn byte_list(outer: &Outer<'_>, list: NodeId) -> Option<Vec<u8>> {
    let number = |node| match outer.value_of(node) {
        Some(crate::value::Value::Number(text)) => text.parse::<u8>().ok(),
        _ => None,
    };
    outer.children(list).map(number).collect()
}

/// Lists of records: of any Kubernetes list kind, of an event hub, of a search.
fn list(outer: &Outer<'_>, pieces: &mut Pieces<'_>) -> bool {
    let kind = outer
        .text(&["kind"])
        .is_some_and(|kind| kind.ends_with("List"));
    let keys: &[&str] = if kind && outer.has_list(&["items"]) {
        &["items"]
    } else if outer.has_list(&["hits", "hits"]) {
        &["hits", "hits"]
    } else {
        let objects = |key: &&&str| {
            outer
                .list(&[key])
                .any(|node| outer.kind(node) == Kind::Object)
        };
        match ["records", "events", "entries", "results"]
            .iter()
            .find(objects)
        {
            Some(key) => std::slice::from_ref(key),
            None => return false,
        }
    };
    for member in outer.list(keys) {
        let document = outer.below(member, &["_source"]);
        carried(outer, document.unwrap_or(member), "", pieces);
    }
    true
}

/// Text anywhere in a record that begins as an event does.
fn anywhere(outer: &Outer<'_>, pieces: &mut Pieces<'_>) -> bool {
    let before = pieces.len();
    for node in outer.all() {
        if let Some(text) = outer.text_of(node)
            && begins_event(text)
        {
            pieces.loose(text.as_bytes());
        }
    }
    pieces.len() > before
}

fn begins_event(text: &str) -> bool {
    let text = text.as_bytes();
    let head = text.get(..HEAD).unwrap_or(text).trim_ascii_start();
    head.starts_with(b"{") && line::says_audit(head)
}

/// Adds what a wrapper carries: text, or a value of its own.
fn carried(outer: &Outer<'_>, node: NodeId, stream: &str, pieces: &mut Pieces<'_>) {
    if outer.kind(node) != Kind::Text {
        pieces.node(outer, node);
    } else if !line::text(outer, node, stream, pieces) {
        // What else was written there is text of some program.
        pieces.skip(SkipReason::NotAuditEvent);
    }
}

/// Adds the text at a path of keys below a node; whether there is one.
fn carried_below(outer: &Outer<'_>, node: NodeId, keys: &[&str], pieces: &mut Pieces<'_>) -> bool {
    let found = outer.below(node, keys);
    let text = found.filter(|found| outer.kind(*found) == Kind::Text);
    if let Some(text) = text {
        carried(outer, text, "", pieces);
    }
    text.is_some()
}

fn packed(data: &str, outer: &Outer<'_>, pieces: &mut Pieces<'_>) {
    match unpack(data, outer.limits) {
        Ok(bytes) => pieces.loose(&bytes),
        Err(error) => pieces.malformed(error),
    }
}
