//! Many rules that test the same few fields by regexes, numbers and networks match as the reference says.

use proptest::collection::vec;
use proptest::test_runner::TestRunner;

use crate::generate::Choices;
use crate::property::{check, choices, config, seeded};
use crate::reference::{
    Body, Condition, Entry, How, Item, Literal, Pieces, ReKind, RePiece, Relation, Rule, Scope,
};

/// What regexes and texts are made of: the parts of rules and events meet often.
const WORDS: &[&str] = &[
    "kube", "-", "x", "curl", "/v1", "X", "\u{e9}", "Kube", " ", "sh",
];
const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "0.0",
    "7",
    "7.0",
    "70e-1",
    "-1",
    "-1.5",
    "0.5",
    "200",
    "201",
    "403",
    "1e3",
    "1000",
    "9007199254740992",
    "9007199254740993",
    "-9007199254740993",
];
const ADDRESSES: &[&str] = &[
    "10.0.0.7",
    "10.1.2.3",
    "10.255.255.255",
    "11.0.0.0",
    "9.255.255.255",
    "203.0.113.7",
    "0.0.0.0",
    "255.255.255.255",
    "::ffff:10.1.2.3",
    "::10.1.2.3",
    "2001:db8::7",
    "2001:db9::",
    "::",
    "::1",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "fe80::1%eth0",
    "010.0.0.7",
    "private",
    "",
];
const NETWORKS: &[&str] = &[
    "10.0.0.0/8",
    "10.0.0.0/30",
    "10.0.0.7/32",
    "10.1.0.0/16",
    "10.1.2.0/23",
    "0.0.0.0/0",
    "203.0.113.0/24",
    "255.255.255.255/32",
    "128.0.0.0/1",
    "2001:db8::/32",
    "2001:db8::7/128",
    "::/0",
    "::/96",
    "8000::/1",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
];

/// Fields that are tested, and how.
const FIELDS: [(&str, Kind); 9] = [
    ("userAgent", Kind::Text),
    ("requestURI", Kind::Text),
    ("requestObject.x.list", Kind::Text),
    ("requestObject.x.list", Kind::Number),
    ("object.x.n", Kind::Number),
    ("responseStatus.code", Kind::Number),
    ("sourceIPs", Kind::Address),
    ("client.ip", Kind::Address),
    ("requestObject.x.ip", Kind::Address),
];

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Number,
    Address,
}

fn word(c: &mut Choices<'_>) -> String {
    if c.one_in(3) {
        // So many that no two rules need have the same.
        format!("{}{}", c.pick(WORDS), c.below(40))
    } else {
        c.pick(WORDS).to_owned()
    }
}

fn text(c: &mut Choices<'_>) -> String {
    let words = c.any(6, word).concat();
    // Longer than what is remembered of values.
    if c.one_in(6) { words.repeat(12) } else { words }
}

fn regex(c: &mut Choices<'_>) -> ReKind {
    let pieces = c.some(4, |c| match c.below(6) {
        0 => RePiece::Any,
        1 => RePiece::Digits,
        2 => RePiece::Either(c.some(3, word)),
        _ => RePiece::Text(word(c)),
    });
    ReKind {
        from_start: c.one_in(3),
        to_end: c.one_in(3),
        pieces,
    }
}

fn how(c: &mut Choices<'_>, kind: Kind) -> How {
    match kind {
        Kind::Text => How::Re(c.some(3, regex), c.one_in(3)),
        Kind::Number if c.one_in(3) => {
            let literals = c.some(3, |c| Literal::Number(c.pick(NUMBERS).to_owned()));
            How::Text(Relation::Equals, literals)
        }
        Kind::Number => {
            let comparison = c.pick(&["lt", "lte", "gt", "gte"]);
            How::Compare(comparison, c.pick(NUMBERS).to_owned())
        }
        Kind::Address => How::Cidr(c.some(3, |c| c.pick(NETWORKS).to_owned())),
    }
}

fn item(c: &mut Choices<'_>) -> Item {
    let (name, kind) = FIELDS[c.below(FIELDS.len())];
    let how = how(c, kind);
    let several = match &how {
        How::Re(patterns, _) => patterns.len() > 1,
        How::Cidr(networks) => networks.len() > 1,
        How::Text(_, literals) => literals.len() > 1,
        _ => false,
    };
    Item {
        name: name.to_owned(),
        all: several && c.one_in(4) && !matches!(how, How::Cidr(_)),
        how,
        cased: false,
        neq: c.one_in(4),
    }
}

