//! An event back to JSON, as it was read.

use std::io::Write as _;

use crate::body::Body;
use crate::event::{AuthenticationMetadata, Event, ObjectReference, Other, Status, Text, UserInfo};

impl Event<'_> {
    /// Appends the event as one line of JSON, without the line feed.
    ///
    /// It gives back what was read: bodies byte for byte, unknown keys and the earlier values of repeated ones too.
    /// [`Event::decode`] makes an equal event of it. Keys stand in the API server's order, unknown ones first; a key
    /// whose value was `null` is left out.
    ///
    /// # Examples
    /// ```
    /// use audit_model::{Event, Limits};
    ///
    /// let line = br#"{"verb":"patch","requestObject":{"n":1e999, "a":"\ud800"}}"#;
    /// let mut out = Vec::new();
    /// Event::decode_fragment(line, &Limits::default())?.write_json(&mut out);
    /// assert_eq!(out, line);
    /// # Ok::<(), audit_model::DecodeError>(())
    /// ```
    pub fn write_json(&self, out: &mut Vec<u8>) {
        let mut object = Object::open(out, self.invalid_text);
        object.other(&self.other);
        object.text("kind", self.kind.as_ref());
        object.text("apiVersion", self.api_version.as_ref());
        object.text("level", self.level.as_ref());
        object.text("auditID", self.audit_id.as_ref());
        object.text("stage", self.stage.as_ref());
        object.text("requestURI", self.request_uri.as_ref());
        object.text("verb", self.verb.as_ref());
        object.object("user", self.user.as_ref(), user);
        object.object("impersonatedUser", self.impersonated_user.as_ref(), user);
        object.object(
            "authenticationMetadata",
            self.authentication_metadata.as_ref(),
            authentication,
        );
        object.texts("sourceIPs", self.source_ips.as_deref());
        object.text("userAgent", self.user_agent.as_ref());
        object.object("objectRef", self.object_ref.as_ref(), object_ref);
        object.object("responseStatus", self.response_status.as_ref(), status);
        object.body("requestObject", self.request_object.as_ref());
        object.body("responseObject", self.response_object.as_ref());
        object.text(
            "requestReceivedTimestamp",
            self.request_received_timestamp.as_ref(),
        );
        object.text("stageTimestamp", self.stage_timestamp.as_ref());
        object.object(
            "annotations",
            self.annotations.as_ref(),
            |annotations, object| {
                for (key, value) in annotations {
                    object.text(key, Some(value));
                }
            },
        );
        object.close();
    }
}

fn user(user: &UserInfo<'_>, object: &mut Object<'_>) {
    object.other(&user.other);
    object.text("username", user.username.as_ref());
    object.text("uid", user.uid.as_ref());
    object.texts("groups", user.groups.as_deref());
    object.object("extra", user.extra.as_ref(), |extra, object| {
        for (key, values) in extra {
            object.texts(key, Some(values));
        }
    });
}

fn authentication(authentication: &AuthenticationMetadata<'_>, object: &mut Object<'_>) {
    object.other(&authentication.other);
    object.text(
        "impersonationConstraint",
        authentication.impersonation_constraint.as_ref(),
    );
}

fn object_ref(reference: &ObjectReference<'_>, object: &mut Object<'_>) {
    object.other(&reference.other);
    object.text("resource", reference.resource.as_ref());
    object.text("namespace", reference.namespace.as_ref());
    object.text("name", reference.name.as_ref());
    object.text("uid", reference.uid.as_ref());
    object.text("apiGroup", reference.api_group.as_ref());
    object.text("apiVersion", reference.api_version.as_ref());
    object.text("resourceVersion", reference.resource_version.as_ref());
    object.text("subresource", reference.subresource.as_ref());
}

fn status(status: &Status<'_>, object: &mut Object<'_>) {
    object.other(&status.other);
    object.body("metadata", status.metadata.as_ref());
    object.text("status", status.status.as_ref());
    object.text("message", status.message.as_ref());
    object.text("reason", status.reason.as_ref());
    object.body("details", status.details.as_ref());
    if let Some(code) = status.code {
        object.key("code");
        object.out.extend_from_slice(code.to_string().as_bytes());
    }
}

