//! What the Kubernetes API has below the bodies of events: types with their members, from version 1.33 to 1.37.
//!
//! Every member and its type was checked against what Kubernetes 1.33, 1.34, 1.35, 1.36 and 1.37 publish of their API. What
//! older versions had and these do not is kept.
//!
//! The types are those that fields of the vocabulary lead to. What a type does not list, no API server takes; so a rule
//! that asks for it waits in vain, unless it is newer than this table. Maps with keys of the user's choice are open.

/// Makes statics of types from a table of their members.
///
/// Of each member the name is followed by what it holds: `Text`, `Number`, `Bool`, `Scalar` for a number or text, `Map`
/// for an object with keys of the user's choice, words in parentheses (with `~` those that are usual, with `=` a form), the
/// name of a type in braces, or one of these in brackets for a list.
macro_rules! types {
    ($($id:ident $name:literal $(of $base:ident)? {
        $($member:ident $of:tt,)*
    })+) => {
        $(
            pub(super) static $id: $crate::api::Type = $crate::api::Type {
                name: $name,
                members: &[$($crate::api::Member {
                    name: stringify!($member),
                    value: types!(@value $of),
                },)*],
                bases: &[$(&$base)?],
            };
        )+
    };
    (@value [$of:tt]) => {
        $crate::api::Value { of: types!(@of $of), many: true, list: true }
    };
    (@value $of:tt) => {
        $crate::api::Value { of: types!(@of $of), many: false, list: false }
    };
    (@of {$id:ident}) => { $crate::api::Of::Object(&$id) };
    (@of ($($word:literal),+)) => { $crate::api::Of::Words(&[$($word),+], None) };
    (@of (~ $($word:literal),+)) => { $crate::api::Of::Usual(&[$($word),+]) };
    (@of (= $form:ident)) => { $crate::api::Of::Form(&audit_model::Form::$form) };
    (@of $of:ident) => { $crate::api::Of::$of };
}

mod admission;
mod cluster;
mod container;
mod kinds;
mod meta;
mod network;
mod own;
mod pod;
mod rbac;
mod request;
mod storage;
mod volume;
mod workload;

pub(crate) use kinds::{KINDS, OTHER_BODIES, of_deletion, of_resource, of_subresource};
pub(crate) use own::IMAGE_PARTS;

use audit_model::{Field, FieldId, Form, Path, Segment, Shape, Texts};

/// A type of objects.
#[derive(Debug)]
pub(crate) struct Type {
    /// The name in the API.
    pub(crate) name: &'static str,
    /// The members that it has beside those of its bases.
    members: &'static [Member],
    bases: &'static [&'static Type],
}

/// A member of a type.
#[derive(Debug)]
struct Member {
    name: &'static str,
    value: Value,
}

/// What a field or a member holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value {
    pub(crate) of: Of,
    /// Whether there may be several of these.
    pub(crate) many: bool,
    /// Whether it is a list of these, and not only below one.
    pub(crate) list: bool,
}

/// What kind of value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Of {
    /// Anything.
    Open,
    Text,
    /// One of these texts, and where to look for what is often sought here.
    Words(&'static [&'static str], Option<&'static str>),
    /// These texts as a rule.
    Usual(&'static [&'static str]),
    /// Texts of one form.
    Form(&'static Form),
    /// A resource in a role.
    RoleResource,
    /// A verb in a role.
    RoleVerb,
    Number,
    Bool,
    /// A number or text.
    Scalar,
    /// An IP address.
    Address,
    /// A network of IP addresses.
    Network,
    /// An API group.
    Group,
    /// An object with keys of the user's choice.
    Map,
    /// The name of an image, which is taken apart.
    Image,
    /// An object, of which each member is known.
    Object(&'static Type),
    /// An object of which some members are known.
    Partly(&'static Type),
}

/// A step below a value that leads nowhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nowhere<'p> {
    /// The member that is not there.
    pub(crate) key: &'p str,
    /// What does not have it.
    pub(crate) of: Of,
    /// Whether that is one of a list.
    pub(crate) in_list: bool,
    /// How many steps lead there.
    pub(crate) at: usize,
}

impl Type {
    /// The names of its members.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.all().map(|member| member.name)
    }

    fn member(&self, name: &str) -> Option<Value> {
        let found = self.all().find(|member| member.name == name);
        found.map(|member| member.value)
    }

    /// Its own members first: what they hold says more.
    fn all(&self) -> impl Iterator<Item = &'static Member> {
        let bases = self.bases.iter().flat_map(|base| base.members);
        self.members.iter().chain(bases)
    }
}