/// One or two tests, mostly beside one that many events pass.
fn rule(c: &mut Choices<'_>, name: String) -> Rule {
    let mut entries = vec![Entry::Item(item(c))];
    if c.one_in(2) {
        let verbs = ["create", "update"]
            .map(|verb| Literal::Text(verb.chars().map(Pieces::Char).collect()));
        entries.push(Entry::Item(Item {
            name: "verb".to_owned(),
            how: How::Text(Relation::Equals, verbs.to_vec()),
            all: false,
            cased: false,
            neq: false,
        }));
    }
    let first = Condition::Name("s".to_owned());
    let mut selections = vec![("s".to_owned(), Body::And(entries))];
    let condition = if c.one_in(3) {
        selections.push(("t".to_owned(), Body::And(vec![Entry::Item(item(c))])));
        let other = Condition::Name("t".to_owned());
        match c.below(3) {
            0 => Condition::Or(vec![first, other]),
            1 => Condition::And(vec![first, other]),
            _ => Condition::And(vec![first, Condition::Not(Box::new(other))]),
        }
    } else {
        first
    };
    Rule {
        name,
        scope: Scope {
            selections,
            condition,
        },
    }
}

/// A value of any kind, as JSON.
fn value(c: &mut Choices<'_>) -> String {
    match c.below(8) {
        0 => c.pick(&["true", "false", "null"]).to_owned(),
        1 => format!("\"{}\"", c.pick(NUMBERS)),
        2 | 3 => c.pick(NUMBERS).to_owned(),
        4 => format!("\"{}\"", c.pick(ADDRESSES)),
        _ => format!("\"{}\"", text(c)),
    }
}

fn event(c: &mut Choices<'_>) -> Vec<u8> {
    let list = |c: &mut Choices<'_>, one: fn(&mut Choices<'_>) -> String| c.any(4, one).join(",");
    let address = |c: &mut Choices<'_>| format!("\"{}\"", c.pick(ADDRESSES));
    let x = |c: &mut Choices<'_>| {
        format!(
            r#""x":{{"list":[{}],"n":{},"ip":{}}}"#,
            list(c, value),
            value(c),
            address(c)
        )
    };
    let mut body = x(c);
    if c.one_in(5) {
        // A key that is repeated: what holds is in doubt.
        body = format!("{body},{}", x(c));
    }
    format!(
        r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Request","auditID":"1","stage":"ResponseComplete","verb":"{}","requestURI":"{}","user":{{"username":"dana"}},"userAgent":"{}","sourceIPs":[{}],"objectRef":{{"resource":"widgets"}},"responseStatus":{{"code":{}}},"requestObject":{{{body}}}}}"#,
        c.pick(&["create", "update", "delete"]),
        text(c),
        text(c),
        list(c, |c| format!("\"{}\"", c.pick(ADDRESSES))),
        c.pick(&["200", "201", "403", "7"]),
    )
    .into_bytes()
}

fn rules(of_rules: &[Vec<u16>]) -> Vec<Rule> {
    let all = of_rules.iter().enumerate();
    all.map(|(at, numbers)| rule(&mut Choices::new(numbers), format!("rule-{at}")))
        .collect()
}

#[test]
fn few_rules() {
    let mut runner = TestRunner::new(config(200));
    let strategy = (vec(choices(40), 1..=40), vec(choices(120), 1..=6));
    let run = runner.run(&strategy, |(of_rules, of_events)| {
        let events = of_events
            .iter()
            .map(|numbers| event(&mut Choices::new(numbers)));
        check(&rules(&of_rules), &events.collect::<Vec<_>>(), &[])?;
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn many_rules() {
    for (seed, n_rules) in [(1, 100), (2, 400), (3, 2000)] {
        let of_rules: Vec<_> = (0..n_rules).map(|at| seeded(seed << 32 | at, 40)).collect();
        let events = (0..6).map(|at| event(&mut Choices::new(&seeded(seed << 40 | at, 120))));
        let hits = check(&rules(&of_rules), &events.collect::<Vec<_>>(), &[]);
        let hits = hits.unwrap_or_else(|error| panic!("{error}"));
        assert!(hits > 100, "only {hits} hits");
    }
}
