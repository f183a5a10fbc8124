//! How `evaluate` loads its rules, and what it says about them.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;
use std::rc::Rc;

use detect::rule_lang::nearest;
use detect::{DocumentStatus, LoadReport, LoadedDocument, RuleSet, RuleSetBuilder};
use kubesift_examples::{add_rules, colors_stderr, is_unreadable, show_documents, today, visible};

use crate::Options;

/// Compiles the rules, and says how many files there are before those of `--rules`; `None` when some do not compile, after
/// their diagnostics have been shown.
pub(crate) fn load(options: &Options) -> io::Result<Option<(RuleSet, usize)>> {
    let mut stderr = io::stderr();
    if let Some(path) = &options.compiled {
        // Which of its files were somebody's own is not known.
        return Ok(load_compiled(path)?.map(|rules| (rules, usize::MAX)));
    }
    let mut builder = RuleSet::builder();
    if !options.no_shipped {
        builder = builder.shipped();
    }
    let n_before = builder.n_files();
    let builder = add_rules(builder, &options.rules)?.today(today());
    let asked = Rc::new(Asked::default());
    let (rules, report) = only(builder, options, &asked).load();
    show(&report, options)?;
    if report.has_errors() || is_unreadable(&report) {
        return Ok(None);
    }
    let unknown = asked.unknown(&options.only);
    for message in &unknown {
        writeln!(stderr, "error: {}", visible(message))?;
    }
    if !unknown.is_empty() {
        return Ok(None);
    }
    if rules.rules().len() == 0 && rules.correlations().len() == 0 {
        writeln!(stderr, "error: no rules: give some with --rules")?;
        return Ok(None);
    }
    Ok(Some((rules, n_before)))
}

/// Reads compiled rules; `None` when that fails, after standard error has said why.
fn load_compiled(path: &Path) -> io::Result<Option<RuleSet>> {
    let name = visible(&path.display().to_string());
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            writeln!(io::stderr(), "error: cannot read `{name}`: {error}")?;
            return Ok(None);
        }
    };
    match RuleSet::from_bytes(&bytes) {
        Ok(rules) => Ok(Some(rules)),
        Err(error) => {
            writeln!(io::stderr(), "error: cannot load `{name}`: {error}")?;
            Ok(None)
        }
    }
}

/// The names and tags of all rules and correlations, to see which of those that were asked for there are.
#[derive(Debug, Default)]
struct Asked(RefCell<BTreeSet<String>>);

impl Asked {
    /// Notes a rule or correlation.
    fn add(&self, name: &str, tags: &[String]) {
        let mut known = self.0.borrow_mut();
        known.insert(name.to_owned());
        known.extend(tags.iter().cloned());
    }

    /// What to say of each name that nothing has.
    fn unknown(&self, wanted: &[String]) -> Vec<String> {
        let known = self.0.borrow();
        let is_known = |name: &&String| known.iter().any(|known| known.eq_ignore_ascii_case(name));
        let unknown = wanted.iter().filter(|name| !is_known(name));
        let unknown = unknown.map(|name| {
            let near = nearest(name, known.iter().map(String::as_str));
            let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            format!("no rule or correlation has the name or tag `{name}`{near}")
        });
        unknown.collect()
    }
}

/// Leaves only the rules that `--only` names.
fn only(builder: RuleSetBuilder, options: &Options, asked: &Rc<Asked>) -> RuleSetBuilder {
    if options.only.is_empty() {
        return builder;
    }
    let (only, asked) = (options.only.clone(), Rc::clone(asked));
    let wanted = move |name: &str, tags: &[String]| {
        asked.add(name, tags);
        only.iter().any(|wanted| {
            name.eq_ignore_ascii_case(wanted)
                || tags.iter().any(|tag| tag.eq_ignore_ascii_case(wanted))
        })
    };
    let of_rule = wanted.clone();
    builder
        .retain(move |rule| of_rule(rule.name(), rule.tags()))
        .retain_correlations(move |correlation| wanted(correlation.name(), correlation.tags()))
}

/// Shows what is wrong with the rules, and what became of their documents.
fn show(report: &LoadReport, options: &Options) -> io::Result<()> {
    if !report.diagnostics().is_empty() {
        let color = colors_stderr();
        writeln!(io::stderr(), "{}", report.render(color))?;
    }
    let is_wrong = |found: &LoadedDocument| found.status() == DocumentStatus::Wrong;
    if options.rules.is_empty() && !options.documents && !report.documents().iter().any(is_wrong) {
        return Ok(());
    }
    show_documents(report, |found| match found.status() {
        _ if options.documents => true,
        DocumentStatus::Active => false,
        // With `--only` most rules are left out, on demand.
        DocumentStatus::Filtered => options.only.is_empty(),
        _ => true,
    })
}
