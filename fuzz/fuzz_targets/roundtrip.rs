//! Formatting a rule file: the same comes of it when it is compiled, and formatting again changes nothing.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rule_lang::{Compiled, Compiler, format};

fn compile(text: &str) -> Compiled {
    let mut compiler = Compiler::new();
    compiler.add("rule.yaml", text);
    compiler.finish()
}

/// What matters of a file, without the places.
fn meaning(text: &str) -> Vec<String> {
    let compiled = compile(text);
    let rules = compiled.rules.iter().map(|rule| {
        let tests: Vec<_> = rule.tests().iter().map(|test| test.events()).collect();
        let (name, level, message) = (rule.name(), rule.level(), rule.message());
        format!(
            "{name:?} {level} {message:?} {tests:?}\n{:?}",
            rule.program()
        )
    });
    let filters = compiled.filters.iter();
    let filters = filters.map(|filter| format!("{:?}\n{:?}", filter.name(), filter.program()));
    rules.chain(filters).collect()
}

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let formatted = match format("rule.yaml", &text) {
        Ok(formatted) => formatted,
        Err(error) => {
            for found in error.diagnostics() {
                assert_ne!(found.code(), "defect", "{text}");
            }
            return;
        }
    };
    match format("rule.yaml", &formatted) {
        Ok(again) => assert_eq!(again, formatted, "{text}"),
        Err(error) => panic!("{}\n{text}\n{formatted}", error.render(false)),
    }
    assert_eq!(meaning(&formatted), meaning(&text), "{text}\n{formatted}");
});
