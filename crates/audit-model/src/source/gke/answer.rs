//! What Google's audit log says of the answer: a status of Google's own kind, and at times the API server's.

use crate::envelope::integer;
use crate::source::Outer;
use crate::source::gke::field;
use crate::source::request::Draft;
use crate::tree::{Kind, NodeId};
use crate::value::Value;

/// The annotation in which the authorizer says what it decided.
pub(super) const DECISION: &str = "authorization.k8s.io/decision";

/// HTTP codes of `google.rpc.Code`, by number; the audit log made the number from the code, and several codes made
/// the same one. 0 is OK and no row.
const HTTP: &[(i64, i64)] = &[
    (1, 499),  // CANCELLED
    (2, 500),  // UNKNOWN
    (3, 400),  // INVALID_ARGUMENT
    (4, 504),  // DEADLINE_EXCEEDED
    (5, 404),  // NOT_FOUND
    (6, 409),  // ALREADY_EXISTS
    (7, 403),  // PERMISSION_DENIED
    (8, 429),  // RESOURCE_EXHAUSTED
    (9, 400),  // FAILED_PRECONDITION
    (10, 409), // ABORTED
    (11, 400), // OUT_OF_RANGE
    (12, 501), // UNIMPLEMENTED
    (13, 500), // INTERNAL
    (14, 503), // UNAVAILABLE
    (15, 500), // DATA_LOSS
    (16, 401), // UNAUTHENTICATED
];
const UNKNOWN: i64 = 2;

/// What the authorizer decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    Allow,
    Forbid,
}

impl Decision {
    /// The decision of a label, as the API server wrote it.
    pub(super) fn of_label(outer: &Outer<'_>) -> Option<Self> {
        match outer.text(&["labels", DECISION])? {
            "allow" => Some(Self::Allow),
            "forbid" => Some(Self::Forbid),
            _ => None,
        }
    }

    /// The decision of `authorizationInfo`, which leaves out `granted` where it is false.
    pub(super) fn of_info(outer: &Outer<'_>, payload: NodeId) -> Option<Self> {
        let info = field(outer, payload, ["authorizationInfo", "authorization_info"])?;
        if outer.kind(info) != Kind::List {
            return None;
        }
        let first = outer.children(info).next()?;
        let granted = outer.below(first, &["granted"]);
        Some(
            if granted.is_some_and(|granted| outer.kind(granted) == Kind::Bool(true)) {
                Self::Allow
            } else {
                Self::Forbid
            },
        )
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Forbid => "forbid",
        }
    }
}

/// What is known of a request when its answer is made out.
pub(super) struct Asked<'a> {
    pub(super) verb: &'a str,
    pub(super) subresource: &'a str,
    pub(super) decision: Option<Decision>,
}

/// Writes `responseStatus`, as far as the record tells.
pub(super) fn write(outer: &Outer<'_>, payload: NodeId, asked: &Asked<'_>, draft: &mut Draft<'_>) {
    let status = outer.below(payload, &["status"]);
    let response = outer
        .below(payload, &["response"])
        .filter(|response| is_status(outer, *response));
    let rpc = rpc_code(outer, status);
    let inferred = rpc.and_then(|rpc| http_code(rpc, status.is_some(), asked));
    draft.object("responseStatus", |draft| {
        draft.key("metadata").extend_from_slice(b"{}");
        let mut code = inferred;
        if let Some(response) = response {
            for member in ["status", "message", "reason"] {
                if let Some(text) = outer.text_below(response, &[member]) {
                    draft.text(member, text);
                }
            }
            draft.node("details", outer.below(response, &["details"]), &["@type"]);
            let real = outer.below(response, &["code"]);
            code = real
                .and_then(|real| whole(outer, real))
                .filter(|code| (100..600).contains(code))
                .or(inferred);
        } else {
            // A number that stands for no code is an error all the same.
            if inferred.is_none() && rpc != Some(0) {
                draft.text("status", "Failure");
            }
            // Google's name for a code that it does not know says nothing of a stream.
            let message = status.filter(|_| inferred != Some(101));
            if let Some(text) = message.and_then(|status| outer.text_below(status, &["message"])) {
                draft.some_text("message", text);
            }
        }
        if let Some(code) = code {
            draft
                .key("code")
                .extend_from_slice(code.to_string().as_bytes());
        }
    });
}

/// Whether a body is the API server's own account of what became of the request.
fn is_status(outer: &Outer<'_>, response: NodeId) -> bool {
    match outer.text_below(response, &["@type"]) {
        Some(kind) => matches!(kind, "core.k8s.io/v1.Status" | "meta.k8s.io/v1.Status"),
        None => {
            outer.text_below(response, &["kind"]) == Some("Status")
                && outer.text_below(response, &["apiVersion"]) == Some("v1")
        }
    }
}

/// The code of a status, OK where there is none; `None` if it is no number.
fn rpc_code(outer: &Outer<'_>, status: Option<NodeId>) -> Option<i64> {
    match status.and_then(|status| outer.below(status, &["code"])) {
        None => Some(0),
        Some(code) => whole(outer, code),
    }
}

/// A whole number; tables that are exported as JSON quote theirs.
fn whole(outer: &Outer<'_>, node: NodeId) -> Option<i64> {
    match outer.value_of(node)? {
        Value::Number(text) | Value::Text(text) => integer(text.as_bytes()),
        _ => None,
    }
}

/// The HTTP code that a status stands for; `None` for a number that stands for none.
fn http_code(rpc: i64, has_status: bool, asked: &Asked<'_>) -> Option<i64> {
    let stream = matches!(asked.subresource, "exec" | "attach" | "portforward");
    if rpc == UNKNOWN && stream && asked.decision == Some(Decision::Allow) {
        // A stream is answered by 101, for which there is no other number.
        return Some(101);
    }
    if rpc == 0 {
        return Some(match asked.decision {
            Some(Decision::Forbid) if !has_status => 403,
            _ if stream => 101,
            _ if asked.verb == "create" => 201,
            _ => 200,
        });
    }
    HTTP.iter()
        .find(|(known, _)| *known == rpc)
        .map(|(_, code)| *code)
}
