//! Rules.

use super::Choices;
use super::pools::{
    CAPABILITIES, CODES, COMMANDS, DECISIONS, GROUPS, IMAGES, IPS, KINDS, LABELS, NAMES,
    NAMESPACES, NUMBERS, OUTCOMES, PATHS, REGISTRIES, RESOURCES, ROLES, SIGNERS, STAGES,
    SUBRESOURCES, USAGES, USERS, VERBS, WORDS,
};
use crate::reference::{
    Block, Body, Condition, Entry, How, Inner, Item, Literal, Pieces, Quantifier, ReKind, RePiece,
    Relation, Rule, Scope,
};

type Pool = &'static [&'static str];

const BOOLS: Pool = &["true", "false"];
const KEYS: Pool = &["a.b", "k", "authorization.k8s.io/decision"];
const NOTHING: Pool = &[];

/// Fields of the event with the values that they have.
const FIELDS: &[(&str, Pool)] = &[
    ("verb", VERBS),
    ("resource", RESOURCES),
    ("subresource", SUBRESOURCES),
    ("namespace", NAMESPACES),
    ("name", NAMES),
    ("ref", &["shop/web", "kube-system/kube-proxy", "web"]),
    ("apiGroup", &["apps", "", "metrics.k8s.io"]),
    ("operation", VERBS),
    ("outcome", OUTCOMES),
    ("decision", DECISIONS),
    ("status", CODES),
    ("stage", STAGES),
    ("userAgent", NAMES),
    ("user.username", USERS),
    ("user.groups", GROUPS),
    ("user.groups[0]", GROUPS),
    ("user.groups[-1]", GROUPS),
    ("user.extra.a.b", WORDS),
    ("user.extra[\"a.b\"]", WORDS),
    ("user.extra.k", WORDS),
    ("impersonatedUser", NOTHING),
    ("impersonatedUser.username", USERS),
    ("impersonatedUser.groups", GROUPS),
    ("actor.username", USERS),
    ("actor.groups", GROUPS),
    (
        "actor.kind",
        &["user", "serviceaccount", "node", "system", "anonymous"],
    ),
    ("serviceAccount.name", NAMES),
    ("serviceAccount.namespace", NAMESPACES),
    ("node.name", &["n1"]),
    ("client.ip", IPS),
    ("client.net", &["10.0.0.0/24", "203.0.113.0/24"]),
    ("sourceIPs", IPS),
    ("annotations.a.b", WORDS),
    ("annotations[\"a.b\"]", WORDS),
    ("annotations.authorization.k8s.io/decision", DECISIONS),
    ("objectRef", NOTHING),
    ("objectRef.resource", RESOURCES),
    ("objectRef.subresource", SUBRESOURCES),
    ("responseStatus.code", CODES),
    ("requestURI", &["/api/web", "/api/web?command=sh"]),
    ("uri.path", &["/api/web", "/api/Évil", "/api/kube-proxy"]),
    ("uri.query.command", COMMANDS),
    ("uri.query.a.b", WORDS),
    ("uri.query", NOTHING),
    ("exec.command", COMMANDS),
    ("exec.command[0]", COMMANDS),
    ("exec.program", &["sh", "curl", "id -a"]),
    (
        "exec.commandLine",
        &["sh", "sh -c id -a", "/bin/sh -c", "-c"],
    ),
    ("exec.stdin", BOOLS),
    ("exec.tty", BOOLS),
    ("exec.container", NAMES),
    ("object", NOTHING),
    ("object.metadata.name", NAMES),
    ("object.metadata.labels", NOTHING),
    ("object.metadata.labels.app", WORDS),
    ("object.metadata.labels.app.kubernetes.io/name", WORDS),
    ("object.metadata.labels.a.b.c", WORDS),
    ("object.metadata.labels[\"a.b.c\"]", WORDS),
    ("object.data.a.b.c", WORDS),
    ("object.x", NOTHING),
    ("object.x.a", WORDS),
    ("object.x.b", NUMBERS),
    ("object.x.list", WORDS),
    ("object.x.list.x", WORDS),
    ("object.x.list.y", NUMBERS),
    ("object.x.list[0]", WORDS),
    ("object.x.list[1].x", WORDS),
    ("object.x.list[-1]", WORDS),
    ("patch", NOTHING),
    ("patch.metadata.name", NAMES),
    ("patch.metadata.labels.app", WORDS),
    ("patch.metadata.labels.app.kubernetes.io/name", WORDS),
    ("patch.spec.hostNetwork", BOOLS),
    ("patch.spec.containers.image", IMAGES),
    ("requestObject.metadata.name", NAMES),
    ("requestObject.x.list", WORDS),
    ("requestObject", NOTHING),
    ("responseObject.metadata.name", NAMES),
    ("podSpec", NOTHING),
    ("podSpec.hostNetwork", BOOLS),
    ("podSpec.hostPID", BOOLS),
    ("podSpec.containers.image", IMAGES),
    ("podSpec.containers[0].image", IMAGES),
    ("podSpec.volumes.name", &["v", "w"]),
    ("volumes.hostPath.path", PATHS),
    ("hostPaths", PATHS),
    ("containers", NOTHING),
    ("containers.name", NAMES),
    ("containers.image", IMAGES),
    ("containers.image.registry", REGISTRIES),
    (
        "containers.image.repository",
        &["library/nginx", "kube-proxy", "x/y", "web"],
    ),
    ("containers.image.tag", &["latest", "1.27", "v1", "7"]),
    ("containers.image.digest", &["sha256:ab"]),
    ("containers.kind", &["container", "init", "ephemeral"]),
    ("containers.capabilities", CAPABILITIES),
    ("containers.hostPaths", PATHS),
    ("containers.securityContext.privileged", BOOLS),
    ("containers.args", COMMANDS),
    ("containers.env.value", WORDS),
    ("rbac.rules", NOTHING),
    ("rbac.rules.verbs", VERBS),
    ("rbac.rules.resources", RESOURCES),
    ("rbac.subjects.kind", KINDS),
    ("rbac.subjects.username", USERS),
    ("rbac.roleRef.name", ROLES),
    ("csr.commonName", USERS),
    ("csr.organizations", GROUPS),
    ("csr.organizations[0]", GROUPS),
    ("csr.dnsNames", NAMES),
    ("csr.signerName", SIGNERS),
    ("csr.usages", USAGES),
];

