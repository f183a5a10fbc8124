//! Paths below a field: how a name with dots, indices and free-form keys is followed.

use std::fmt;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Segment {
    /// The member of an object under this key. A list on the way is fanned out over.
    Key(Box<str>),
    /// The member of a list at this index; from the end where negative.
    Index(i32),
    /// The rest of a dotted name below a free-form map, whose keys may hold dots: every way to split it that exists
    /// yields its values.
    Split(Box<str>),
}

/// A path below a field or below a member of a list. The empty path is the value itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Path(Vec<Segment>);

/// Keys of the Kubernetes API whose value is a map with keys of the user's choice (labels, annotations, quantities …).
const FREE_FORM: [&str; 16] = [
    "allocatable",
    "annotations",
    "binaryData",
    "capacity",
    "data",
    "extra",
    "hard",
    "labels",
    "limits",
    "matchLabels",
    "nodeSelector",
    "query",
    "requests",
    "selector",
    "stringData",
    "used",
];

/// What is wrong with the text of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathError {
    kind: PathErrorKind,
    offset: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PathErrorKind {
    EmptySegment,
    UnclosedBracket,
    BadBracket,
    TooLong(usize),
}

/// Most steps of a path.
const MAX_SEGMENTS: usize = 64;

impl PathError {
    /// Where in the text, in bytes.
    pub fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            PathErrorKind::EmptySegment => f.write_str("a field name has an empty part"),
            PathErrorKind::UnclosedBracket => f.write_str("a `[` in a field name is not closed"),
            PathErrorKind::BadBracket => {
                f.write_str("brackets in a field name hold an index, a quoted key or a quantifier")
            }
            PathErrorKind::TooLong(n) => {
                write!(
                    f,
                    "a field name has {n} parts and the limit is {MAX_SEGMENTS}"
                )
            }
        }
    }
}

impl std::error::Error for PathError {}

/// One written part of a path, before free-form maps are told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Name(String),
    Quoted(String),
    Index(i32),
}

impl Path {
    /// Reads a path: names separated by dots, `[0]` and `[-1]` for a member of a list, `["a.b/c"]` for one key as it
    /// stands; `\[` and `\]` are literal. `.` and the empty text are the empty path.
    ///
    /// # Errors
    /// [`PathError`] for an empty part, a bracket that is not closed or holds neither an index nor a quoted key, and
    /// for more than 64 parts.
    ///
    /// # Examples
    /// ```
    /// use audit_model::Path;
    ///
    /// let path = Path::parse("metadata.labels.app.kubernetes.io/name")?;
    /// // Below `labels` a key may hold dots, so the rest of the name is kept together.
    /// assert_eq!(path.segments().len(), 3);
    /// # Ok::<(), audit_model::PathError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, PathError> {
        if matches!(text, "" | ".") {
            return Ok(Self::default());
        }
        Self::from_parts(parts(text)?, false)
    }

    fn from_parts(parts: Vec<Part>, mut free: bool) -> Result<Self, PathError> {
        let mut segments = Vec::new();
        let mut split = String::new();
        let flush = |split: &mut String, segments: &mut Vec<Segment>| {
            if !split.is_empty() {
                segments.push(Segment::Split(std::mem::take(split).into()));
            }
        };
        for part in parts {
            match part {
                Part::Name(name) if free => {
                    if !split.is_empty() {
                        split.push('.');
                    }
                    split.push_str(&name);
                }
                Part::Name(name) => {
                    free = FREE_FORM.contains(&name.as_str());
                    segments.push(Segment::Key(name.into()));
                }
                Part::Quoted(key) => {
                    flush(&mut split, &mut segments);
                    free = false;
                    segments.push(Segment::Key(key.into()));
                }
                Part::Index(index) => {
                    flush(&mut split, &mut segments);
                    segments.push(Segment::Index(index));
                }
            }
        }
        flush(&mut split, &mut segments);
        Self::new(segments)
    }

    /// A path of these steps.
    ///
    /// # Errors
    /// [`PathError`] for more than 64 of them.
    pub fn new(segments: Vec<Segment>) -> Result<Self, PathError> {
        if segments.len() > MAX_SEGMENTS {
            return Err(PathError {
                kind: PathErrorKind::TooLong(segments.len()),
                offset: 0,
            });
        }
        Ok(Self(segments))
    }

    /// The steps, first to last.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// Whether this is the value itself.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Segment {
    /// Whether the text of the segment begins with a bracket, so that no dot goes before it.
    pub(crate) fn is_bracketed(&self) -> bool {
        match self {
            Self::Index(_) => true,
            Self::Split(_) => false,
            Self::Key(key) => key.contains(['.', '[', ']', '"']) || key.is_empty(),
        }
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => write!(f, "[{index}]"),
            Self::Key(key) if self.is_bracketed() => write!(f, "[\"{key}\"]"),
            Self::Key(text) | Self::Split(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for Path {
    /// Text that [`Path::parse`] reads back to the same path.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.0.iter().enumerate() {
            let dot = if at == 0 || segment.is_bracketed() {
                ""
            } else {
                "."
            };
            write!(f, "{dot}{segment}")?;
        }
        Ok(())
    }
}

