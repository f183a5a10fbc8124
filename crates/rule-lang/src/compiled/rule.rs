//! The form of rules and filters.

use std::sync::Arc;

use audit_model::Network;

use crate::compiled::wire::{Input, Malformed, Wire, Writer, enums, malformed, structs};
use crate::day::Day;
use crate::least::Levels;
use crate::metadata::{Logsource, Metadata};
use crate::rule::{AuditLevel, Filter, FilterIdx, Level, Message, MessagePart, Rule, Status};
use crate::source::{File, SourceId, Sources, Span};

enums! {
    Level {
        0 Informational,
        1 Low,
        2 Medium,
        3 High,
        4 Critical,
    }
    Status {
        0 Unsupported,
        1 Deprecated,
        2 Experimental,
        3 Test,
        4 Stable,
    }
    AuditLevel {
        0 Metadata,
        1 Request,
        2 RequestResponse,
    }
    MessagePart {
        0 Text(text),
        1 Hole(field),
    }
}

structs! {
    Metadata {
        source span title title_span id id_span name name_span status description author tags references falsepositives logsource
    }
    Filter { metadata expires program inactive }
    Levels { least each }
    Logsource { category product service }
    Message { parts }
    Sources { files }
}

impl Wire for Rule {
    fn write(&self, out: &mut Writer) {
        let Self {
            metadata,
            level,
            levels,
            message,
            requires,
            inferred,
            tests: _,
            suppress,
            silenced,
            program,
            filters,
            inactive,
        } = self;
        metadata.write(out);
        level.write(out);
        levels.write(out);
        message.write(out);
        requires.write(out);
        inferred.write(out);
        suppress.write(out);
        silenced.write(out);
        program.write(out);
        filters.to_vec().write(out);
        inactive.write(out);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let at = input.at();
        let rule = Self {
            metadata: Wire::read(input)?,
            level: Wire::read(input)?,
            levels: Wire::read(input)?,
            message: Wire::read(input)?,
            requires: Wire::read(input)?,
            inferred: Wire::read(input)?,
            tests: Vec::new(),
            suppress: Wire::read(input)?,
            silenced: Wire::read(input)?,
            program: Wire::read(input)?,
            filters: filters(input)?,
            inactive: Wire::read(input)?,
        };
        let mut levels = rule.levels.iter();
        if levels.any(|(when, _)| rule.program.routine(*when).is_none()) {
            return Err(malformed(at, "a level of a rule has no such routine"));
        }
        if let Some(filter) = rule
            .filters
            .iter()
            .find(|filter| filter.index() >= input.n_filters)
        {
            let (filter, n) = (filter.index(), input.n_filters);
            return Err(malformed(
                at,
                format!("a rule names filter {filter} of {n}"),
            ));
        }
        Ok(rule)
    }
}

/// Rules that the same filters narrow mostly follow each other, and share the list of them.
fn filters(input: &mut Input<'_>) -> Result<Arc<[FilterIdx]>, Malformed> {
    let filters = Vec::<FilterIdx>::read(input)?;
    if *input.filters != *filters {
        input.filters = filters.into();
    }
    Ok(Arc::clone(&input.filters))
}

impl Wire for FilterIdx {
    fn write(&self, out: &mut Writer) {
        self.index().write(out);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        u32::read(input).map(|index| Self::new(index as usize))
    }
}

impl Wire for SourceId {
    fn write(&self, out: &mut Writer) {
        self.index().write(out);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        u32::read(input).map(Self)
    }
}

impl Wire for Span {
    fn write(&self, out: &mut Writer) {
        (self.start(), self.end()).write(out);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let (start, end) = Wire::read(input)?;
        Ok(Self::new(start, end))
    }
}

/// As text, which is read as that of a rule is.
macro_rules! texts {
    ($($name:ident $what:literal)+) => {$(
        impl Wire for $name {
            fn write(&self, out: &mut Writer) {
                out.text(&self.to_string());
            }

            fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
                let at = input.at();
                let value = input.text()?.parse();
                value.map_err(|_| malformed(at, concat!("this is no ", $what)))
            }
        }
    )+};
}
texts!(Day "day" Network "network");

/// The name and, for each line, how many bytes it has with its line feed; the text is not kept.
impl Wire for File {
    fn write(&self, out: &mut Writer) {
        self.name.write(out);
        out.length(self.lines.len().saturating_sub(1));
        for (start, next) in self.lines.iter().zip(self.lines.iter().skip(1)) {
            (next - start).write(out);
        }
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let name = Wire::read(input)?;
        let at = input.at();
        let mut lines = vec![0_u32];
        for length in Vec::<u32>::read(input)? {
            let start = lines.last().copied().unwrap_or_default();
            let next = start.checked_add(length);
            lines.push(next.ok_or_else(|| malformed(at, "a file is too large"))?);
        }
        Ok(Self {
            name,
            text: String::new(),
            lines,
        })
    }
}
