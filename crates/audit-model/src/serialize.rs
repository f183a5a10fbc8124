//! Events for other formats, through serde.

use std::cell::{Cell, RefCell};

use serde::ser::{Error, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use crate::body::Body;
use crate::event::{AuthenticationMetadata, Event, ObjectReference, Other, Status, Text, UserInfo};
use crate::scan::{is_space, literal, number_end, string_end};
use crate::text::unescape;

/// Deepest nesting of a body that is written; the same as in `serde_json`'s own reader.
const DEPTH: usize = 128;

/// The names are those of the Kubernetes API, and bodies become real values. It is lossless for what strict JSON can
/// say: of a repeated key the last value is left, invalid text becomes U+FFFD, and a body that nests over 128 levels,
/// is no JSON, or holds a number out of range is an error. [`Event::write_json`] has none of these bounds.
impl Serialize for Event<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        entry(&mut map, "kind", self.kind.as_ref())?;
        entry(&mut map, "apiVersion", self.api_version.as_ref())?;
        entry(&mut map, "level", self.level.as_ref())?;
        entry(&mut map, "auditID", self.audit_id.as_ref())?;
        entry(&mut map, "stage", self.stage.as_ref())?;
        entry(&mut map, "requestURI", self.request_uri.as_ref())?;
        entry(&mut map, "verb", self.verb.as_ref())?;
        entry(&mut map, "user", self.user.as_ref())?;
        entry(
            &mut map,
            "impersonatedUser",
            self.impersonated_user.as_ref(),
        )?;
        entry(
            &mut map,
            "authenticationMetadata",
            self.authentication_metadata.as_ref(),
        )?;
        entry(&mut map, "sourceIPs", self.source_ips.as_ref())?;
        entry(&mut map, "userAgent", self.user_agent.as_ref())?;
        entry(&mut map, "objectRef", self.object_ref.as_ref())?;
        entry(&mut map, "responseStatus", self.response_status.as_ref())?;
        entry(&mut map, "requestObject", self.request_object.as_ref())?;
        entry(&mut map, "responseObject", self.response_object.as_ref())?;
        entry(
            &mut map,
            "requestReceivedTimestamp",
            self.request_received_timestamp.as_ref(),
        )?;
        entry(&mut map, "stageTimestamp", self.stage_timestamp.as_ref())?;
        entry(
            &mut map,
            "annotations",
            self.annotations.as_deref().map(Pairs).as_ref(),
        )?;
        unknown(&mut map, &self.other, crate::schema::EVENT)?;
        map.end()
    }
}

impl Serialize for UserInfo<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        entry(&mut map, "username", self.username.as_ref())?;
        entry(&mut map, "uid", self.uid.as_ref())?;
        entry(&mut map, "groups", self.groups.as_ref())?;
        entry(&mut map, "extra", self.extra.as_deref().map(Pairs).as_ref())?;
        unknown(&mut map, &self.other, crate::schema::USER)?;
        map.end()
    }
}

impl Serialize for AuthenticationMetadata<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        entry(
            &mut map,
            "impersonationConstraint",
            self.impersonation_constraint.as_ref(),
        )?;
        unknown(&mut map, &self.other, crate::schema::AUTHENTICATION)?;
        map.end()
    }
}

impl Serialize for ObjectReference<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        entry(&mut map, "resource", self.resource.as_ref())?;
        entry(&mut map, "namespace", self.namespace.as_ref())?;
        entry(&mut map, "name", self.name.as_ref())?;
        entry(&mut map, "uid", self.uid.as_ref())?;
        entry(&mut map, "apiGroup", self.api_group.as_ref())?;
        entry(&mut map, "apiVersion", self.api_version.as_ref())?;
        entry(&mut map, "resourceVersion", self.resource_version.as_ref())?;
        entry(&mut map, "subresource", self.subresource.as_ref())?;
        unknown(&mut map, &self.other, crate::schema::OBJECT)?;
        map.end()
    }
}

impl Serialize for Status<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        entry(&mut map, "metadata", self.metadata.as_ref())?;
        entry(&mut map, "status", self.status.as_ref())?;
        entry(&mut map, "message", self.message.as_ref())?;
        entry(&mut map, "reason", self.reason.as_ref())?;
        entry(&mut map, "details", self.details.as_ref())?;
        entry(&mut map, "code", self.code.as_ref())?;
        unknown(&mut map, &self.other, crate::schema::STATUS)?;
        map.end()
    }
}

fn entry<M: SerializeMap, T: Serialize>(
    map: &mut M,
    key: &str,
    value: Option<&T>,
) -> Result<(), M::Error> {
    match value {
        Some(value) => map.serialize_entry(key, value),
        None => Ok(()),
    }
}

/// The members that no field stands for, the last of each key.
fn unknown<M: SerializeMap>(
    map: &mut M,
    other: &[Other<'_>],
    known: &[crate::schema::Member],
) -> Result<(), M::Error> {
    let mut last: Vec<_> = other.iter().enumerate().collect();
    last.reverse();
    last.sort_by_key(|(_, (key, _))| key);
    last.dedup_by_key(|(_, (key, _))| key);
    last.sort_by_key(|(index, _)| *index);
    for (_, (key, value)) in last {
        let named = known
            .iter()
            .any(|member| member.name == *key && member.key != crate::schema::Key::Items);
        if !named {
            map.serialize_entry(key, value)?;
        }
    }
    Ok(())
}

/// Pairs as a map, the last of each key.
struct Pairs<'p, 'a, V>(&'p [(Text<'a>, V)]);

