//! Under which keys of a body the texts stand that a field's values are made of.
//!
//! Where a rule looks is told by paths and places: the containers of a pod template, wherever the kind of object keeps
//! it. Here it is only asked under which key, anywhere in the body, a value must stand so that a field can have it.
//! This says less and costs far less: a body in which no such value stands need not be taken apart.

use crate::field::{Field, FieldId};
use crate::image::ImageRef;
use crate::path::{Path, Segment};
use crate::uri::clean_path;

/// A key of a body, and what a field makes of the values that stand under it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[doc(hidden)]
pub struct Leaf {
    /// The key.
    pub key: Box<str>,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Form {
    AsIs,
    Registry,
    Repository,
    Tag,
    Digest,
    CleanPath,
}

impl Leaf {
    /// The leaves that the scalars of a field stand under; none when that is not told by keys alone.
    pub fn of_field(field: &Field) -> Vec<Self> {
        use FieldId as F;
        let segments = field.path().segments();
        match field.id() {
            F::HostPaths if segments.is_empty() => vec![Self::new("path", Form::CleanPath)],
            F::RequestObject
            | F::ResponseObject
            | F::Object
            | F::PodSpec
            | F::Containers
            | F::Volumes
            | F::RbacRules
            | F::RbacSubjects
            | F::RbacRoleRef => Self::of(segments),
            _ => Vec::new(),
        }
    }

    /// The same for a path in a member of a block over one of these fields.
    pub fn of_member(path: &Path) -> Vec<Self> {
        match path.segments() {
            // Of an entry of a map these are the key and the value themselves.
            [Segment::Key(only)] if matches!(&**only, "key" | "value") => Vec::new(),
            segments => Self::of(segments),
        }
    }

    fn of(segments: &[Segment]) -> Vec<Self> {
        let Some((Segment::Key(last), before)) = segments.split_last() else {
            return Vec::new();
        };
        // A byte of a key that is no text reads as U+FFFD, and what JSON has a short escape for may be written in two ways.
        let is_odd = |c: char| c.is_ascii_control() || matches!(c, '"' | '\\' | '/' | '\u{fffd}');
        if last.contains(is_odd) {
            return Vec::new();
        }
        let mut leaves = vec![Self::new(last, Form::AsIs)];
        match &**last {
            // Made of several values, or of the place where a container stands.
            "kind" | "capabilities" | "username" | "ref" => return Vec::new(),
            "hostPaths" => leaves.push(Self::new("path", Form::CleanPath)),
            part => {
                let form = match part {
                    "registry" => Form::Registry,
                    "repository" => Form::Repository,
                    "tag" => Form::Tag,
                    "digest" => Form::Digest,
                    _ => return leaves,
                };
                if matches!(before.last(), Some(Segment::Key(key)) if &**key == "image") {
                    leaves.push(Self::new("image", form));
                }
            }
        }
        leaves
    }

    fn new(key: &str, form: Form) -> Self {
        Self {
            key: key.into(),
            form,
        }
    }

    /// Whether a field has the values under the key as they are.
    pub fn is_plain(&self) -> bool {
        self.form == Form::AsIs
    }

    /// What a field makes of a text under the key; `None` when nothing comes of it.
    pub fn shape<'m>(&self, text: &'m str, memory: &'m mut String) -> Option<&'m str> {
        let image = || ImageRef::parse(text);
        match self.form {
            Form::AsIs => return Some(text),
            Form::Registry => return Some(image().registry),
            Form::Tag => return image().tag,
            Form::Digest => return image().digest,
            Form::Repository => {
                memory.clear();
                image().write_repository(memory);
            }
            Form::CleanPath => {
                memory.clear();
                clean_path(text, memory);
            }
        }
        Some(memory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(field: &str) -> Vec<(String, Form)> {
        let leaves = Leaf::of_field(&Field::resolve(field).unwrap());
        leaves
            .into_iter()
            .map(|leaf| (leaf.key.into(), leaf.form))
            .collect()
    }

    #[test]
    fn fields_name_the_keys_that_their_values_stand_under() {
        let plain = |key: &str| (key.to_owned(), Form::AsIs);
        for (field, expected) in [
            ("podSpec.hostNetwork", vec![plain("hostNetwork")]),
            ("containers.image", vec![plain("image")]),
            (
                "containers.image.tag",
                vec![plain("tag"), ("image".to_owned(), Form::Tag)],
            ),
            ("hostPaths", vec![("path".to_owned(), Form::CleanPath)]),
            (
                "containers.hostPaths",
                vec![plain("hostPaths"), ("path".to_owned(), Form::CleanPath)],
            ),
            ("rbac.rules.verbs", vec![plain("verbs")]),
            // Made of more than the values under one key, or not told by a key at all.
            ("containers.kind", vec![]),
            ("containers.capabilities", vec![]),
            ("rbac.subjects.username", vec![]),
            ("object.metadata.labels.app.kubernetes.io/name", vec![]),
            ("requestObject.items[0]", vec![]),
            ("requestObject.a/b", vec![]),
            ("podSpec", vec![]),
            ("verb", vec![]),
        ] {
            assert_eq!(keys(field), expected, "{field}");
        }
    }

    #[test]
    fn values_are_shaped_as_the_fields_have_them() {
        let mut memory = String::new();
        for (form, text, expected) in [
            (Form::Registry, "nginx", Some("docker.io")),
            (Form::Repository, "nginx:1", Some("library/nginx")),
            (Form::Tag, "nginx", Some("latest")),
            (Form::Tag, "nginx@sha256:00", None),
            (Form::Digest, "nginx@sha256:00", Some("sha256:00")),
            (Form::CleanPath, "//var/../etc/", Some("/etc")),
            (Form::AsIs, "//", Some("//")),
        ] {
            assert_eq!(Leaf::new("x", form).shape(text, &mut memory), expected);
        }
    }
}