const CONTAINER: &[(&str, Pool)] = &[
    ("name", NAMES),
    ("image", IMAGES),
    ("image.registry", REGISTRIES),
    ("image.tag", &["latest", "1.27"]),
    ("kind", &["container", "init", "ephemeral"]),
    ("securityContext.privileged", BOOLS),
    ("securityContext", NOTHING),
    ("capabilities", CAPABILITIES),
    ("hostPaths", PATHS),
    ("args", COMMANDS),
    ("args[0]", COMMANDS),
    ("env.name", &["A", "B"]),
];
const ENTRY: &[(&str, Pool)] = &[("key", LABELS), ("value", WORDS)];
const MEMBER: &[(&str, Pool)] = &[(".", WORDS)];

/// Lists and maps that blocks range over, and what is in their members.
const LISTS: &[(&str, &[(&str, Pool)])] = &[
    ("containers", CONTAINER),
    ("podSpec.containers", &[("image", IMAGES), ("name", NAMES)]),
    (
        "podSpec.volumes",
        &[("name", &["v", "w"]), ("hostPath.path", PATHS)],
    ),
    (
        "rbac.subjects",
        &[
            ("kind", KINDS),
            ("name", &["dana", "web"]),
            ("namespace", NAMESPACES),
            ("username", USERS),
        ],
    ),
    ("rbac.rules", &[("verbs", VERBS), ("resources", RESOURCES)]),
    ("user.groups", &[(".", GROUPS)]),
    (
        "user.extra",
        &[("key", KEYS), ("value", WORDS), ("value[0]", WORDS)],
    ),
    ("annotations", &[("key", KEYS), ("value", WORDS)]),
    (
        "uri.query",
        &[("key", &["command", "dryRun", "flag"]), ("value", COMMANDS)],
    ),
    ("exec.command", &[(".", COMMANDS)]),
    ("object.metadata.labels", ENTRY),
    ("object.data", ENTRY),
    ("patch.metadata.labels", ENTRY),
    (
        "object.x.list",
        &[
            (".", WORDS),
            ("x", WORDS),
            ("y", NUMBERS),
            ("key", &["x", "y"]),
            ("value", WORDS),
        ],
    ),
    (
        "object.x",
        &[
            ("key", &["a", "b", "list"]),
            ("value", WORDS),
            ("value.x", WORDS),
        ],
    ),
    ("sourceIPs", &[(".", IPS)]),
    ("csr.organizations", &[(".", GROUPS)]),
    ("csr.usages", &[(".", USAGES)]),
];

/// Lists in the members of a container.
const INNER: &[(&str, &[(&str, Pool)])] = &[
    ("env", &[("name", &["A", "B"]), ("value", WORDS)]),
    ("args", &[(".", COMMANDS)]),
    ("capabilities", &[(".", CAPABILITIES)]),
    ("securityContext.capabilities.add", MEMBER),
];

/// Where the fields of a map come from.
#[derive(Clone, Copy)]
enum Level {
    Event,
    Member(&'static [(&'static str, Pool)], usize),
}

