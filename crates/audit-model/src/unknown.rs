//! What an event cannot say: the difference between what was not there and what was not logged.

use crate::field::FieldId;
use crate::field_source::FieldSource;
use crate::object::{SKIPPED, TRUNCATED};
use crate::scratch::{Reading, Scratch};
use crate::source::Provider;
use crate::tree::Kind;

/// Why an event does not say what a field is, though the request may well have had it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Unknown {
    /// The provider never records it.
    NotRecorded,
    /// The event's level leaves out the body that it is read from.
    NotLogged,
    /// The body, or the event, was dropped or cut before it was logged.
    Truncated,
    /// The body is beyond the limits of what is read.
    Opaque,
    /// The request is a patch that sets other things, and no response shows the object.
    NotShown,
}

impl Scratch {
    /// Why something that is not found at or below a field may have been there all the same; `None` when its absence
    /// says that it was not.
    ///
    /// # Examples
    /// ```
    /// use audit_model::{Event, FieldId, Limits, Scratch, Unknown};
    ///
    /// let line = br#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"1",
    ///     "stage":"ResponseComplete","verb":"create","objectRef":{"resource":"pods","namespace":"shop","name":"web"}}"#;
    /// let event = Event::decode(line, &Limits::default())?;
    /// let mut scratch = Scratch::default();
    /// scratch.begin();
    /// assert_eq!(scratch.unknown(&event, FieldId::Containers), Some(Unknown::NotLogged));
    /// // That a create has no patch is no gap in the log, and neither are the roles that a pod does not have.
    /// assert_eq!(scratch.unknown(&event, FieldId::Patch), None);
    /// assert_eq!(scratch.unknown(&event, FieldId::RbacRules), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn unknown(&mut self, source: &dyn FieldSource, field: FieldId) -> Option<Unknown> {
        (0..source.readings()).find_map(|number| {
            Reading {
                scratch: self,
                source,
                number,
            }
            .unknown(field)
        })
    }

    /// Why a text that is not found anywhere in the event may have been in it: a body was dropped, cut or is beyond the
    /// limits. That a level logs no bodies is not counted, because a text may be sought in what every event has.
    pub fn unknown_text(&mut self, source: &dyn FieldSource) -> Option<(FieldId, Unknown)> {
        [FieldId::RequestObject, FieldId::ResponseObject]
            .into_iter()
            .find_map(|body| Some((body, self.unknown(source, body)?)))
            .filter(|(_, why)| matches!(why, Unknown::Truncated | Unknown::Opaque))
    }
}

impl Reading<'_> {
    fn unknown(&mut self, field: FieldId) -> Option<Unknown> {
        if !self.may_have(field) {
            return None;
        }
        if self.lacks(field) && self.is_missing(field) {
            return Some(Unknown::NotRecorded);
        }
        if self.source.is_cut() && self.is_missing(field) {
            return Some(Unknown::Truncated);
        }
        match field {
            FieldId::RequestObject | FieldId::ResponseObject => self.unknown_body(field),
            FieldId::Patch => self.unknown_body(FieldId::RequestObject),
            // What the server named, its answer tells.
            FieldId::Name | FieldId::Ref => {
                let unnamed = self.recorded_some(FieldId::ObjectRefName).is_none()
                    && self.recorded(FieldId::Verb) == Some("create");
                if unnamed {
                    self.unknown_body(FieldId::ResponseObject)
                } else {
                    None
                }
            }
            _ if field.is_of_object() => self.unknown_object(field),
            _ => None,
        }
    }

    /// Whether a request of this kind can have the field at all.
    fn may_have(&self, field: FieldId) -> bool {
        let verb = self.recorded(FieldId::Verb).unwrap_or_default();
        let subresource = self.recorded_some(FieldId::ObjectRefSubresource);
        let has_body = self.source.has(self.number, FieldId::ObjectRef);
        match field {
            FieldId::RequestObject => {
                has_body
                    && matches!(
                        verb,
                        "create" | "update" | "patch" | "delete" | "deletecollection"
                    )
            }
            FieldId::ResponseObject => has_body,
            FieldId::Patch => has_body && verb == "patch",
            FieldId::ExecCommand
            | FieldId::ExecContainer
            | FieldId::ExecTty
            | FieldId::ExecStdin => matches!(subresource, Some("exec" | "attach")),
            _ if field.is_of_object() => {
                has_body && matches!(verb, "create" | "update" | "patch") && self.keeps(field)
            }
            _ => true,
        }
    }

    /// Whether objects of this kind keep what the field reads, by what decides where it is read.
    fn keeps(&self, field: FieldId) -> bool {
        match field {
            FieldId::PodSpec | FieldId::Containers | FieldId::Volumes | FieldId::HostPaths => {
                self.template_path().is_some()
            }
            FieldId::RbacRules => self.is_rbac(false),
            FieldId::RbacSubjects | FieldId::RbacRoleRef => self.is_rbac(true),
            FieldId::CsrCommonName
            | FieldId::CsrOrganizations
            | FieldId::CsrDnsNames
            | FieldId::CsrSignerName
            | FieldId::CsrUsages => self.is_certificate_request(),
            _ => true,
        }
    }

    fn lacks(&self, field: FieldId) -> bool {
        let provider = self.recorded(FieldId::SourceProvider);
        Provider::ALL
            .into_iter()
            .any(|of| provider == Some(of.as_str()) && of.lacks(field))
    }

    fn is_missing(&mut self, field: FieldId) -> bool {
        let node = self.field(field);
        let tree = &self.scratch.tree;
        tree.readings(node)
            .all(|node| tree.kind(node) == Kind::Missing)
    }

    fn unknown_body(&mut self, body: FieldId) -> Option<Unknown> {
        if self.source.body(self.number, body).is_some() {
            let node = self.field(body);
            let tree = &self.scratch.tree;
            return match tree.kind(node) {
                Kind::Missing => Some(Unknown::Opaque),
                Kind::Text if tree.text(node) == Some(SKIPPED) => Some(Unknown::Truncated),
                _ => None,
            };
        }
        if !self.may_have(body) {
            return None;
        }
        let truncated = self.find_annotation(TRUNCATED);
        let tree = &self.scratch.tree;
        if tree
            .readings(truncated)
            .any(|node| tree.text(node) == Some("true"))
        {
            return Some(Unknown::Truncated);
        }
        let logged = match self.recorded(FieldId::Level) {
            Some("RequestResponse") => true,
            Some("Request") => body == FieldId::RequestObject,
            _ => false,
        };
        (!logged).then_some(Unknown::NotLogged)
    }

    fn unknown_object(&mut self, field: FieldId) -> Option<Unknown> {
        let request = self.unknown_body(FieldId::RequestObject);
        if self.recorded(FieldId::Verb) != Some("patch") {
            return request;
        }
        let response = self.field(FieldId::ResponseObject);
        if self.is_full_object(response) {
            // What the patch touches decides what is looked at, and without the patch everything is.
            return None;
        }
        if request.is_some() {
            return request;
        }
        let touched = match field {
            FieldId::PodSpec | FieldId::Containers | FieldId::Volumes | FieldId::HostPaths => {
                !self.is_missing(FieldId::PodSpec)
            }
            FieldId::RbacRules | FieldId::RbacSubjects | FieldId::RbacRoleRef => self.writes_rbac(),
            _ => true,
        };
        if !touched {
            return None;
        }
        let lost = self
            .unknown_body(FieldId::ResponseObject)
            .filter(|why| matches!(why, Unknown::Truncated | Unknown::Opaque));
        Some(lost.unwrap_or(Unknown::NotShown))
    }
}
