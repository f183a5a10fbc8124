//! The form of correlations, and of what sums up what follows a hit.

use std::time::Duration;

use crate::compiled::wire::{Input, Malformed, Wire, Writer, enums, malformed, structs};
use crate::correlation::bounds::Operator;
use crate::correlation::{
    Bounds, Column, Correlation, CorrelationMessagePart, CorrelationType, Presence, Reference,
    Suppress, Target,
};
use crate::limits;

/// Deepest nesting of a condition as it is compiled: each level of the text gives one of `or`, `and`, `not`, and names.
const PRESENCE_DEPTH: usize = 4 * (limits::CONDITION_DEPTH + 1);

enums! {
    CorrelationType {
        0 EventCount,
        1 ValueCount,
        2 ValueSum,
        3 ValueAvg,
        4 ValuePercentile,
        5 ValueMedian,
        6 Temporal,
        7 TemporalOrdered,
        8 NewValue,
    }
    Operator {
        0 Gt,
        1 Gte,
        2 Lt,
        3 Lte,
        4 Eq,
        5 Neq,
    }
    Target {
        0 Rule(rule),
        1 Correlation(correlation),
    }
    Column {
        0 Field(field),
        1 RuleName,
        2 RuleLevel,
        3 RuleTactics,
        4 Group(group),
    }
    CorrelationMessagePart {
        0 Text(text),
        1 Group(group),
        2 Count,
        3 Value,
        4 First,
        5 Last,
        6 Rules,
    }
}

structs! {
    Bounds { all }
    Reference { target slot group values }
}

impl<By: Wire> Wire for Suppress<By> {
    fn write(&self, out: &mut Writer) {
        let Self { by, window } = self;
        by.write(out);
        window.write(out);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            by: Wire::read(input)?,
            window: Wire::read(input)?,
        })
    }
}

/// A span of time of a rule, which is one of whole seconds.
impl Wire for Duration {
    fn write(&self, out: &mut Writer) {
        out.number(self.as_secs());
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let at = input.at();
        let (seconds, limit) = (input.number()?, limits::TIMESPAN_SECONDS);
        if seconds > limit {
            let what = format!("a span of time has {seconds} seconds and the limit is {limit}");
            return Err(malformed(at, what));
        }
        Ok(Self::from_secs(seconds))
    }
}

impl Wire for Presence {
    fn write(&self, out: &mut Writer) {
        match self {
            Self::Slot(slot) => {
                out.byte(0);
                slot.write(out);
            }
            Self::Not(inner) => {
                out.byte(1);
                inner.write(out);
            }
            Self::And(parts) => {
                out.byte(2);
                parts.write(out);
            }
            Self::Or(parts) => {
                out.byte(3);
                parts.write(out);
            }
        }
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        presence(input, 0)
    }
}

fn presence(input: &mut Input<'_>, depth: usize) -> Result<Presence, Malformed> {
    let at = input.at();
    if depth > PRESENCE_DEPTH {
        let what = format!("a condition nests deeper than {PRESENCE_DEPTH}");
        return Err(malformed(at, what));
    }
    let many = |input: &mut Input<'_>| -> Result<Vec<Presence>, Malformed> {
        (0..input.length()?)
            .map(|_| presence(input, depth + 1))
            .collect()
    };
    match input.byte()? {
        0 => Wire::read(input).map(Presence::Slot),
        1 => presence(input, depth + 1).map(|inner| Presence::Not(Box::new(inner))),
        2 => many(input).map(Presence::And),
        3 => many(input).map(Presence::Or),
        tag => Err(malformed(at, format!("there is no Presence {tag}"))),
    }
}

