//! One rule or filter: names looked up, linted, compiled and verified.

use std::sync::Arc;

use crate::ast;
use crate::compile::{self, Output};
use crate::diagnostic::{Code, Report, quoted};
use crate::document::{FilterDocument, Requires, RuleDocument};
use crate::least;
use crate::limits;
use crate::lint;
use crate::lint::filters::{Added, Filters};
use crate::placeholder::Placeholders;
use crate::resolve::Resolver;
use crate::rule::{Filter, FilterIdx, Rule};
use crate::source::{Sources, Span};
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
}

/// What documents need of the set.
pub(super) struct Set<'a> {
    pub(super) sources: &'a Sources,
    pub(super) placeholders: &'a Placeholders,
    /// The filters, beside which each rule is looked at.
    pub(super) filters: Filters,
    pub(super) has_filters: bool,
}

impl Set<'_> {
    /// A rule, and the filters that narrow it.
    pub(super) fn rule(
        &mut self,
        document: RuleDocument,
        narrowed_by: Arc<[FilterIdx]>,
        report: &mut Report,
    ) -> Option<Rule> {
        let Made {
            output,
            inferred,
            inactive,
            tree,
        } = self.program(
            document.scope.as_ref(),
            document.metadata.span,
            true,
            document.requires,
            report,
        )?;
        if !narrowed_by.is_empty()
            && let (Some(ast), Some(tree)) = (&document.scope, &tree)
        {
            self.filters
                .compare(&document.metadata, ast, tree, &narrowed_by);
        }
        let levels = output.extra.into_iter().zip(document.levels).collect();
        Some(Rule {
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
            filters: narrowed_by,
            inactive,
        })
    }

    /// A filter, and what of it is compared with rules.
    pub(super) fn filter(
        &mut self,
        document: FilterDocument,
        file: usize,
        report: &mut Report,
    ) -> Option<(Filter, Option<Added>)> {
        let Made { output, tree, .. } = self.program(
            document.scope.as_ref(),
            document.metadata.span,
            false,
            Requires::Unsaid,
            report,
        )?;
        let filter = Filter {
            metadata: document.metadata,
            expires: document.expires,
            program: output.program,
            inactive: None,
        };
        let added = document.scope.zip(tree).map(|(ast, tree)| Added {
            file,
            ast,
            tree,
            targets: document.targets,
            spares_impersonated: filter.spares_impersonated(),
        });
        Some((filter, added))
    }

    /// Resolves, lints and compiles; `None` when the document has an error, old or new. What could be read is linted all the
    /// same.
    fn program(
        &self,
        scope: Option<&ast::Scope>,
        span: Span,
        is_rule: bool,
        requires: Requires,
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
        let tree = (self.has_filters && empty.is_empty()).then(|| scope.clone());
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
        if has_errors {
            return None;
        }
        Some(Made {
            output,
            inferred,
            inactive,
            tree,
        })
    }
}
