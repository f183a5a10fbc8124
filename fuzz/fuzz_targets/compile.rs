//! Any bytes as a rule file: no panic, programs that verify, diagnostics that can be drawn, and bounded output.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rule_lang::Compiler;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let mut compiler = Compiler::new();
    compiler.add("rule.yaml", &text);
    let compiled = compiler.finish();
    for rule in &compiled.rules {
        assert_eq!(rule.program().verify(), Ok(()));
    }
    for filter in &compiled.filters {
        assert_eq!(filter.program().verify(), Ok(()));
    }
    assert!(compiled.diagnostics.len() <= 1001);
    for found in &compiled.diagnostics {
        assert_ne!(found.code(), "defect", "{text}");
        assert!(text.get(found.span().range()).is_some(), "{found:?}");
    }
    let drawn = compiled.render(false);
    assert!(drawn.len() < 1 << 24);
});
