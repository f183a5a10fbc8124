//! Fields that no event has which a rule finds, so that it gives a correlation nothing.

use crate::ast::Name;
use crate::correlation::link::columns::{Columns, of_rule};
use crate::correlation::link::{Found, Linker};
use crate::correlation::{Column, tactics};
use crate::diagnostic::{Code, Report, quoted};

impl Columns<'_, '_> {
    /// Reports fields that a rule which is named can have no value of. A rule that a tag or `any` brings along gives no
    /// group then, and others do.
    pub(super) fn check_values(&mut self, found: Found, report: &mut Report) {
        let document = self.document;
        for name in document.group_by.iter().chain(document.value()) {
            let Some(field) = self.named(name, found) else {
                continue;
            };
            let Some((message, help)) = self.linker.lacking(field, found) else {
                continue;
            };
            if self.told.insert(name.text.clone()) {
                report
                    .add(Code::UnknownGroup, field.span, message)
                    .set_help(help);
            }
        }
    }
}

impl Linker<'_> {
    /// That no hit of a rule or correlation has a value of a field, and why.
    fn lacking(&self, field: &Name, found: Found) -> Option<(String, String)> {
        let rule = quoted(self.name(found));
        match (of_rule(&field.text), found) {
            (Some(Column::RuleTactics), _) => {
                let metadata = self.metadata(found)?;
                let has_none = tactics(&metadata.tags).next().is_none();
                has_none.then(|| {
                    (
                        format!("{rule} has no {}", quoted(&field.text)),
                        "no tactic is among its tags, such as `attack.execution`".to_owned(),
                    )
                })
            }
            (Some(_), _) | (None, Found::Correlation(_)) => None,
            (None, Found::Rule(at)) => {
                let why = self.rules.get(at)?.lacking.get(&field.text)?;
                let field = quoted(&field.text);
                Some((
                    format!("no event that {rule} finds has {field}"),
                    why.clone(),
                ))
            }
        }
    }
}
