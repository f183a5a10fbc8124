//! Looks names up: fields in the table, selections in their scope, placeholders in the set.

use std::collections::HashMap;
use std::sync::Arc;

use audit_model::{FIELDS, Field, Path, Segment, Shape};

use crate::api::{Of, Type, Value};
use crate::ast::{self, BlockQuantifier, Body, Condition, Name, Quantity};
use crate::diagnostic::{Code, Report, quoted};
use crate::foreign;
use crate::limits;
use crate::lint;
use crate::placeholder::Placeholders;
use crate::program::{Operand, Quantifier};
use crate::source::Span;
use crate::tree::{Block, Scope, Tree};

/// Looks up the names of one document.
#[derive(Debug)]
pub(crate) struct Resolver<'a> {
    pub(crate) file: &'a str,
    pub(crate) report: &'a mut Report,
    pub(crate) placeholders: &'a Placeholders,
    /// Placeholders with an empty list that the document uses.
    pub(crate) empty: Vec<String>,
    /// Values so far, over all items.
    pub(crate) n_values: usize,
    /// Regular expressions so far.
    pub(crate) n_regexes: usize,
    n_scopes: usize,
    /// Whether something of the selections or the condition was reported.
    pub(crate) is_broken: bool,
    /// Whether something of the conditions of `levels` was.
    pub(crate) is_extra_broken: bool,
}

/// Short names of old rules, and what they stand for where the table has no such field.
pub(crate) const SHORT_NAMES: [(&str, &str); 4] = [
    (
        "capabilities",
        "requestObject.spec.containers.securityContext.capabilities.add",
    ),
    ("hostPath", "requestObject.spec.volumes.hostPath"),
    (
        "privileged",
        "requestObject.spec.containers.securityContext.privileged",
    ),
    ("username", "user.username"),
];

/// Names longer than this are near no known one, and looking costs the product of both lengths.
const NEAR_BYTES: usize = 64;

/// Whether a name goes on below a field that is open, or below an object without saying which.
fn is_open(name: &str) -> bool {
    let below = |known: &str| {
        name.strip_prefix(known)
            .is_some_and(|rest| rest.starts_with(['.', '[']))
    };
    let open = FIELDS
        .iter()
        .filter(|info| matches!(info.shape, Shape::Object | Shape::Objects | Shape::Map));
    open.map(|info| info.name)
        .chain(["spec", "metadata"])
        .any(below)
}

/// Finds the field that a rule names.
pub(crate) fn field(name: &Name, report: &mut Report) -> Option<Field> {
    if let Err(error) = Path::parse(&name.text) {
        let message = format!("{}: {error}", quoted(&name.text));
        report.add(Code::BadFieldName, name.span, message);
        return None;
    }
    if name.text.len() > NEAR_BYTES && !is_open(&name.text) {
        let message = format!("{}: no audit event has this field", quoted(&name.text));
        report.add(Code::UnknownField, name.span, message);
        return None;
    }
    let error = match Field::resolve(&name.text) {
        Ok(field) => {
            lint::fields::of_event(name, &field, report);
            return Some(field);
        }
        Err(error) => error,
    };
    if let Some(field) = short(&name.text) {
        return Some(field);
    }
    let ours = foreign::field(&name.text);
    let help = match (ours, error.suggestions()) {
        (Some(ours), _) => Some(format!("write {}", quoted(&ours))),
        (None, []) => None,
        (None, [first, more @ ..]) => {
            let mut help = format!("did you mean {}", quoted(first));
            for other in more {
                help.push_str(" or ");
                help.push_str(&quoted(other));
            }
            help.push('?');
            Some(help)
        }
    };
    let message = format!("{}: {error}", quoted(&name.text));
    report.add_with_help(Code::UnknownField, name.span, message, help);
    None
}

/// Names of fields near to one that is none, best first.
pub(crate) fn suggestions(name: &str) -> Vec<String> {
    if name.len() > NEAR_BYTES {
        return Vec::new();
    }
    if let Some(ours) = foreign::field(name) {
        return vec![ours];
    }
    let error = Field::resolve(name).err();
    error.map_or_else(Vec::new, |error| error.suggestions().to_vec())
}

/// The field that a short name stands for.
fn short(name: &str) -> Option<Field> {
    let (head, rest) = name.split_at(name.find(['.', '[']).unwrap_or(name.len()));
    let (_, long) = SHORT_NAMES.iter().find(|(short, _)| *short == head)?;
    Field::resolve(&format!("{long}{rest}")).ok()
}

