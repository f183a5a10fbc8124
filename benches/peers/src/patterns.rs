//! quamina, which has patterns: fields that must all have one of some values. A rule is as many patterns as it has ways
//! to match.

use quamina::Quamina;
use rsigma_parser::ConditionExpr;
use serde_json::{Map, Value as Json, json};

use crate::plain::{self, Plain, Test, Value};
use crate::{Engine, Loaded, quietly};

struct Patterns(Quamina<usize>);

impl Engine for Patterns {
    fn hits(&mut self, line: &[u8], hit: &mut dyn FnMut(usize)) {
        if let Ok(matches) = self.0.matches_for_event(line) {
            matches.into_iter().for_each(hit);
        }
    }
}

pub(crate) fn load(rules: &[String]) -> Loaded {
    let mut quamina = Quamina::new();
    let mut refused = Vec::new();
    for (at, text) in rules.iter().enumerate() {
        let added = patterns(text).and_then(|patterns| {
            patterns.iter().try_for_each(|pattern| {
                let added = quamina.add_pattern(at, &pattern.to_string());
                added.map_err(|error| error.to_string())
            })
        });
        if let Err(reason) = added {
            refused.push((at, reason));
        }
    }
    // The automaton is built when it is first asked.
    if let Err(panic) = quietly(|| quamina.matches_for_event(b"{}").is_ok()) {
        let all = 0..rules.len();
        return Loaded {
            engine: Box::new(Patterns(Quamina::new())),
            refused: all
                .map(|at| (at, format!("panics over all together: {panic}")))
                .collect(),
        };
    }
    Loaded {
        engine: Box::new(Patterns(quamina)),
        refused,
    }
}

fn patterns(text: &str) -> Result<Vec<Json>, String> {
    let plain = plain::read(text)?;
    let ways = ways(&plain, &plain.condition)?;
    ways.into_iter().map(pattern).collect()
}

/// The ways in which a condition can be true: tests that must all hold.
fn ways(plain: &Plain, condition: &ConditionExpr) -> Result<Vec<Vec<Test>>, String> {
    Ok(match condition {
        ConditionExpr::Identifier(name) => plain.selections.get(name).cloned().unwrap_or_default(),
        ConditionExpr::Or(any) => {
            let ways = any.iter().map(|one| ways(plain, one));
            ways.collect::<Result<Vec<_>, _>>()?.concat()
        }
        ConditionExpr::And(all) => {
            let mut product = vec![Vec::new()];
            for one in all {
                let ways = ways(plain, one)?;
                let longer =
                    |way: &Vec<Test>| ways.iter().map(|more| [&way[..], more].concat()).collect();
                product = product.iter().map(longer).collect::<Vec<Vec<_>>>().concat();
            }
            product
        }
        ConditionExpr::Not(_) => {
            return Err("no `not` over several fields, or over a part of a text".to_owned());
        }
        ConditionExpr::Selector { .. } => return Err("no numbers of selections".to_owned()),
    })
}

fn pattern(tests: Vec<Test>) -> Result<Json, String> {
    let mut pattern = Map::new();
    let mut seen: Vec<Test> = Vec::new();
    for test in tests {
        if seen.contains(&test) {
            continue;
        }
        if seen.iter().any(|other| other.field == test.field) {
            return Err("no two tests of one field".to_owned());
        }
        let values: Vec<Json> = test.values.iter().map(value).collect();
        let mut object = &mut pattern;
        let mut keys = test.field.split('.').peekable();
        while let Some(key) = keys.next() {
            if keys.peek().is_none() {
                object.insert(key.to_owned(), values.clone().into());
                break;
            }
            let inner = object.entry(key).or_insert_with(|| json!({}));
            object = inner
                .as_object_mut()
                .ok_or("a field and a field within it")?;
        }
        seen.push(test);
    }
    Ok(Json::Object(pattern))
}

fn value(value: &Value) -> Json {
    match value {
        Value::Is(text) => json!({"equals-ignore-case": text}),
        Value::Contains(text) => json!({"wildcard": format!("*{}*", literal(text))}),
        Value::Parts(parts) => {
            let parts: Vec<String> = parts.iter().map(|part| literal(part)).collect();
            json!({"wildcard": parts.join("*")})
        }
        Value::StartsWith(text) => json!({"prefix": text}),
        Value::EndsWith(text) => json!({"suffix": text}),
        Value::Regex(regex) => {
            // It has to match the whole value, and a tilde escapes.
            let (from, regex) = match regex.strip_prefix('^') {
                Some(regex) => ("", regex),
                None => (".*", regex.as_str()),
            };
            let (regex, to) = match regex.strip_suffix('$') {
                Some(regex) => (regex, ""),
                None => (regex, ".*"),
            };
            let regex = regex.replace('~', "~~").replace('\\', "~");
            json!({"regexp": format!("{from}{regex}{to}")})
        }
        Value::Within(network) => json!({"cidr": network}),
        Value::Number(number) => json!(number),
        Value::Bool(bool) => json!(bool),
        Value::Any => json!({"exists": true}),
        Value::Absent => json!({"exists": false}),
    }
}

/// A text within a wildcard's.
fn literal(text: &str) -> String {
    text.replace('\\', "\\\\").replace('*', "\\*")
}
