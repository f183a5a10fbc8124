//! One rule or filter: names looked up, linted, compiled and verified.

use super::File;
use crate::ast;
use crate::compile::{self, Output};
use crate::diagnostic::{Code, Report, quoted};
use crate::document::{FilterDocument, Requires, RuleDocument};
use crate::least;
use crate::limits;
use crate::lint;
use crate::lint::filters::{Added, Filters};
use crate::lint::grouped::{Lacking, Wanted};
use crate::narrowing::Narrowing;
use crate::placeholder::Placeholders;
use crate::resolve::Resolver;
use crate::rule::{Filter, Rule};
use crate::source::{Sources, Span};
use crate::targets::Targets;
use crate::tree::{self, Tree};

/// What is made of the selections and the condition of a document.
struct Made {
    output: Output,
    /// The least audit levels at which the condition can hold.
    inferred: least::Levels,
    /// Why the condition cannot hold.
    inactive: Option<String>,
    /// What was asked, as it was written; nothing where a list is empty.
    tree: Option<tree::Scope>,
    /// Whether the document has no error anywhere else.
    is_good: bool,
}

/// A rule whose selections and condition are whole.
pub(super) struct Whole {
    pub(super) rule: Rule,
    /// Fields that correlations want of it and that no event has which it finds.
    pub(super) lacking: Lacking,
    /// Whether it has no error anywhere else. A rule with one is compared with others and not used.
    pub(super) is_good: bool,
}

/// Filters by the rules that they narrow.
#[derive(Default)]
struct Narrowers {
    n: usize,
    narrowing: Narrowing,
    compared: Filters,
}

impl Narrowers {
    fn add(&mut self, filter: &Filter, targets: Targets, added: Option<Added>) {
        if filter.inactive.is_none() {
            let logsource = &filter.metadata.logsource;
            self.narrowing.add(self.n, targets, logsource);
        }
        self.compared.add(added);
        self.n += 1;
    }
}

/// What documents need of the set.
pub(super) struct Set<'a> {
    pub(super) sources: &'a Sources,
    pub(super) placeholders: &'a Placeholders,
    /// The filters, beside which each rule is looked at.
    good: Narrowers,
    /// Filters with an error that does not matter to that.
    wrong: Narrowers,
    has_filters: bool,
    /// What correlations want to know of rules.
    wanted: Wanted<'a>,
}

impl<'a> Set<'a> {
    pub(super) fn new(
        sources: &'a Sources,
        placeholders: &'a Placeholders,
        has_filters: bool,
        wanted: Wanted<'a>,
    ) -> Self {
        Self {
            sources,
            placeholders,
            good: Narrowers::default(),
            wrong: Narrowers::default(),
            has_filters,
            wanted,
        }
    }

    /// Reports what was found of filters beside rules.
    pub(super) fn finish(&self, files: &mut [File]) {
        self.good.compared.finish(files);
        self.wrong.compared.finish(files);
    }

    /// A rule, and the filters that narrow it.
    pub(super) fn rule(&mut self, document: RuleDocument, report: &mut Report) -> Option<Whole> {
        let Made {
            output,
            inferred,
            inactive,
            tree,
            is_good,
        } = self.program(
            document.scope.as_ref(),
            document.metadata.span,
            true,
            document.requires,
            self.has_filters || self.wanted.is_about(&document.metadata),
            report,
        )?;
        let lacking = match (&document.scope, &tree) {
            (Some(ast), Some(tree)) => self.wanted.lacking(&document.metadata, ast, tree),
            _ => Lacking::new(),
        };
        let narrowed_by = |of: &mut Narrowers| {
            let filters = of.narrowing.of(&document.metadata);
            if let (Some(ast), Some(tree), false) = (&document.scope, &tree, filters.is_empty()) {
                of.compared.compare(&document.metadata, ast, tree, &filters);
            }
            filters
        };
        let filters = narrowed_by(&mut self.good);
        narrowed_by(&mut self.wrong);
        let levels = output.extra.into_iter().zip(document.levels).collect();
        let rule = Rule {
            metadata: document.metadata,
            level: document.level,
            levels,
            message: document.message,
            requires: document.requires.level(),
            inferred,
            tests: document.tests,
            suppress: document.suppress,
            silenced: false,
            program: output.program,
            filters,
            inactive,
        };
        Some(Whole {
            rule,
            lacking,
            is_good,
        })
    }