impl Wire for Correlation {
    fn write(&self, out: &mut Writer) {
        let Self {
            metadata,
            level,
            kind,
            references,
            slots,
            group_by,
            fields,
            timespan,
            learning,
            bounds,
            percentile,
            presence,
            suppress,
            message,
            silenced,
            tests: _,
            inactive,
        } = self;
        metadata.write(out);
        level.write(out);
        kind.write(out);
        references.write(out);
        slots.write(out);
        group_by.write(out);
        fields.write(out);
        timespan.write(out);
        learning.write(out);
        bounds.write(out);
        percentile.write(out);
        presence.write(out);
        suppress.write(out);
        message.write(out);
        silenced.write(out);
        inactive.write(out);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let at = input.at();
        let correlation = Self {
            metadata: Wire::read(input)?,
            level: Wire::read(input)?,
            kind: Wire::read(input)?,
            references: Wire::read(input)?,
            slots: Wire::read(input)?,
            group_by: Wire::read(input)?,
            fields: Wire::read(input)?,
            timespan: Wire::read(input)?,
            learning: Wire::read(input)?,
            bounds: Wire::read(input)?,
            percentile: Wire::read(input)?,
            presence: Wire::read(input)?,
            suppress: Wire::read(input)?,
            message: Wire::read(input)?,
            silenced: Wire::read(input)?,
            tests: Vec::new(),
            inactive: Wire::read(input)?,
        };
        match correlation.within_limits() {
            Ok(()) => Ok(correlation),
            Err(what) => Err(malformed(at, what)),
        }
    }
}

impl Correlation {
    /// Holds the correlation to what the compiler holds it to: limits, and numbers that stand for something.
    fn within_limits(&self) -> Result<(), String> {
        let steps = if self.kind.is_temporal() {
            limits::STEPS
        } else {
            usize::MAX
        };
        for (what, n, limit) in [
            ("entries of `rules`", self.slots.len(), steps),
            ("fields to group by", self.group_by.len(), limits::GROUP_BY),
            ("fields of a value", self.fields.len(), limits::GROUP_BY),
        ] {
            if n > limit {
                return Err(format!(
                    "a correlation has {n} {what} and the limit is {limit}"
                ));
            }
        }
        let (n_slots, n_groups) = (self.slots.len(), self.group_by.len());
        for reference in &self.references {
            if reference.slot >= n_slots
                || reference.group.len() != n_groups
                || reference.values.len() != self.fields.len()
            {
                return Err("a reference of a correlation does not fit it".to_owned());
            }
        }
        let mut slots_exist = true;
        self.presence
            .visit(false, &mut |slot, _| slots_exist &= slot < n_slots);
        let ordered = self.kind == CorrelationType::TemporalOrdered;
        if !slots_exist || (ordered && self.presence.sequence().is_none()) {
            return Err("the condition of a correlation does not fit its rules".to_owned());
        }
        let by = self.suppress.iter().flat_map(|suppress| &suppress.by);
        let shown = self.message.iter().flatten().filter_map(|part| match part {
            CorrelationMessagePart::Group(group) => Some(group),
            _ => None,
        });
        if by.chain(shown).any(|group| *group >= n_groups) {
            return Err("a correlation names a group that it does not have".to_owned());
        }
        if self.percentile.is_some_and(|p| !(1..=100).contains(&p)) {
            return Err("there is no such percentile".to_owned());
        }
        let counts = matches!(
            self.kind,
            CorrelationType::EventCount | CorrelationType::ValueCount
        );
        self.bounds.within_limits(counts)
    }
}

impl Bounds {
    /// Numbers are finite, and counts whole and no larger than the limit.
    fn within_limits(&self, counts: bool) -> Result<(), String> {
        let limit = limits::COUNT;
        #[expect(clippy::cast_precision_loss, reason = "the limit is small")]
        let largest = limit as f64;
        for (_, number) in &self.all {
            if !number.is_finite() {
                return Err(format!("{number} is no number to compare with"));
            }
            if counts && (number.fract() != 0.0 || *number < 0.0 || *number > largest) {
                return Err(format!(
                    "a correlation counts to {number} and the limit is {limit}"
                ));
            }
        }
        Ok(())
    }
}
