//! A value without repeated keys, and following a path through it.

use std::collections::BTreeMap;

/// Which value of which repeated key was taken.
pub(crate) type Choices = BTreeMap<usize, usize>;

#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// The same in every reading of the event.
    pub(crate) id: String,
    /// The choices that had to be made to come here.
    pub(crate) choices: Choices,
    pub(crate) value: Value,
    /// Computed parts, of an image.
    pub(crate) parts: Vec<(String, Node)>,
}

#[derive(Clone, Debug)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
    /// What JSON Patch operations set of something, by the tokens of their pointers.
    Patched(Vec<(String, Node)>),
    /// An entry of a map.
    Entry(String, Box<Node>),
    /// Something is there and nobody knows what.
    Unknown,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    Key(String),
    Index(i64),
    /// A name below a map of free form, whose keys may hold dots.
    Dotted(String),
}

impl Node {
    pub(crate) fn new(id: impl Into<String>, value: Value) -> Self {
        Self {
            id: id.into(),
            choices: Choices::new(),
            value,
            parts: Vec::new(),
        }
    }

    pub(crate) fn text_of(id: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(id, Value::Text(text.into()))
    }

    /// The text form of a scalar.
    pub(crate) fn scalar(&self) -> Option<String> {
        match &self.value {
            Value::Bool(value) => Some(value.to_string()),
            Value::Number(text) | Value::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    pub(crate) fn is_object(&self) -> bool {
        matches!(self.value, Value::Object(_) | Value::Patched(_))
    }

    pub(crate) fn children(&self) -> &[(String, Node)] {
        match &self.value {
            Value::Object(entries) | Value::Patched(entries) => entries,
            _ => &[],
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.children()
            .iter()
            .find(|(known, _)| known == key)
            .map(|(_, node)| node)
    }

    /// Down through objects only.
    pub(crate) fn at(&self, keys: &[&str]) -> Option<&Node> {
        keys.iter().try_fold(self, |node, key| {
            if matches!(node.value, Value::Unknown) {
                return Some(node);
            }
            node.get(key)
        })
    }

    /// What a patch set of the members of a list.
    fn patched_members(&self) -> Vec<&Node> {
        let Value::Patched(entries) = &self.value else {
            return Vec::new();
        };
        let is_index = |key: &str| !key.is_empty() && key.chars().all(|c| c.is_ascii_digit());
        entries
            .iter()
            .filter(|(key, _)| key == "-" || is_index(key))
            .map(|(_, node)| node)
            .collect()
    }

    /// The members of a list, those of lists in it instead of the lists.
    pub(crate) fn list_members(&self) -> Vec<&Node> {
        match &self.value {
            Value::List(members) => members
                .iter()
                .flat_map(|member| match member.value {
                    Value::List(_) => member.list_members(),
                    _ => vec![member],
                })
                .collect(),
            Value::Patched(_) => self.patched_members(),
            _ => Vec::new(),
        }
    }

    /// The members of a list, lists in it as they are.
    pub(crate) fn direct_members(&self) -> Vec<&Node> {
        match &self.value {
            Value::List(members) => members.iter().collect(),
            _ => self.patched_members(),
        }
    }

    /// What a block ranges over.
    pub(crate) fn block_members(&self) -> Vec<Node> {
        if matches!(self.value, Value::Unknown) {
            return vec![self.clone()];
        }
        let members: Vec<Node> = self.list_members().into_iter().cloned().collect();
        if !members.is_empty() {
            return members;
        }
        let entry = |(key, node): &(String, Node)| Node {
            id: format!("{}/entry", node.id),
            choices: node.choices.clone(),
            value: Value::Entry(key.clone(), Box::new(node.clone())),
            parts: Vec::new(),
        };
        self.children().iter().map(entry).collect()
    }

    /// Everything at the end of a path.
    pub(crate) fn follow(&self, path: &[Step]) -> Vec<Node> {
        let Some((step, rest)) = path.split_first() else {
            return vec![self.clone()];
        };
        let all = |nodes: Vec<&Node>, path: &[Step]| {
            nodes
                .into_iter()
                .flat_map(|node| node.follow(path))
                .collect()
        };
        match (&self.value, step) {
            (Value::Unknown, _) => vec![self.clone()],
            (Value::List(members), Step::Index(index)) => {
                let at = if *index < 0 {
                    i64::try_from(members.len()).unwrap() + index
                } else {
                    *index
                };
                usize::try_from(at)
                    .ok()
                    .and_then(|at| members.get(at))
                    .map_or_else(Vec::new, |member| member.follow(rest))
            }
            (Value::List(_), _) => all(self.list_members(), path),
            (Value::Patched(entries), Step::Index(index)) => {
                let at = index.to_string();
                let found = entries.iter().filter(|(key, _)| *key == at);
                all(found.map(|(_, node)| node).collect(), rest)
            }
            (Value::Object(_) | Value::Patched(_), Step::Key(key)) => {
                let mut found: Vec<Node> = all(self.get(key).into_iter().collect(), rest);
                found.extend(all(self.patched_members(), path));
                found
            }
            (Value::Object(_) | Value::Patched(_), Step::Dotted(name)) => {
                let mut found = self.dotted(name, rest);
                found.extend(all(self.patched_members(), path));
                found
            }
            (Value::Text(_), Step::Key(key)) => {
                let found = self.parts.iter().filter(|(known, _)| known == key);
                all(found.map(|(_, node)| node).collect(), rest)
            }
            (Value::Entry(key, _), Step::Key(part)) if part == "key" && rest.is_empty() => {
                vec![Self {
                    value: Value::Text(key.clone()),
                    ..self.clone()
                }]
            }
            (Value::Entry(_, value), Step::Key(part)) if part == "value" => value.follow(rest),
            _ => Vec::new(),
        }
    }

    /// Every way to split a name at its dots that exists.
    fn dotted(&self, name: &str, rest: &[Step]) -> Vec<Node> {
        let mut found = Vec::new();
        if let Some(child) = self.get(name) {
            found.extend(child.follow(rest));
        }
        for (dot, _) in name.match_indices('.') {
            let (first, remaining) = name.split_at(dot);
            let remaining = remaining.strip_prefix('.').unwrap();
            if let Some(child) = self.get(first) {
                if matches!(child.value, Value::Unknown) {
                    found.push(child.clone());
                } else {
                    found.extend(child.dotted(remaining, rest));
                }
            }
        }
        found
    }

    /// What equality and its like look at.
    pub(crate) fn values(&self) -> Vec<Node> {
        match &self.value {
            Value::List(_) => self.list_members().into_iter().cloned().collect(),
            Value::Patched(_) => {
                let mut all: Vec<Node> = self.list_members().into_iter().cloned().collect();
                all.push(self.clone());
                all
            }
            _ => vec![self.clone()],
        }
    }
}

/// Reads the path that follows a field's name. Below a map of free form a name keeps its dots.
pub(crate) fn steps(text: &str, mut free: bool) -> Vec<Step> {
    const FREE: [&str; 9] = [
        "annotations",
        "labels",
        "matchLabels",
        "nodeSelector",
        "selector",
        "data",
        "stringData",
        "extra",
        "query",
    ];
    let mut steps = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        rest = rest.strip_prefix('.').unwrap_or(rest);
        if rest.is_empty() {
            break;
        }
        if let Some(quoted) = rest.strip_prefix("[\"") {
            let (key, after) = quoted.split_once("\"]").unwrap();
            steps.push(Step::Key(key.to_owned()));
            (rest, free) = (after, false);
        } else if let Some(index) = rest.strip_prefix('[') {
            let (index, after) = index.split_once(']').unwrap();
            steps.push(Step::Index(index.parse().unwrap()));
            rest = after;
        } else if free {
            let end = rest.find('[').unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            steps.push(Step::Dotted(name.to_owned()));
            rest = after;
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            free = FREE.contains(&name);
            steps.push(Step::Key(name.to_owned()));
            rest = after;
        }
    }
    steps
}
