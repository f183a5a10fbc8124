//! Regular expressions of rules: checked once when the rule is compiled, built by whoever evaluates them.

use std::error::Error as _;
use std::fmt;
use std::ops::Range;

use regex_automata::meta;
use regex_automata::util::syntax;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::Hir;
use regex_syntax::hir::literal::{ExtractKind, Extractor};

use crate::fold::fold_into;
use crate::guard::SHORTEST_NEEDLE;
use crate::limits;

/// A regular expression that has been compiled once, within the size limit, to be sure that it can be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Regex {
    /// The pattern as written.
    pub pattern: String,
    /// Modifier `i`.
    pub case_insensitive: bool,
    /// Modifier `m`.
    pub multi_line: bool,
    /// Modifier `s`.
    pub dot_matches_new_line: bool,
}

impl Regex {
    /// Builds the automaton: engines without lazy state only, so that a search neither allocates nor fails.
    ///
    /// # Errors
    /// [`RegexError`] for bad syntax and for an automaton over the size limit; not for one that a rule holds.
    #[doc(hidden)]
    pub fn build(&self) -> Result<meta::Regex, RegexError> {
        let syntax = syntax::Config::new()
            .utf8(true)
            .case_insensitive(self.case_insensitive)
            .multi_line(self.multi_line)
            .dot_matches_new_line(self.dot_matches_new_line);
        let config = meta::Config::new()
            .utf8_empty(true)
            .nfa_size_limit(Some(limits::REGEX_BYTES))
            .onepass_size_limit(Some(limits::REGEX_BYTES))
            .hybrid(false)
            .dfa(false)
            .backtrack(false);
        meta::Builder::new()
            .configure(config)
            .syntax(syntax)
            .build(&self.pattern)
            .map_err(|error| RegexError::new(&error))
    }

    /// What is sought, with all options in it; `None` for bad syntax.
    #[doc(hidden)]
    pub fn hir(&self) -> Option<Hir> {
        ParserBuilder::new()
            .case_insensitive(self.case_insensitive)
            .multi_line(self.multi_line)
            .dot_matches_new_line(self.dot_matches_new_line)
            .build()
            .parse(&self.pattern)
            .ok()
    }

    /// Texts, their case folded, of which a text that matches contains one; `None` where none is long enough to tell.
    #[doc(hidden)]
    pub fn needles(&self) -> Option<Vec<String>> {
        let hir = self.hir()?;
        let [prefixes, suffixes] = [ExtractKind::Prefix, ExtractKind::Suffix].map(|kind| {
            let found = Extractor::new().kind(kind).extract(&hir);
            let literals = found.literals()?.iter();
            let needles = literals.map(|literal| {
                let text = std::str::from_utf8(literal.as_bytes()).ok()?;
                let mut folded = String::new();
                fold_into(text, &mut folded);
                (folded.len() >= SHORTEST_NEEDLE).then_some(folded)
            });
            needles.collect::<Option<Vec<String>>>()
        });
        let shortest = |needles: &Option<Vec<String>>| {
            let lengths = needles.iter().flatten().map(String::len);
            lengths.min().unwrap_or_default()
        };
        if shortest(&suffixes) > shortest(&prefixes) {
            suffixes
        } else {
            prefixes
        }
    }
}

impl fmt::Display for Regex {
    /// The pattern between slashes, with its options.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/", self.pattern.escape_debug())?;
        let options = [
            (self.case_insensitive, "i"),
            (self.multi_line, "m"),
            (self.dot_matches_new_line, "s"),
        ];
        options
            .into_iter()
            .filter(|(set, _)| *set)
            .try_for_each(|(_, option)| f.write_str(option))
    }
}

/// Why a regular expression cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegexError {
    message: String,
    /// The offending part of the pattern, in bytes.
    part: Option<Range<usize>>,
    help: Option<&'static str>,
    /// Whether it was built up to the size limit.
    pub(crate) is_too_large: bool,
}

impl RegexError {
    fn new(error: &meta::BuildError) -> Self {
        let (message, part) = match error.syntax_error() {
            Some(regex_syntax::Error::Parse(error)) => {
                (error.kind().to_string(), Some(range(error.span())))
            }
            Some(regex_syntax::Error::Translate(error)) => {
                (error.kind().to_string(), Some(range(error.span())))
            }
            _ if error.size_limit().is_some() => {
                let limit = limits::REGEX_BYTES;
                (
                    format!("compiled, it is larger than the limit of {limit} bytes"),
                    None,
                )
            }
            _ => (
                error
                    .source()
                    .map_or_else(|| error.to_string(), ToString::to_string),
                None,
            ),
        };
        let look_around = message.contains("look-around");
        Self {
            help: look_around.then_some(
                "write a second selection for what must not be there, and join it by `and not`",
            ),
            message,
            part,
            is_too_large: error.size_limit().is_some(),
        }
    }

    pub(crate) fn part(&self) -> Option<Range<usize>> {
        self.part.clone()
    }

    pub(crate) fn help(&self) -> Option<&'static str> {
        self.help
    }
}

fn range(span: &regex_syntax::ast::Span) -> Range<usize> {
    span.start.offset..span.end.offset
}

impl fmt::Display for RegexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for RegexError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn regex(pattern: &str) -> Regex {
        Regex {
            pattern: pattern.to_owned(),
            case_insensitive: false,
            multi_line: false,
            dot_matches_new_line: false,
        }
    }

    #[test]
    fn searches_and_minds_case() {
        assert!(regex("b+").build().unwrap().is_match("abbc"));
        assert!(!regex("B").build().unwrap().is_match("abc"));
        let options = Regex {
            case_insensitive: true,
            multi_line: true,
            dot_matches_new_line: true,
            ..regex("^B.c$")
        };
        assert!(options.build().unwrap().is_match("a\nb\nc\n"));
        assert_eq!(options.to_string(), "/^B.c$/ims");
    }

    #[test]
    fn limits_and_syntax() {
        let error = |pattern| regex(pattern).build().unwrap_err();
        assert_eq!(
            error(r"(\w{100}){100}").to_string(),
            "compiled, it is larger than the limit of 1048576 bytes"
        );
        let look = error("a(?=b)");
        assert_eq!(
            look.to_string(),
            "look-around, including look-ahead and look-behind, is not supported"
        );
        assert_eq!(look.part(), Some(1..4));
        assert!(look.help().is_some());
        assert_eq!(error("a[").part(), Some(1..2));
        assert!(error(&"(".repeat(10_000)).part().is_some());
    }
}
