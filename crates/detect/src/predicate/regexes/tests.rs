use proptest::prelude::*;

use super::*;
use crate::predicate::seen::Seen;

fn regex(pattern: &str, case_insensitive: bool) -> Regex {
    Regex {
        pattern: pattern.to_owned(),
        case_insensitive,
        multi_line: pattern.len().is_multiple_of(3),
        dot_matches_new_line: pattern.len().is_multiple_of(2),
    }
}

/// Expressions asked together, and one by one.
struct Asked {
    together: Regexes,
    alone: Vec<meta::Regex>,
    built: Vec<meta::Regex>,
    caches: Vec<meta::Cache>,
    seen: Seen,
}

impl Asked {
    fn new(regexes: &[Regex]) -> Self {
        let mut built = Vec::new();
        let together = Regexes::new(regexes, &mut Budget::default(), |regex| {
            built.push(regex.build().unwrap());
            Some(built.len() - 1)
        });
        Self {
            alone: regexes.iter().map(|regex| regex.build().unwrap()).collect(),
            caches: built.iter().map(meta::Regex::create_cache).collect(),
            seen: Seen::new(together.width()),
            built,
            together,
        }
    }

    fn matches(&mut self, at: u32, text: &str) -> bool {
        let (mut folded, mut found) = (Vec::new(), Vec::new());
        let search = Search {
            regexes: &self.built,
            caches: &mut self.caches,
            folded: &mut folded,
            found: &mut found,
        };
        self.together
            .any(&[at], text, self.seen.of(text).unwrap(), search)
    }
}

/// Pieces of expressions.
const PIECES: &[&str] = &[
    "a",
    "b",
    "abc",
    "xyz",
    "kube-",
    "curl",
    "\u{e9}",
    "K",
    "\\d",
    "[0-9]+",
    ".*",
    ".",
    "\\b",
    "\\w+",
    "^",
    "$",
    "(?:ab|xyz)",
    "x?",
    "(?i:AB)",
    "\\s",
    "\\B",
    "[^a]",
    "",
    "b*",
    "\\.",
    "\n",
    "(?:a|b){2}",
];
const TEXTS: &[&str] = &[
    "a", "b", "abc", "xyz", "kube-", "curl", "\u{e9}", "k", "K", "7", "42", " ", ".", "\n", "-",
    "\u{212a}",
];

fn expression() -> impl Strategy<Value = Regex> {
    let pieces = prop::collection::vec(prop::sample::select(PIECES), 1..6);
    (pieces, any::<bool>())
        .prop_map(|(pieces, folds)| regex(&pieces.concat(), folds))
        .prop_filter("bad syntax", |regex| regex.build().is_ok())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn each_is_answered_as_if_it_were_alone(
        regexes in prop::collection::vec(expression(), 1..70),
        texts in prop::collection::vec(prop::collection::vec(prop::sample::select(TEXTS), 0..30), 1..5),
    ) {
        let mut asked = Asked::new(&regexes);
        for _ in 0..2 {
            for text in &texts {
                let text = text.concat();
                for (at, regex) in (0..).zip(&regexes) {
                    let expected = asked.alone[at as usize].is_match(&text);
                    prop_assert_eq!(asked.matches(at, &text), expected, "{} in {:?}", regex, text);
                }
            }
        }
    }
}

#[test]
fn many_are_put_together_and_what_is_too_large_is_not() {
    // Texts of their own, one in common, none at all, and automata that are too large or cannot be.
    let patterns = (0..40).flat_map(|n| {
        [
            format!("tool-{n}/[0-9]+"),
            format!("^kube-[a-z]+-{n}$"),
            format!("[a-z]{n}[.]"),
            format!("(?:a|b)*a(?:a|b){{{}}}", 12 + n % 4),
            format!("\\b[a-z]{n}\\b"),
        ]
    });
    let regexes: Vec<Regex> = patterns.map(|pattern| regex(&pattern, false)).collect();
    let mut asked = Asked::new(&regexes);
    let texts = [
        "tool-7/1",
        "kube-x-7",
        "x7.",
        "x7",
        &"ab".repeat(9),
        &"ba".repeat(50),
        "",
    ];
    let mut hits = 0;
    for text in texts {
        for (at, regex) in (0..).zip(&regexes) {
            let expected = asked.alone[at as usize].is_match(text);
            assert_eq!(asked.matches(at, text), expected, "{regex} in {text}");
            hits += usize::from(expected);
        }
    }
    assert!(hits > 40, "{hits}");
    let n_each = asked.built.len();
    assert!(!asked.together.batches.is_empty());
    // Two digits and a point are a text of their own, one and a point are too short.
    assert_eq!(n_each, 150);
    // None that is asked of any value has a text of its own.
    let always: u32 = asked
        .together
        .always
        .iter()
        .map(|word| word.count_ones())
        .sum();
    assert_eq!(always, 80);
}

#[test]
fn without_a_budget_each_is_asked_by_itself() {
    let regexes: Vec<Regex> = (0..20)
        .map(|n| regex(&format!("[a-z]{n}[.]"), false))
        .collect();
    let mut budget = Budget {
        memory: 0,
        waste: 0,
    };
    let mut n = 0;
    let made = Regexes::new(&regexes, &mut budget, |_| {
        n += 1;
        Some(n - 1)
    });
    assert!(made.batches.is_empty());
    assert_eq!(n, 20);
}
