//! Looks names up: fields in the table, selections in their scope, placeholders in the set.

mod member;
mod names;

pub(crate) use member::Member;
pub(crate) use names::matching;

use audit_model::{FIELDS, Field, Path, Shape};

use crate::api::Value;
use crate::ast::{self, BlockQuantifier, Body, Name};
use crate::diagnostic::{Code, Report, quoted};
use crate::foreign;
use crate::lint;
use crate::metadata::listed;
use crate::placeholder::Placeholders;
use crate::program::Quantifier;
use crate::tree::{Block, Scope, Tree};
use member::value_of;
use names::Names;

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
    /// Whether it was said that the set has written as many values as it may.
    pub(crate) is_spent: bool,
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
    field_beside(name, &[], report)
}

/// The same where what is known of a rule has names too, and may have been meant.
fn field_beside(name: &Name, of_rule: &[&str], report: &mut Report) -> Option<Field> {
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
    let start = name.text.to_ascii_lowercase();
    let is_of_rule = |start_of: &str| !of_rule.is_empty() && start.starts_with(start_of);
    let near = is_of_rule("rule")
        .then(|| report.did_you_mean(&name.text, of_rule.iter().copied()))
        .flatten();
    let help = match (ours, error.suggestions()) {
        _ if near.is_some() => near,
        (Some(ours), _) => Some(format!("write {}", quoted(&ours))),
        _ if is_of_rule("rule.") => Some(format!("what is known of a rule is {}", listed(of_rule))),
        (None, []) => report.did_you_mean(&name.text, SHORT_NAMES.iter().map(|(short, _)| *short)),
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

/// The same of a field that hits are told apart by, or counted: one that has values.
pub(crate) fn field_with_values(name: &Name, report: &mut Report) -> Option<Field> {
    field_of_correlation(name, &[], report)
}

/// The same in a correlation, where `of_rule` are the names of what is known of the rule that matched.
pub(crate) fn field_of_correlation(
    name: &Name,
    of_rule: &[&str],
    report: &mut Report,
) -> Option<Field> {
    let found = field_beside(name, of_rule, report)?;
    let Some(what) = without_value(&found) else {
        return Some(found);
    };
    let message = format!(
        "{} is {what} and has no value of its own",
        quoted(&name.text)
    );
    report
        .add(Code::UnknownGroup, name.span, message)
        .set_help("name a part of it that is text or a number");
    None
}

/// What a field is that has no value of its own.
fn without_value(field: &Field) -> Option<&'static str> {
    match field.shape() {
        Some(Shape::Struct) => Some("a part of the event"),
        Some(Shape::Map) => Some("a map"),
        Some(Shape::Object) => Some("an object"),
        Some(Shape::Objects) => Some("a list of objects"),
        _ => None,
    }
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

/// The same of one that has values.
pub(crate) fn known_with_values(name: &str) -> Option<Field> {
    known(name).filter(|field| without_value(field).is_none())
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
            is_spent: false,
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
        lint::unused_selections(names.unused(), self.report);
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
        let inner = self.members(block, operand.as_ref(), member);
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
}