/// A rule of this name.
pub(crate) fn rule(c: &mut Choices<'_>, name: String) -> Rule {
    Rule {
        name,
        scope: scope(c, Level::Event),
    }
}

fn scope(c: &mut Choices<'_>, level: Level) -> Scope {
    const NAMES: [&str; 4] = ["s", "s1", "t", "sel_2"];
    let n = 1 + c.below(4);
    let selections: Vec<(String, Body)> = NAMES[..n]
        .iter()
        .map(|name| ((*name).to_owned(), body(c, level)))
        .collect();
    let names: Vec<String> = selections.iter().map(|(name, _)| name.clone()).collect();
    Scope {
        condition: condition(c, &names),
        selections,
    }
}

/// A condition that uses every one of the selections.
fn condition(c: &mut Choices<'_>, names: &[String]) -> Condition {
    if c.one_in(4) {
        let every = Condition::Of {
            all: c.one_in(2),
            prefix: String::new(),
        };
        return maybe_not(c, every);
    }
    let all_s = names.iter().filter(|name| name.starts_with('s')).count();
    if all_s == names.len() && c.one_in(4) {
        let of = Condition::Of {
            all: c.one_in(2),
            prefix: "s".to_owned(),
        };
        return maybe_not(c, of);
    }
    let (first, rest) = names.split_first().unwrap();
    let mut made = maybe_not(c, Condition::Name(first.clone()));
    for name in rest {
        let next = maybe_not(c, Condition::Name(name.clone()));
        let both = vec![made, next];
        made = if c.one_in(2) {
            Condition::Or(both)
        } else {
            Condition::And(both)
        };
        made = if c.one_in(5) {
            Condition::Not(Box::new(made))
        } else {
            made
        };
    }
    made
}

fn maybe_not(c: &mut Choices<'_>, condition: Condition) -> Condition {
    match c.below(6) {
        4 => Condition::Not(Box::new(condition)),
        5 => Condition::Not(Box::new(Condition::Not(Box::new(Condition::Not(
            Box::new(condition),
        ))))),
        _ => condition,
    }
}

fn body(c: &mut Choices<'_>, level: Level) -> Body {
    match (c.below(8), level) {
        (7, Level::Event) if c.one_in(2) => {
            Body::Keywords(c.some(2, |c| c.pick(&["kube-system", "dana", "É"]).to_owned()))
        }
        (5 | 6, _) => Body::Or(c.some(3, |c| entries(c, level))),
        _ => Body::And(entries(c, level)),
    }
}

/// The entries of a map; no key comes twice.
fn entries(c: &mut Choices<'_>, level: Level) -> Vec<Entry> {
    let mut kept: Vec<Entry> = Vec::new();
    for entry in c.some(3, |c| entry(c, level)) {
        let key = super::yaml::key(&entry);
        if !kept.iter().any(|known| super::yaml::key(known) == key) {
            kept.push(entry);
        }
    }
    kept
}

fn entry(c: &mut Choices<'_>, level: Level) -> Entry {
    match level {
        Level::Event if c.one_in(3) => {
            let (name, members) = LISTS[c.below(LISTS.len())];
            Entry::Block(block(c, name, members, 1))
        }
        Level::Event => {
            let (name, pool) = FIELDS[c.below(FIELDS.len())];
            Entry::Item(item(c, name, pool))
        }
        Level::Member(fields, depth) => {
            let is_container = fields.len() == CONTAINER.len();
            if is_container && depth < 3 && c.one_in(6) {
                let (name, members) = INNER[c.below(INNER.len())];
                return Entry::Block(block(c, name, members, depth + 1));
            }
            let (name, pool) = fields[c.below(fields.len())];
            Entry::Item(item(c, name, pool))
        }
    }
}

fn block(
    c: &mut Choices<'_>,
    name: &str,
    members: &'static [(&'static str, Pool)],
    depth: usize,
) -> Block {
    let quantifiers = [
        Quantifier::Any,
        Quantifier::Any,
        Quantifier::All,
        Quantifier::AllOrEmpty,
        Quantifier::None,
    ];
    let quantifier = quantifiers[c.below(quantifiers.len())];
    let level = Level::Member(members, depth);
    let itself = members.iter().find(|(name, _)| *name == ".");
    let inner = match (c.below(4), itself) {
        (0 | 1, Some((_, pool))) => Inner::Member(item(c, ".", pool)),
        (3, _) => Inner::Scope(scope(c, level)),
        _ => Inner::Body(body(c, level)),
    };
    Block {
        name: name.to_owned(),
        quantifier,
        inner,
    }
}

