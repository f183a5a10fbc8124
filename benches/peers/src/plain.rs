//! Plain Sigma, as engines with a rule language of their own can be given it: named selections, of which one list of
//! tests must hold as a whole, and a condition.

use std::collections::BTreeMap;

use rsigma_parser::{
    ConditionExpr, Detection, DetectionItem, Modifier, Quantifier, SelectorPattern, SigmaRule,
    SigmaString, SigmaValue, SpecialChar, StringPart, detection_name_matches, parse_sigma_yaml,
};

pub(crate) struct Plain {
    pub(crate) selections: BTreeMap<String, Vec<Vec<Test>>>,
    /// Without numbers of selections.
    pub(crate) condition: ConditionExpr,
}

/// A field and the values of which it must have one.
#[derive(Clone, PartialEq)]
pub(crate) struct Test {
    pub(crate) field: String,
    pub(crate) values: Vec<Value>,
}

/// What a value must be. Texts are compared without regard to case.
#[derive(Clone, PartialEq)]
pub(crate) enum Value {
    Is(String),
    /// Parts with anything between them.
    Parts(Vec<String>),
    Contains(String),
    StartsWith(String),
    EndsWith(String),
    Regex(String),
    Within(String),
    Number(i64),
    Bool(bool),
    /// Anything at all, if it is there.
    Any,
    /// Nothing: not there, or null.
    Absent,
}

/// Reads a rule.
///
/// # Errors
/// What it says that is not plain.
pub(crate) fn read(text: &str) -> Result<Plain, String> {
    let detection = parse(text)?.pop().ok_or("no rule")?.detection;
    let selections = detection.named.into_iter();
    let selections = selections.map(|(name, selection)| Ok((name, alternatives(selection)?)));
    let selections = selections.collect::<Result<BTreeMap<_, _>, String>>()?;
    let names: Vec<&String> = selections.keys().collect();
    let mut conditions = detection.conditions;
    let condition = counted(conditions.pop().ok_or("no condition")?, &names)?;
    Ok(Plain {
        selections,
        condition,
    })
}

/// A condition with names instead of numbers of selections.
fn counted(condition: ConditionExpr, names: &[&String]) -> Result<ConditionExpr, String> {
    let all = |list: Vec<ConditionExpr>| {
        let list = list.into_iter().map(|one| counted(one, names));
        list.collect::<Result<Vec<_>, _>>()
    };
    Ok(match condition {
        ConditionExpr::And(list) => ConditionExpr::And(all(list)?),
        ConditionExpr::Or(list) => ConditionExpr::Or(all(list)?),
        ConditionExpr::Not(inner) => ConditionExpr::Not(Box::new(counted(*inner, names)?)),
        ConditionExpr::Identifier(name) => ConditionExpr::Identifier(name),
        ConditionExpr::Selector {
            quantifier,
            pattern,
        } => {
            let of_them = |name: &str| match &pattern {
                SelectorPattern::Them => true,
                SelectorPattern::Pattern(pattern) => detection_name_matches(pattern, name),
            };
            let named = names.iter().filter(|name| of_them(name));
            let named = named.map(|name| ConditionExpr::Identifier((*name).clone()));
            match quantifier {
                Quantifier::Any | Quantifier::Count(1) => ConditionExpr::Or(named.collect()),
                Quantifier::All => ConditionExpr::And(named.collect()),
                Quantifier::Count(_) => return Err("a number of selections".to_owned()),
            }
        }
    })
}

/// What rsigma's parser makes of a text.
pub(crate) fn parse(text: &str) -> Result<Vec<SigmaRule>, String> {
    let rules = parse_sigma_yaml(text).map_err(|error| error.to_string())?;
    let rules = rules.into_result().map_err(|errors| errors.join(", "))?;
    Ok(rules.rules)
}

fn alternatives(selection: Detection) -> Result<Vec<Vec<Test>>, String> {
    match selection {
        Detection::AllOf(items) => {
            let tests = items.into_iter().map(test);
            Ok(vec![tests.collect::<Result<_, _>>()?])
        }
        Detection::AnyOf(list) => {
            let list = list.into_iter().map(alternatives);
            Ok(list.collect::<Result<Vec<_>, _>>()?.concat())
        }
        _ => Err("a selection of no fields".to_owned()),
    }
}

fn test(item: DetectionItem) -> Result<Test, String> {
    let field = item.field.name.ok_or("keywords")?;
    let modifiers = &item.field.modifiers;
    let value = |value: SigmaValue| match (modifiers.as_slice(), value) {
        ([], SigmaValue::Integer(number)) => Ok(Value::Number(number)),
        ([], SigmaValue::Bool(bool)) => Ok(Value::Bool(bool)),
        ([], SigmaValue::Null) => Ok(Value::Absent),
        ([], SigmaValue::String(text)) if text.original == "*" => Ok(Value::Any),
        ([], SigmaValue::String(text)) if text.contains_wildcards() => {
            parts(&text).map(Value::Parts)
        }
        ([], SigmaValue::String(text)) => plain(&text).map(Value::Is),
        ([Modifier::Contains], SigmaValue::String(text)) => plain(&text).map(Value::Contains),
        ([Modifier::StartsWith], SigmaValue::String(text)) => plain(&text).map(Value::StartsWith),
        ([Modifier::EndsWith], SigmaValue::String(text)) => plain(&text).map(Value::EndsWith),
        ([Modifier::Re], SigmaValue::String(text)) => Ok(Value::Regex(text.original)),
        ([Modifier::Cidr], SigmaValue::String(text)) => Ok(Value::Within(text.original)),
        (modifiers, value) => Err(format!(
            "a value `{value}` with the modifiers {modifiers:?}"
        )),
    };
    let values = item.values.into_iter().map(value);
    Ok(Test {
        field,
        values: values.collect::<Result<_, String>>()?,
    })
}

fn plain(text: &SigmaString) -> Result<String, String> {
    let plain = text.as_plain();
    plain.ok_or_else(|| format!("a wildcard within `{text}`"))
}

fn parts(text: &SigmaString) -> Result<Vec<String>, String> {
    let mut parts = vec![String::new()];
    for part in &text.parts {
        match (part, parts.last_mut()) {
            (StringPart::Plain(text), Some(last)) => last.push_str(text),
            (StringPart::Special(SpecialChar::WildcardMulti), _) => parts.push(String::new()),
            _ => return Err(format!("a wildcard for one character in `{text}`")),
        }
    }
    Ok(parts)
}
