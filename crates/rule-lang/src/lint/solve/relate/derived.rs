//! Fields that are made of others: parts of a name, the path of a URI, the network around an address, a reference.

use audit_model::{FieldId, part_of_text};
use ipnet::IpNet;

use super::super::formula::What;
use super::super::store::{Clash, fits};
use super::super::value::Value;
use super::super::{patterns, shapes};
use super::Event;
use crate::fold::fold;
use crate::program::Test;
use crate::text::{Open, Pattern, Token, escaped};

/// Texts, and what is made of each alone.
const PARTS: &[(FieldId, &[FieldId])] = &[
    (FieldId::ActorUsername, OF_ACTOR),
    (FieldId::UserUsername, &[FieldId::UserId]),
    (FieldId::RequestUri, &[FieldId::UriPath]),
    (FieldId::ClientIp, &[FieldId::ClientNet]),
];

pub(super) const OF_ACTOR: &[FieldId] = &[
    FieldId::ActorId,
    FieldId::ServiceAccountNamespace,
    FieldId::ServiceAccountName,
    FieldId::NodeName,
];

/// Combinations of values that are looked at.
const MOST: usize = 64;

impl Event<'_, '_> {
    /// A text of which nothing can be made that is asked of its parts.
    pub(super) fn derived(&self) -> Option<Clash> {
        for (of, parts) in PARTS {
            let Some(values) = self.values(*of) else {
                continue;
            };
            let is_possible =
                |parts: &[FieldId]| values.iter().any(|value| self.has_parts(value, parts));
            let one = parts.iter().find(|part| !is_possible(&[**part]));
            if let Some(part) = one {
                return Some(self.clash(&[*of, *part]));
            }
            if !is_possible(parts) {
                return Some(self.clash(&[&[*of], *parts].concat()));
            }
        }
        self.named_as()
            .or_else(|| self.path())
            .or_else(|| self.network())
            .or_else(|| self.name())
            .or_else(|| self.reference())
    }

    /// Whether what is made of a text can be what is asked of it.
    pub(super) fn has_parts(&self, of: &Value, parts: &[FieldId]) -> bool {
        parts.iter().all(|part| {
            let literals = self.store.of(self.problem, *part);
            if literals.is_empty() || !self.budget.spend(1) {
                return true;
            }
            let values = made(*part, of);
            values.is_none_or(|values| {
                let mut values = values.iter();
                values.any(|value| fits(self.problem, literals, value, self.budget))
            })
        })
    }

    /// Whether a field that matches one of these may pass what is asked of it.
    fn may_match(&self, field: FieldId, shape: &[Pattern]) -> bool {
        self.tests(field, true).all(|test| {
            let shapes = shapes::of(test, self.budget);
            let mut shapes = shapes.iter();
            shapes.all(|asked| patterns::some_overlap(asked, shape, self.budget))
        })
    }

    /// The tests that a field must pass, or must fail.
    fn tests(&self, field: FieldId, want: bool) -> impl Iterator<Item = &Test> {
        let literals = self.store.of(self.problem, field).iter();
        literals
            .filter(move |literal| literal.want == want)
            .filter_map(|literal| match self.problem.atoms.get(literal.atom)?.what {
                What::Test(test) => Some(test),
                _ => None,
            })
    }

    /// The name of a node or a service account, and a name of the actor that is of no such one.
    fn named_as(&self) -> Option<Clash> {
        use FieldId as F;
        let mut who = vec![F::ActorUsername];
        if self.is_gone(F::ImpersonatedUser) {
            who.push(F::UserUsername);
        }
        let forms = [
            (F::NodeName, "system:node:*"),
            (F::ServiceAccountName, "system:serviceaccount:*:*"),
            (F::ServiceAccountNamespace, "system:serviceaccount:*:*"),
        ];
        for (field, form) in forms {
            let Some(wanted) = self.required(field) else {
                continue;
            };
            let form = [Pattern::parse(form, true)];
            for name in &who {
                if !self.may_match(*name, &form)
                    && let Some(other) = self.last(*name)
                {
                    return Some(Clash(vec![other, wanted]));
                }
            }
        }
        None
    }

    /// What a URI begins with, and a path that begins otherwise.
    fn path(&self) -> Option<Clash> {
        let fields = [FieldId::RequestUri, FieldId::UriPath];
        if self.store.of(self.problem, fields[1]).is_empty() {
            return None;
        }
        let clashes = self.tests(fields[0], true).any(|test| {
            let shapes = shapes::of(test, self.budget);
            shapes.iter().any(|shape| {
                let paths: Vec<Pattern> = shape.iter().map(|uri| path_of(uri)).collect();
                !self.may_match(fields[1], &paths)
            })
        });
        clashes.then(|| self.clash(&fields))
    }