/// The field of a name that was resolved before.
pub(crate) fn known(name: &str) -> Option<Field> {
    short(name).or_else(|| Field::resolve(name).ok())
}

impl<'a> Resolver<'a> {
    pub(crate) fn new(
        file: &'a str,
        report: &'a mut Report,
        placeholders: &'a Placeholders,
    ) -> Self {
        Self {
            file,
            report,
            placeholders,
            empty: Vec::new(),
            n_values: 0,
            n_regexes: 0,
            n_scopes: 0,
            is_broken: false,
            is_extra_broken: false,
        }
    }

    /// Resolves selections, condition and further conditions. What was reported is broken in it.
    pub(crate) fn scope(&mut self, scope: &ast::Scope) -> Scope {
        self.scope_of(scope, None)
    }

    /// Of a block, `member` is what its members are.
    fn scope_of(&mut self, scope: &ast::Scope, member: Option<Member>) -> Scope {
        let id = self.n_scopes;
        self.n_scopes += 1;
        let mut selections = Vec::with_capacity(scope.selections.len());
        for selection in &scope.selections {
            let tree = selection
                .body
                .as_ref()
                .and_then(|body| self.body(body, member));
            selections.push((selection.name.clone(), self.or_broken(tree)));
        }
        let mut names = Names::new(scope);
        let mut tree = names.whole(scope.condition.as_ref(), self.report);
        self.is_broken |= names.is_broken || !scope.is_complete;
        let extra = scope.extra.iter();
        let extra: Vec<_> = extra
            .map(|extra| names.whole(extra.as_ref(), self.report))
            .collect();
        self.is_extra_broken |= names.is_broken;
        // Of a condition that could not be read nobody knows what it would have used.
        if scope.is_complete && !names.is_broken {
            lint::unused_selections(scope, &names.used, self.report);
        }
        if !scope.named {
            // A plain block is its only selection.
            tree = selections.pop().map_or(tree, |(_, tree)| tree);
        }
        Scope {
            id,
            selections,
            condition: tree,
            extra,
        }
    }

    fn or_broken(&mut self, tree: Option<Tree>) -> Tree {
        self.is_broken |= tree.is_none();
        tree.unwrap_or(Tree::Broken)
    }

    fn body(&mut self, body: &Body, member: Option<Member>) -> Option<Tree> {
        match body {
            Body::And(parts) => self.bodies(parts, member).map(Tree::And),
            Body::Or(parts) => self.bodies(parts, member).map(Tree::Or),
            Body::Item(item) => {
                if matches!(member, Some(Member::Object(_))) {
                    lint::fields::whole_member(item, self.report)?;
                }
                let operand = self.operand(&item.name, member);
                let value = operand.as_ref().map(|operand| value_of(operand, member));
                self.item(item, operand, value.unwrap_or(Value::OPEN))
            }
            Body::Keywords(keywords) => self.keywords(keywords),
            Body::Block(block) => self.block(block, member),
            Body::Broken(name) => {
                if let Some(name) = name {
                    self.operand(name, member);
                }
                None
            }
        }
    }

    fn bodies(&mut self, parts: &[Body], member: Option<Member>) -> Option<Vec<Tree>> {
        let mut trees = Vec::with_capacity(parts.len());
        for part in parts {
            if self.report.is_full() {
                return None;
            }
            let tree = self.body(part, member);
            trees.push(self.or_broken(tree));
        }
        Some(trees)
    }

    fn block(&mut self, block: &ast::Block, member: Option<Member>) -> Option<Tree> {
        let operand = self.operand(&block.name, member);
        let inner = match (&operand, member) {
            (Some(Operand::Field(field)), _) => self.members_of(field, &block.name),
            (Some(Operand::Member(path)), Some(Member::Object(of))) => {
                Some(Member::of(&Value::of_member(of, path)))
            }
            _ => Some(Member::Open),
        };
        // A list that is none is reported; its members are still read, to report what else is wrong.
        let scope = self.scope_of(&block.scope, Some(inner.unwrap_or(Member::Open)));
        let operand = operand?;
        inner?;
        let quantifier = match block.quantifier {
            BlockQuantifier::Any | BlockQuantifier::None => Quantifier::Any,
            BlockQuantifier::All => Quantifier::All,
            BlockQuantifier::AllOrEmpty => Quantifier::AllOrEmpty,
        };
        let tree = Tree::Block(Box::new(Block {
            operand,
            quantifier,
            scope,
            span: block.name.span,
        }));
        Some(if block.quantifier == BlockQuantifier::None {
            Tree::Not(Box::new(tree))
        } else {
            tree
        })
    }

