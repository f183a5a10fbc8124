//! Rules as their authors write them.

use crate::reference::{
    Block, Body, Condition, Entry, How, Inner, Item, Literal, Pieces, Quantifier, ReKind, RePiece,
    Relation, Rule, Scope,
};

/// The text of a rule.
pub(crate) fn yaml(rule: &Rule) -> String {
    let mut out = format!(
        "title: {0}\nname: {0}\nlogsource: {{product: kubernetes, service: audit}}\nsigma-version: 3\n\
         taxonomy: kubesift\ndetection:\n",
        rule.name
    );
    scope(&rule.scope, 2, &mut out);
    out += "level: high\n";
    out
}

fn line(out: &mut String, indent: usize, text: &str) {
    *out += &" ".repeat(indent);
    *out += text;
    out.push('\n');
}

fn scope(scope: &Scope, indent: usize, out: &mut String) {
    for (name, found) in &scope.selections {
        line(out, indent, &format!("{name}:"));
        body(found, indent + 2, out);
    }
    line(
        out,
        indent,
        &format!("condition: {}", condition(&scope.condition, 0)),
    );
}

/// A condition, with parentheses where `strength` asks for them: 1 within `and`, 2 within `not`.
fn condition(found: &Condition, strength: usize) -> String {
    let joined = |parts: &[Condition], word: &str, own: usize| {
        let parts: Vec<_> = parts.iter().map(|part| condition(part, own)).collect();
        let text = parts.join(word);
        if own < strength {
            format!("({text})")
        } else {
            text
        }
    };
    match found {
        Condition::Name(name) => name.clone(),
        Condition::Not(inner) => format!("not {}", condition(inner, 2)),
        Condition::And(parts) => joined(parts, " and ", 1),
        Condition::Or(parts) => joined(parts, " or ", 0),
        Condition::Of { all, prefix } => {
            let what = if prefix.is_empty() {
                "them".to_owned()
            } else {
                format!("{prefix}*")
            };
            format!("{} of {what}", if *all { "all" } else { "1" })
        }
    }
}

fn body(found: &Body, indent: usize, out: &mut String) {
    match found {
        Body::And(entries) => {
            for found in entries {
                entry(found, indent, out);
            }
        }
        Body::Or(maps) => {
            for entries in maps {
                line(out, indent, "-");
                for found in entries {
                    entry(found, indent + 4, out);
                }
            }
        }
        Body::Keywords(words) => {
            for word in words {
                line(out, indent, &format!("- {}", quoted(word)));
            }
        }
    }
}

/// The key of an entry.
pub(crate) fn key(entry: &Entry) -> String {
    match entry {
        Entry::Item(item) => format!("{}{}", item.name, modifiers(item)),
        Entry::Block(block) => block_key(block),
    }
}

fn block_key(block: &Block) -> String {
    let quantifier = match block.quantifier {
        Quantifier::Any => "any",
        Quantifier::All => "all",
        Quantifier::AllOrEmpty => "all_or_empty",
        Quantifier::None => "none",
    };
    let modifiers = match &block.inner {
        Inner::Member(item) => modifiers(item),
        Inner::Body(_) | Inner::Scope(_) => String::new(),
    };
    format!("{}[{quantifier}]{modifiers}", block.name)
}

fn entry(found: &Entry, indent: usize, out: &mut String) {
    let key = quoted(&key(found));
    match found {
        Entry::Item(item) => line(out, indent, &format!("{key}: {}", values(item))),
        Entry::Block(block) => match &block.inner {
            Inner::Member(item) => line(out, indent, &format!("{key}: {}", values(item))),
            Inner::Body(inner) => {
                line(out, indent, &format!("{key}:"));
                body(inner, indent + 2, out);
            }
            Inner::Scope(inner) => {
                line(out, indent, &format!("{key}:"));
                scope(inner, indent + 2, out);
            }
        },
    }
}

fn relation(relation: Relation) -> &'static str {
    match relation {
        Relation::Equals => "",
        Relation::Contains => "|contains",
        Relation::StartsWith => "|startswith",
        Relation::EndsWith => "|endswith",
    }
}

fn modifiers(item: &Item) -> String {
    let mut made = match &item.how {
        How::Text(by, _) => relation(*by).to_owned(),
        How::Exists(_) => "|exists".to_owned(),
        How::Re(_, false) => "|re".to_owned(),
        How::Re(_, true) => "|re|i".to_owned(),
        How::Cidr(_) => "|cidr".to_owned(),
        How::Compare(comparison, _) => format!("|{comparison}"),
        How::FieldRef(by, _) => format!("{}|fieldref", relation(*by)),
    };
    for (is_set, name) in [
        (item.cased, "|cased"),
        (item.all, "|all"),
        (item.neq, "|neq"),
    ] {
        if is_set {
            made += name;
        }
    }
    made
}

fn values(item: &Item) -> String {
    let all: Vec<String> = match &item.how {
        How::Text(_, literals) => literals.iter().map(literal).collect(),
        How::Exists(wanted) => vec![wanted.to_string()],
        How::Re(patterns, _) => patterns.iter().map(|found| quoted(&regex(found))).collect(),
        How::Cidr(networks) => networks.iter().map(|network| quoted(network)).collect(),
        How::Compare(_, number) => vec![number.clone()],
        How::FieldRef(_, other) => vec![other.clone()],
    };
    match all.as_slice() {
        [only] => only.clone(),
        all => format!("[{}]", all.join(", ")),
    }
}

fn literal(literal: &Literal) -> String {
    match literal {
        Literal::Null => "null".to_owned(),
        Literal::Bool(value) => value.to_string(),
        Literal::Number(text) => text.clone(),
        Literal::Text(pieces) => {
            let text: String = pieces
                .iter()
                .map(|piece| match piece {
                    Pieces::Any => "*".to_owned(),
                    Pieces::One => "?".to_owned(),
                    Pieces::Char(c @ ('*' | '?' | '\\')) => format!("\\{c}"),
                    Pieces::Char(c) => c.to_string(),
                })
                .collect();
            quoted(&text)
        }
    }
}

fn regex(found: &ReKind) -> String {
    let escaped = |text: &str| -> String {
        text.chars()
            .map(|c| {
                if ".+*?()[]{}|^$\\".contains(c) {
                    format!("\\{c}")
                } else {
                    c.to_string()
                }
            })
            .collect()
    };
    let pieces: String = found
        .pieces
        .iter()
        .map(|piece| match piece {
            RePiece::Text(text) => escaped(text),
            RePiece::Any => ".*".to_owned(),
            RePiece::Digits => "[0-9]+".to_owned(),
            RePiece::Either(words) => {
                let words: Vec<_> = words.iter().map(|word| escaped(word)).collect();
                format!("({})", words.join("|"))
            }
        })
        .collect();
    let (start, end) = (
        if found.from_start { "^" } else { "" },
        if found.to_end { "$" } else { "" },
    );
    format!("{start}{pieces}{end}")
}

/// Text in quotes, unless it is a plain word that YAML cannot take for something else.
fn quoted(text: &str) -> String {
    let plain = text.len() > 5
        && text
            .chars()
            .all(|c| c.is_ascii_alphabetic() || c == '.' || c == '|');
    if plain {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}
