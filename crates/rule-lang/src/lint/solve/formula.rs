//! A document as a formula: its tests are atoms over variables, which are what the tests read.

use std::collections::HashMap;

use audit_model::{Field, FieldId};

use super::var::{
    Kind, Member, Var, VarKey, canonical, is_single, kind_below, kind_of, kind_of_member, members,
};
use crate::ast::{self, Body};
use crate::modifier::Chain;
use crate::program::{Operand, Quantifier, Test};
use crate::scalar::Scalar;
use crate::source::Span;
use crate::tree::{self, Tree};

/// A formula over the atoms and selections of a [`Problem`].
#[derive(Debug)]
pub(in crate::lint) enum Formula {
    Const(bool),
    And(Vec<Formula>),
    Or(Vec<Formula>),
    Not(Box<Formula>),
    /// A selection of the formula's own scope.
    Select(usize),
    Atom(usize),
    /// Something that was reported: it may be true and it may be false, whatever else is.
    Unknown,
}

impl Formula {
    /// The formula where its selections stand behind as many others.
    fn behind(self, n_others: usize) -> Self {
        let all = |parts: Vec<Self>| parts.into_iter().map(|part| part.behind(n_others));
        match self {
            Self::And(parts) => Self::And(all(parts).collect()),
            Self::Or(parts) => Self::Or(all(parts).collect()),
            Self::Not(inner) => Self::Not(Box::new(inner.behind(n_others))),
            Self::Select(idx) => Self::Select(idx + n_others),
            other @ (Self::Const(_) | Self::Atom(_) | Self::Unknown) => other,
        }
    }
}

/// Selections and a condition, of the document or of a block.
#[derive(Debug)]
pub(in crate::lint) struct Scope {
    pub(in crate::lint) selections: Vec<Formula>,
    pub(in crate::lint) condition: Formula,
    /// The conditions of `levels`.
    pub(in crate::lint) extra: Vec<Formula>,
}

/// A test or a block of the document.
#[derive(Debug)]
pub(in crate::lint) struct Atom<'a> {
    pub(in crate::lint) what: What<'a>,
    pub(in crate::lint) var: usize,
    /// Whether it reads the recorded field of one that counts empty text as absent.
    pub(super) raw: bool,
    /// The field as the author wrote it, or nothing for keywords.
    pub(in crate::lint) name: &'a str,
    pub(in crate::lint) span: Span,
    /// From the name to the last value.
    pub(in crate::lint) extent: Span,
    /// The modifiers and the values of which it is one or all; a block has none.
    pub(in crate::lint) chain: Chain,
    pub(in crate::lint) values: &'a [Scalar],
}

/// A test as the author wrote it.
#[derive(Clone, Copy)]
struct Written<'a> {
    name: &'a str,
    span: Span,
    chain: Chain,
    values: &'a [Scalar],
}

#[derive(Clone, Copy, Debug)]
pub(in crate::lint) enum What<'a> {
    Test(&'a Test),
    /// A quantifier over members, which satisfy the condition of this scope.
    Block(Quantifier, usize),
    /// Something of which nothing is known, such as a list that a user may change.
    Opaque,
}

/// What events a question is about; none of them has a key that is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Events {
    /// All that can be read, whoever wrote them.
    Any,
    /// Those that an API server writes.
    Written,
}

/// A document, ready to be asked about.
#[derive(Debug)]
pub(in crate::lint) struct Problem<'a> {
    pub(super) events: Events,
    pub(in crate::lint) atoms: Vec<Atom<'a>>,
    pub(super) vars: Vec<Var>,
    /// By [`FieldId::index`].
    by_field: Vec<Option<usize>>,
    /// The first is the document's own.
    pub(in crate::lint) scopes: Vec<Scope>,
    keys: HashMap<VarKey, usize>,
    /// Of two documents, the number of atoms of the first.
    pub(in crate::lint) n_first: usize,
}

impl<'a> Problem<'a> {
    /// `None` when the two sides are not of one document.
    pub(in crate::lint) fn new(ast: &'a ast::Scope, tree: &'a tree::Scope) -> Option<Self> {
        let mut problem = Self::empty();
        let scope = problem.scope(ast, tree, Member::Event)?;
        *problem.scopes.first_mut()? = scope;
        Some(problem)
    }

