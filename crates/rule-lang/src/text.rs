//! Sigma strings: wildcards and escapes.

mod glob;

use std::fmt;

use glob::{Glob, Piece, Segment};

/// One token of a Sigma string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Char(char),
    /// `?`
    One,
    /// `*`
    Any,
}

/// The tokens of a Sigma string: `\*`, `\?` and `\\` are the character itself, before any other character and at the
/// end a backslash is a backslash.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        tokens.push(match c {
            '\\' => Token::Char(
                chars
                    .next_if(|c| matches!(c, '*' | '?' | '\\'))
                    .unwrap_or('\\'),
            ),
            '*' => Token::Any,
            '?' => Token::One,
            c => Token::Char(c),
        });
    }
    tokens
}

/// The text of a Sigma string without wildcards, with its escapes resolved.
pub(crate) fn plain_text(text: &str) -> Option<String> {
    let plain = tokens(text).into_iter().map(|token| match token {
        Token::Char(c) => Some(c),
        Token::One | Token::Any => None,
    });
    plain.collect()
}

/// Sides of a value that a modifier leaves open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Open {
    pub(crate) start: bool,
    pub(crate) end: bool,
}

/// A text to compare with, with Sigma's wildcards: `*` for any run of characters and `?` for one.
///
/// # Examples
/// ```
/// use rule_lang::{Pattern, PatternKind};
///
/// let pattern = Pattern::parse("System:*", false);
/// assert_eq!(pattern.kind(), PatternKind::Prefix("system:"));
/// // The text to match is folded once by the caller, and not for each pattern.
/// assert!(pattern.matches("system:masters"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    cased: bool,
    form: Form,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Form {
    Exact(Box<str>),
    Prefix(Box<str>),
    Suffix(Box<str>),
    Contains(Box<str>),
    Glob(Glob),
}

