//! `rules`: what a filter or an override is about.

use crate::ast::Name;
use crate::diagnostic::Code;
use crate::metadata::Keys;
use crate::scalar::Scalar;
use crate::source::Span;
use crate::yaml::{Entry, Kind, Node};

/// What a document under `rules` says it is about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Targets {
    /// Ids, names and tags.
    pub(crate) names: Vec<Name>,
    /// Whether it is about every rule.
    pub(crate) any: bool,
    /// Where it says so.
    pub(crate) any_span: Span,
}

impl Keys<'_> {
    /// What a filter or an override says it is about; the help is for one that does not say.
    pub(crate) fn targets(&mut self, owner: &Entry, help: &str) -> Targets {
        let Some(rules) = owner.value.get("rules") else {
            if owner.value.map().is_some() {
                let mut keys = Keys {
                    node: &owner.value,
                    file: self.file,
                    report: self.report,
                };
                keys.missing("rules", owner.key.span, help);
            }
            return Targets::default();
        };
        let scalars: Vec<&Scalar> = match &rules.value.kind {
            Kind::Scalar(scalar) => vec![scalar],
            Kind::List(items) => items.iter().filter_map(Node::scalar).collect(),
            Kind::Map(_) | Kind::Refused => Vec::new(),
        };
        let all = match &rules.value.kind {
            Kind::List(items) => items.len(),
            _ => 1,
        };
        if all == 0 {
            self.report
                .add(Code::EmptyValues, rules.value.span, "`rules` names nothing")
                .set_help("`rules: any` is for every rule");
        } else if scalars.is_empty()
            || scalars.len() < all
            || scalars.iter().any(|scalar| scalar.is_null())
        {
            let mut keys = Keys {
                node: &owner.value,
                file: self.file,
                report: self.report,
            };
            keys.wrong_type(rules, "`any` or a list of ids, names and tags");
        }
        let any = scalars.iter().find(|scalar| scalar.text == "any");
        let any = any.map(|scalar| scalar.span);
        let targets = scalars.into_iter().filter(|scalar| scalar.text != "any");
        let targets = targets.map(|scalar| Name {
            text: scalar.text.clone(),
            span: scalar.span,
        });
        Targets {
            names: targets.collect(),
            any: any.is_some(),
            any_span: any.unwrap_or_default(),
        }
    }
}