    /// What the members of a field are; `None` when it has none, which is reported.
    fn members_of(&mut self, field: &Field, name: &Name) -> Option<Member> {
        match field.shape() {
            None if field.info().shape == Shape::List => {}
            None | Some(Shape::Object | Shape::Objects) => {
                return Some(Member::of(&Value::of_field(field)));
            }
            Some(Shape::List) => return Some(Member::of(&Value::of_field(field))),
            Some(Shape::Map) => return Some(Member::Entry),
            _ => {}
        }
        self.report.add(
            Code::NotAList,
            name.span,
            format!("{} is not a list, so it has no members", quoted(&name.text)),
        );
        None
    }

    fn operand(&mut self, name: &Name, member: Option<Member>) -> Option<Operand> {
        let Some(member) = member else {
            return field(name, self.report).map(Operand::Field);
        };
        let path = match Path::parse(&name.text) {
            Ok(path) => path,
            Err(error) => {
                let message = format!("{}: {error}", quoted(&name.text));
                self.report.add(Code::BadFieldName, name.span, message);
                return None;
            }
        };
        let help = match (member, path.segments()) {
            (Member::Open, _) | (Member::Text(_), []) => return Some(Operand::Member(path)),
            (Member::Entry, [Segment::Key(key), ..]) if matches!(&**key, "key" | "value") => {
                return Some(Operand::Member(path));
            }
            (Member::Object(of), _) => {
                lint::fields::of_member(name, of, &path, self.report)?;
                return Some(Operand::Member(path));
            }
            (Member::Text(_), _) => "the members are texts: `.` is the member itself",
            (Member::Entry, _) => "the members are entries with a `key` and a `value`",
        };
        self.report
            .add(
                Code::UnknownMember,
                name.span,
                format!("a member has no {}", quoted(&name.text)),
            )
            .set_help(help);
        None
    }
}

/// What stands in a list that a block ranges over.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Member {
    /// Anything: an object of the API as a rule.
    Open,
    /// An object of the API whose members are known.
    Object(&'static Type),
    /// Text, or a number.
    Text(Of),
    /// An entry of a map.
    Entry,
}

/// What an operand yields.
fn value_of(operand: &Operand, member: Option<Member>) -> Value {
    let found = match (operand, member) {
        (Operand::Field(field), _) => Value::of_field(field).ok(),
        (Operand::Member(path), Some(Member::Object(of))) => Value::of_member(of, path).ok(),
        (Operand::Member(_), Some(Member::Text(of))) => Some(Value { of, many: false }),
        _ => None,
    };
    found.unwrap_or(Value::OPEN)
}

impl Member {
    /// What the members of a list are.
    fn of<E>(list: &Result<Value, E>) -> Self {
        match list {
            Ok(Value {
                of: Of::Object(known),
                ..
            }) => Self::Object(known),
            Ok(Value {
                of: of @ (Of::Text | Of::Words(_) | Of::Number | Of::Group),
                many: true,
            }) => Self::Text(*of),
            _ => Self::Open,
        }
    }
}

/// The selections of a scope by name, and which of them a condition uses.
struct Names<'s> {
    scope: &'s ast::Scope,
    by_name: HashMap<&'s str, usize>,
    used: Vec<bool>,
    /// How often selections are used, to stop quantifiers before they fill the memory.
    n_uses: usize,
    /// Whether a condition names something that is not there.
    is_broken: bool,
}

impl<'s> Names<'s> {
    fn new(scope: &'s ast::Scope) -> Self {
        let names = scope.selections.iter().enumerate();
        Self {
            by_name: names
                .map(|(idx, selection)| (selection.name.as_str(), idx))
                .collect(),
            used: vec![false; scope.selections.len()],
            n_uses: 0,
            is_broken: false,
            scope,
        }
    }

    /// A condition; broken as a whole when it could not be read, or is too much to look at.
    fn whole(&mut self, condition: Option<&Condition>, report: &mut Report) -> Tree {
        let tree = condition.map(|condition| self.condition(condition, report));
        let tree = tree.filter(|_| self.n_uses <= limits::PROGRAM_OPS);
        self.is_broken |= tree.is_none();
        tree.unwrap_or(Tree::Broken)
    }

