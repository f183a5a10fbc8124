//! The form of programs.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;

use audit_model::{Field, Path, Segment};
use ipnet::IpNet;

use crate::compiled::wire::{Input, Malformed, Wire, Writer, enums, malformed, structs};
use crate::limits;
use crate::number::Number;
use crate::program::{
    Block, BlockIdx, Comparison, Literal, Op, OpIdx, Operand, Polarity, Predicate, PredicateIdx,
    Program, Quantifier, Relation, Routine, RoutineIdx, Selection, Test, TimeTest,
};
use crate::regex::Regex;
use crate::text::Pattern;
use crate::time::TimePart;

macro_rules! indices {
    ($($name:ident)+) => {$(
        impl Wire for $name {
            fn write(&self, out: &mut Writer) {
                self.0.write(out);
            }

            fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
                u32::read(input).map(Self)
            }
        }
    )+};
}
indices!(PredicateIdx BlockIdx RoutineIdx OpIdx);

enums! {
    Op {
        0 Test(predicate),
        1 Block(block),
        2 Call(routine),
        3 Const(value),
        4 Not,
        5 JumpIfFalse(target),
        6 JumpIfTrue(target),
        7 Return,
    }
    Polarity {
        0 Positive,
        1 Negative,
    }
    Operand {
        0 Field(field),
        1 Member(path),
        2 Keyword,
    }
    Test {
        0 Exists,
        1 Present,
        2 OneOf(literals),
        3 Compare(comparison, number),
        4 Regex(regexes),
        5 Cidr(networks),
        6 FieldRef { relation field cased },
        7 Time(part, test),
    }
    TimeTest {
        0 OneOf(numbers),
        1 Compare(comparison, number),
    }
    Comparison {
        0 Lt,
        1 Lte,
        2 Gt,
        3 Gte,
    }
    Relation {
        0 Equals,
        1 Contains,
        2 StartsWith,
        3 EndsWith,
    }
    Quantifier {
        0 Any,
        1 All,
        2 AllOrEmpty,
    }
    TimePart {
        0 Minute,
        1 Hour,
        2 Day,
        3 Week,
        4 Month,
        5 Year,
    }
    Number {
        0 Int(int),
        1 Float(float),
    }
    Segment {
        0 Key(key),
        1 Index(index),
        2 Split(rest),
    }
}

structs! {
    Predicate { operand polarity test }
    Literal { pattern number }
    Block { operand quantifier polarity routine }
    Routine { name start end }
    Selection { name routine }
}

impl Wire for Program {
    fn write(&self, out: &mut Writer) {
        let Self {
            ops,
            places,
            groups,
            predicates,
            blocks,
            routines,
            selections,
            condition,
        } = self;
        ops.write(out);
        places.write(out);
        out.length(groups.len());
        for (op, group) in groups {
            op.write(out);
            out.text(group);
        }
        predicates.write(out);
        blocks.write(out);
        routines.write(out);
        selections.write(out);
        condition.write(out);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let at = input.at();
        let program = Self {
            ops: Wire::read(input)?,
            places: Wire::read(input)?,
            groups: groups(input)?,
            predicates: Wire::read(input)?,
            blocks: Wire::read(input)?,
            routines: Wire::read(input)?,
            selections: Wire::read(input)?,
            condition: Wire::read(input)?,
        };
        let (n_ops, n_places) = (program.ops.len(), program.places.len());
        if n_ops != n_places {
            let what = format!("a program has {n_ops} instructions and {n_places} places");
            return Err(malformed(at, what));
        }
        let mut calls = program.groups.iter().map(|(op, _)| op.index());
        if !calls.clone().is_sorted_by(|before, after| before < after)
            || calls.any(|op| op >= n_ops)
        {
            return Err(malformed(at, "groups of a program are out of order"));
        }
        program
            .within_limits()
            .map_err(|what| malformed(at, what))?;
        program
            .verify()
            .map_err(|error| malformed(at, error.to_string()))?;
        Ok(program)
    }
}

