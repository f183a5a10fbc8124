//! Whether a rule matches.

use super::json::{Json, Kind};
use super::model::{
    Block, Body, Condition, Entry, How, Inner, Item, Literal, Pieces, Quantifier, Relation, Rule,
    Scope,
};
use super::node::{Choices, Node, Value, steps};
use super::readings::{Reading, Readings};
use super::text::{fold, glob, in_network, number, re};
use super::vocabulary::split;

/// Whether a rule matches an event in doubt.
pub(crate) fn matches(rule: &Rule, json: &Json, readings: &Readings) -> bool {
    let received = |reading: &Reading| {
        reading.field("stage").and_then(|stage| stage.scalar())
            == Some("RequestReceived".to_owned())
    };
    if readings.all.iter().all(received) && !names_stage(&rule.scope) {
        return false;
    }
    let all = Evaluation { readings, json };
    all.scope(&rule.scope, &Place::default(), true)
}

fn names_stage(scope: &Scope) -> bool {
    let entry = |entry: &Entry| matches!(entry, Entry::Item(item) if item.name == "stage");
    scope.selections.iter().any(|(_, body)| match body {
        Body::And(entries) => entries.iter().any(entry),
        Body::Or(maps) => maps.iter().flatten().any(entry),
        Body::Keywords(_) => false,
    })
}

/// The member that the fields of a block are read from, and what was decided to come there.
#[derive(Clone, Default)]
struct Place {
    /// Blocks that were entered: what they range over and which of its members.
    way: Vec<(String, String)>,
    choices: Choices,
}

struct Evaluation<'e> {
    readings: &'e Readings,
    json: &'e Json,
}

