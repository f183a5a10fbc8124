//! One rule or filter: names looked up, linted, compiled and verified.

use crate::ast;
use crate::compile::{self, Output};
use crate::diagnostic::{Code, Report, quoted};
use crate::document::{FilterDocument, RuleDocument};
use crate::least;
use crate::limits;
use crate::lint;
use crate::placeholder::Placeholders;
use crate::resolve::Resolver;
use crate::rule::{AuditLevel, Filter, Rule};
use crate::source::{Sources, Span};
use crate::tree::Tree;

/// What is made of the selections and the condition of a document.
struct Made {
    output: Output,
    /// The least audit levels at which the condition can hold.
    inferred: least::Levels,
    /// Why the condition cannot hold.
    inactive: Option<String>,
}

/// What documents need of the set.
pub(super) struct Set<'a> {
    pub(super) sources: &'a Sources,
    pub(super) placeholders: &'a Placeholders,
}

impl Set<'_> {
    pub(super) fn rule(&mut self, document: RuleDocument, report: &mut Report) -> Option<Rule> {
        let Made {
            output,
            inferred,
            inactive,
        } = self.program(
            document.scope.as_ref(),
            document.metadata.span,
            true,
            document.requires,
            report,
        )?;
        let levels = output.extra.into_iter().zip(document.levels).collect();
        Some(Rule {
            metadata: document.metadata,
            level: document.level,
            levels,
            message: document.message,
            requires: document.requires,
            inferred,
            tests: document.tests,
            suppress: document.suppress,
            silenced: false,
            program: output.program,
            filters: [].into(),
            inactive,
        })
    }

    pub(super) fn filter(
        &mut self,
        document: FilterDocument,
        report: &mut Report,
    ) -> Option<Filter> {
        let Made { output, .. } = self.program(
            document.scope.as_ref(),
            document.metadata.span,
            false,
            None,
            report,
        )?;
        Some(Filter {
            metadata: document.metadata,
            expires: document.expires,
            program: output.program,
            inactive: None,
        })
    }

    /// Resolves and compiles; `None` when the document has an error, old or new.
    fn program(
        &self,
        scope: Option<&ast::Scope>,
        span: Span,
        is_rule: bool,
        requires: Option<AuditLevel>,
        report: &mut Report,
    ) -> Option<Made> {
        let text = self.sources.text(report.source());
        let mut resolver = Resolver::new(text, report, self.placeholders);
        let ast = scope?;
        let scope = resolver.scope(ast);
        let empty = resolver.empty;
        if report.has_errors_in(span) {
            return None;
        }
        let scope = scope?;
        lint::document(ast, is_rule, requires, report);
        if empty.is_empty() {
            lint::logic::document(ast, &scope, is_rule, span, report);
        }
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
        Some(Made {
            output,
            inferred,
            inactive,
        })
    }
}