fn item(c: &mut Choices<'_>, name: &str, pool: Pool) -> Item {
    let mut made = Item {
        name: name.to_owned(),
        how: How::Exists(true),
        all: false,
        cased: false,
        neq: false,
    };
    if pool.is_empty() {
        made.how = match c.below(4) {
            0 => How::Exists(true),
            1 => How::Exists(false),
            2 => How::Text(Relation::Equals, vec![Literal::Null]),
            _ => How::Text(Relation::Equals, vec![Literal::Text(vec![Pieces::Any])]),
        };
        return made;
    }
    made.neq = c.one_in(5);
    match c.below(16) {
        0..=8 => {
            let literals = c.some(3, |c| literal(c, pool));
            made.how = How::Text(Relation::Equals, literals);
            made.cased = c.one_in(6);
        }
        9..=11 => {
            let relation = relation(c);
            let literals = c.some(3, |c| Literal::Text(part(c, pool)));
            made.all = literals.len() > 1 && c.one_in(2);
            made.how = How::Text(relation, literals);
            made.cased = c.one_in(6);
        }
        12 => {
            made.how = How::Exists(!c.one_in(2));
            made.neq = false;
        }
        13 => {
            let patterns = c.some(2, |c| regex(c, pool));
            made.all = patterns.len() > 1 && c.one_in(3);
            made.how = How::Re(patterns, c.one_in(3));
        }
        14 if pool == NUMBERS || pool == CODES || pool == WORDS => {
            let comparison = c.pick(&["lt", "lte", "gt", "gte"]);
            made.how = How::Compare(
                comparison,
                c.pick(&["7", "7.0", "403", "0.5", "9007199254740992", "-1"])
                    .to_owned(),
            );
        }
        14 if pool == IPS => {
            made.how = How::Cidr(c.some(2, |c| {
                let networks = ["10.0.0.0/8", "10.0.0.7/32", "203.0.113.0/24"];
                c.pick(&networks).to_owned()
            }));
        }
        15 => {
            let other = c.pick(&[
                "namespace",
                "name",
                "user.username",
                "user.groups",
                "object.metadata.name",
                "object.x.a",
                "exec.command",
            ]);
            let relation = if c.one_in(3) {
                relation(c)
            } else {
                Relation::Equals
            };
            made.how = How::FieldRef(relation, other.to_owned());
            made.cased = c.one_in(4);
        }
        _ => {
            let wanted = literal(c, pool);
            made.how = How::Text(Relation::Equals, vec![wanted]);
        }
    }
    made
}

fn relation(c: &mut Choices<'_>) -> Relation {
    [Relation::Contains, Relation::StartsWith, Relation::EndsWith][c.below(3)]
}

fn pieces(text: &str) -> Vec<Pieces> {
    text.chars().map(Pieces::Char).collect()
}

fn literal(c: &mut Choices<'_>, pool: Pool) -> Literal {
    match c.below(12) {
        10 => return Literal::Null,
        11 => return Literal::Text(vec![Pieces::Any]),
        _ => {}
    }
    let word = c.pick(pool);
    if pool == BOOLS && !c.one_in(3) {
        return Literal::Bool(word == "true");
    }
    if (pool == NUMBERS || pool == CODES) && !c.one_in(3) && word != "1e999" {
        return Literal::Number(word.to_owned());
    }
    let word = if c.one_in(4) {
        word.to_uppercase()
    } else {
        word.to_owned()
    };
    let mut made = pieces(&word);
    if !made.is_empty() {
        match c.below(8) {
            5 => made.push(Pieces::Any),
            6 => made[0] = Pieces::One,
            7 => {
                let at = c.below(made.len());
                made.splice(at.., [Pieces::Any]);
            }
            _ => {}
        }
    }
    Literal::Text(made)
}

/// A part of a value, never empty.
fn part(c: &mut Choices<'_>, pool: Pool) -> Vec<Pieces> {
    let word: Vec<char> = c.pick(pool).chars().collect();
    if word.is_empty() {
        return pieces("x");
    }
    let start = c.below(word.len());
    let end = start + 1 + c.below(word.len() - start);
    word[start..end].iter().copied().map(Pieces::Char).collect()
}

fn regex(c: &mut Choices<'_>, pool: Pool) -> ReKind {
    let word = |c: &mut Choices<'_>| -> String {
        let part = part(c, pool);
        part.iter()
            .filter_map(|piece| match piece {
                Pieces::Char(c) => Some(*c),
                _ => None,
            })
            .collect()
    };
    let mut made = vec![RePiece::Text(word(c))];
    match c.below(4) {
        1 => made.extend([RePiece::Any, RePiece::Text(word(c))]),
        2 => made.push(RePiece::Digits),
        3 => made = vec![RePiece::Either(c.some(2, word))],
        _ => {}
    }
    ReKind {
        from_start: c.one_in(3),
        to_end: c.one_in(3),
        pieces: made,
    }
}
