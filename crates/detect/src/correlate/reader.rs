//! From a hit to facts: the groups and values that correlations ask for, read from the event.

use audit_model::{FieldId, FieldSource, Value};
use rule_lang::{CorrelationType, Level};

use crate::correlate::fact::{AuditId, Fact, FactValue, KeyHasher, Tuple, cut};
use crate::correlate::plan::{Col, Facts, Plan, Planned, PlannedField, index};
use crate::correlate::time::Time;
use crate::redact::{Redactor, is_secret_place, push_hidden};
use crate::scanner::Scanner;

/// Most groups, and most values, of one event.
pub(crate) const MEMBERS: usize = 64;
/// Longest value of a group, in bytes; a longer one is cut, and told apart by its hash.
const VALUE_BYTES: usize = 512;

/// Groups and values of one hit.
#[derive(Debug, Default)]
pub(crate) struct Made {
    pub(crate) pairs: Vec<(Tuple, FactValue)>,
    /// Groups and values beyond the limit.
    pub(crate) cut: u64,
}

/// A fact and what it is a fact of.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) correlation: u32,
    pub(crate) reference: u32,
    pub(crate) made: Made,
}

/// Combines the values of columns: one group for each choice of members, and in each every value.
///
/// Without a value for some column of the group, or without any value where values are read, nothing is made.
pub(crate) fn combine(planned: &Planned, group: &[Vec<String>], values: &[Vec<String>]) -> Made {
    let mut made = Made::default();
    let mut groups = Vec::new();
    made.cut += product(group, false, &mut groups);
    let kind = planned.kind();
    let mut all = Vec::new();
    if !kind.reads_values() {
        all.push(FactValue::None);
    } else if kind.is_numeric() {
        let numbers = values
            .iter()
            .flatten()
            .filter_map(|text| text.parse::<f64>().ok());
        let numbers = numbers.filter(|number| number.is_finite());
        all.extend(numbers.map(FactValue::Number));
        made.cut += all.len().saturating_sub(MEMBERS) as u64;
        all.truncate(MEMBERS);
    } else {
        let mut tuples = Vec::new();
        // Of several fields one that is missing is a value too; of one there is nothing to count.
        made.cut += product(values, values.len() > 1, &mut tuples);
        for tuple in tuples {
            let mut hasher = KeyHasher::stable();
            hasher.text(&tuple.0);
            let key = hasher.finish();
            all.push(match kind {
                CorrelationType::NewValue => FactValue::Text(key, tuple),
                _ => FactValue::Id(key),
            });
        }
    }
    for group in groups {
        for value in &all {
            made.pairs.push((group.clone(), value.clone()));
        }
    }
    made
}

/// Every choice of one member from each column. Returns how many there would be beyond the limit.
fn product(columns: &[Vec<String>], missing_is_a_value: bool, out: &mut Vec<Tuple>) -> u64 {
    let mut tuples = vec![String::new()];
    let mut total = 1_usize;
    for column in columns {
        if column.is_empty() {
            if !missing_is_a_value {
                return 0;
            }
            for tuple in &mut tuples {
                Tuple::push(tuple, None);
            }
            continue;
        }
        total = total.saturating_mul(column.len());
        if let ([only], [tuple]) = (column.as_slice(), tuples.as_mut_slice()) {
            Tuple::push(tuple, Some(only));
            continue;
        }
        let mut longer = Vec::new();
        for tuple in &tuples {
            for member in column {
                if longer.len() < MEMBERS {
                    let mut tuple = tuple.clone();
                    Tuple::push(&mut tuple, Some(member));
                    longer.push(tuple);
                }
            }
        }
        tuples = longer;
    }
    let over = total.saturating_sub(tuples.len()) as u64;
    out.extend(tuples.into_iter().map(|tuple| Tuple(tuple.into())));
    over
}

/// Memory for reading facts.
#[derive(Debug)]
pub(crate) struct FactReader {
    redactor: Redactor,
    /// Per field of the plan: the values of the event at hand, once they have been read.
    fields: Vec<Option<Vec<String>>>,
    text: String,
}

/// A hit of the event at hand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RuleHit {
    pub(crate) rule: usize,
    pub(crate) level: Level,
}

impl FactReader {
    pub(crate) fn new() -> Self {
        Self {
            redactor: Redactor::new(),
            fields: Vec::new(),
            text: String::new(),
        }
    }

