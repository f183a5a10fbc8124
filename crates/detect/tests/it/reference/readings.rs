//! The events that a record may stand for, each without repeated keys.

use std::cell::RefCell;
use std::collections::HashMap;

use super::json::{Json, Kind};
use super::node::{Choices, Node, Value};
use super::vocabulary::find;

/// Most readings that are looked at; a record with more is not for this evaluation.
const MOST: usize = 128;

pub(crate) struct Readings {
    pub(crate) all: Vec<Reading>,
}

/// One event without repeated keys.
pub(crate) struct Reading {
    /// The value taken of each repeated key.
    pub(crate) choices: Vec<usize>,
    pub(crate) event: Node,
    /// The networks of trusted proxies: address, and length of the prefix.
    pub(crate) proxies: Vec<(u32, u32)>,
    found: RefCell<HashMap<String, Option<Node>>>,
}

impl Readings {
    /// Every reading of an event; `None` when they are too many.
    pub(crate) fn of(json: &Json) -> Option<Self> {
        Self::behind(json, &[])
    }

    /// The same where proxies of these networks are trusted.
    pub(crate) fn behind(json: &Json, proxies: &[(u32, u32)]) -> Option<Self> {
        let mut sites = Vec::new();
        repeated(json, &mut sites);
        let mut all: Vec<Vec<usize>> = vec![Vec::new()];
        for (_, _, n) in &sites {
            all = all
                .iter()
                .flat_map(|choices| (0..*n).map(|choice| [choices.clone(), vec![choice]].concat()))
                .collect();
            if all.len() > MOST {
                return None;
            }
        }
        let all = all
            .into_iter()
            .map(|choices| Reading {
                event: resolve(json, &sites, &choices, &Choices::new()),
                choices,
                proxies: proxies.to_vec(),
                found: RefCell::default(),
            })
            .collect();
        Some(Self { all })
    }
}

impl Reading {
    /// A field of the vocabulary or of the event.
    pub(crate) fn field(&self, name: &str) -> Option<Node> {
        if let Some(found) = self.found.borrow().get(name) {
            return found.clone();
        }
        let found = find(self, name);
        self.found
            .borrow_mut()
            .insert(name.to_owned(), found.clone());
        found
    }

    pub(crate) fn agrees(&self, choices: &Choices) -> bool {
        choices
            .iter()
            .all(|(site, choice)| self.choices[*site] == *choice)
    }
}

/// Objects with repeated keys: the object, the key, and how often it stands there.
type Site = (usize, String, usize);

fn repeated(json: &Json, sites: &mut Vec<Site>) {
    match &json.kind {
        Kind::List(members) => members.iter().for_each(|member| repeated(member, sites)),
        Kind::Object(entries) => {
            for (at, (key, value)) in entries.iter().enumerate() {
                let same = |(other, _): &&(String, Json)| other == key;
                let n = entries.iter().filter(same).count();
                let first = entries.iter().position(|(other, _)| other == key) == Some(at);
                if n > 1 && first {
                    sites.push((json.id, key.clone(), n));
                }
                repeated(value, sites);
            }
        }
        _ => {}
    }
}

fn resolve(json: &Json, sites: &[Site], choices: &[usize], way: &Choices) -> Node {
    let value = match &json.kind {
        Kind::Null => Value::Null,
        Kind::Bool(value) => Value::Bool(*value),
        Kind::Number(text) => Value::Number(text.clone()),
        Kind::Text(text) => Value::Text(text.clone()),
        Kind::List(members) => Value::List(
            members
                .iter()
                .map(|member| resolve(member, sites, choices, way))
                .collect(),
        ),
        Kind::Object(entries) => {
            let mut made: Vec<(String, Node)> = Vec::new();
            for (key, _) in entries {
                if made.iter().any(|(known, _)| known == key) {
                    continue;
                }
                let site = sites
                    .iter()
                    .position(|(id, name, _)| *id == json.id && name == key);
                let nth = site.map_or(0, |site| choices[site]);
                let (_, value) = entries
                    .iter()
                    .filter(|(name, _)| name == key)
                    .nth(nth)
                    .unwrap();
                let mut way = way.clone();
                if let Some(site) = site {
                    way.insert(site, nth);
                }
                made.push((key.clone(), resolve(value, sites, choices, &way)));
            }
            Value::Object(made)
        }
    };
    Node {
        id: json.id.to_string(),
        choices: way.clone(),
        value,
        parts: Vec::new(),
    }
}