    /// Two documents about one event. Their conditions are what is `extra`.
    pub(in crate::lint) fn joint(
        first: (&'a ast::Scope, &'a tree::Scope),
        second: (&'a ast::Scope, &'a tree::Scope),
    ) -> Option<Self> {
        let mut problem = Self::empty();
        let first = problem.scope(first.0, first.1, Member::Event)?;
        problem.n_first = problem.atoms.len();
        let second = problem.scope(second.0, second.1, Member::Event)?;
        let whole = problem.scopes.first_mut()?;
        let n_others = first.selections.len();
        whole.selections = first.selections;
        let behind = second.selections.into_iter();
        whole
            .selections
            .extend(behind.map(|one| one.behind(n_others)));
        whole.extra = vec![first.condition, second.condition.behind(n_others)];
        Some(problem)
    }

    /// The variable of a field's own value.
    pub(super) fn var_of(&self, field: FieldId) -> Option<usize> {
        self.by_field.get(field.index()).copied().flatten()
    }

    /// A document and fields, about all events that can be read. That a field has a value is what is `extra`, one for each;
    /// a field stands with its name.
    pub(in crate::lint) fn having(
        document: (&'a ast::Scope, &'a tree::Scope),
        fields: &'a [(&'a str, Operand)],
    ) -> Option<Self> {
        static HAS_VALUE: Test = Test::Present;
        let mut problem = Self::new(document.0, document.1)?;
        problem.n_first = problem.atoms.len();
        let has_value = fields.iter().map(|(name, operand)| {
            let written = Written {
                name,
                span: Span::default(),
                chain: Chain::default(),
                values: &[],
            };
            problem.atom(operand, What::Test(&HAS_VALUE), written, Member::Event)
        });
        let has_value = has_value.collect();
        problem.scopes.first_mut()?.extra = has_value;
        problem.events = Events::Any;
        for var in &mut problem.vars {
            var.kind = var.kind_in_any_event();
        }
        Some(problem)
    }

    fn empty() -> Self {
        Self {
            events: Events::Written,
            atoms: Vec::new(),
            vars: Vec::new(),
            by_field: vec![None; FieldId::COUNT],
            scopes: vec![Scope {
                selections: Vec::new(),
                condition: Formula::Const(true),
                extra: Vec::new(),
            }],
            keys: HashMap::new(),
            n_first: 0,
        }
    }

    /// The field that an atom reads.
    pub(in crate::lint) fn field(&self, atom: &Atom<'_>) -> Option<FieldId> {
        self.vars.get(atom.var)?.field
    }

    fn scope(
        &mut self,
        ast: &'a ast::Scope,
        tree: &'a tree::Scope,
        member: Member,
    ) -> Option<Scope> {
        if !ast.named {
            // A plain block is its only selection.
            let [selection] = ast.selections.as_slice() else {
                return None;
            };
            return Some(Scope {
                selections: Vec::new(),
                condition: self.selection(selection, &tree.condition, member)?,
                extra: Vec::new(),
            });
        }
        let mut selections = Vec::with_capacity(tree.selections.len());
        for (selection, (_, tree)) in ast.selections.iter().zip(&tree.selections) {
            selections.push(self.selection(selection, tree, member)?);
        }
        Some(Scope {
            selections,
            condition: condition(&tree.condition)?,
            extra: tree.extra.iter().map(condition).collect::<Option<_>>()?,
        })
    }

    fn selection(
        &mut self,
        selection: &'a ast::Selection,
        tree: &'a Tree,
        member: Member,
    ) -> Option<Formula> {
        match &selection.body {
            Some(body) => self.body(body, tree, member),
            None => Some(Formula::Unknown),
        }
    }

    fn body(&mut self, body: &'a Body, tree: &'a Tree, member: Member) -> Option<Formula> {
        Some(match (body, tree) {
            (_, Tree::Broken) => Formula::Unknown,
            (Body::And(parts), Tree::And(trees)) => {
                Formula::And(self.bodies(parts, trees, member)?)
            }
            (Body::Or(parts), Tree::Or(trees)) => Formula::Or(self.bodies(parts, trees, member)?),
            (Body::Item(item), _) => {
                let written = Written {
                    name: &item.name.text,
                    span: item.name.span,
                    chain: item.chain,
                    values: &item.values,
                };
                self.tests(tree, written, member)?
            }
            (Body::Keywords(keywords), _) => {
                let written = Written {
                    name: "",
                    span: keywords.span,
                    chain: keywords.chain,
                    values: &keywords.values,
                };
                self.tests(tree, written, member)?
            }
            (Body::Block(block), Tree::Not(inner)) => {
                Formula::Not(Box::new(self.block(block, inner, member)?))
            }
            (Body::Block(block), _) => self.block(block, tree, member)?,
            _ => return None,
        })
    }

    fn bodies(
        &mut self,
        parts: &'a [Body],
        trees: &'a [Tree],
        member: Member,
    ) -> Option<Vec<Formula>> {
        parts
            .iter()
            .zip(trees)
            .map(|(part, tree)| self.body(part, tree, member))
            .collect()
    }

    fn block(&mut self, block: &'a ast::Block, tree: &'a Tree, member: Member) -> Option<Formula> {
        let Tree::Block(found) = tree else {
            return None;
        };
        let inner = members(&found.operand, member);
        let scope = self.scope(&block.scope, &found.scope, inner)?;
        self.scopes.push(scope);
        let what = What::Block(found.quantifier, self.scopes.len() - 1);
        let written = Written {
            name: &block.name.text,
            span: block.name.span,
            chain: Chain::default(),
            values: &[],
        };
        Some(self.atom(&found.operand, what, written, member))
    }

    fn tests(&mut self, tree: &'a Tree, written: Written<'a>, member: Member) -> Option<Formula> {
        let mut all = |trees: &'a [Tree]| -> Option<Vec<Formula>> {
            trees
                .iter()
                .map(|tree| self.tests(tree, written, member))
                .collect()
        };
        Some(match tree {
            Tree::And(trees) => Formula::And(all(trees)?),
            Tree::Or(trees) => Formula::Or(all(trees)?),
            Tree::Not(inner) => Formula::Not(Box::new(self.tests(inner, written, member)?)),
            Tree::Const(value) => Formula::Const(*value),
            Tree::Test(operand, test, _) => {
                let what = if written.chain.expand {
                    What::Opaque
                } else {
                    What::Test(test)
                };
                self.atom(operand, what, written, member)
            }
            Tree::Broken => Formula::Unknown,
            Tree::Select(..) | Tree::Block(_) => return None,
        })
    }

    fn atom(
        &mut self,
        operand: &'a Operand,
        what: What<'a>,
        written: Written<'a>,
        member: Member,
    ) -> Formula {
        let (var, raw) = self.var(operand, what, member);
        let Written {
            name,
            span,
            chain,
            values,
        } = written;
        let end = values.last().map_or(span.end(), |value| value.span.end());
        self.atoms.push(Atom {
            what,
            var,
            raw,
            name,
            span,
            extent: Span::new(span.start(), end.max(span.end())),
            chain,
            values,
        });
        Formula::Atom(self.atoms.len() - 1)
    }

    fn var(&mut self, operand: &Operand, what: What<'_>, member: Member) -> (usize, bool) {
        let field = operand.field().map(Field::id);
        let whole = operand.field().is_some_and(|field| field.path().is_empty());
        let mut raw = false;
        let (key, kind) = match (what, field) {
            (What::Test(Test::Time(part, _)), _) => {
                let kind = if is_single(operand) {
                    Kind::Part(*part)
                } else {
                    Kind::Many
                };
                (VarKey::Time(operand.clone(), *part), kind)
            }
            (_, Some(id)) if whole => {
                let canonical = canonical(id);
                raw = canonical != id && canonical.info().empty_is_absent;
                (VarKey::Field(canonical), kind_of(canonical))
            }
            _ => {
                let kind = match operand {
                    Operand::Member(path) => kind_of_member(path, member),
                    Operand::Field(field) => kind_below(field),
                    Operand::Keyword => Kind::Many,
                };
                (VarKey::Other(operand.clone(), member.name()), kind)
            }
        };
        let is_time = matches!(key, VarKey::Time(..));
        let next = self.vars.len();
        let var = *self.keys.entry(key).or_insert(next);
        if var == next {
            let field = field.map(canonical);
            if let Some(id) = field
                && whole
                && !is_time
                && let Some(of_field) = self.by_field.get_mut(id.index())
            {
                *of_field = Some(var);
            }
            self.vars.push(Var {
                kind,
                field,
                whole: whole && !is_time,
            });
        }
        (var, raw)
    }
}

fn condition(tree: &Tree) -> Option<Formula> {
    let all = |trees: &[Tree]| trees.iter().map(condition).collect::<Option<Vec<_>>>();
    Some(match tree {
        Tree::And(trees) => Formula::And(all(trees)?),
        Tree::Or(trees) => Formula::Or(all(trees)?),
        Tree::Not(inner) => Formula::Not(Box::new(condition(inner)?)),
        Tree::Select(idx, _) => Formula::Select(*idx),
        Tree::Const(value) => Formula::Const(*value),
        Tree::Broken => Formula::Unknown,
        Tree::Test(..) | Tree::Block(_) => return None,
    })
}
