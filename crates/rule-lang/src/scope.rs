//! Scopes: named selections and the condition over them.

use crate::ast::{Condition, Scope, Selection};
use crate::condition;
use crate::detection::Reader;
use crate::diagnostic::{Code, quoted};
use crate::limits;
use crate::scalar::Scalar;
use crate::suggest::nearest;
use crate::yaml::{Entry, Kind, Node};

impl Reader<'_> {
    /// Reads a `detection` or `filter`: named selections and a `condition`. Keys in `others` are passed over.
    pub(crate) fn scope(&mut self, owner: &Scalar, node: &Node, others: &[&str]) -> Option<Scope> {
        let Some(entries) = node.map() else {
            if !node.is_refused() {
                self.report.add(
                    Code::WrongType,
                    node.span,
                    format!(
                        "{} is a map of selections, and this is {}",
                        quoted(&owner.text),
                        node.describe()
                    ),
                );
            }
            return None;
        };
        // Under another name it would be a selection of keywords, and missing besides.
        let slips = ["condition"].iter().chain(others);
        let slips: Vec<&str> = slips.filter_map(|key| self.slip(node, key)).collect();
        let others: Vec<&str> = others
            .iter()
            .copied()
            .chain(slips.iter().copied())
            .collect();
        let scope = self.selections(entries, node.is_complete, &others, 0);
        if scope.selections.is_empty() {
            self.report
                .add(
                    Code::EmptySelection,
                    owner.span,
                    format!("{} has no selections", quoted(&owner.text)),
                )
                .set_help("name what to look for: `selection: {verb: delete}`");
        }
        let is_mistyped = slips
            .iter()
            .any(|slip| nearest(slip, ["condition"]).is_some());
        if node.get("condition").is_none() && !is_mistyped {
            self.report
                .add(
                    Code::MissingKey,
                    owner.span,
                    format!("{} has no `condition`", quoted(&owner.text)),
                )
                .set_help(if owner.text == "filter" {
                    "a rule and its filter must both hold, so say what is no hit: `condition: not selection`"
                } else {
                    "say how the selections combine: `condition: selection`"
                });
        }
        Some(scope)
    }

    /// Reports a key that stands for one that is missing, when it has texts and no fields; its name.
    fn slip<'n>(&mut self, node: &'n Node, meant: &str) -> Option<&'n str> {
        if node.get(meant).is_some() {
            return None;
        }
        let has_texts = |entry: &&Entry| match &entry.value.kind {
            Kind::Scalar(scalar) => !scalar.is_null(),
            Kind::List(items) => items.iter().all(|item| item.scalar().is_some()),
            Kind::Map(_) | Kind::Refused => false,
        };
        let mut entries = node.map()?.iter().filter(has_texts);
        let key = &entries
            .find(|entry| nearest(&entry.key.text, [meant]).is_some())?
            .key;
        self.report
            .add(
                Code::MistypedKey,
                key.span,
                format!(
                    "there is no {}, and {} is nearly that",
                    quoted(meant),
                    quoted(&key.text)
                ),
            )
            .set_help(format!("did you mean {}?", quoted(meant)));
        Some(&key.text)
    }

    /// Reads a map of selections with a `condition`.
    pub(crate) fn selections(
        &mut self,
        entries: &[Entry],
        is_complete: bool,
        others: &[&str],
        depth: usize,
    ) -> Scope {
        let mut selections = Vec::new();
        let mut condition = None;
        for entry in entries {
            let key = &entry.key;
            if key.text == "condition" {
                condition = Some(self.condition(&entry.value));
            } else if depth == 0 && key.text == "timeframe" && entry.value.scalar().is_some() {
                self.report
                    .add(
                        Code::LegacyAggregation,
                        key.span,
                        "`timeframe` belongs to aggregations, which are not Sigma any more",
                    )
                    .set_help(
                        "write a correlation with `timespan` that refers to this rule by its name",
                    );
            } else if !others.contains(&key.text.as_str()) {
                let selection = self.selection(entry, depth);
                selections.push(selection);
            }
        }
        if let Some(extra) = selections.get(limits::SELECTIONS) {
            let (n, limit) = (selections.len(), limits::SELECTIONS);
            self.report.add(
                Code::TooManySelections,
                extra.span,
                format!("there are {n} selections and the limit is {limit}"),
            );
            selections.truncate(limit);
        }
        Scope {
            selections,
            condition,
            extra: Vec::new(),
            named: true,
            is_complete,
        }
    }

    fn selection(&mut self, entry: &Entry, depth: usize) -> Selection {
        let key = &entry.key;
        if condition::RESERVED.contains(&key.text.to_ascii_lowercase().as_str()) {
            self.report
                .add(
                    Code::ReservedName,
                    key.span,
                    format!(
                        "{} is a word of conditions and cannot name a selection",
                        quoted(&key.text)
                    ),
                )
                .set_help("rename the selection");
        }
        Selection {
            name: key.text.clone(),
            span: key.span,
            body: self.body(&entry.value, key.span, depth),
        }
    }

    /// Reads a condition, or a list of them that is joined by `or`. Each is read by itself: what is wrong with one says
    /// nothing of the others.
    pub(crate) fn condition(&mut self, node: &Node) -> Condition {
        match &node.kind {
            Kind::List(items) if items.is_empty() => {
                self.report
                    .add(
                        Code::ConditionSyntax,
                        node.span,
                        "the list of conditions is empty",
                    )
                    .set_help("write one at least: `[selection]`, or `selection` alone");
                Condition::Broken(Vec::new(), node.span)
            }
            Kind::List(items) => {
                Condition::Or(items.iter().map(|item| self.one_condition(item)).collect())
            }
            _ => self.one_condition(node),
        }
    }

    fn one_condition(&mut self, node: &Node) -> Condition {
        if let Some(scalar) = node.scalar().filter(|scalar| !scalar.is_null()) {
            return condition::parse(scalar, self.file, self.report);
        }
        if !node.is_refused() {
            let message = format!("a condition is text, and this is {}", node.describe());
            self.report.add(Code::WrongType, node.span, message);
        }
        Condition::Broken(Vec::new(), node.span)
    }
}
