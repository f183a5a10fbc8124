//! Names of rules to fields with the paths below them.

use std::fmt;

use super::{FIELDS, FieldId, FieldInfo, Shape};
use crate::path::{Path, PathError, Segment, below};

/// A field with the path below it: what one test of a rule reads.
///
/// The vocabulary is closed, so a name that is not in it is an error with suggestions; the bodies are open, so below
/// `object`, `podSpec` and the like any path is accepted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    id: FieldId,
    path: Path,
}

impl Field {
    /// Finds the field that a rule names.
    ///
    /// # Errors
    /// [`FieldError`] for a name that no event has, with the nearest known names, and for a malformed path.
    ///
    /// # Examples
    /// ```
    /// use audit_model::{Field, FieldId};
    ///
    /// let field = Field::resolve("objectRef.resource")?;
    /// assert_eq!(field.id(), FieldId::ObjectRefResource);
    ///
    /// let error = Field::resolve("objectRef.resouce").unwrap_err();
    /// assert_eq!(error.suggestions(), ["objectRef.resource"]);
    /// # Ok::<(), audit_model::FieldError>(())
    /// ```
    pub fn resolve(name: &str) -> Result<Self, FieldError> {
        let unknown = || FieldError {
            kind: FieldErrorKind::Unknown,
            suggestions: suggest(name),
        };
        let info = FIELDS
            .iter()
            .filter(|info| covers(info.name, name))
            .max_by_key(|info| info.name.len());
        let Some(info) = info else {
            return Err(unknown());
        };
        let rest = name.get(info.name.len()..).unwrap_or_default();
        let path = below(rest, info.shape == Shape::Map).map_err(|error| FieldError {
            kind: FieldErrorKind::Path(error),
            suggestions: Vec::new(),
        })?;
        if let Some(part) = unknown_image_part(info.id, &path) {
            let near = IMAGE_PARTS
                .iter()
                .map(|known| (strsim::damerau_levenshtein(known, part), known));
            let nearest = near.min().map(|(_, known)| name.replace(part, known));
            return Err(FieldError {
                kind: FieldErrorKind::Unknown,
                suggestions: nearest.into_iter().collect(),
            });
        }
        Self::below(info.id, path).ok_or_else(unknown)
    }

    /// What stands at a path below a field of the table; `None` when no event has it.
    ///
    /// # Examples
    /// ```
    /// use audit_model::{Field, FieldId, Path};
    ///
    /// let path = Path::parse("metadata.name")?;
    /// assert_eq!(Field::below(FieldId::Object, path.clone()), Some(Field::resolve("object.metadata.name")?));
    /// assert_eq!(Field::below(FieldId::Verb, path), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn below(id: FieldId, path: Path) -> Option<Self> {
        let exists = match id.info().shape {
            Shape::Object | Shape::Objects => unknown_image_part(id, &path).is_none(),
            // An entry, and a member of it.
            Shape::Map => path.segments().len() <= 2,
            Shape::List => matches!(path.segments(), [] | [Segment::Index(_)]),
            Shape::Text | Shape::Number | Shape::Bool | Shape::Struct => path.is_empty(),
        };
        exists.then_some(Self { id, path })
    }

    /// Which field.
    pub fn id(&self) -> FieldId {
        self.id
    }

    /// The path below it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The row of the field table.
    pub fn info(&self) -> &'static FieldInfo {
        self.id.info()
    }

    /// What the field yields, as far as the table knows: the shape of the row for an empty path.
    pub fn shape(&self) -> Option<Shape> {
        self.path.is_empty().then_some(self.info().shape)
    }
}

impl From<FieldId> for Field {
    fn from(id: FieldId) -> Self {
        Self {
            id,
            path: Path::default(),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.info().name)?;
        match self.path.segments().first() {
            None => Ok(()),
            Some(first) if first.is_bracketed() => self.path.fmt(f),
            Some(_) => write!(f, ".{}", self.path),
        }
    }
}

/// The parts that an image is taken apart into; it has no others.
const IMAGE_PARTS: [&str; 4] = ["registry", "repository", "tag", "digest"];