impl<V: Serialize> Serialize for Pairs<'_, '_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut last: Vec<_> = self.0.iter().enumerate().collect();
        last.reverse();
        last.sort_by_key(|(_, (key, _))| key);
        last.dedup_by_key(|(_, (key, _))| key);
        last.sort_by_key(|(index, _)| *index);
        serializer.collect_map(last.into_iter().map(|(_, (key, value))| (key, value)))
    }
}

/// As a value of the format, under the bounds that [`Event`]'s implementation names.
impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json = self.as_bytes();
        // Asked once for the whole body; below, bytes that cannot be a value are no more to be expected.
        if let Some(at) = crate::frame::first_fault(json) {
            return Err(S::Error::custom(format_args!(
                "body is no JSON at its byte {at}"
            )));
        }
        let start = json
            .iter()
            .position(|byte| !is_space(*byte))
            .unwrap_or_default();
        if matches!(json.get(start), Some(b'{' | b'['))
            && let Ok((_, depth)) = crate::scan::skip(json, start)
            && depth > DEPTH
        {
            return Err(S::Error::custom(format_args!(
                "body nests {depth} levels deep, over the limit of {DEPTH}"
            )));
        }
        Value(&Walk {
            json,
            at: Cell::new(0),
            text: RefCell::default(),
        })
        .serialize(serializer)
    }
}

/// A pass over a body of sound JSON, shared by the values in it: each one reads on where the one before it ended.
struct Walk<'w> {
    json: &'w [u8],
    at: Cell<usize>,
    /// Scratch for texts.
    text: RefCell<String>,
}

/// The value at the cursor.
struct Value<'v, 'w>(&'v Walk<'w>);

impl<'w> Walk<'w> {
    /// The next byte that is no white space.
    fn peek(&self) -> Option<u8> {
        let rest = self.json.get(self.at.get()..)?;
        let blank = rest.iter().position(|byte| !is_space(*byte))?;
        self.at.set(self.at.get() + blank);
        rest.get(blank).copied()
    }

    /// Steps over the next byte if it is `byte`.
    fn take(&self, byte: u8) -> bool {
        let taken = self.peek() == Some(byte);
        self.at.set(self.at.get() + usize::from(taken));
        taken
    }

    /// The string at the cursor.
    fn string<E: Error>(&self) -> Result<String, E> {
        let start = self.at.get() + 1;
        let (end, _) = string_end(self.json, start).map_err(|_| no_json(start))?;
        self.at.set(end + 1);
        let mut text = std::mem::take(&mut *self.text.borrow_mut());
        text.clear();
        unescape(self.json.get(start..end).unwrap_or_default(), &mut text);
        Ok(text)
    }

    fn number(&self) -> Option<&'w str> {
        let start = self.at.get();
        let end = number_end(self.json, start)?;
        self.at.set(end);
        std::str::from_utf8(self.json.get(start..end)?).ok()
    }
}

fn no_json<E: Error>(at: usize) -> E {
    E::custom(format_args!("body is no JSON at its byte {at}"))
}

impl Serialize for Value<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let walk = self.0;
        let fails = || no_json(walk.at.get());
        match walk.peek().ok_or_else(fails)? {
            b'{' => {
                walk.take(b'{');
                let mut map = serializer.serialize_map(None)?;
                while !walk.take(b'}') {
                    walk.peek();
                    let key = walk.string()?;
                    walk.take(b':');
                    map.serialize_key(&key)?;
                    *walk.text.borrow_mut() = key;
                    map.serialize_value(&Value(walk))?;
                    walk.take(b',');
                }
                map.end()
            }
            b'[' => {
                walk.take(b'[');
                let mut seq = serializer.serialize_seq(None)?;
                while !walk.take(b']') {
                    seq.serialize_element(&Value(walk))?;
                    walk.take(b',');
                }
                seq.end()
            }
            b'"' => {
                let text = walk.string()?;
                let done = serializer.serialize_str(&text);
                *walk.text.borrow_mut() = text;
                done
            }
            b'-' | b'0'..=b'9' => number(walk.number().ok_or_else(fails)?, serializer),
            byte => {
                let literal = literal(byte).ok_or_else(fails)?;
                walk.at.set(walk.at.get() + literal.len());
                match byte {
                    b'n' => serializer.serialize_unit(),
                    _ => serializer.serialize_bool(byte == b't'),
                }
            }
        }
    }
}

fn number<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    if let Ok(number) = text.parse() {
        return serializer.serialize_i64(number);
    }
    if let Ok(number) = text.parse() {
        return serializer.serialize_u64(number);
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => serializer.serialize_f64(number),
        _ => {
            let shown: String = text.chars().take(64).collect();
            Err(S::Error::custom(format_args!(
                "number `{shown}` of a body is out of range"
            )))
        }
    }
}
