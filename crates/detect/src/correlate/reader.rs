//! From a hit to facts: the groups and values that correlations ask for, read from the event.
//!
//! Nothing is allocated for it: what is read lies in memory that the next event uses again, and whoever takes a fact
//! decides whether to keep it.

use std::ops::Range;

use audit_model::{FieldId, FieldSource, Plain, Value};
use rule_lang::{CorrelationType, Level};

use crate::correlate::fact::{AuditId, FactValue, Key, KeyHasher, Tuple, cut};
use crate::correlate::members::{Choices, Column, MEMBERS, Members};
use crate::correlate::plan::{Col, Facts, Plan, Planned, PlannedField, index};
use crate::correlate::time::{self, Time};
use crate::redact::{Redactor, is_secret_place, push_hidden};
use crate::scanner::Scanner;

/// Longest value of a group, in bytes; a longer one is cut, and told apart by its hash.
const VALUE_BYTES: usize = 512;

/// What the fields of a correlation say of an event, before it is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Given<'t> {
    None,
    Id(Key),
    Number(f64),
    Text(Key, &'t str),
}

impl Given<'_> {
    pub(crate) fn keep(self) -> FactValue {
        match self {
            Self::None => FactValue::None,
            Self::Id(key) => FactValue::Id(key),
            Self::Number(number) => FactValue::Number(number),
            Self::Text(key, text) => FactValue::Text(key, Tuple(text.into())),
        }
    }

    /// Tells it apart from others.
    pub(crate) fn key(self) -> Key {
        match self {
            Self::None => [0, 0],
            Self::Id(key) | Self::Text(key, _) => key,
            Self::Number(number) => [number.to_bits(), 1],
        }
    }
}

/// How many groups and values of an event there were.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Made {
    pub(crate) facts: usize,
    /// Groups and values beyond the limit.
    pub(crate) cut: u64,
}

/// Columns of a group and of a value, with the memory to combine them.
#[derive(Debug, Default)]
pub(crate) struct Combiner {
    pub(crate) members: Members,
    pub(crate) group: Vec<Column>,
    pub(crate) values: Vec<Column>,
    text: String,
    value: String,
    numbers: Vec<f64>,
}

impl Combiner {
    /// Forgets columns and members.
    pub(crate) fn clear(&mut self) {
        self.members.clear();
        self.clear_columns();
    }

    fn clear_columns(&mut self) {
        self.group.clear();
        self.values.clear();
    }

