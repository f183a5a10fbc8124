//! Programs as text, for people: the `Debug` form of a [`Program`].

use std::fmt;

use crate::program::{
    Block, Comparison, Literal, Op, Operand, Polarity, Predicate, Program, Quantifier, Relation,
    Test, TimeTest,
};

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (idx, routine) in self.routines.iter().enumerate() {
            let name = if routine.name.is_empty() {
                "block"
            } else {
                &routine.name
            };
            write!(f, "r{idx} {name}:")?;
            if self.condition.index() == idx {
                f.write_str(" // the condition")?;
            }
            writeln!(f)?;
            for at in routine.start.index()..routine.end.index() {
                if let Some(op) = self.ops.get(at) {
                    write!(f, "{at:>5}  ")?;
                    self.fmt_op(*op, f)?;
                    writeln!(f)?;
                }
            }
        }
        for selection in &self.selections {
            writeln!(
                f,
                "selection {} = r{}",
                selection.name,
                selection.routine.index()
            )?;
        }
        Ok(())
    }
}

impl Program {
    fn fmt_op(&self, op: Op, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match op {
            Op::Test(idx) => match self.predicate(idx) {
                Some(predicate) => write!(f, "test p{} {predicate}", idx.index()),
                None => write!(f, "test p{}", idx.index()),
            },
            Op::Block(idx) => match self.block(idx) {
                Some(block) => write!(f, "block b{} {block}", idx.index()),
                None => write!(f, "block b{}", idx.index()),
            },
            Op::Call(idx) => {
                let name = self.routine(idx).map_or("", |routine| &routine.name);
                write!(f, "call r{} {name}", idx.index())
            }
            Op::Const(value) => write!(f, "const {value}"),
            Op::Not => f.write_str("not"),
            Op::JumpIfFalse(target) => write!(f, "jump-if-false {}", target.index()),
            Op::JumpIfTrue(target) => write!(f, "jump-if-true {}", target.index()),
            Op::Return => f.write_str("return"),
        }
    }
}

impl fmt::Display for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.polarity, self.operand, self.test)
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quantifier = match self.quantifier {
            Quantifier::Any => "any",
            Quantifier::All => "all",
            Quantifier::AllOrEmpty => "all-or-empty",
        };
        write!(
            f,
            "{} {}[{quantifier}] r{}",
            self.polarity,
            self.operand,
            self.routine.index()
        )
    }
}

impl fmt::Display for Polarity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Positive => "+",
            Self::Negative => "-",
        })
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(field) => field.fmt(f),
            Self::Member(path) if path.is_empty() => f.write_str("."),
            Self::Member(path) => write!(f, ".{path}"),
            Self::Keyword => f.write_str("keyword"),
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists => f.write_str("exists"),
            Self::Present => f.write_str("present"),
            Self::OneOf(literals) => {
                f.write_str("is ")?;
                fmt_list(literals, f)
            }
            Self::Compare(comparison, number) => write!(f, "{comparison} {number}"),
            Self::Regex(regexes) => {
                f.write_str("finds ")?;
                fmt_list(regexes, f)
            }
            Self::Cidr(networks) => {
                f.write_str("in ")?;
                fmt_list(networks, f)
            }
            Self::FieldRef {
                relation,
                field,
                cased,
            } => {
                let cased = if *cased { "cased " } else { "" };
                write!(f, "{relation} {cased}field {field}")
            }
            Self::Time(part, TimeTest::OneOf(numbers)) => {
                write!(f, "{part} is ")?;
                fmt_list(numbers, f)
            }
            Self::Time(part, TimeTest::Compare(comparison, number)) => {
                write!(f, "{part} {comparison} {number}")
            }
        }
    }
}

/// One item as it is, more of them between brackets.
fn fmt_list<T: fmt::Display>(items: &[T], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if let [item] = items {
        return item.fmt(f);
    }
    f.write_str("[")?;
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            f.write_str(", ")?;
        }
        item.fmt(f)?;
    }
    f.write_str("]")
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", visible(&self.pattern.to_string()))?;
        if self.pattern.is_cased() {
            f.write_str(" cased")?;
        }
        if let Some(number) = self.number {
            write!(f, " or number {number}")?;
        }
        Ok(())
    }
}

/// Makes control characters visible and leaves everything else.
fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lt => "<",
            Self::Lte => "<=",
            Self::Gt => ">",
            Self::Gte => ">=",
        })
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equals => "equals",
            Self::Contains => "contains",
            Self::StartsWith => "starts-with",
            Self::EndsWith => "ends-with",
        })
    }
}