    /// A filter, which is compared with the rules that come later.
    pub(super) fn filter(
        &mut self,
        document: FilterDocument,
        file: usize,
        inactive: Option<String>,
        report: &mut Report,
    ) -> Option<Filter> {
        let Made {
            output,
            tree,
            is_good,
            ..
        } = self.program(
            document.scope.as_ref(),
            document.metadata.span,
            false,
            Requires::Unsaid,
            true,
            report,
        )?;
        let filter = Filter {
            metadata: document.metadata,
            expires: document.expires,
            program: output.program,
            inactive,
        };
        let added = document.scope.zip(tree).map(|(ast, tree)| Added {
            file,
            ast,
            tree,
            targets: document.targets.clone(),
            spares_impersonated: filter.spares_impersonated(),
        });
        let narrowers = if is_good {
            &mut self.good
        } else {
            &mut self.wrong
        };
        narrowers.add(&filter, document.targets, added);
        is_good.then_some(filter)
    }

    /// Resolves, lints and compiles; `None` when the selections or the condition have an error. What could be read is linted
    /// all the same.
    fn program(
        &self,
        scope: Option<&ast::Scope>,
        span: Span,
        is_rule: bool,
        requires: Requires,
        keeps_tree: bool,
        report: &mut Report,
    ) -> Option<Made> {
        let text = self.sources.text(report.source());
        let mut resolver = Resolver::new(text, report, self.placeholders);
        let written = scope?;
        let scope = resolver.scope(written);
        let (is_whole, is_extra_whole) = (!resolver.is_broken, !resolver.is_extra_broken);
        let empty = resolver.empty;
        if report.is_full() {
            return None;
        }
        let has_errors = report.has_errors_in(span);
        let readable = (!is_whole).then(|| written.without_broken(&scope));
        let ast = readable.as_ref().unwrap_or(written);
        let about = lint::About {
            is_rule,
            claims_no_body: requires.claims_no_body(),
            is_whole,
        };
        lint::document(ast, about, report);
        if empty.is_empty() {
            lint::logic::document(ast, &scope, is_rule, span, report);
        }
        if !is_whole || !is_extra_whole {
            return None;
        }
        let tree = (keeps_tree && empty.is_empty()).then(|| scope.clone());
        let scope = scope.fold();
        let inactive = match (&scope.condition, empty.first()) {
            (Tree::Const(false), Some(name)) => {
                Some(format!("the placeholder {} is empty", quoted(name)))
            }
            _ => None,
        };
        let inferred = least::levels(&scope);
        let Ok(output) = compile::compile(&scope) else {
            let limit = limits::PROGRAM_OPS;
            let message =
                format!("compiled, this has more than {limit} instructions, which is the limit");
            report.add(Code::ProgramTooLarge, span, message);
            return None;
        };
        if let Err(error) = output.program.verify() {
            let message = format!("the compiler made a bad program of this: {error}");
            report
                .add(Code::Defect, span, message)
                .set_help("this is a defect of kubesift; please report it with this file");
            return None;
        }
        if is_rule && inactive.is_none() {
            lint::requires::wrong(requires, inferred.least, &scope, report);
            let asks = lint::cost::asks_for_something(&scope);
            lint::cost::asked_of_all(ast, asks, &output.program, report);
        }
        Some(Made {
            output,
            inferred,
            inactive,
            tree,
            is_good: !has_errors,
        })
    }
}
