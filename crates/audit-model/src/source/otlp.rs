//! Log records of the OpenTelemetry protocol as JSON (`opentelemetry/proto/logs/v1/logs.proto`), as exporters post
//! them and the Collector writes them to files.

use crate::read::SkipReason;
use crate::source::{Form, Outer, Pieces, Provider, Source, line, openshift};
use crate::tree::{Kind, NodeId};
use crate::write::write_text;

pub(crate) fn open(outer: &Outer<'_>, pieces: &mut Pieces<'_>) -> bool {
    if !outer.has_list(&["resourceLogs"]) {
        return false;
    }
    let known_before = pieces.source().cloned();
    for resource in outer.list(&["resourceLogs"]) {
        let scopes = ["scopeLogs", "instrumentationLibraryLogs"];
        for scope in scopes
            .iter()
            .flat_map(|key| outer.members_below(resource, &[key]))
        {
            for record in outer.members_below(scope, &["logRecords"]) {
                pieces.restore_source(known_before.clone());
                log_record(outer, resource, record, pieces);
            }
        }
    }
    true
}

fn log_record(outer: &Outer<'_>, resource: NodeId, record: NodeId, pieces: &mut Pieces<'_>) {
    let attribute = |name: &str| {
        attribute(outer, record, name).or_else(|| {
            let resource = outer.below(resource, &["resource"])?;
            attribute(outer, resource, name)
        })
    };
    if attribute("openshift.log.source").is_some_and(openshift::is_node_source) {
        pieces.skip(SkipReason::NodeLog);
        return;
    }
    let cluster = attribute("openshift.cluster.uid").or_else(|| attribute("openshift.cluster_id"));
    if cluster.is_some() || attribute("openshift.log.type").is_some() {
        pieces.set_source(Source {
            cluster: cluster.map(str::to_owned),
            ..Source::from(Provider::OpenShift)
        });
    }
    let Some(body) = outer.below(record, &["body"]) else {
        pieces.skip(SkipReason::NotAuditEvent);
        return;
    };
    if let Some(text) = outer.below(body, &["stringValue"])
        && outer.kind(text) == Kind::Text
    {
        if !line::text(outer, text, "", pieces) {
            pieces.skip(SkipReason::NotAuditEvent);
        }
    } else {
        pieces.write(Form::Loose, |bytes| write_value(outer, body, bytes));
    }
}

/// The text of an attribute of a record or resource.
fn attribute<'o>(outer: &Outer<'o>, node: NodeId, name: &str) -> Option<&'o str> {
    let found = outer
        .members_below(node, &["attributes"])
        .find(|attribute| outer.text_below(*attribute, &["key"]) == Some(name))?;
    outer.text_below(found, &["value", "stringValue"])
}

/// What is still to be written.
enum Step {
    Value(NodeId),
    Text(&'static [u8]),
    Key(NodeId),
}

/// Writes the JSON that an `AnyValue` stands for. Nesting is an attacker's, so it walks without recursion.
fn write_value(outer: &Outer<'_>, value: NodeId, out: &mut Vec<u8>) {
    let mut steps = vec![Step::Value(value)];
    while let Some(step) = steps.pop() {
        match step {
            Step::Text(text) => out.extend_from_slice(text),
            Step::Key(pair) => {
                let key = outer.text_below(pair, &["key"]).unwrap_or_default();
                write_text(key, false, out);
                out.push(b':');
            }
            Step::Value(value) => scalar_or_open(outer, value, &mut steps, out),
        }
    }
}

fn scalar_or_open(outer: &Outer<'_>, value: NodeId, steps: &mut Vec<Step>, out: &mut Vec<u8>) {
    if let Some(list) = outer.below(value, &["kvlistValue"]) {
        out.push(b'{');
        steps.push(Step::Text(b"}"));
        let pairs: Vec<_> = outer.members_below(list, &["values"]).collect();
        for (at, pair) in pairs.into_iter().enumerate().rev() {
            match outer.below(pair, &["value"]) {
                Some(value) => steps.push(Step::Value(value)),
                None => steps.push(Step::Text(b"null")),
            }
            steps.push(Step::Key(pair));
            if at > 0 {
                steps.push(Step::Text(b","));
            }
        }
    } else if let Some(list) = outer.below(value, &["arrayValue"]) {
        out.push(b'[');
        steps.push(Step::Text(b"]"));
        let values: Vec<_> = outer.members_below(list, &["values"]).collect();
        for (at, value) in values.into_iter().enumerate().rev() {
            steps.push(Step::Value(value));
            if at > 0 {
                steps.push(Step::Text(b","));
            }
        }
    } else if let Some(number) = ["intValue", "doubleValue"]
        .iter()
        .find_map(|key| outer.below(value, &[key]))
    {
        // 64-bit numbers are text in the JSON form of protocol buffers.
        match outer.text_of(number) {
            Some(text) if is_number(text) => out.extend_from_slice(text.as_bytes()),
            _ => outer.write_json(number, out),
        }
    } else if let Some(scalar) = ["stringValue", "boolValue", "bytesValue"]
        .iter()
        .find_map(|key| outer.below(value, &[key]))
    {
        outer.write_json(scalar, out);
    } else {
        out.extend_from_slice(b"null");
    }
}

fn is_number(text: &str) -> bool {
    crate::scan::number_end(text.as_bytes(), 0) == Some(text.len())
}