impl Evaluation<'_> {
    /// Asks every reading in which there is such a member. `positive` tells whether one that agrees is enough.
    fn ask(&self, place: &Place, positive: bool, test: impl Fn(&Reading, &Here) -> bool) -> bool {
        let mut answers = self
            .readings
            .all
            .iter()
            .filter(|reading| reading.agrees(&place.choices))
            .filter_map(|reading| Some(test(reading, &Here::locate(reading, place)?)));
        if positive {
            answers.any(|answer| answer)
        } else {
            answers.all(|answer| answer)
        }
    }

    fn scope(&self, scope: &Scope, place: &Place, positive: bool) -> bool {
        self.condition(&scope.condition, scope, place, positive)
    }

    fn condition(
        &self,
        condition: &Condition,
        scope: &Scope,
        place: &Place,
        positive: bool,
    ) -> bool {
        let part = |part: &Condition| self.condition(part, scope, place, positive);
        let mut bodies = scope.selections.iter();
        let body = |body: &Body| self.body(body, place, positive);
        match condition {
            Condition::Not(inner) => !self.condition(inner, scope, place, !positive),
            Condition::And(parts) => parts.iter().all(part),
            Condition::Or(parts) => parts.iter().any(part),
            Condition::Name(name) => bodies.any(|(known, found)| known == name && body(found)),
            Condition::Of { all, prefix } => {
                let mut found = bodies.filter(|(name, _)| name.starts_with(prefix));
                if *all {
                    found.all(|(_, found)| body(found))
                } else {
                    found.any(|(_, found)| body(found))
                }
            }
        }
    }

    fn body(&self, body: &Body, place: &Place, positive: bool) -> bool {
        let all = |entries: &Vec<Entry>| {
            entries
                .iter()
                .all(|entry| self.entry(entry, place, positive))
        };
        match body {
            Body::And(entries) => all(entries),
            Body::Or(maps) => maps.iter().any(all),
            Body::Keywords(words) => words.iter().any(|word| {
                let word = fold(word);
                contains(self.json, &word)
            }),
        }
    }

    fn entry(&self, entry: &Entry, place: &Place, positive: bool) -> bool {
        match entry {
            Entry::Item(item) if item.neq => !self.item(item, place, !positive),
            Entry::Item(item) => self.item(item, place, positive),
            Entry::Block(block) if block.quantifier == Quantifier::None => {
                !self.block(block, place, !positive)
            }
            Entry::Block(block) => self.block(block, place, positive),
        }
    }

    /// An item without `neq`.
    fn item(&self, item: &Item, place: &Place, positive: bool) -> bool {
        let name = item.name.as_str();
        let ask = |test: &dyn Fn(&Reading, &[Node]) -> bool| {
            self.ask(place, positive, |reading, here| {
                test(reading, &here.find(reading, name))
            })
        };
        let any = |test: &dyn Fn(&Node) -> bool| {
            ask(&|_, found| found.iter().flat_map(Node::values).any(|node| test(&node)))
        };
        let exists = |found: &[Node]| found.iter().any(|node| !node.is_null());
        match &item.how {
            How::Exists(wanted) => ask(&|_, found| exists(found) == *wanted),
            How::Text(relation, literals) => {
                let in_block = !place.way.is_empty();
                let mut texts = Vec::new();
                let mut answers = Vec::new();
                for literal in literals {
                    match literal {
                        Literal::Null => answers.push(ask(&|_, found| !exists(found))),
                        Literal::Text(text)
                            if text.is_empty() && !in_block && empty_is_absent(name) =>
                        {
                            answers.push(ask(&|_, found| !exists(found)));
                        }
                        Literal::Text(text) if *text == [Pieces::Any] => {
                            answers.push(ask(&|_, found| found.iter().any(is_present)));
                        }
                        _ if item.all => {
                            answers.push(any(&|node| equals(node, literal, *relation, item.cased)));
                        }
                        _ => texts.push(literal),
                    }
                }
                if !texts.is_empty() {
                    answers.push(any(&|node| {
                        let mut texts = texts.iter();
                        texts.any(|literal| equals(node, literal, *relation, item.cased))
                    }));
                }
                if item.all {
                    answers.iter().all(|answer| *answer)
                } else {
                    answers.iter().any(|answer| *answer)
                }
            }
            How::Re(patterns, ignore_case) => {
                let one = |node: &Node, pattern| {
                    let text = node.scalar().map(|text| text.chars().collect::<Vec<_>>());
                    text.is_some_and(|text| re(pattern, &text, *ignore_case))
                };
                if item.all {
                    patterns
                        .iter()
                        .all(|pattern| any(&|node| one(node, pattern)))
                } else {
                    any(&|node| patterns.iter().any(|pattern| one(node, pattern)))
                }
            }
            How::Cidr(networks) => any(&|node| {
                let mut networks = networks.iter();
                node.scalar()
                    .is_some_and(|text| networks.any(|network| in_network(&text, network)))
            }),
            How::Compare(comparison, bound) => any(&|node| {
                let (Value::Number(text) | Value::Text(text)) = &node.value else {
                    return false;
                };
                let bound = number(bound).unwrap();
                number(text).is_some_and(|number| match *comparison {
                    "lt" => number < bound,
                    "lte" => number <= bound,
                    "gt" => number > bound,
                    _ => number >= bound,
                })
            }),
            // Each side is in doubt for itself, also where both are read from one repeated key.
            How::FieldRef(relation, other) => ask(&|_, found| {
                let scalars = |nodes: &[Node]| -> Vec<String> {
                    let values = nodes.iter().flat_map(Node::values);
                    values.filter_map(|node| node.scalar()).collect()
                };
                scalars(found).iter().any(|left| {
                    self.ask(&Place::default(), positive, |reading, here| {
                        let rights = scalars(&here.find(reading, other));
                        let mut rights = rights.iter();
                        rights.any(|right| relates(left, right, *relation, item.cased))
                    })
                })
            }),
        }
    }

    /// A block, `[none]` as `[any]`. That all members do is two tests: none does not, and there is one.
    fn block(&self, block: &Block, place: &Place, positive: bool) -> bool {
        let ask = |test: &dyn Fn(&[Node]) -> bool| {
            self.ask(place, positive, |reading, here| {
                let found = here.find(reading, &block.name);
                let members: Vec<Node> = found.iter().flat_map(Node::block_members).collect();
                test(&members)
            })
        };
        let holds = |member: &Node| {
            let mut inside = place.clone();
            inside.way.push((block.name.clone(), member.id.clone()));
            inside.choices.extend(member.choices.clone());
            match &block.inner {
                Inner::Member(item) => self.entry(&Entry::Item(item.clone()), &inside, positive),
                Inner::Body(body) => self.body(body, &inside, positive),
                Inner::Scope(scope) => self.scope(scope, &inside, positive),
            }
        };
        let all = |members: &[Node]| members.iter().all(holds);
        match block.quantifier {
            Quantifier::Any | Quantifier::None => ask(&|members| members.iter().any(holds)),
            Quantifier::All => ask(&|members| !members.is_empty()) && ask(&all),
            Quantifier::AllOrEmpty => ask(&all),
        }
    }
}

