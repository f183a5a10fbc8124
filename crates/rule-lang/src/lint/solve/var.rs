//! What tests read, and what values that can have.

use audit_model::{Field, FieldId, Segment, Shape, Texts};

use crate::api::{Of, Type, Value};
use crate::program::Operand;
use crate::time::TimePart;

/// What an atom reads.
#[derive(Debug)]
pub(super) struct Var {
    pub(super) kind: Kind,
    /// The field, also of a path below it.
    pub(super) field: Option<FieldId>,
    /// Whether it is the field itself.
    pub(super) whole: bool,
}

impl Var {
    /// What values it has where anybody may have written the event: then what is recorded is none of the known words, and
    /// what stands in a body is not of the type that the API has it of.
    pub(super) fn kind_in_any_event(&self) -> Kind {
        match (self.kind, self.field) {
            (kind @ (Kind::Member | Kind::Part(_)), _) => kind,
            (_, Some(FieldId::Name | FieldId::Ref)) => Kind::Many,
            (
                Kind::Text(_),
                Some(FieldId::Kind | FieldId::Level | FieldId::Stage | FieldId::Decision),
            ) => Kind::Text(None),
            (kind, Some(_)) if self.whole => kind,
            _ => Kind::Many,
        }
    }
}

/// What values a variable has.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Absent, or one text: one of the words, where they are known.
    Text(Option<&'static [&'static str]>),
    /// One text, and never absent.
    Member,
    /// Absent, or one integer.
    Number,
    /// Absent, or a part of a date.
    Part(TimePart),
    /// Anything: each test may be answered by another value.
    Many,
}

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) enum VarKey {
    Field(FieldId),
    /// With what the members of the block are.
    Other(Operand, &'static str),
    Time(Operand, TimePart),
}

/// What the members of a block are, as far as it matters here.
#[derive(Clone, Copy, Debug)]
pub(super) enum Member {
    Event,
    Text,
    Entry,
    /// An object of the API.
    Object(&'static Type),
    Other,
}

impl Member {
    /// Members of one name have the same fields.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Text => "text",
            Self::Entry => "entry",
            Self::Object(of) => of.name,
            Self::Other => "",
        }
    }
}

/// Of two names for the same value the shorter one.
pub(in crate::lint) fn canonical(id: FieldId) -> FieldId {
    match id {
        FieldId::ObjectRefResource => FieldId::Resource,
        FieldId::ObjectRefSubresource => FieldId::Subresource,
        FieldId::ObjectRefApiGroup => FieldId::ApiGroup,
        FieldId::ObjectRefNamespace => FieldId::Namespace,
        FieldId::ResponseStatusCode => FieldId::Status,
        id => id,
    }
}

/// What a field yields of an event in which no key is repeated.
pub(super) fn kind_of(id: FieldId) -> Kind {
    match id {
        // These come out of maps whose values are lists, and out of bodies.
        FieldId::CsrSignerName
        | FieldId::CredentialId
        | FieldId::CredentialPod
        | FieldId::CredentialNode
        | FieldId::ExecContainer => Kind::Many,
        // Anybody may make up a method of HTTP.
        FieldId::Verb | FieldId::Operation | FieldId::ResponseStatusStatus => Kind::Text(None),
        id => match id.info().shape {
            Shape::Text => match id.texts() {
                Texts::Words(words, _) => Kind::Text(Some(words)),
                _ => Kind::Text(None),
            },
            Shape::Bool => Kind::Text(Some(&["true", "false"])),
            Shape::Number => Kind::Number,
            _ => Kind::Many,
        },
    }
}

/// What a path below a field yields: a single value where the API has one and the field is the object itself. A patch may
/// hold anything, and so may the body of a request that is refused.
pub(super) fn kind_below(field: &Field) -> Kind {
    if !is_typed(field.id()) {
        return Kind::Many;
    }
    Value::of_field(field).map_or(Kind::Many, kind_of_value)
}

/// Whether a field has the types of the API.
fn is_typed(id: FieldId) -> bool {
    matches!(
        id,
        FieldId::PodSpec
            | FieldId::Containers
            | FieldId::Volumes
            | FieldId::RbacRules
            | FieldId::RbacSubjects
            | FieldId::RbacRoleRef
    )
}

fn kind_of_value(value: Value) -> Kind {
    match value.of {
        _ if value.many => Kind::Many,
        Of::Words(words, _) => Kind::Text(Some(words)),
        of if of.is_text() => Kind::Text(None),
        Of::Image => Kind::Text(None),
        Of::Bool => Kind::Text(Some(&["true", "false"])),
        Of::Number => Kind::Number,
        _ => Kind::Many,
    }
}

pub(super) fn kind_of_member(path: &audit_model::Path, member: Member) -> Kind {
    match (member, path.segments()) {
        (Member::Object(of), _) => Value::of_member(of, path).map_or(Kind::Many, kind_of_value),
        (Member::Text, []) => Kind::Member,
        (Member::Entry, [Segment::Key(key)]) if &**key == "key" => Kind::Member,
        _ => Kind::Many,
    }
}

pub(super) fn is_single(operand: &Operand) -> bool {
    operand
        .field()
        .is_some_and(|field| field.path().is_empty() && !matches!(kind_of(field.id()), Kind::Many))
}

pub(super) fn members(operand: &Operand, around: Member) -> Member {
    let list = match (operand, around) {
        (Operand::Field(field), _) if is_typed(field.id()) => Value::of_field(field).ok(),
        (Operand::Member(path), Member::Object(of)) => Value::of_member(of, path).ok(),
        _ => None,
    };
    if let Some(list) = list {
        return match list.of {
            Of::Object(of) if list.list => Member::Object(of),
            Of::Object(_) => Member::Entry,
            _ => Member::Other,
        };
    }
    let Some(field) = operand.field().filter(|field| field.path().is_empty()) else {
        return Member::Other;
    };
    match field.info().shape {
        // What comes out of a body as it stands may be anything.
        Shape::List if field.id() != FieldId::CsrUsages => Member::Text,
        Shape::Map => Member::Entry,
        _ => Member::Other,
    }
}