/// The shape of a [`Pattern`], for whoever builds an index over many; texts are folded unless the pattern is cased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatternKind<'a> {
    /// Equals this.
    Exact(&'a str),
    /// Begins with this.
    Prefix(&'a str),
    /// Ends with this.
    Suffix(&'a str),
    /// Contains this.
    Contains(&'a str),
    /// Anything else; every match contains this text, the longest that is without wildcards.
    Glob(&'a str),
}

impl Pattern {
    /// Reads a Sigma string; unless `cased`, its case is folded.
    pub fn parse(text: &str, cased: bool) -> Self {
        Self::parse_open(text, cased, Open::default())
    }

    /// Reads a Sigma string with a wildcard added on the sides that are open.
    pub(crate) fn parse_open(text: &str, cased: bool, open: Open) -> Self {
        let mut tokens = tokens(text);
        if open.start {
            tokens.insert(0, Token::Any);
        }
        if open.end {
            tokens.push(Token::Any);
        }
        Self::from_tokens(&tokens, cased)
    }

    fn from_tokens(tokens: &[Token], cased: bool) -> Self {
        let open_start = tokens.first() == Some(&Token::Any);
        let open_end = tokens.last() == Some(&Token::Any);
        let mut segments: Box<[Segment]> = tokens
            .split(|token| *token == Token::Any)
            .filter(|run| !run.is_empty())
            .map(|run| Segment::new(run, cased))
            .collect();
        let form = match (only_text(&mut segments), open_start, open_end) {
            (Some(text), false, false) => Form::Exact(text),
            (Some(text), false, true) => Form::Prefix(text),
            (Some(text), true, false) => Form::Suffix(text),
            (Some(text), true, true) => Form::Contains(text),
            (None, ..) => Form::Glob(Glob {
                segments,
                open_start,
                open_end,
            }),
        };
        Self { cased, form }
    }

    /// Whether case counts. If not, the text to match must be folded by [`fold_into`](crate::fold_into).
    pub fn is_cased(&self) -> bool {
        self.cased
    }

    /// The tokens, of folded text unless the pattern is cased.
    pub(crate) fn tokens(&self) -> Vec<Token> {
        tokens(&self.to_string())
    }

    /// Whether this matches every text: it is made of `*` only.
    pub(crate) fn matches_all(&self) -> bool {
        self.kind() == PatternKind::Contains("")
    }

    /// The shape.
    pub fn kind(&self) -> PatternKind<'_> {
        match &self.form {
            Form::Exact(text) => PatternKind::Exact(text),
            Form::Prefix(text) => PatternKind::Prefix(text),
            Form::Suffix(text) => PatternKind::Suffix(text),
            Form::Contains(text) => PatternKind::Contains(text),
            Form::Glob(glob) => PatternKind::Glob(glob.longest_text()),
        }
    }

    /// Whether the whole of `text` matches. Unless the pattern is cased, `text` must be folded.
    ///
    /// Nothing is allocated and no choice is taken back: each part is sought once, from left to right.
    pub fn matches(&self, text: &str) -> bool {
        match &self.form {
            Form::Exact(known) => text == &**known,
            Form::Prefix(known) => text.starts_with(&**known),
            Form::Suffix(known) => text.ends_with(&**known),
            Form::Contains(known) => text.contains(&**known),
            Form::Glob(glob) => glob.matches(text),
        }
    }
}

/// The text, when there is nothing else between wildcards at the ends.
fn only_text(segments: &mut [Segment]) -> Option<Box<str>> {
    match segments {
        [] => Some(Box::default()),
        [Segment(pieces)] => match &mut **pieces {
            [Piece::Text(text)] => Some(std::mem::take(text)),
            _ => None,
        },
        _ => None,
    }
}

impl fmt::Display for Pattern {
    /// The Sigma string.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (start, end) = match &self.form {
            Form::Exact(_) => ("", ""),
            Form::Prefix(_) => ("", "*"),
            Form::Suffix(_) => ("*", ""),
            Form::Contains(text) if text.is_empty() => ("*", ""),
            Form::Contains(_) => ("*", "*"),
            Form::Glob(glob) => {
                if glob.open_start {
                    f.write_str("*")?;
                }
                for (at, segment) in glob.segments.iter().enumerate() {
                    if at > 0 {
                        f.write_str("*")?;
                    }
                    for piece in &segment.0 {
                        match piece {
                            Piece::Text(text) => escape(text, f)?,
                            Piece::Skip(n) => (0..*n).try_for_each(|_| f.write_str("?"))?,
                        }
                    }
                }
                return f.write_str(if glob.open_end { "*" } else { "" });
            }
        };
        let (PatternKind::Exact(text)
        | PatternKind::Prefix(text)
        | PatternKind::Suffix(text)
        | PatternKind::Contains(text)
        | PatternKind::Glob(text)) = self.kind();
        f.write_str(start)?;
        escape(text, f)?;
        f.write_str(end)
    }
}

/// A literal text as a Sigma string.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '*' | '?' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Writes literal text so that it reads back as itself.
fn escape(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(&escaped(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_wildcards_and_escapes() {
        use PatternKind::{Contains, Exact, Glob, Prefix, Suffix};
        for (text, expected) in [
            ("", Exact("")),
            ("a", Exact("a")),
            ("A", Exact("a")),
            ("a*", Prefix("a")),
            ("*a", Suffix("a")),
            ("*a*", Contains("a")),
            ("**a**", Contains("a")),
            ("*", Contains("")),
            ("a*b", Glob("a")),
            ("a?", Glob("a")),
            ("?", Glob("")),
            (r"\*", Exact("*")),
            (r"\?", Exact("?")),
            (r"a\*", Exact("a*")),
            (r"\\", Exact(r"\")),
            (r"\\*", Prefix(r"\")),
            (r"\\\*", Exact(r"\*")),
            (r"\\\\", Exact(r"\\")),
            (r"C:\dir", Exact(r"c:\dir")),
            (r"a\", Exact(r"a\")),
            (r"*\a", Suffix(r"\a")),
        ] {
            let pattern = Pattern::parse(text, false);
            assert_eq!(pattern.kind(), expected, "{text}");
            assert_eq!(
                Pattern::parse(&pattern.to_string(), false),
                pattern,
                "{pattern}"
            );
        }
    }

    #[test]
    fn open_sides_add_one_wildcard() {
        let open = |start, end| Open { start, end };
        let read = |text, open| Pattern::parse_open(text, true, open).to_string();
        assert_eq!(read("a", open(true, true)), "*a*");
        assert_eq!(read("*a", open(true, true)), "*a*");
        assert_eq!(read(r"a\", open(false, true)), r"a\\*");
        assert_eq!(read("", open(true, true)), "*");
        assert_eq!(read("a*b", open(true, false)), "*a*b");
    }

    #[test]
    fn matches_the_whole_text() {
        for (pattern, text, expected) in [
            ("a*?", "abc", true),
            ("a*?", "a", false),
            ("*b?d*", "abxbcd", true),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("*ab", "aab", true),
            ("ab*ab", "abab", true),
            ("ab*ab", "aab", false),
            ("a*b*c", "a-c-b-c", true),
            ("?", "é", true),
            ("??", "é", false),
            ("*a?", "aaé", true),
            ("?*?", "x", false),
            ("*?b*", "b", false),
            ("*?b*", "ab", true),
            ("*?b*", "bb", true),
        ] {
            assert_eq!(
                Pattern::parse(pattern, true).matches(text),
                expected,
                "{pattern} {text}"
            );
        }
    }

    #[test]
    fn hard_patterns_end_soon() {
        let pattern = Pattern::parse(&"*a".repeat(1000), true);
        let text = "a".repeat(100_000) + "b";
        assert!(!pattern.matches(&text));
    }
}