/// The member at hand, in one reading; none at the level of the event.
struct Here(Option<Node>);

impl Here {
    fn locate(reading: &Reading, place: &Place) -> Option<Self> {
        let mut here = Self(None);
        for (name, id) in &place.way {
            let found = here.find(reading, name);
            let mut members = found.iter().flat_map(Node::block_members);
            here = Self(Some(members.find(|member| member.id == *id)?));
        }
        Some(here)
    }

    /// What a name stands for: a path in the member, or a field of the event.
    fn find(&self, reading: &Reading, name: &str) -> Vec<Node> {
        if let Some(member) = &self.0 {
            let path = if name == "." {
                Vec::new()
            } else {
                steps(name, false)
            };
            return member.follow(&path);
        }
        let (root, path) = split(name);
        let found = reading.field(root);
        found.map_or_else(Vec::new, |node| node.follow(&path))
    }
}

fn empty_is_absent(name: &str) -> bool {
    [
        "verb",
        "resource",
        "subresource",
        "apiGroup",
        "namespace",
        "name",
    ]
    .contains(&name)
}

fn is_present(node: &Node) -> bool {
    match &node.value {
        Value::Null => false,
        Value::List(members) => !members.is_empty(),
        _ => true,
    }
}

fn equals(node: &Node, literal: &Literal, relation: Relation, cased: bool) -> bool {
    let Some(text) = node.scalar() else {
        return false;
    };
    let mut pieces = match literal {
        Literal::Text(pieces) => pieces.clone(),
        Literal::Number(text) => {
            let same = relation == Relation::Equals
                && matches!(node.value, Value::Number(_))
                && super::text::number(text) == number(&node.scalar().unwrap());
            if same {
                return true;
            }
            text.chars().map(Pieces::Char).collect()
        }
        Literal::Bool(value) => value.to_string().chars().map(Pieces::Char).collect(),
        Literal::Null => return false,
    };
    if matches!(relation, Relation::Contains | Relation::EndsWith) {
        pieces.insert(0, Pieces::Any);
    }
    if matches!(relation, Relation::Contains | Relation::StartsWith) {
        pieces.push(Pieces::Any);
    }
    if cased {
        return glob(&pieces, &text.chars().collect::<Vec<_>>());
    }
    let folded = pieces.iter().map(|piece| match piece {
        Pieces::Char(c) => Pieces::Char(fold(&c.to_string())[0]),
        other => other.clone(),
    });
    glob(&folded.collect::<Vec<_>>(), &fold(&text))
}

fn relates(left: &str, right: &str, relation: Relation, cased: bool) -> bool {
    let form = |text: &str| -> String {
        if cased {
            text.to_owned()
        } else {
            fold(text).into_iter().collect()
        }
    };
    let (left, right) = (form(left), form(right));
    match relation {
        Relation::Equals => left == right,
        Relation::Contains => left.contains(&right),
        Relation::StartsWith => left.starts_with(&right),
        Relation::EndsWith => left.ends_with(&right),
    }
}

/// Whether some text of the record holds a word.
fn contains(json: &Json, word: &[char]) -> bool {
    match &json.kind {
        Kind::Text(text) => fold(text).windows(word.len()).any(|part| part == word),
        Kind::List(members) => members.iter().any(|member| contains(member, word)),
        Kind::Object(entries) => entries.iter().any(|(_, value)| contains(value, word)),
        _ => false,
    }
}
