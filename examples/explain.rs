//! `check --explain RULE EVENT`: whether rules match the events of a log, and why.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use detect::audit_model::{Event, Limits};
use detect::rule_lang::{self, render};
use detect::{
    DocumentKind, DocumentStatus, LoadReport, LoadedDocument, Reader, Record, Rule, RuleSet,
    testing,
};
use kubesift_examples::{add_rules, colors_stderr, visible};

/// Columns of an explanation.
const EXPLAIN_WIDTH: usize = 120;

/// Explains a rule, or every rule of a file, on the events of a log. Whether they match changes nothing about the exit code.
pub(crate) fn run(
    paths: &[PathBuf],
    no_shipped: bool,
    wanted: &Path,
    log: &Path,
) -> io::Result<ExitCode> {
    let mut stderr = io::stderr();
    let stdin = Path::new("-");
    if log == stdin && (wanted == stdin || paths.iter().any(|path| path == stdin)) {
        writeln!(stderr, "error: standard input is either rules or a log")?;
        return Ok(ExitCode::from(2));
    }
    let mut paths = paths.to_vec();
    // A rule's name may be that of a directory too, so only a file is one.
    if wanted.is_file() || wanted == stdin {
        paths.push(wanted.to_owned());
    }
    let mut builder = add_rules(RuleSet::builder(), &paths)?;
    if !no_shipped {
        builder = builder.shipped();
    }
    let (rules, report) = builder.load();
    let Some(found) = find(&rules, &report, wanted) else {
        for diagnostic in report.diagnostics() {
            let color = colors_stderr();
            writeln!(stderr, "{}", render(diagnostic, report.sources(), color))?;
        }
        let why = not_found(&rules, &report, &wanted.display().to_string());
        writeln!(stderr, "error: {}", visible(&why))?;
        return Ok(ExitCode::from(2));
    };
    let mut input: Box<dyn Read> = if log == stdin {
        Box::new(io::stdin().lock())
    } else {
        match File::open(log) {
            Ok(file) => Box::new(file),
            Err(error) => return unreadable(log, &error.to_string()),
        }
    };
    let mut head = Vec::new();
    if let Err(error) = input.by_ref().take(FRAGMENT_BYTES).read_to_end(&mut head) {
        return unreadable(log, &error.to_string());
    }
    let place = visible(&log.display().to_string());
    let mut out = BufWriter::new(io::stdout());
    let mut explainer = rules.explainer();
    // What a test would take for an event is no record of a log.
    if let Some(json) = fragment(&head)
        && let Ok(event) = testing::event(&json)
    {
        for rule in &found {
            if let Some(explanation) = explainer.explain(rule, &event) {
                writeln!(out, "{place}:1")?;
                writeln!(out, "{}", explanation.render(EXPLAIN_WIDTH))?;
            }
        }
        out.flush()?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut reader = Reader::new(head.as_slice().chain(input));
    let mut n_events = 0;
    loop {
        match reader.next() {
            Ok(Some(Record::Event(event) | Record::Partial(event))) => {
                n_events += 1;
                for rule in &found {
                    let Some(explanation) = explainer.explain(rule, event.event()) else {
                        continue;
                    };
                    writeln!(out, "{place}:{}", event.line())?;
                    writeln!(out, "{}", explanation.render(EXPLAIN_WIDTH))?;
                }
            }
            Ok(Some(Record::Malformed(malformed))) => {
                out.flush()?;
                let error = visible(&malformed.error.to_string());
                writeln!(stderr, "warning: {place}:{}: {error}", malformed.line())?;
            }
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(error) => {
                out.flush()?;
                return unreadable(log, &error.to_string());
            }
        }
    }
    out.flush()?;
    if n_events == 0 {
        return unreadable(log, "it holds no audit event");
    }
    Ok(ExitCode::SUCCESS)
}

/// Longest event that is taken as it would stand in a test.
const FRAGMENT_BYTES: u64 = 1 << 20;

/// The whole of a text as JSON, when it is an event that no log could hold: it does not say what it is, or is in YAML.
fn fragment(text: &[u8]) -> Option<Cow<'_, [u8]>> {
    let decode = |json| Event::decode_fragment(json, &Limits::default()).ok();
    let says_something = |event: &Event<'_>| {
        event.verb.is_some() || event.object_ref.is_some() || event.user.is_some()
    };
    if let Some(event) = decode(text) {
        let says_what = event.kind.is_some() || event.api_version.is_some();
        return (!says_what && says_something(&event)).then_some(Cow::Borrowed(text));
    }
    let json = rule_lang::event_json(str::from_utf8(text).ok()?)?.into_bytes();
    let is_event = decode(&json).is_some_and(|event| says_something(&event));
    is_event.then_some(Cow::Owned(json))
}

/// Why a name stands for no rule that can be explained.
fn not_found(rules: &RuleSet, report: &LoadReport, name: &str) -> String {
    let is_id = |id: Option<&str>| id.is_some_and(|id| id.eq_ignore_ascii_case(name));
    let mut correlations = rules.correlations();
    if let Some(found) = correlations.find(|found| found.name() == name || is_id(found.id())) {
        return format!(
            "`{}` is a correlation, which is about several events; explain a rule that it takes the hits of: {}",
            found.name(),
            found.slots().join(", ")
        );
    }
    let documents = || report.documents().iter();
    if let Some(document) = documents().find(|found| found.name() == Some(name)) {
        return match document.status() {
            DocumentStatus::Active => {
                let what = document.kind();
                format!(
                    "`{name}` is the name of a document of the kind `{what}`; only rules are explained"
                )
            }
            _ => report.describe(document).to_string(),
        };
    }
    if Path::new(name).is_file() {
        return format!("no rule in `{name}` can be explained");
    }
    let names = documents().filter(|found| found.kind() == DocumentKind::Rule);
    let near = rule_lang::nearest(name, names.filter_map(LoadedDocument::name));
    let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    format!("`{name}` is neither the name, the id nor the file of a rule{near}")
}

/// The rules that a name, an id or a file stands for.
fn find<'r>(rules: &'r RuleSet, report: &LoadReport, wanted: &Path) -> Option<Vec<&'r Rule>> {
    let name = wanted.display().to_string();
    if let Some(rule) = rules.rule(&name) {
        return Some(vec![rule]);
    }
    let of_file = rules
        .rules()
        .filter(|rule| report.sources().name(rule.source()) == name);
    let found: Vec<_> = of_file.collect();
    (!found.is_empty()).then_some(found)
}

fn unreadable(log: &Path, why: &str) -> io::Result<ExitCode> {
    let (log, why) = (visible(&log.display().to_string()), visible(why));
    writeln!(io::stderr(), "error: cannot read `{log}`: {why}")?;
    Ok(ExitCode::from(2))
}
