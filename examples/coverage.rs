//! `check --coverage`: per rule, which kinds of test it has and what of requests the audit log must hold for it.

use std::collections::BTreeMap;
use std::io::{self, Write};

use detect::rule_lang::{AuditLevel, SourceId, Span};
use detect::testing::Coverage;
use detect::{Rule, RuleSet};
use kubesift_examples::visible;

/// Writes the table, one row for each rule and correlation that was tested.
pub(crate) fn show(rules: &RuleSet, coverage: &[Coverage], out: &mut impl Write) -> io::Result<()> {
    let place = |rule: &Rule| (rule.source(), rule.span());
    let needs = rules.rules().map(|rule| (place(rule), needs(rule)));
    let correlations = rules.correlations().map(|found| {
        let of = format!("that of {}", found.slots().join(", "));
        ((found.source(), found.span()), of)
    });
    let needs: BTreeMap<(SourceId, Span), String> = needs.chain(correlations).collect();
    let names: Vec<String> = coverage.iter().map(|row| visible(&row.rule)).collect();
    let widths = names.iter().map(|name| name.chars().count());
    let width = widths.max().unwrap_or_default().max("rule".len());
    writeln!(
        out,
        "{:width$}  hits  near misses  evasions  least audit level",
        "rule"
    )?;
    for (row, name) in coverage.iter().zip(&names) {
        let needs = needs.get(&(row.source, row.span));
        writeln!(
            out,
            "{name:width$}  {:4}  {:11}  {:8}  {}",
            row.n_hits,
            row.n_near_misses,
            row.n_evasions,
            visible(needs.map_or("", String::as_str))
        )?;
    }
    Ok(())
}

/// The least audit level that a rule needs: one for all, or the resources of each.
fn needs(rule: &Rule) -> String {
    let mut by_level: BTreeMap<AuditLevel, Vec<&str>> = BTreeMap::new();
    for (resource, level) in rule.needs() {
        by_level.entry(level).or_default().push(resource);
    }
    let shown = by_level.iter().map(|(level, resources)| {
        if matches!(resources.as_slice(), ["*"]) && by_level.len() == 1 {
            return level.to_string();
        }
        let resources: Vec<&str> = resources
            .iter()
            .map(|resource| match *resource {
                "*" => "every other",
                named => named,
            })
            .collect();
        format!("{level} for {}", resources.join(", "))
    });
    shown.collect::<Vec<_>>().join("; ")
}