    /// Hands out one group for each choice of members, and in each every value.
    ///
    /// Without a value for some column of the group, or without any value where values are read, there is nothing.
    pub(crate) fn each(
        &mut self,
        planned: &Planned,
        each: &mut dyn FnMut(&str, Given<'_>),
    ) -> Made {
        let Self {
            members,
            group,
            values,
            text,
            value,
            numbers,
        } = self;
        let kind = planned.kind();
        let groups = Choices::new(members, group, false);
        // Of several fields one that is missing is a value too; of one there is nothing to count.
        let tuples = Choices::new(members, values, values.len() > 1);
        let mut made = Made {
            facts: 0,
            cut: groups.over(),
        };
        numbers.clear();
        let n_values = if !kind.reads_values() {
            1
        } else if kind.is_numeric() {
            let texts = values
                .iter()
                .flat_map(|column| members.iter(column.clone()));
            let all = texts.filter_map(|text| text.parse::<f64>().ok());
            numbers.extend(all.filter(|number| number.is_finite()));
            made.cut += numbers.len().saturating_sub(MEMBERS) as u64;
            numbers.len().min(MEMBERS)
        } else {
            made.cut += tuples.over();
            tuples.len()
        };
        for nth_value in 0..n_values {
            let given = if !kind.reads_values() {
                Given::None
            } else if kind.is_numeric() {
                Given::Number(numbers.get(nth_value).copied().unwrap_or_default())
            } else {
                tuples.write(nth_value, value);
                let key = KeyHasher::stable_text(value);
                match kind {
                    CorrelationType::NewValue => Given::Text(key, value),
                    _ => Given::Id(key),
                }
            };
            for nth in 0..groups.len() {
                groups.write(nth, text);
                made.facts += 1;
                each(text, given);
            }
        }
        made
    }
}

/// Memory for reading facts.
#[derive(Debug)]
pub(crate) struct FactReader {
    redactor: Redactor,
    /// Per field of the plan: the values of the event at hand, once they have been read.
    fields: Vec<Option<Column>>,
    combiner: Combiner,
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
            combiner: Combiner::default(),
            text: String::new(),
        }
    }

    /// Forgets the event before.
    pub(crate) fn begin(&mut self, plan: &Plan) {
        self.fields.clear();
        self.fields.resize(plan.fields.len(), None);
        self.combiner.clear();
    }

    /// What a hit of an event is to a reference of a correlation. Where the group is known the texts of groups are empty.
    pub(crate) fn read(
        &mut self,
        plan: &Plan,
        (planned, reference, is_known): (&Planned, u32, bool),
        level: Level,
        scanner: &mut Scanner,
        event: &dyn FieldSource,
        each: &mut dyn FnMut(&str, Given<'_>),
    ) -> Made {
        let columns = planned.columns.get(index(reference));
        let (Some(columns), Some(facts)) = (columns, planned.target(reference)) else {
            return Made::default();
        };
        self.combiner.clear_columns();
        let group = if is_known { &[][..] } else { &columns.group };
        for column in group {
            let column = self.column(plan, *column, facts, level, scanner, event);
            self.combiner.group.push(column);
        }
        for column in &columns.values {
            let column = self.column(plan, *column, facts, level, scanner, event);
            self.combiner.values.push(column);
        }
        self.combiner.each(planned, each)
    }

    fn column(
        &mut self,
        plan: &Plan,
        column: Col,
        facts: &Facts,
        level: Level,
        scanner: &mut Scanner,
        event: &dyn FieldSource,
    ) -> Column {
        if let Col::Field(at) = column {
            return self.field(plan, at, scanner, event);
        }
        let members = &mut self.combiner.members;
        let start = members.len();
        match column {
            Col::Field(_) | Col::Group => {}
            Col::RuleName => members.push(&facts.name),
            Col::RuleLevel => members.push(level.as_str()),
            Col::RuleTactics => facts.tactics.iter().for_each(|tactic| members.push(tactic)),
        }
        start..members.len()
    }

    /// The values of a field of the plan in one text; `None` when there are none.
    pub(crate) fn shown(
        &mut self,
        plan: &Plan,
        at: usize,
        scanner: &mut Scanner,
        event: &dyn FieldSource,
    ) -> Option<String> {
        let column = self.field(plan, at, scanner, event);
        let mut all = self.combiner.members.iter(column);
        let mut out = all.next()?.to_owned();
        for one in all {
            out.push_str(", ");
            out.push_str(one);
        }
        Some(out)
    }

    /// The values of a field, each once, as they may be shown.
    fn field(
        &mut self,
        plan: &Plan,
        at: usize,
        scanner: &mut Scanner,
        event: &dyn FieldSource,
    ) -> Range<usize> {
        if let Some(Some(known)) = self.fields.get(at) {
            return known.clone();
        }
        let start = self.combiner.members.len();
        if let Some(field) = plan.fields.get(at) {
            self.values(field, scanner, event);
        }
        let column = start..self.combiner.members.len();
        if let Some(place) = self.fields.get_mut(at) {
            *place = Some(column.clone());
        }
        column
    }

    fn values(&mut self, field: &PlannedField, scanner: &mut Scanner, event: &dyn FieldSource) {
        let members = &mut self.combiner.members;
        // What names somebody or something and takes no memory to find, which is what most groups are made of.
        if field.safe && field.field.path().is_empty() {
            match Plain::of(event, field.field.id()) {
                Some(Plain::Missing) => return,
                Some(Plain::Number(number)) => {
                    members.push(itoa::Buffer::new().format(number));
                    return;
                }
                Some(Plain::Text(text)) if text.len() <= VALUE_BYTES && is_printable(text) => {
                    members.push(text);
                    return;
                }
                Some(Plain::Text(_)) | None => {}
            }
        }
        let resource = event.text(0, FieldId::ObjectRefResource);
        let hidden = !field.safe && is_secret_place(&field.name, resource, None);
        let start = members.len();
        let Self { redactor, text, .. } = self;
        scanner.read(event, &field.field, &mut |value: Value<'_>| {
            let Some(raw) = value.as_text() else {
                return false;
            };
            text.clear();
            if hidden {
                push_hidden(raw, text);
            } else if field.safe && is_printable(raw) {
                text.push_str(raw);
            } else {
                redactor.push(raw, text);
            }
            // What is escaped to be shown may be written so by another.
            let is_escaped = field.safe && text != raw;
            if text.len() > VALUE_BYTES || is_escaped {
                let [hash, _] = KeyHasher::stable_text(if is_escaped { raw } else { text });
                let start = cut(text, VALUE_BYTES).to_owned();
                *text = format!("{start}… {hash:016x}");
            }
            if !members.contains(start..members.len(), text) {
                members.push(text);
            }
            // One more than the limit shows that something is left out.
            members.len() - start > 4 * MEMBERS
        });
    }
}

