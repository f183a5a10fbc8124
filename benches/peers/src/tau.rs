//! tau-engine, which has a rule language of its own.

use serde_json::{Map, Value as Json, json};
use tau_engine::{Optimisations, Rule};

use crate::plain::{self, Test, Value};
use crate::{Engine, Loaded};

struct Tau(Vec<(usize, Rule)>);

impl Engine for Tau {
    fn hits(&mut self, line: &[u8], hit: &mut dyn FnMut(usize)) {
        if let Ok(event) = serde_json::from_slice::<Json>(line) {
            let matching = self.0.iter().filter(|(_, rule)| rule.matches(&event));
            matching.for_each(|(at, _)| hit(*at));
        }
    }
}

pub(crate) fn load(rules: &[String]) -> Loaded {
    let mut refused = Vec::new();
    let mut taken = Vec::new();
    for (at, text) in rules.iter().enumerate() {
        match rule(text) {
            Ok(rule) => taken.push((at, rule.optimise(Optimisations::default()))),
            Err(reason) => refused.push((at, reason)),
        }
    }
    Loaded {
        engine: Box::new(Tau(taken)),
        refused,
    }
}

fn rule(text: &str) -> Result<Rule, String> {
    let plain = plain::read(text)?;
    let mut detection = Map::new();
    for (name, alternatives) in plain.selections {
        let maps = alternatives.into_iter().map(selection);
        let mut maps = maps.collect::<Result<Vec<_>, _>>()?;
        let selection = match maps.len() {
            1 => maps.remove(0),
            _ => Json::Array(maps),
        };
        detection.insert(name, selection);
    }
    detection.insert("condition".to_owned(), plain.condition.to_string().into());
    let rule = json!({"detection": detection, "true_positives": [], "true_negatives": []});
    // JSON is YAML.
    Rule::from_str(&rule.to_string()).map_err(|error| error.to_string())
}

fn selection(tests: Vec<Test>) -> Result<Json, String> {
    let mut selection = Map::new();
    for test in tests {
        let mut values = test.values.into_iter().map(value);
        let values = match (values.next(), values.len()) {
            (Some(first), 0) => first?,
            (first, _) => first.into_iter().chain(values).collect::<Result<_, _>>()?,
        };
        if selection.insert(test.field, values).is_some() {
            return Err("a field twice in one map".to_owned());
        }
    }
    Ok(Json::Object(selection))
}

fn value(value: Value) -> Result<Json, String> {
    Ok(match value {
        Value::Is(text) => format!("i{}", literal(&text)?).into(),
        Value::Parts(parts) => {
            let parts: Vec<String> = parts.iter().map(|part| regex::escape(part)).collect();
            format!("i?^{}$", parts.join(".*")).into()
        }
        Value::Contains(text) => format!("i*{}*", literal(&text)?).into(),
        Value::StartsWith(text) => format!("i{}*", literal(&text)?).into(),
        Value::EndsWith(text) => format!("i*{}", literal(&text)?).into(),
        Value::Regex(regex) => format!("?{regex}").into(),
        Value::Within(_) => return Err("no networks".to_owned()),
        Value::Number(number) => number.into(),
        Value::Bool(bool) => bool.into(),
        Value::Any => "*".into(),
        Value::Absent => Json::Null,
    })
}

/// A text that it does not take for more than that.
fn literal(text: &str) -> Result<&str, String> {
    let operators = ['*', '?', '<', '>', '=', '\'', '"'];
    if text.starts_with(operators) || text.ends_with(operators) {
        return Err(format!("`{text}` would be an operator"));
    }
    Ok(text)
}
