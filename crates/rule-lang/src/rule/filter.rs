//! Filters, which narrow rules.

use audit_model::FieldId;

use crate::day::Day;
use crate::metadata::Metadata;
use crate::program::Program;
use crate::source::{SourceId, Span};

/// Identifies a filter of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FilterIdx(u32);

impl FilterIdx {
    pub(crate) fn new(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// Its place in [`Compiled::filters`](crate::Compiled::filters).
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A filter that compiled: a rule that it applies to matches only where the filter's condition holds too.
#[derive(Clone, Debug)]
pub struct Filter {
    pub(crate) metadata: Metadata,
    pub(crate) expires: Option<Day>,
    pub(crate) program: Program,
    pub(crate) inactive: Option<String>,
}

impl Filter {
    /// What others refer to it by: `name`, else the `id`, else the title.
    pub fn name(&self) -> &str {
        self.metadata.reference()
    }

    /// The `id`, a UUID.
    pub fn id(&self) -> Option<&str> {
        self.metadata.id.as_deref()
    }

    /// The title.
    pub fn title(&self) -> &str {
        &self.metadata.title
    }

    /// What the filter takes away, and why that is safe.
    pub fn description(&self) -> Option<&str> {
        self.metadata.description.as_deref()
    }

    /// The last day on which the filter applies: to events of later days it does not, nor to one without a time.
    pub fn expires(&self) -> Option<Day> {
        self.expires
    }

    /// Why the filter narrows nothing: an override turned it off.
    pub fn inactive(&self) -> Option<&str> {
        self.inactive.as_deref()
    }

    /// What is evaluated: a match of a rule stays when this holds.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Whether the filter names an identity but no impersonated one, so that it must not be applied to an impersonated
    /// request: it vouches for who holds the credential, not for whom they act as.
    pub fn spares_impersonated(&self) -> bool {
        let mut names_identity = false;
        for field in self.program.fields() {
            match field.id() {
                FieldId::ImpersonatedUser
                | FieldId::ImpersonatedUsername
                | FieldId::ImpersonatedUid
                | FieldId::ImpersonatedGroups
                | FieldId::ImpersonatedExtra => return false,
                FieldId::User
                | FieldId::UserUsername
                | FieldId::UserId
                | FieldId::UserUid
                | FieldId::UserGroups
                | FieldId::UserExtra
                | FieldId::ActorUsername
                | FieldId::ActorGroups
                | FieldId::ActorKind
                | FieldId::ActorId
                | FieldId::ServiceAccountNamespace
                | FieldId::ServiceAccountName
                | FieldId::NodeName
                | FieldId::CredentialId
                | FieldId::CredentialPod
                | FieldId::CredentialNode => names_identity = true,
                _ => {}
            }
        }
        names_identity
    }

    /// The file.
    pub fn source(&self) -> SourceId {
        self.metadata.source
    }

    /// The document in the file.
    pub fn span(&self) -> Span {
        self.metadata.span
    }
}