/// A part of a container's image that no image has.
fn unknown_image_part(id: FieldId, path: &Path) -> Option<&str> {
    let steps = path
        .segments()
        .iter()
        .filter(|segment| !matches!(segment, Segment::Index(_)));
    let keys: Vec<&str> = steps
        .filter_map(|segment| match segment {
            Segment::Key(key) => Some(&**key),
            _ => None,
        })
        .collect();
    match keys.as_slice() {
        ["image", part, ..] if id == FieldId::Containers && !IMAGE_PARTS.contains(part) => {
            Some(part)
        }
        _ => None,
    }
}

/// Whether `name` is `known` or goes on below it.
fn covers(known: &str, name: &str) -> bool {
    name.strip_prefix(known)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// The known names nearest to one that is not known, best first, at most three.
fn suggest(name: &str) -> Vec<String> {
    let first = name.split(['.', '[']).next().unwrap_or_default();
    // A path into an object without saying which object: by far the most common slip of those who write manifests.
    if matches!(
        first,
        "spec" | "metadata" | "data" | "stringData" | "template" | "subjects" | "roleRef" | "rules"
    ) {
        return vec![format!("object.{name}")];
    }
    let mut near: Vec<(usize, &str)> = FIELDS
        .iter()
        .map(|info| {
            (
                strsim::damerau_levenshtein(&info.name.to_lowercase(), &name.to_lowercase()),
                info.name,
            )
        })
        .filter(|(distance, known)| *distance <= (known.len() / 4).clamp(1, 3))
        .collect();
    near.sort_unstable();
    if near.is_empty() {
        // The last part alone is often right: `ref.namespace` for `objectRef.namespace`.
        let last = name.rsplit('.').next().unwrap_or_default();
        near = FIELDS
            .iter()
            .filter(|info| {
                info.name
                    .rsplit('.')
                    .next()
                    .is_some_and(|part| part.eq_ignore_ascii_case(last))
            })
            .map(|info| (info.name.len(), info.name))
            .collect();
    }
    near.into_iter()
        .take(3)
        .map(|(_, known)| known.to_owned())
        .collect()
}

/// A name that is no field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    kind: FieldErrorKind,
    suggestions: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum FieldErrorKind {
    Unknown,
    Path(PathError),
}

impl FieldError {
    /// The nearest known names, best first.
    pub fn suggestions(&self) -> &[String] {
        &self.suggestions
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            FieldErrorKind::Unknown => f.write_str("no audit event has this field"),
            FieldErrorKind::Path(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for FieldError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_index_their_rows() {
        for (at, info) in FIELDS.iter().enumerate() {
            assert_eq!(info.id.index(), at);
            assert_eq!(Field::resolve(info.name).unwrap(), Field::from(info.id));
        }
    }

    #[test]
    fn paths_go_below_open_fields_only() {
        assert_eq!(
            Field::resolve("podSpec.hostNetwork").unwrap().to_string(),
            "podSpec.hostNetwork"
        );
        assert_eq!(
            Field::resolve("containers[0].image").unwrap().to_string(),
            "containers[0].image"
        );
        let decision = Field::resolve("annotations.authorization.k8s.io/decision").unwrap();
        assert_eq!(
            decision.to_string(),
            "annotations.authorization.k8s.io/decision"
        );
        assert_eq!(decision.path().segments().len(), 1);
        assert!(Field::resolve("verb.x").is_err());
        assert!(Field::resolve("user.groups[0]").is_ok());
        assert!(Field::resolve("user.groups.x").is_err());
    }

    #[test]
    fn suggests_the_nearest_names() {
        let suggestions = |name| Field::resolve(name).unwrap_err().suggestions().to_vec();
        assert_eq!(suggestions("objectRef.resouce"), ["objectRef.resource"]);
        assert_eq!(suggestions("spec.hostNetwork"), ["object.spec.hostNetwork"]);
        assert_eq!(suggestions("Verb"), ["verb"]);
        assert_eq!(suggestions("usr.username"), ["user.username"]);
        assert!(suggestions("zzzzzzzz").is_empty());
        assert_eq!(
            suggestions("containers.image.regisry"),
            ["containers.image.registry"]
        );
    }
}
