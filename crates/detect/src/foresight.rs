//! What can be said of a rule before a body is taken apart.
//!
//! Most rules about pods ask for values that hardly any pod has. Whether a body has such a value anywhere, under the key
//! that the rule's field is made of, is told by one pass over its bytes. A test that no value under its key passes
//! cannot hold; any other one may. With every test that may hold taken so that the rule matches, a rule that does not
//! match does not match the event, and the body need not become a tree for it.

use std::collections::HashMap;

use audit_model::{BodyLeaves, FieldId, FieldSource, Leaf, Value};
use rule_lang::{BlockIdx, Operand, Polarity, PredicateIdx, Quantifier};

use crate::predicate::{Ask, Memory, PredicateId, Question, Questions};
use crate::recall::Recall;
use crate::rule_set::ActiveRule;
use crate::verdict::Court;
use crate::vm::{Host, Linked, Machine, run};

/// Most tests that are asked of the values of one event; where rules that may match have more, they are run.
const MOST_TESTS: usize = 256;

/// Which tests of a rule set are told by the keys of a body.
#[derive(Debug)]
pub(crate) struct Foresight {
    leaves: BodyLeaves,
    /// By rule: the tests with the numbers of their keys.
    rules: Vec<Vec<Told>>,
    n_keys: usize,
}

/// A test that cannot hold unless a value under a key passes it.
#[derive(Clone, Debug)]
struct Told {
    id: PredicateId,
    key: usize,
    leaf: Leaf,
}

/// Memory for one event.
#[derive(Debug, Default)]
pub(crate) struct Foreseen {
    event: u64,
    /// By predicate: the event in which it was told by keys, and that in which a value passed it.
    told: Vec<(u64, u64)>,
    /// By key: rule and place of the tests that are asked.
    asked: Vec<Vec<(u32, u32)>>,
    recall: Recall,
    unescaped: String,
    shaped: String,
}

impl Default for Foresight {
    fn default() -> Self {
        Self {
            leaves: BodyLeaves::new([""; 0]),
            rules: Vec::new(),
            n_keys: 0,
        }
    }
}

impl Foresight {
    pub(crate) fn new(rules: &[ActiveRule], questions: &Questions) -> Self {
        let mut keys: Vec<Box<str>> = Vec::new();
        let mut numbers: HashMap<Box<str>, usize> = HashMap::new();
        let mut number = |key: &str| {
            *numbers.entry(Box::from(key)).or_insert_with(|| {
                keys.push(key.into());
                keys.len() - 1
            })
        };
        let rules = rules
            .iter()
            .map(|active| {
                let ids = active.linked.ids().iter();
                let leaves = ids.flat_map(|id| {
                    let leaves = questions.get(*id).map(leaves).unwrap_or_default();
                    leaves.into_iter().map(|leaf| (*id, leaf))
                });
                leaves
                    .map(|(id, leaf)| Told {
                        id,
                        key: number(&leaf.key),
                        leaf,
                    })
                    .collect()
            })
            .collect();
        Self {
            leaves: BodyLeaves::new(&keys),
            rules,
            n_keys: keys.len(),
        }
    }

    /// Leaves out the rules that cannot match an event for what its bodies hold. Answers that are found on the way are
    /// kept.
    pub(crate) fn narrow(
        &self,
        selected: &mut Vec<u32>,
        court: &mut Court<'_>,
        seen: &mut Foreseen,
    ) {
        let inner = court.inner;
        if !self.look(selected, court.source, &inner.questions, court.memory, seen) {
            return;
        }
        selected.retain(|rule| {
            let active = inner.rules.get(*rule as usize);
            active.is_some_and(|active| may_match(court.machine(&active.linked), seen))
        });
    }

