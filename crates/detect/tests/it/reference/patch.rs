//! What a patch itself sets.

use super::node::{Node, Value};

/// The patch as an object, from the body of a patch request.
pub(crate) fn of(body: &Node) -> Option<Node> {
    match &body.value {
        Value::Object(_) => Some(obey(body)),
        Value::List(operations) => {
            let mut root = Node {
                id: "patch".to_owned(),
                value: Value::Patched(Vec::new()),
                ..body.clone()
            };
            for (at, operation) in operations.iter().enumerate() {
                apply(&mut root, operation, at);
            }
            Some(root)
        }
        _ => None,
    }
}

fn is_directive(key: &str) -> bool {
    key == "$patch"
        || key == "$retainKeys"
        || key.starts_with("$setElementOrder/")
        || key.starts_with("$deleteFromPrimitiveList/")
}

/// Whether a directive deletes a node. What says more than which one it is may be meant to stay: a merge patch knows no
/// directives.
fn is_deleted(node: &Node) -> bool {
    let others = node.children().iter().filter(|(key, _)| key != "$patch");
    let others: Vec<&Node> = others.map(|(_, node)| node).collect();
    let named = match others.as_slice() {
        [] => true,
        [name] => matches!(name.value, Value::Text(_) | Value::Number(_)),
        _ => false,
    };
    named && node.get("$patch").and_then(Node::text) == Some("delete")
}

/// Takes directives out, and what they delete.
fn obey(node: &Node) -> Node {
    let value = match &node.value {
        Value::List(members) => Value::List(
            members
                .iter()
                .filter(|member| !is_deleted(member))
                .map(obey)
                .collect(),
        ),
        Value::Object(entries) => {
            let kept = entries.iter().filter(|(key, _)| !is_directive(key));
            let obeyed = kept.map(|(key, child)| {
                let mut made = obey(child);
                if is_deleted(child) {
                    made.value = Value::Null;
                }
                (key.clone(), made)
            });
            Value::Object(obeyed.collect())
        }
        other => other.clone(),
    };
    Node {
        value,
        ..node.clone()
    }
}

fn tokens(pointer: &str) -> Vec<String> {
    let tokens = pointer.split('/').skip(1);
    tokens
        .map(|token| token.replace("~1", "/").replace("~0", "~"))
        .collect()
}

fn apply(root: &mut Node, operation: &Node, at: usize) {
    let text = |key: &str| operation.get(key).and_then(Node::text);
    let (Some(op), Some(path)) = (text("op"), text("path")) else {
        return;
    };
    let path = tokens(path);
    match op {
        "add" | "replace" => {
            if let Some(value) = operation.get("value") {
                set(root, &path, value.clone(), op == "add", at);
            }
        }
        "remove" => set(
            root,
            &path,
            Node::new(format!("null/{at}"), Value::Null),
            false,
            at,
        ),
        "copy" | "move" => {
            let Some(from) = text("from").map(tokens) else {
                return;
            };
            let value = get(root, &from)
                .filter(|node| !matches!(node.value, Value::Patched(_)))
                .cloned();
            let mut value = value.unwrap_or_else(|| Node::new("unknown", Value::Unknown));
            value.id = format!("copy/{at}/{}", value.id);
            if op == "move" {
                let null = Node::new(format!("null/{at}"), Value::Null);
                set(root, &from, null, false, at);
            }
            set(root, &path, value, true, at);
        }
        _ => {}
    }
}

/// Which child of a container a token names.
fn child_at(container: &Node, token: &str) -> Option<usize> {
    match &container.value {
        Value::List(members) => token.parse().ok().filter(|at| *at < members.len()),
        Value::Object(entries) | Value::Patched(entries) if token != "-" => {
            entries.iter().rposition(|(key, _)| key == token)
        }
        _ => None,
    }
}

fn child_mut(container: &mut Node, at: usize) -> &mut Node {
    match &mut container.value {
        Value::List(members) => &mut members[at],
        Value::Object(entries) | Value::Patched(entries) => &mut entries[at].1,
        _ => panic!("only containers have children"),
    }
}

fn get<'n>(root: &'n Node, path: &[String]) -> Option<&'n Node> {
    path.iter().try_fold(root, |node, token| {
        let at = child_at(node, token)?;
        match &node.value {
            Value::List(members) => members.get(at),
            _ => node.children().get(at).map(|(_, child)| child),
        }
    })
}

fn set(node: &mut Node, path: &[String], value: Node, insert: bool, operation: usize) {
    let Some((token, rest)) = path.split_first() else {
        *node = value;
        return;
    };
    if !matches!(
        node.value,
        Value::Object(_) | Value::List(_) | Value::Patched(_)
    ) {
        node.value = Value::Patched(Vec::new());
    }
    let is_index = !token.is_empty() && token.chars().all(|c| c.is_ascii_digit());
    let found = child_at(node, token);
    // Inserting at an index moves what was there: both are members.
    if let Some(at) = found.filter(|_| !(rest.is_empty() && insert && is_index)) {
        set(child_mut(node, at), rest, value, insert, operation);
        return;
    }
    let id = format!("{}/{token}/{operation}", node.id);
    let mut child = Node {
        choices: node.choices.clone(),
        ..Node::new(id, Value::Patched(Vec::new()))
    };
    set(&mut child, rest, value, insert, operation);
    match &mut node.value {
        Value::List(members) => members.push(child),
        Value::Object(entries) | Value::Patched(entries) => entries.push((token.clone(), child)),
        _ => {}
    }
}