    /// Networks that the address lies in or does not, and another one around it; and an address that is none of those
    /// that it is taken from.
    fn network(&self) -> Option<Clash> {
        let ip = FieldId::ClientIp;
        let cidrs = |want| {
            self.tests(ip, want).filter_map(|test| match test {
                Test::Cidr(networks) => Some(networks),
                _ => None,
            })
        };
        if let Some(around) = self.values(FieldId::ClientNet) {
            let is_possible = |around: &Value| {
                let Value::Text { text, .. } = around else {
                    return true;
                };
                let Ok(around) = text.parse::<IpNet>() else {
                    return true;
                };
                let touches = |one: &IpNet| {
                    one.contains(&around.network()) || around.contains(&one.network())
                };
                cidrs(true).all(|networks| networks.iter().any(touches))
                    && !cidrs(false).any(|networks| {
                        let mut networks = networks.iter();
                        networks.any(|network| network.contains(&around))
                    })
            };
            if !around.iter().any(is_possible) {
                return Some(self.clash(&[ip, FieldId::ClientNet]));
            }
        }
        let sources = self.store.of(self.problem, FieldId::SourceIps);
        let values = self.values(ip)?;
        // One that no member of the list may be.
        let excluded = |value: &Value| {
            *value != Value::Absent
                && sources
                    .iter()
                    .filter(|literal| !literal.want)
                    .any(|literal| !fits(self.problem, &[*literal], value, self.budget))
        };
        if values.is_empty() || !values.iter().all(excluded) {
            return None;
        }
        Some(self.clash(&[FieldId::SourceIps, ip]))
    }

    /// The name of the URL, which is that of the object wherever there is one.
    fn name(&self) -> Option<Clash> {
        let fields = [FieldId::ObjectRefName, FieldId::Name];
        if self.can_be_absent(fields[0])
            || self.can_be_value(fields[0], &Value::word(""))
            || self.store.of(self.problem, fields[1]).is_empty()
        {
            return None;
        }
        let both = |value: &Value| fields.iter().all(|field| self.can_be_value(*field, value));
        let values = self.values(fields[0]).or_else(|| self.values(fields[1]))?;
        (!values.iter().any(both)).then(|| self.clash(&fields))
    }

    /// `ref` is the name, behind a namespace and a slash where there is one.
    fn reference(&self) -> Option<Clash> {
        use FieldId as F;
        if self.store.of(self.problem, F::Ref).is_empty() {
            return None;
        }
        // A namespace is said to lie in itself.
        let is_alone = self.can_be_absent(F::Namespace) || self.can_be(F::Resource, "namespaces");
        if let Some(values) = self.values(F::Ref) {
            let is_possible = |value: &Value, asked: &[F]| {
                let Value::Text { text, exact } = value else {
                    return true;
                };
                let can_be = |field: F, text: &str| {
                    let text = text.to_owned();
                    let value = Value::Text {
                        text,
                        exact: *exact,
                    };
                    !asked.contains(&field) || self.can_be_value(field, &value)
                };
                let is_split = |(at, _): (usize, &str)| {
                    let (namespace, name) = text.split_at(at);
                    let name = name.strip_prefix('/').unwrap_or_default();
                    !namespace.is_empty()
                        && can_be(F::Namespace, namespace)
                        && can_be(F::Name, name)
                };
                let n_splits = text.matches('/').count();
                !self.budget.spend(n_splits)
                    || (is_alone || !asked.contains(&F::Namespace)) && can_be(F::Name, text)
                    || text.match_indices('/').any(is_split)
            };
            let guilty: [&[F]; 3] = [&[F::Namespace], &[F::Name], &[F::Namespace, F::Name]];
            let guilty = guilty.into_iter().find(|asked| {
                let mut values = values.iter();
                !values.any(|value| is_possible(value, asked))
            });
            return guilty.map(|fields| self.clash(&[fields, &[F::Ref]].concat()));
        }
        if is_alone {
            return None;
        }
        let namespaces = self.values(F::Namespace).filter(|all| all.len() <= MOST)?;
        let shape: Option<Vec<Pattern>> = namespaces
            .iter()
            .map(|namespace| match namespace {
                Value::Text { text, exact } => {
                    let open = Open {
                        end: true,
                        ..Open::default()
                    };
                    Some(Pattern::parse_open(
                        &escaped(&format!("{text}/")),
                        *exact,
                        open,
                    ))
                }
                _ => None,
            })
            .collect();
        (!self.may_match(F::Ref, &shape?)).then(|| self.clash(&[F::Namespace, F::Ref]))
    }
}

/// What is made of a text: one of these; `None` when that is not known.
fn made(part: FieldId, of: &Value) -> Option<Vec<Value>> {
    let Value::Text { text, exact } = of else {
        return Some(vec![Value::Absent]);
    };
    let found = part_of_text(part, text).map_or(Value::Absent, |text| Value::Text {
        text,
        exact: *exact,
    });
    if *exact {
        return Some(vec![found]);
    }
    // The text is written in any case, and what these cut off in one only.
    Some(match part {
        FieldId::ActorId | FieldId::UserId => vec![found, of.clone()],
        FieldId::UriPath if text.contains('%') && !text.is_ascii() => return None,
        FieldId::UriPath | FieldId::ClientNet => vec![found],
        _ => vec![found, Value::Absent],
    })
}

/// The paths of the URIs that match a pattern.
fn path_of(uri: &Pattern) -> Pattern {
    let tokens = uri.tokens();
    let mut path = String::new();
    let mut is_whole = true;
    for token in tokens {
        match token {
            // What is encoded is not looked into.
            Token::Any | Token::One | Token::Char('%') => {
                is_whole = false;
                break;
            }
            Token::Char('?') => break,
            Token::Char(c) => path.push(if uri.is_cased() { c } else { fold(c) }),
        }
    }
    let open = Open {
        end: !is_whole,
        ..Open::default()
    };
    Pattern::parse_open(&escaped(&path), uri.is_cased(), open)
}