impl Of {
    /// What texts a field holds.
    fn texts(id: FieldId) -> Self {
        match id.texts() {
            Texts::Words(words, hint) => Self::Words(words, hint),
            Texts::Usual(words) => Self::Usual(words),
            Texts::Form(form) => Self::Form(form),
            _ => Self::Text,
        }
    }

    /// Whether the same can be said of both.
    pub(crate) fn is_same(self, other: Self) -> bool {
        match (self, other) {
            (Self::Usual(words), Self::Usual(others)) => words == others,
            (Self::Object(of), Self::Object(other)) => std::ptr::eq(of, other),
            _ => std::mem::discriminant(&self) == std::mem::discriminant(&other),
        }
    }

    /// Whether it is a single text, number or truth value.
    pub(crate) fn is_single(self) -> bool {
        self.is_text() || matches!(self, Self::Number | Self::Bool | Self::Scalar)
    }

    /// Whether it is a text, of which more may be known.
    pub(crate) fn is_text(self) -> bool {
        matches!(
            self,
            Self::Text
                | Self::Words(..)
                | Self::Usual(_)
                | Self::Form(_)
                | Self::Group
                | Self::RoleResource
                | Self::RoleVerb
        )
    }
}

impl Value {
    /// One that may be anything.
    pub(crate) const OPEN: Self = Self::one(Of::Open);

    pub(crate) const fn one(of: Of) -> Self {
        Self {
            of,
            many: false,
            list: false,
        }
    }

    const fn many(of: Of) -> Self {
        Self {
            of,
            many: true,
            list: true,
        }
    }