    /// Looks at the bodies for the tests of some rules; whether that says anything.
    fn look(
        &self,
        rules: &[u32],
        source: &dyn FieldSource,
        questions: &Questions,
        memory: &mut Memory,
        seen: &mut Foreseen,
    ) -> bool {
        if source.readings() != 1 || !self.ask(rules, questions.len(), seen) {
            return false;
        }
        let Foreseen {
            event,
            told,
            asked,
            recall,
            unescaped,
            shaped,
        } = seen;
        recall.begin(rules);
        let bodies = [FieldId::RequestObject, FieldId::ResponseObject];
        let mut bodies = bodies.iter().filter_map(|body| source.body(0, *body));
        let mut look = |key: usize, value: Value<'_>| {
            let mut hold = |id: PredicateId| {
                if let Some((_, held)) = told.get_mut(id.index()) {
                    *held = *event;
                }
            };
            let asked = asked.get(key).map(Vec::as_slice).unwrap_or_default();
            if asked.is_empty() {
                return;
            }
            if let Some(passed) = recall.get(key, value) {
                passed.iter().copied().for_each(hold);
                return;
            }
            for (rule, at) in asked {
                let Some(test) = self.test(*rule, *at) else {
                    continue;
                };
                if Self::passes(test, value, questions, memory, shaped) {
                    recall.note(test.id);
                    hold(test.id);
                }
            }
            recall.put(key, value);
        };
        let is_asked = |key: usize| asked.get(key).is_some_and(|asked| !asked.is_empty());
        bodies.all(|body| {
            // A test that passes for a value that stands elsewhere only takes apart a body for nothing.
            self.leaves.seek(body, &is_asked, unescaped, &mut look)
                || self.leaves.read(body, unescaped, &mut look)
        })
    }

    /// Whether a value that stands under the key of a test passes it.
    fn passes(
        test: &Told,
        value: Value<'_>,
        questions: &Questions,
        memory: &mut Memory,
        shaped: &mut String,
    ) -> bool {
        let Some(question) = questions.get(test.id) else {
            return false;
        };
        let shaped = if test.leaf.is_plain() {
            Some(value)
        } else {
            let raw = value.as_text();
            let made = raw.and_then(|raw| test.leaf.shape(raw, shaped));
            made.map(Value::Text)
        };
        shaped.is_some_and(|value| questions.matches(question, value, memory))
    }

    /// Collects the tests to ask; whether there are some, and not too many.
    fn ask(&self, rules: &[u32], n_predicates: usize, seen: &mut Foreseen) -> bool {
        let told = |rule: &u32| self.rules.get(*rule as usize);
        let n_tests: usize = rules.iter().filter_map(told).map(Vec::len).sum();
        if n_tests == 0 || n_tests > MOST_TESTS {
            return false;
        }
        seen.event += 1;
        seen.told.resize(n_predicates, (0, 0));
        seen.asked.resize(self.n_keys, Vec::new());
        for asked in &mut seen.asked {
            asked.clear();
        }
        for rule in rules {
            let tests = told(rule).into_iter().flatten();
            for (at, test) in (0..).zip(tests) {
                if let Some((event, _)) = seen.told.get_mut(test.id.index()) {
                    *event = seen.event;
                }
                if let Some(asked) = seen.asked.get_mut(test.key) {
                    asked.push((*rule, at));
                }
            }
        }
        true
    }

    fn test(&self, rule: u32, at: u32) -> Option<&Told> {
        self.rules.get(rule as usize)?.get(at as usize)
    }
}

/// Under which keys the values stand that a test asks for; none where it asks for something else than values.
fn leaves(question: &Question) -> Vec<Leaf> {
    match &question.ask {
        Ask::OneOf(_) | Ask::Compare(_) | Ask::Regex(_) | Ask::Cidr(_) | Ask::Time(..) => {}
        Ask::Exists | Ask::Present | Ask::FieldRef { .. } => return Vec::new(),
    }
    // One in a negative position makes no rule match by holding.
    if question.polarity == Polarity::Negative {
        return Vec::new();
    }
    match &question.operand {
        Operand::Field(field) => Leaf::of_field(field),
        Operand::Member(path) => Leaf::of_member(path),
        Operand::Keyword => Vec::new(),
    }
}

/// Whether a rule may match for all that is known before a body is taken apart.
fn may_match(machine: Machine<'_>, seen: &Foreseen) -> bool {
    let linked = machine.linked;
    let condition = linked.program.condition();
    run(
        &linked.program,
        condition,
        &mut Upper {
            machine: Some(machine),
            linked,
            seen,
        },
    )
}

/// Answers what may be: every test that is not known not to hold is taken so that the rule matches.
struct Upper<'m, 's> {
    /// `None` within a block.
    machine: Option<Machine<'m>>,
    linked: &'m Linked,
    seen: &'s Foreseen,
}

impl Foreseen {
    fn may_hold(&self, id: PredicateId, polarity: Polarity) -> bool {
        if polarity == Polarity::Negative {
            return false;
        }
        let told = self.told.get(id.index());
        told.is_none_or(|(told, passed)| *told != self.event || *passed == self.event)
    }
}

impl Host for Upper<'_, '_> {
    fn test(&mut self, predicate: PredicateIdx) -> bool {
        let Some(id) = self.linked.id(predicate) else {
            return false;
        };
        let known = self.machine.as_mut().and_then(|machine| machine.known(id));
        known.unwrap_or_else(|| {
            let asked = self.linked.program.predicate(predicate);
            asked.is_some_and(|asked| self.seen.may_hold(id, asked.polarity))
        })
    }

    fn block(&mut self, block: BlockIdx) -> bool {
        let Some(block) = self.linked.program.block(block) else {
            return false;
        };
        if block.polarity == Polarity::Negative {
            return false;
        }
        // Of no member at all `[all_or_empty]` holds, and where a key is repeated `[all]` may: a list has members in one
        // reading and none in another. `[any]` needs one that satisfies the rest.
        let mut within = Upper {
            machine: None,
            linked: self.linked,
            seen: self.seen,
        };
        block.quantifier != Quantifier::Any || run(&self.linked.program, block.routine, &mut within)
    }
}