/// An object that is being written.
struct Object<'o> {
    out: &'o mut Vec<u8>,
    /// Whether U+FFFD stands for invalid text, and is written as such.
    invalid: bool,
    empty: bool,
}

impl<'o> Object<'o> {
    fn open(out: &'o mut Vec<u8>, invalid: bool) -> Self {
        out.push(b'{');
        Self {
            out,
            invalid,
            empty: true,
        }
    }

    fn close(self) {
        self.out.push(b'}');
    }

    fn key(&mut self, key: &str) {
        if !std::mem::take(&mut self.empty) {
            self.out.push(b',');
        }
        write_text(key, self.invalid, self.out);
        self.out.push(b':');
    }

    fn text(&mut self, key: &str, value: Option<&Text<'_>>) {
        if let Some(value) = value {
            self.key(key);
            write_text(value, self.invalid, self.out);
        }
    }

    fn texts(&mut self, key: &str, values: Option<&[Text<'_>]>) {
        let Some(values) = values else { return };
        self.key(key);
        self.out.push(b'[');
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            write_text(value, self.invalid, self.out);
        }
        self.out.push(b']');
    }

    fn body(&mut self, key: &str, value: Option<&Body<'_>>) {
        if let Some(value) = value {
            self.key(key);
            self.out.extend_from_slice(value.as_bytes());
        }
    }

    fn other(&mut self, other: &[Other<'_>]) {
        for (key, value) in other {
            self.body(key, Some(value));
        }
    }

    fn object<T>(
        &mut self,
        key: &str,
        value: Option<&T>,
        members: impl FnOnce(&T, &mut Object<'_>),
    ) {
        if let Some(value) = value {
            self.key(key);
            let mut object = Object::open(self.out, self.invalid);
            members(value, &mut object);
            object.close();
        }
    }
}

/// Appends a text as a JSON string.
///
/// `& < >` and the line separators are escaped as Go does, so that most events come out as they stood. Where U+FFFD
/// stands for `invalid` text it is written as a lone surrogate, which is read as U+FFFD again and is as invalid.
pub(crate) fn write_text(text: &str, invalid: bool, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text;
    loop {
        let plain = rest.split_at_checked(plain_length(rest.as_bytes()));
        let (plain, others) = plain.unwrap_or((rest, ""));
        out.extend_from_slice(plain.as_bytes());
        let mut characters = others.chars();
        let Some(character) = characters.next() else {
            break;
        };
        rest = characters.as_str();
        let mut own = [0; 4];
        let simple: &[u8] = match character {
            '"' => b"\\\"",
            '\\' => b"\\\\",
            '\n' => b"\\n",
            '\r' => b"\\r",
            '\t' => b"\\t",
            '\u{8}' => b"\\b",
            '\u{c}' => b"\\f",
            '\u{fffd}' if invalid => b"\\udfff",
            '\0'..='\u{1f}' | '&' | '<' | '>' | '\u{2028}' | '\u{2029}' => {
                // Writing to a vector cannot fail.
                _ = write!(out, "\\u{:04x}", u32::from(character));
                continue;
            }
            other => other.encode_utf8(&mut own).as_bytes(),
        };
        out.extend_from_slice(simple);
    }
    out.push(b'"');
}

/// How many bytes stand for themselves before one that may not, or with which a character begins that may not.
fn plain_length(text: &[u8]) -> usize {
    let is_plain = |byte: &u8| PLAIN.get(usize::from(*byte)) == Some(&true);
    let special = text.iter().position(|byte| !is_plain(byte));
    special.unwrap_or(text.len())
}

/// Which bytes stand for themselves, whatever follows them.
static PLAIN: [bool; 256] = plain();

#[expect(
    clippy::indexing_slicing,
    reason = "nothing else can be done in a constant, and a wrong index does not compile"
)]
const fn plain() -> [bool; 256] {
    let mut all = [true; 256];
    let mut byte = 0;
    while byte < 0x20 {
        all[byte] = false;
        byte += 1;
    }
    // With the last two begin the line separators and U+FFFD.
    let others = [b'"', b'\\', b'&', b'<', b'>', 0xe2, 0xef];
    let mut at = 0;
    while at < others.len() {
        all[others[at] as usize] = false;
        at += 1;
    }
    all
}