/// Calls and the quantifiers that made them; neighbours share the text of one.
fn groups(input: &mut Input<'_>) -> Result<Vec<(OpIdx, Arc<str>)>, Malformed> {
    let mut groups: Vec<(OpIdx, Arc<str>)> = Vec::new();
    for _ in 0..input.length()? {
        let (op, text) = (Wire::read(input)?, input.text()?);
        let last = groups.last().filter(|(_, group)| **group == *text);
        let group = last.map_or_else(|| text.into(), |(_, group)| Arc::clone(group));
        groups.push((op, group));
    }
    Ok(groups)
}

impl Program {
    /// Holds the program to the limits that rule text is held to.
    fn within_limits(&self) -> Result<(), String> {
        let mut regexes = HashSet::new();
        let mut values = 0;
        for predicate in &self.predicates {
            values += match &predicate.test {
                Test::OneOf(literals) => literals.len(),
                Test::Cidr(networks) => networks.len(),
                Test::Time(_, TimeTest::OneOf(numbers)) => numbers.len(),
                Test::Regex(found) => {
                    regexes.extend(found);
                    found.len()
                }
                _ => 1,
            };
        }
        for (what, n, limit) in [
            ("instructions", self.ops.len(), limits::PROGRAM_OPS),
            ("regular expressions", regexes.len(), limits::REGEXES),
            // What a condition asks for in both ways stands twice, once for each polarity.
            ("values", values, 2 * limits::PROGRAM_VALUES),
        ] {
            if n > limit {
                return Err(format!("a program has {n} {what} and the limit is {limit}"));
            }
        }
        Ok(())
    }
}

impl Wire for Field {
    fn write(&self, out: &mut Writer) {
        out.field(self.id());
        self.path().write(out);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let at = input.at();
        let id = input.field()?;
        let path = Path::read(input)?;
        Self::below(id, path.clone()).ok_or_else(|| {
            let name = id.info().name;
            malformed(at, format!("there is no `{path}` below the field `{name}`"))
        })
    }
}

impl Wire for Path {
    fn write(&self, out: &mut Writer) {
        out.length(self.segments().len());
        for segment in self.segments() {
            segment.write(out);
        }
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let at = input.at();
        Self::new(Wire::read(input)?).map_err(|error| malformed(at, error.to_string()))
    }
}

impl Wire for f64 {
    fn write(&self, out: &mut Writer) {
        out.raw(&self.to_le_bytes());
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let at = input.at();
        let float = input.array().map(Self::from_le_bytes)?;
        if float.is_nan() {
            return Err(malformed(at, "this is not a number"));
        }
        Ok(float)
    }
}

/// As the Sigma string that it was read from: whatever the text, it is a pattern that the compiler could have made.
impl Wire for Pattern {
    fn write(&self, out: &mut Writer) {
        self.is_cased().write(out);
        out.text(&self.to_string());
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let cased = bool::read(input)?;
        Ok(Self::parse(input.text()?, cased))
    }
}

impl Wire for Regex {
    fn write(&self, out: &mut Writer) {
        let Self {
            pattern,
            case_insensitive,
            multi_line,
            dot_matches_new_line,
        } = self;
        pattern.write(out);
        case_insensitive.write(out);
        multi_line.write(out);
        dot_matches_new_line.write(out);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let at = input.at();
        let regex = Self {
            pattern: Wire::read(input)?,
            case_insensitive: Wire::read(input)?,
            multi_line: Wire::read(input)?,
            dot_matches_new_line: Wire::read(input)?,
        };
        if !input.regexes.contains(&regex) {
            regex.build().map_err(|error| {
                malformed(at, format!("a regular expression cannot be used: {error}"))
            })?;
            input.regexes.insert(regex.clone());
        }
        Ok(regex)
    }
}

impl Wire for IpNet {
    fn write(&self, out: &mut Writer) {
        match self.addr() {
            IpAddr::V4(addr) => {
                out.byte(4);
                out.raw(&addr.octets());
            }
            IpAddr::V6(addr) => {
                out.byte(6);
                out.raw(&addr.octets());
            }
        }
        out.byte(self.prefix_len());
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let at = input.at();
        let addr: IpAddr = match input.byte()? {
            4 => input.array::<4>()?.into(),
            6 => input.array::<16>()?.into(),
            version => return Err(malformed(at, format!("there is no IP version {version}"))),
        };
        let length = input.byte()?;
        Self::new(addr, length)
            .map_err(|_| malformed(at, format!("{addr} has no prefix of {length} bits")))
    }
}
