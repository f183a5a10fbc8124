//! Azure AKS: audit events as text in diagnostic records, or as rows of a Log Analytics table.

use crate::read::SkipReason;
use crate::source::{Form, Outer, Pieces, Provider, Source, line, looks_like_json};
use crate::tree::{Kind, NodeId};

/// Columns of `AKSAudit` and `AKSAuditAdmin` and the members of the event that they hold.
const COLUMNS: &[(&str, &str)] = &[
    ("Level", "level"),
    ("AuditId", "auditID"),
    ("Stage", "stage"),
    ("RequestUri", "requestURI"),
    ("Verb", "verb"),
    ("User", "user"),
    ("SourceIps", "sourceIPs"),
    ("UserAgent", "userAgent"),
    ("ObjectRef", "objectRef"),
    ("ResponseStatus", "responseStatus"),
    ("RequestObject", "requestObject"),
    ("ResponseObject", "responseObject"),
    ("RequestReceivedTime", "requestReceivedTimestamp"),
    ("StageReceivedTime", "stageTimestamp"),
    ("Annotations", "annotations"),
];
/// Columns that hold text; the others hold JSON, which an export may quote.
const TEXT_COLUMNS: &[&str] = &[
    "Level",
    "AuditId",
    "Stage",
    "RequestUri",
    "Verb",
    "UserAgent",
    "RequestReceivedTime",
    "StageReceivedTime",
];

pub(crate) fn open(outer: &Outer<'_>, pieces: &mut Pieces<'_>) -> bool {
    if outer
        .list(&["records"])
        .any(|record| outer.has_text_below(record, &["category"]))
    {
        // One message of an event hub. Each record is sniffed for itself.
        for record in outer.list(&["records"]) {
            pieces.node(outer, record);
        }
    } else if outer.has_text(&["category"]) && outer.at(&["properties"]).is_some() {
        diagnostic(outer, pieces);
    } else if outer.has_text(&["Category"]) && outer.at(&["log_s"]).is_some() {
        source(
            outer.text(&["ResourceId"]).or(outer.text(&["_ResourceId"])),
            pieces,
        );
        log(
            outer.text(&["Category"]),
            outer.at(&["log_s"]),
            outer,
            pieces,
        );
    } else if ["AuditId", "RequestUri", "Verb"]
        .iter()
        .all(|column| outer.has_text(&[column]))
    {
        source(outer.text(&["_ResourceId"]), pieces);
        let cell = |column: &str| outer.at(&[column]);
        row(outer, &cell, pieces);
    } else if outer
        .list(&["tables"])
        .any(|table| outer.below(table, &["columns"]).is_some())
    {
        for table in outer.list(&["tables"]) {
            rows(outer, table, pieces);
        }
        if pieces.len() == 0 {
            pieces.skip(SkipReason::EmptyList);
        }
    } else {
        return false;
    }
    true
}

/// A record of a diagnostic setting: `{category, resourceId, properties: {log}}`.
fn diagnostic(outer: &Outer<'_>, pieces: &mut Pieces<'_>) {
    source(outer.text(&["resourceId"]), pieces);
    let category = outer.text(&["category"]);
    if let Some(text) = outer.text(&["properties"]) {
        // The properties of some exports are text that holds the object; it comes back with its category.
        if !looks_like_json(text) {
            pieces.skip(SkipReason::ControlPlane);
            return;
        }
        pieces.write(Form::Text, |bytes| {
            bytes.extend_from_slice(b"{\"category\":");
            match outer.at(&["category"]) {
                Some(category) => outer.write_json(category, bytes),
                None => bytes.extend_from_slice(b"null"),
            }
            bytes.extend_from_slice(b",\"properties\":");
            bytes.extend_from_slice(text.as_bytes());
            bytes.push(b'}');
        });
        return;
    }
    log(category, outer.at(&["properties", "log"]), outer, pieces);
}