    fn condition(&mut self, condition: &Condition, report: &mut Report) -> Tree {
        let tree = match condition {
            Condition::Or(parts) => Some(Tree::Or(self.conditions(parts, report))),
            Condition::And(parts) => Some(Tree::And(self.conditions(parts, report))),
            Condition::Not(inner) => Some(Tree::Not(Box::new(self.condition(inner, report)))),
            Condition::Name(name) => self.name(name, report),
            Condition::Them(quantity, span) => {
                let found = matching(self.scope, "*");
                self.quantified(*quantity, found, *span, "them", report)
            }
            Condition::Pattern(quantity, (pattern, span)) => {
                let found = matching(self.scope, pattern);
                self.quantified(*quantity, found, *span, pattern, report)
            }
        };
        self.is_broken |= tree.is_none();
        tree.unwrap_or(Tree::Broken)
    }

    fn conditions(&mut self, parts: &[Condition], report: &mut Report) -> Vec<Tree> {
        let parts = parts.iter();
        parts.map(|part| self.condition(part, report)).collect()
    }

    fn name(&mut self, (name, span): &(String, Span), report: &mut Report) -> Option<Tree> {
        if let Some(idx) = self.by_name.get(name.as_str()) {
            return Some(self.select(*idx, None));
        }
        let known = self
            .scope
            .selections
            .iter()
            .map(|selection| selection.name.as_str());
        let help = report.did_you_mean(name, known);
        report.add_with_help(
            Code::UnknownSelection,
            *span,
            format!("there is no selection {}", quoted(name)),
            help,
        );
        None
    }

    fn select(&mut self, idx: usize, group: Option<Arc<str>>) -> Tree {
        if let Some(used) = self.used.get_mut(idx) {
            *used = true;
        }
        Tree::Select(idx, group)
    }

    fn quantified(
        &mut self,
        quantity: Quantity,
        found: Vec<usize>,
        span: Span,
        pattern: &str,
        report: &mut Report,
    ) -> Option<Tree> {
        let (before, limit) = (self.n_uses, limits::PROGRAM_OPS);
        self.n_uses = before.saturating_add(found.len());
        if self.n_uses > limit {
            // Said once, where it begins.
            if before <= limit {
                let message = format!(
                    "the condition uses selections {} times and the limit is {limit}",
                    self.n_uses
                );
                report.add(Code::ProgramTooLarge, span, message);
            }
            return None;
        }
        if found.is_empty() {
            report
                .add(
                    Code::EmptyQuantifier,
                    span,
                    format!("no selection matches {}", quoted(pattern)),
                )
                .set_help("names that begin with `_` are matched only by a pattern that does too");
            return None;
        }
        let group: Arc<str> = match quantity {
            Quantity::Any => format!("1 of {pattern}"),
            Quantity::All => format!("all of {pattern}"),
        }
        .into();
        let trees = found.into_iter();
        let trees = trees
            .map(|idx| self.select(idx, Some(Arc::clone(&group))))
            .collect();
        Some(match quantity {
            Quantity::Any => Tree::Or(trees),
            Quantity::All => Tree::And(trees),
        })
    }
}

/// The selections whose name a pattern matches. Names that begin with `_` are found only by one that does too.
pub(crate) fn matching(scope: &ast::Scope, pattern: &str) -> Vec<usize> {
    let pieces: Vec<&str> = pattern.split('*').collect();
    let selections = scope.selections.iter().enumerate();
    selections
        .filter(|(_, selection)| {
            (!selection.name.starts_with('_') || pattern.starts_with('_'))
                && matches(&pieces, &selection.name)
        })
        .map(|(idx, _)| idx)
        .collect()
}

/// Whether a name is made of these pieces with anything between them.
fn matches(pieces: &[&str], name: &str) -> bool {
    let [first, middle @ .., last] = pieces else {
        return pieces.first() == Some(&name);
    };
    let rest = name
        .strip_prefix(first)
        .and_then(|rest| rest.strip_suffix(last));
    middle
        .iter()
        .try_fold(rest.unwrap_or_default(), |rest, piece| {
            rest.split_once(piece).map(|(_, rest)| rest)
        })
        .is_some()
        && rest.is_some()
}