/// Splits the text of a path at dots and brackets.
fn parts(text: &str) -> Result<Vec<Part>, PathError> {
    let mut parts = Vec::new();
    let mut name = String::new();
    // Whether a name must follow: at the start and after a dot.
    let mut expect_name = true;
    let mut chars = text.char_indices().peekable();
    let error = |kind, offset| PathError { kind, offset };
    while let Some((offset, c)) = chars.next() {
        match c {
            '\\' if matches!(chars.peek(), Some((_, '[' | ']'))) => {
                name.extend(chars.next().map(|(_, bracket)| bracket));
            }
            '.' => {
                if !name.is_empty() {
                    parts.push(Part::Name(std::mem::take(&mut name)));
                } else if expect_name {
                    return Err(error(PathErrorKind::EmptySegment, offset));
                }
                expect_name = true;
            }
            '[' => {
                if !name.is_empty() {
                    parts.push(Part::Name(std::mem::take(&mut name)));
                }
                expect_name = false;
                let rest = text.get(offset + 1..).unwrap_or_default();
                let (part, used) = bracket(rest).map_err(|kind| error(kind, offset))?;
                parts.push(part);
                while chars.next_if(|(at, _)| *at <= offset + used).is_some() {}
            }
            _ => name.push(c),
        }
    }
    if !name.is_empty() {
        parts.push(Part::Name(name));
    } else if expect_name {
        return Err(error(PathErrorKind::EmptySegment, text.len()));
    }
    Ok(parts)
}

/// Reads what stands after a `[`; returns it and its length with the `]`.
fn bracket(rest: &str) -> Result<(Part, usize), PathErrorKind> {
    if let Some(quoted) = rest.strip_prefix('"') {
        let end = quoted.find("\"]").ok_or(PathErrorKind::UnclosedBracket)?;
        let key = quoted.get(..end).unwrap_or_default();
        return Ok((Part::Quoted(key.to_owned()), end + 3));
    }
    let end = rest.find(']').ok_or(PathErrorKind::UnclosedBracket)?;
    let index = rest
        .get(..end)
        .and_then(|index| index.parse().ok())
        .ok_or(PathErrorKind::BadBracket)?;
    Ok((Part::Index(index), end + 1))
}

/// Splits `text` into its dotted names where it has no brackets, for matching against the closed schema.
pub(crate) fn below(text: &str, free: bool) -> Result<Path, PathError> {
    let text = text.strip_prefix('.').unwrap_or(text);
    if text.is_empty() {
        Ok(Path::default())
    } else {
        Path::from_parts(parts(text)?, free)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Segment {
        Segment::Key(text.into())
    }

    #[test]
    fn reads_names_indices_and_keys() {
        let path = Path::parse(r#"spec.containers[-1]["a.b"].x"#).unwrap();
        assert_eq!(
            path.segments(),
            [
                key("spec"),
                key("containers"),
                Segment::Index(-1),
                key("a.b"),
                key("x")
            ]
        );
        assert_eq!(path.to_string(), r#"spec.containers[-1]["a.b"].x"#);
        assert_eq!(Path::parse(".").unwrap(), Path::default());
    }

    #[test]
    fn keeps_the_rest_together_below_a_free_form_map() {
        let path = Path::parse("metadata.labels.app.kubernetes.io/name").unwrap();
        let split = Segment::Split("app.kubernetes.io/name".into());
        assert_eq!(path.segments(), [key("metadata"), key("labels"), split]);
    }

    #[test]
    fn brackets_can_be_literal() {
        assert_eq!(
            Path::parse(r"a\[0\].b").unwrap().segments(),
            [key("a[0]"), key("b")]
        );
    }

    #[test]
    fn refuses_what_has_no_meaning() {
        let message = |text| Path::parse(text).unwrap_err().to_string();
        assert_eq!(message("a..b"), "a field name has an empty part");
        assert_eq!(message("a."), "a field name has an empty part");
        assert_eq!(message("a[0"), "a `[` in a field name is not closed");
        assert_eq!(
            message("a[most]"),
            "brackets in a field name hold an index, a quoted key or a quantifier"
        );
        assert_eq!(Path::parse("ab[x]").unwrap_err().offset(), 2);
        let long = vec!["a"; 65].join(".");
        assert_eq!(
            message(&long),
            "a field name has 65 parts and the limit is 64"
        );
    }
}