/// What a record logs: an event, as text or as an object, or the text of another component.
fn log(category: Option<&str>, log: Option<NodeId>, outer: &Outer<'_>, pieces: &mut Pieces<'_>) {
    let audit = category.is_some_and(|category| category.starts_with("kube-audit"));
    let Some(log) = log else {
        pieces.skip(if audit {
            SkipReason::NotAuditEvent
        } else {
            SkipReason::ControlPlane
        });
        return;
    };
    match outer.text_of(log) {
        Some(text) if looks_like_json(text) => pieces.carry(Form::Text, outer, log),
        Some(_) if line::text(outer, log, "", pieces) => {}
        Some(_) if audit => pieces.skip(SkipReason::NotAuditEvent),
        None if outer.kind(log) == Kind::Object => pieces.node(outer, log),
        _ => pieces.skip(SkipReason::ControlPlane),
    }
}

/// A table of a query's result: `{columns: [{name}], rows: [[cell]]}`.
fn rows(outer: &Outer<'_>, table: NodeId, pieces: &mut Pieces<'_>) {
    let columns = outer.below(table, &["columns"]);
    let index = |name: &str| {
        columns.and_then(|columns| {
            outer
                .children(columns)
                .position(|column| outer.text_below(column, &["name"]) == Some(name))
        })
    };
    let Some(rows) = outer.below(table, &["rows"]) else {
        return;
    };
    for row_node in outer.children(rows) {
        let cell = |name: &str| {
            let cell = outer.children(row_node).nth(index(name)?)?;
            (outer.kind(cell) != Kind::Null).then_some(cell)
        };
        let text = |name: &str| cell(name).and_then(|cell| outer.text_of(cell));
        source(text("_ResourceId").or(text("ResourceId")), pieces);
        if cell("log_s").is_some() {
            log(text("Category"), cell("log_s"), outer, pieces);
        } else if text("AuditId").is_some() && text("Verb").is_some() {
            row(outer, &cell, pieces);
        } else {
            pieces.skip(SkipReason::NotAuditEvent);
        }
    }
}

/// A row of `AKSAudit` as the event that its columns hold.
fn row(outer: &Outer<'_>, cell: &dyn Fn(&str) -> Option<NodeId>, pieces: &mut Pieces<'_>) {
    pieces.write(Form::Text, |bytes| {
        bytes.extend_from_slice(br#"{"kind":"Event","apiVersion":"audit.k8s.io/v1""#);
        for (column, member) in COLUMNS {
            let Some(value) = cell(column) else { continue };
            let quoted = outer
                .text_of(value)
                .filter(|_| !TEXT_COLUMNS.contains(column));
            if quoted.is_some_and(str::is_empty) {
                continue;
            }
            bytes.extend_from_slice(b",\"");
            bytes.extend_from_slice(member.as_bytes());
            bytes.extend_from_slice(b"\":");
            match quoted.filter(|text| looks_like_json(text)) {
                Some(json) => bytes.extend_from_slice(json.as_bytes()),
                None => outer.write_json(value, bytes),
            }
        }
        bytes.push(b'}');
    });
}

/// Reads where a cluster is out of its resource's id, which the pipelines write in upper case or not.
fn source(resource: Option<&str>, pieces: &mut Pieces<'_>) {
    if resource.is_none() && pieces.source().is_some() {
        return;
    }
    let resource = resource.unwrap_or_default();
    pieces.set_source_of(Provider::Aks, resource, || {
        // `/subscriptions/<id>/resourceGroups/<name>/providers/<provider>/managedClusters/<name>`
        let part = |name: &str| {
            let mut parts = resource.split('/');
            parts
                .by_ref()
                .find(|part| part.eq_ignore_ascii_case(name))?;
            parts
                .next()
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
        };
        Source {
            cluster: part("managedClusters").or_else(|| part("connectedClusters")),
            account: part("subscriptions"),
            project: part("resourceGroups"),
            ..Source::from(Provider::Aks)
        }
    });
}
