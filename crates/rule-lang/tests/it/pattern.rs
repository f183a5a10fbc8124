//! Patterns against a naive matcher that tries everything.

use proptest::prelude::*;
use rule_lang::{Pattern, PatternKind, fold_into};

#[derive(Clone, Copy, PartialEq)]
enum Token {
    Char(char),
    One,
    Any,
}

/// Sigma's escapes, read a second time.
fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let next = chars.get(at + 1);
        tokens.push(match (chars[at], next) {
            ('\\', Some(c @ ('*' | '?' | '\\'))) => {
                at += 1;
                Token::Char(*c)
            }
            ('*', _) => Token::Any,
            ('?', _) => Token::One,
            (c, _) => Token::Char(c),
        });
        at += 1;
    }
    tokens
}

fn naive(pattern: &[Token], text: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, rest) => rest.is_none(),
        (Some((Token::Any, more)), None) => naive(more, text),
        (Some((Token::Any, more)), Some((_, rest))) => naive(more, text) || naive(pattern, rest),
        (Some((Token::One, more)), Some((_, rest))) => naive(more, rest),
        (Some((Token::Char(c), more)), Some((first, rest))) => c == first && naive(more, rest),
        (Some(_), None) => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn matches_what_a_naive_matcher_matches(pattern in r"[abé*?\\]{0,10}", text in r"[abé*?\\]{0,12}") {
        let chars: Vec<char> = text.chars().collect();
        let expected = naive(&tokens(&pattern), &chars);
        let compiled = Pattern::parse(&pattern, true);
        prop_assert_eq!(compiled.matches(&text), expected);
        // What an index relies on.
        if expected && let PatternKind::Glob(part) = compiled.kind() {
            prop_assert!(text.contains(part));
        }
        prop_assert_eq!(Pattern::parse(&compiled.to_string(), true), compiled);
    }

    #[test]
    fn folding_makes_case_irrelevant(text in r"[a-zA-ZäÄßẞσςΣſK]{0,12}") {
        let folded = |text: &str| {
            let mut out = String::new();
            fold_into(text, &mut out);
            out
        };
        let once = folded(&text);
        prop_assert_eq!(folded(&once), once.clone());
        prop_assert!(Pattern::parse(&text, false).matches(&once));
        prop_assert!(!Pattern::parse(&text, false).is_cased());
    }
}
