//! kubesift itself.

use detect::{RuleSet, Scanner};

use crate::{Engine, Loaded, place};

struct Ours(Scanner);

impl Engine for Ours {
    fn hits(&mut self, line: &[u8], hit: &mut dyn FnMut(usize)) {
        if let Ok(hits) = self.0.scan_bytes(line) {
            hits.filter_map(|hit| place(hit.rule().id()?)).for_each(hit);
        }
    }
}

pub(crate) fn load(rules: &[String]) -> Loaded {
    let mut builder = RuleSet::builder();
    for (at, rule) in rules.iter().enumerate() {
        builder = builder.text(format!("{at}.yaml"), rule.clone());
    }
    let (rules, report) = builder.load();
    let refused = if report.has_errors() {
        vec![(0, report.render(false))]
    } else {
        Vec::new()
    };
    Loaded {
        engine: Box::new(Ours(rules.scanner())),
        refused,
    }
}
