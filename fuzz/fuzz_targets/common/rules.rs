//! Input that is rules, a line `===` and JSON.

use std::borrow::Cow;

use detect::RuleSet;

const HEAD: &str =
    "title: t\nlogsource: {product: kubernetes, service: audit}\nsigma-version: 3\ndetection:\n";
const LINE: &[u8] = b"\n===\n";

/// The text of the rules, and the JSON as the bytes that it has: not all of them need be UTF-8.
pub fn split(bytes: &[u8]) -> Option<(Cow<'_, str>, &[u8])> {
    let at = bytes.windows(LINE.len()).position(|part| part == LINE)?;
    let json = bytes.get(at + LINE.len()..)?;
    Some((String::from_utf8_lossy(bytes.get(..at)?), json))
}

/// The set of these rules. Without `detection:` they are the inside of one.
pub fn rules(text: &str) -> RuleSet {
    let text = if text.contains("detection:") {
        text.to_owned()
    } else {
        let lines = text.lines().map(|line| format!("  {line}\n"));
        HEAD.to_owned() + &lines.collect::<String>()
    };
    RuleSet::builder().text("rules.yaml", text).load().0
}