    /// What the hits of an event are to the correlations.
    pub(crate) fn read(
        &mut self,
        plan: &Plan,
        hits: &[RuleHit],
        scanner: &mut Scanner,
        event: &dyn FieldSource,
    ) -> Vec<Read> {
        self.fields.clear();
        self.fields.resize(plan.fields.len(), None);
        let mut out: Vec<Read> = Vec::new();
        for hit in hits {
            for (correlation, reference) in plan.feeds.get(hit.rule).into_iter().flatten() {
                let Some(planned) = plan.correlations.get(index(*correlation)) else {
                    continue;
                };
                let Some(columns) = planned.columns.get(index(*reference)) else {
                    continue;
                };
                let Some(facts) = planned.target(*reference) else {
                    continue;
                };
                let facts = Facts {
                    level: hit.level,
                    ..facts.clone()
                };
                let mut texts = |columns: &[Col]| -> Vec<Vec<String>> {
                    let texts = columns.iter().map(|column| match column {
                        Col::Field(at) => self.field(plan, *at, scanner, event),
                        Col::RuleName => vec![facts.name.clone()],
                        Col::RuleLevel => vec![facts.level.to_string()],
                        Col::RuleTactics => facts.tactics.clone(),
                        Col::Group => Vec::new(),
                    });
                    texts.collect()
                };
                let group = texts(&columns.group);
                let values = texts(&columns.values);
                let mut made = combine(planned, &group, &values);
                // An event that several rules find is one event, unless it is asked which rules did.
                if !planned.kind().is_temporal() {
                    let same = out.iter().filter(|read| read.correlation == *correlation);
                    let known: Vec<_> = same.flat_map(|read| &read.made.pairs).collect();
                    if !known.is_empty() {
                        made.pairs.retain(|pair| !known.contains(&pair));
                        if made.pairs.is_empty() {
                            continue;
                        }
                    }
                }
                out.push(Read {
                    correlation: *correlation,
                    reference: *reference,
                    made,
                });
            }
        }
        out
    }

    /// The values of a field, each once, as they may be shown.
    pub(crate) fn field(
        &mut self,
        plan: &Plan,
        at: usize,
        scanner: &mut Scanner,
        event: &dyn FieldSource,
    ) -> Vec<String> {
        if let Some(Some(known)) = self.fields.get(at) {
            return known.clone();
        }
        let Some(field) = plan.fields.get(at) else {
            return Vec::new();
        };
        let values = self.values(field, scanner, event);
        if let Some(place) = self.fields.get_mut(at) {
            *place = Some(values.clone());
        }
        values
    }

    fn values(
        &mut self,
        field: &PlannedField,
        scanner: &mut Scanner,
        event: &dyn FieldSource,
    ) -> Vec<String> {
        let resource = event.text(0, FieldId::ObjectRefResource);
        let hidden = !field.safe && is_secret_place(&field.name, resource, None);
        let mut out: Vec<String> = Vec::new();
        let Self { redactor, text, .. } = self;
        scanner.read(event, &field.field, &mut |value: Value<'_>| {
            let Some(raw) = value.as_text() else {
                return false;
            };
            text.clear();
            if hidden {
                push_hidden(raw, text);
            } else if field.safe && raw.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
                text.push_str(raw);
            } else {
                redactor.push(raw, text);
            }
            if text.len() > VALUE_BYTES {
                let mut hasher = KeyHasher::stable();
                hasher.text(text);
                let [hash, _] = hasher.finish();
                let start = cut(text, VALUE_BYTES).to_owned();
                *text = format!("{start}… {hash:016x}");
            }
            if !out.contains(text) {
                out.push(text.clone());
            }
            // One more than the limit shows that something is left out.
            out.len() > 4 * MEMBERS
        });
        out
    }
}

/// When an event was: when the stage was reached, else when the request arrived.
pub(crate) fn time_of(event: &dyn FieldSource) -> Option<Time> {
    let read = |field| event.text(0, field).and_then(crate::correlate::time::parse);
    read(FieldId::StageTimestamp).or_else(|| read(FieldId::RequestReceivedTimestamp))
}

/// Which event it was.
pub(crate) fn id_of(event: &dyn FieldSource) -> AuditId {
    AuditId::new(event.text(0, FieldId::AuditId))
}

impl Made {
    /// The facts of one correlation.
    pub(crate) fn into_facts(
        self,
        (correlation, reference): (u32, u32),
        id: &AuditId,
        mut key: impl FnMut(&Tuple) -> crate::correlate::fact::Key,
    ) -> impl Iterator<Item = Fact> {
        let id = id.clone();
        self.pairs.into_iter().map(move |(group, value)| Fact {
            correlation,
            reference,
            key: key(&group),
            id: id.clone(),
            group,
            value,
        })
    }
}
