//! What stands in a list that a block ranges over, and the names of its parts.

use audit_model::{Field, Path, Segment, Shape};

use super::{Resolver, field};
use crate::api::{Of, Type, Value};
use crate::ast::{self, Name};
use crate::diagnostic::{Code, quoted};
use crate::lint;
use crate::program::Operand;

/// What a block ranges over.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Member {
    /// Anything: an object of the API as a rule.
    Open,
    /// An object of the API whose members are known.
    Object(&'static Type),
    /// Text, or a number.
    Text(Of),
    /// An entry of a map.
    Entry,
    /// An entry of what is itself the member of a list.
    InnerEntry,
}

/// What an operand yields.
pub(super) fn value_of(operand: &Operand, member: Option<Member>) -> Value {
    let found = match (operand, member) {
        (Operand::Field(field), _) => Value::of_field(field).ok(),
        (Operand::Member(path), Some(Member::Object(of))) => Value::of_member(of, path).ok(),
        (Operand::Member(_), Some(Member::Text(of))) => Some(Value::one(of)),
        _ => None,
    };
    found.unwrap_or(Value::OPEN)
}

impl Member {
    /// What a block over a value ranges over; `None` when the value is neither a list nor a map.
    fn of(value: Value) -> Option<Self> {
        Some(match value.of {
            Of::Object(of) if value.list => Self::Object(of),
            Of::Object(_) => Self::Entry,
            Of::Map if !value.list => Self::Entry,
            Of::Open | Of::Map | Of::Partly(_) => Self::Open,
            of if value.list => Self::Text(of),
            _ => return None,
        })
    }

    /// The same of the member itself, by a second bracket. The members of a list within a list are members of the outer
    /// one, so that what is left are entries.
    fn within(self) -> Option<Self> {
        match self {
            Self::Text(_) => None,
            Self::Open | Self::Object(_) | Self::Entry | Self::InnerEntry => Some(Self::InnerEntry),
        }
    }
}

impl Resolver<'_> {
    /// What a block ranges over; `None` when that is an error, which is reported.
    pub(super) fn members(
        &mut self,
        block: &ast::Block,
        operand: Option<&Operand>,
        member: Option<Member>,
    ) -> Option<Member> {
        let found = match (operand, member) {
            (Some(Operand::Field(field)), _) if is_no_list(field) => {
                let message = format!(
                    "{} is not a list, so it has no members",
                    quoted(&block.name.text)
                );
                self.report.add(Code::NotAList, block.name.span, message);
                return None;
            }
            (Some(Operand::Member(path)), Some(member)) if path.is_empty() => member.within(),
            (Some(operand), _) => Member::of(value_of(operand, member)),
            (None, _) => Some(Member::Open),
        };
        if found.is_none() {
            lint::fields::no_members(&block.name, self.report);
        }
        Some(found.unwrap_or(Member::Open))
    }

    pub(super) fn operand(&mut self, name: &Name, member: Option<Member>) -> Option<Operand> {
        let Some(member) = member else {
            return field(name, self.report).map(Operand::Field);
        };
        let path = match Path::parse(&name.text) {
            Ok(path) => path,
            Err(error) => {
                let message = format!("{}: {error}", quoted(&name.text));
                self.report.add(Code::BadFieldName, name.span, message);
                return None;
            }
        };
        let help = match (member, path.segments()) {
            (Member::Open, _) | (Member::Text(_), []) => return Some(Operand::Member(path)),
            (Member::Entry | Member::InnerEntry, [Segment::Key(key), ..])
                if matches!(&**key, "key" | "value") =>
            {
                return Some(Operand::Member(path));
            }
            (Member::Object(of), _) => {
                lint::fields::of_member(name, of, &path, self.report)?;
                return Some(Operand::Member(path));
            }
            (Member::Text(_), _) => "the members are texts: `.` is the member itself",
            (Member::Entry, _) => "the members are entries with a `key` and a `value`",
            (Member::InnerEntry, _) => {
                "a second bracket goes over the entries of one member, each with a `key` and a `value`; without it stand the members"
            }
        };
        self.report
            .add(
                Code::UnknownMember,
                name.span,
                format!("a member has no {}", quoted(&name.text)),
            )
            .set_help(help);
        None
    }
}

/// Whether the table of fields has a field as something that is neither list nor map.
fn is_no_list(field: &Field) -> bool {
    let has_members = |shape| {
        matches!(
            shape,
            Shape::Object | Shape::Objects | Shape::List | Shape::Map
        )
    };
    match field.shape() {
        Some(shape) => !has_members(shape),
        // A member of a list of texts.
        None => field.info().shape == Shape::List,
    }
}