    /// What a field holds.
    pub(crate) fn of_field(field: &Field) -> Result<Self, Nowhere<'_>> {
        let value = Self::of_id(field.id()).below(field.path().segments())?;
        Ok(match (value.of, field.texts()) {
            (Of::Open, Texts::Words(words, hint)) => Self::one(Of::Words(words, hint)),
            _ => value,
        })
    }

    /// What stands at a path in an object of a type.
    pub(crate) fn of_member<'p>(of: &'static Type, path: &'p Path) -> Result<Self, Nowhere<'p>> {
        Self::of_segments(of, path.segments())
    }

    /// Whether the last step of a path is a known member of an object.
    pub(crate) fn is_member(of: &'static Type, segments: &[Segment]) -> bool {
        let Some((last, before)) = segments.split_last() else {
            return false;
        };
        let Ok(Self {
            of: Of::Object(of), ..
        }) = Self::of_segments(of, before)
        else {
            return false;
        };
        matches!(last, Segment::Key(key) if of.member(key).is_some())
    }

    /// The same of the steps of a path.
    pub(crate) fn of_segments<'p>(
        of: &'static Type,
        segments: &'p [Segment],
    ) -> Result<Self, Nowhere<'p>> {
        Self::one(Of::Object(of)).below(segments)
    }

    /// What a field holds, without a path.
    fn of_id(id: FieldId) -> Self {
        match id {
            FieldId::PodSpec => Self::one(Of::Object(&pod::POD_SPEC)),
            FieldId::Containers => Self::many(Of::Object(&own::CONTAINER)),
            FieldId::Volumes => Self::many(Of::Object(&volume::VOLUME)),
            FieldId::RbacRules => Self::many(Of::Object(&rbac::POLICY_RULE)),
            FieldId::RbacSubjects => Self::many(Of::Object(&own::SUBJECT)),
            FieldId::RbacRoleRef => Self::one(Of::Object(&own::ROLE_REF)),
            FieldId::Object | FieldId::Patch | FieldId::RequestObject | FieldId::ResponseObject => {
                Self::one(Of::Partly(&own::BODY))
            }
            FieldId::ApiGroup | FieldId::ObjectRefApiGroup => Self::one(Of::Group),
            FieldId::ClientIp => Self::one(Of::Address),
            FieldId::ClientNet => Self::one(Of::Network),
            FieldId::SourceIps => Self::many(Of::Address),
            _ => match id.info().shape {
                Shape::Text => Self::one(Of::texts(id)),
                Shape::Number => Self::one(Of::Number),
                Shape::Bool => Self::one(Of::Bool),
                Shape::List => Self::many(Of::texts(id)),
                Shape::Map => Self::one(Of::Map),
                _ => Self::OPEN,
            },
        }
    }

    /// What stands at a path below it.
    fn below(self, segments: &[Segment]) -> Result<Self, Nowhere<'_>> {
        let mut value = self;
        let mut many = false;
        for (at, segment) in segments.iter().enumerate() {
            let key = match segment {
                Segment::Key(key) => key,
                // One of a list is not the list.
                Segment::Index(_) => {
                    (value.many, value.list) = (false, false);
                    continue;
                }
                Segment::Split(_) => return Ok(Self::OPEN),
            };
            many |= value.many;
            let next = match value.of {
                Of::Open | Of::Map => return Ok(Self::OPEN),
                Of::Image if IMAGE_PARTS.contains(&&**key) => Some(Self::one(Of::Text)),
                Of::Object(known) => known.member(key),
                Of::Partly(known) => Some(known.member(key).unwrap_or(Self::OPEN)),
                _ => None,
            };
            value = next.ok_or(Nowhere {
                key,
                of: value.of,
                in_list: value.list,
                at,
            })?;
        }
        Ok(Self {
            many: many || value.many,
            ..value
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(name: &str) -> Result<Value, String> {
        let field = Field::resolve(name).unwrap();
        Value::of_field(&field).map_err(|nowhere| nowhere.key.to_owned())
    }

    #[test]
    fn paths_lead_to_values() {
        for name in [
            "podSpec.hostNetwork",
            "containers.securityContext.privileged",
            "podSpec.containers.securityContext.privileged",
            "podSpec.initContainers[0].tty",
            "volumes.configMap.optional",
        ] {
            assert!(matches!(at(name).unwrap().of, Of::Bool), "{name}");
        }
        for name in [
            "containers.image",
            "object.spec.anything.at.all",
            "object.metadata.labels.app.kubernetes.io/name",
            "podSpec.nodeSelector.disk",
            "containers.resources.limits.cpu",
            "volumes.csi.volumeAttributes.a.b",
            "annotations.x",
        ] {
            assert!(at(name).is_ok(), "{name}");
        }
        assert!(at("rbac.rules.verbs").unwrap().many);
        assert!(!at("rbac.rules[0].verbs[0]").unwrap().many);
        assert!(!at("rbac.roleRef.name").unwrap().many);
        assert!(at("containers.name").unwrap().many);
    }

    #[test]
    fn paths_lead_nowhere() {
        for (name, key) in [
            ("rbac.rules.verb", "verb"),
            ("podSpec.hostNetwrk", "hostNetwrk"),
            ("volumes.hostPth.path", "hostPth"),
            ("containers.name.x", "x"),
            ("podSpec.containers.image.tag", "tag"),
            ("object.metadata.lables.app", "lables"),
        ] {
            assert_eq!(at(name).unwrap_err(), key, "{name}");
        }
    }
}
