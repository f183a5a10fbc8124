//! What embedders rely on.

use rule_lang::{Compiled, Compiler, Level, LineColumn, Severity, render};

fn is_plain_data<T: Send + Sync + 'static>() {}

#[test]
fn types_cross_threads() {
    is_plain_data::<Compiler>();
    is_plain_data::<Compiled>();
    is_plain_data::<rule_lang::Program>();
    is_plain_data::<rule_lang::Diagnostic>();
    is_plain_data::<rule_lang::RegexError>();
}

#[test]
fn levels_are_ordered_words() {
    assert!(Level::Informational < Level::Low && Level::High < Level::Critical);
    assert_eq!("high".parse(), Ok(Level::High));
    assert!("High".parse::<Level>().is_err());
    assert_eq!(Level::Critical.to_string(), "critical");
    assert_eq!(serde_json::to_string(&Level::Low).unwrap(), "\"low\"");
    assert_eq!(
        "x".parse::<Level>().unwrap_err().to_string(),
        "not a level, which is one of `informational` `low` `medium` `high` `critical`"
    );
}

#[test]
fn diagnostics_say_where_and_are_drawn() {
    let mut compiler = Compiler::new();
    let source = compiler.add(
        "exec.yaml",
        "title: t\nlogsource: {product: kubernetes, service: audit}\ndetection:\n  s: {ä: 1, objectRef.resouce: pods}\n  condition: s\n",
    );
    let done = compiler.finish();
    let [_, diagnostic] = done.diagnostics.as_slice() else {
        panic!("{}", done.render(false));
    };
    assert_eq!(diagnostic.severity(), Severity::Error);
    assert_eq!(diagnostic.source(), source);
    assert_eq!(done.sources.name(source), "exec.yaml");
    let LineColumn { line, column, .. } = done.sources.line_column(source, diagnostic.span());
    assert_eq!((line, column), (4, 13));
    assert_eq!(
        diagnostic.to_string(),
        "error[unknown-field]: `objectRef.resouce`: no audit event has this field"
    );
    let drawn = render(diagnostic, &done.sources, false);
    assert_eq!(
        drawn,
        "\
error[unknown-field]: `objectRef.resouce`: no audit event has this field
 --> exec.yaml:4:13
  |
4 |   s: {ä: 1, objectRef.resouce: pods}
  |             ^^^^^^^^^^^^^^^^^
  |
  = help: did you mean `objectRef.resource`?"
    );
    assert!(render(diagnostic, &done.sources, true).contains("\u{1b}["));
}