/// Whether a text is shown as it is.
fn is_printable(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// When events were: when the stage was reached, else when the request arrived.
#[derive(Debug)]
pub(crate) struct Clock {
    /// The last time that was read, up to its second: events come by the thousand in each.
    second: [u8; SECOND],
    time: Time,
}

/// Bytes of `2026-03-14T02:11:04`.
const SECOND: usize = 19;

impl Default for Clock {
    fn default() -> Self {
        Self {
            // No text has such bytes.
            second: [0xff; SECOND],
            time: 0,
        }
    }
}

impl Clock {
    pub(crate) fn time_of(&mut self, event: &dyn FieldSource) -> Option<Time> {
        let reached = event.bytes(0, FieldId::StageTimestamp);
        let received = || event.bytes(0, FieldId::RequestReceivedTimestamp);
        reached
            .and_then(|text| self.read(text))
            .or_else(|| received().and_then(|text| self.read(text)))
    }

    fn read(&mut self, text: &[u8]) -> Option<Time> {
        let parse = || time::parse(std::str::from_utf8(text).ok()?);
        // `2026-03-14T02:11:04` and `.875148Z`, as API servers write it.
        let Some((second, [b'.', micros @ .., b'Z'])) = text.split_first_chunk() else {
            return parse();
        };
        let Ok(micros) = <[u8; 6]>::try_from(micros) else {
            return parse();
        };
        if self.second != *second {
            let time = parse()?;
            self.second = *second;
            self.time = time - micros.into_iter().fold(0, digit);
            return Some(time);
        }
        let is_number = micros.iter().all(u8::is_ascii_digit);
        is_number.then(|| self.time + micros.into_iter().fold(0, digit))
    }
}

fn digit(number: Time, digit: u8) -> Time {
    10 * number + Time::from(digit.wrapping_sub(b'0'))
}

/// Which event it was.
pub(crate) fn id_of(event: &dyn FieldSource) -> AuditId {
    AuditId::new(event.text(0, FieldId::AuditId))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_reads_what_the_parser_reads() {
        let mut clock = Clock::default();
        for text in [
            "2026-03-14T02:11:04.875148Z",
            "2026-03-14T02:11:04.000001Z",
            "2026-03-14T02:11:04.00000xZ",
            "2026-03-14T02:11:04Z",
            "2026-03-14T02:11:05.000001Z",
            "2026-03-14T02:11:05.000001+01:00",
            "2026-02-30T02:11:05.000001Z",
            "2026-02-30T02:11:05.000001Z",
            "2026-03-14T02:11:60.000001Z",
            "2026-03-14T02:11:05.000002Z",
            "2026-03-14T02:11:0é.00001Z",
            "",
        ] {
            assert_eq!(clock.read(text.as_bytes()), time::parse(text), "{text}");
        }
    }
}
