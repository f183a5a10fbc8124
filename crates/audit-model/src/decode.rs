//! The second half of decoding: spans to an event. It cannot fail.

use std::borrow::Cow;
use std::ops::Range;

use crate::body::Body;
use crate::envelope::integer;
use crate::error::{DecodeError, Kind as Error};
use crate::event::{AuthenticationMetadata, Event, ObjectReference, Other, Status, Text, UserInfo};
use crate::limits::Limits;
use crate::scan::is_space;
use crate::schema::Key;
use crate::tape::{Ask, Entry, Kind, Tape, Verdict, inside};
use crate::text::unescape;

impl<'a> Event<'a> {
    /// Decodes one audit event from JSON.
    ///
    /// Bodies are not looked into: `requestObject`, `responseObject` and the two opaque parts of `responseStatus` are
    /// kept byte for byte, and only checked for closed strings and balanced brackets. So no text that a client can
    /// put into a body loses the event. Invalid text in the envelope is read as U+FFFD, as Go does.
    ///
    /// Texts borrow from `json` unless they hold escapes or invalid bytes.
    ///
    /// # Errors
    /// [`DecodeError`] if the bytes are no JSON value with nothing but white space after it; if it is no audit event
    /// ([`DecodeError::is_not_audit_event`]); if a key of an audit event holds a value of another type; or if it is
    /// larger than [`Limits`] allow.
    ///
    /// # Examples
    /// A client's patch with text that strict parsers refuse is still an event:
    /// ```
    /// use audit_model::{Event, Limits};
    ///
    /// let line = br#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","verb":"patch","requestObject":{"a":"\ud800"}}"#;
    /// let event = Event::decode(line, &Limits::default())?;
    /// assert_eq!(event.verb.as_deref(), Some("patch"));
    /// assert_eq!(event.request_object.map(|body| body.as_bytes().to_vec()), Some(br#"{"a":"\ud800"}"#.to_vec()));
    /// # Ok::<(), audit_model::DecodeError>(())
    /// ```
    pub fn decode(json: &'a [u8], limits: &Limits) -> Result<Self, DecodeError> {
        decode(json, Ask::Event, limits)
    }

    /// Decodes part of an audit event: as [`Event::decode`], without asking whether the object says that it is one.
    ///
    /// Tests of rules use it, where `kind`, `apiVersion`, `auditID` and `stage` would only be in the way.
    ///
    /// # Errors
    /// As [`Event::decode`], but never because the object is no audit event.
    ///
    /// # Examples
    /// ```
    /// use audit_model::{Event, Limits};
    ///
    /// let event = Event::decode_fragment(br#"{"verb":"get","user":{"groups":["devs"]}}"#, &Limits::default())?;
    /// assert_eq!(event.verb.as_deref(), Some("get"));
    /// # Ok::<(), audit_model::DecodeError>(())
    /// ```
    pub fn decode_fragment(json: &'a [u8], limits: &Limits) -> Result<Self, DecodeError> {
        decode(json, Ask::Nothing, limits)
    }
}

fn decode<'a>(json: &'a [u8], ask: Ask, limits: &Limits) -> Result<Event<'a>, DecodeError> {
    if json.len() > limits.record_bytes() {
        let kind = Error::TooLong {
            limit: limits.record_bytes(),
            actual: json.len() as u64,
        };
        return Err(DecodeError::new(kind, 0));
    }
    let mut tape = Tape::default();
    let (end, verdict) = tape.scan(json, ask, limits)?;
    let rest = json.get(end..).unwrap_or_default();
    if let Some(more) = rest.iter().position(|byte| !is_space(*byte)) {
        return Err(DecodeError::syntax(
            "nothing after the value",
            json,
            end + more,
        ));
    }
    match verdict {
        Verdict::Event => Ok(build(json, &tape)),
        Verdict::Malformed(error) => Err(error),
        Verdict::List(_) => Err(DecodeError::new(
            Error::NotAuditEvent {
                found: "an `EventList`",
            },
            0,
        )),
        Verdict::Other(kind) => Err(DecodeError::new(
            Error::NotAuditEvent { found: kind.name() },
            0,
        )),
    }
}

/// The event whose spans are on the tape.
pub(crate) fn build<'a>(bytes: &'a [u8], tape: &Tape) -> Event<'a> {
    let mut build = Build {
        bytes,
        reading: None,
        invalid: false,
    };
    let mut event = build.event(&tape.entries);
    for n in 0..tape.most.saturating_sub(1) {
        build.reading = Some(n);
        event.earlier.push(build.event(&tape.entries));
    }
    // Of the record as a whole, so that it does not change with the place where a writer puts what.
    event.invalid_text = build.invalid;
    for reading in &mut event.earlier {
        reading.invalid_text = build.invalid;
    }
    event
}

/// One reading of a record.
struct Build<'a> {
    bytes: &'a [u8],
    /// Which occurrence of each repeated key is taken; the last if `None`.
    reading: Option<usize>,
    /// Whether some text was invalid.
    invalid: bool,
}

impl<'a> Build<'a> {
    fn event(&mut self, entries: &[Entry]) -> Event<'a> {
        let mut event = Event::default();
        self.members(entries, |build, key, entry, inner| match key {
            Key::Kind => event.kind = Some(build.text(entry)),
            Key::ApiVersion => event.api_version = Some(build.text(entry)),
            Key::Level => event.level = Some(build.text(entry)),
            Key::AuditId => event.audit_id = Some(build.text(entry)),
            Key::Stage => event.stage = Some(build.text(entry)),
            Key::RequestUri => event.request_uri = Some(build.text(entry)),
            Key::Verb => event.verb = Some(build.text(entry)),
            Key::User => event.user = Some(build.user(inner)),
            Key::ImpersonatedUser => event.impersonated_user = Some(build.user(inner)),
            Key::AuthenticationMetadata => {
                event.authentication_metadata = Some(build.authentication(inner));
            }
            Key::SourceIps => event.source_ips = Some(build.texts(inner)),
            Key::UserAgent => event.user_agent = Some(build.text(entry)),
            Key::ObjectRef => event.object_ref = Some(build.object(inner)),
            Key::ResponseStatus => event.response_status = Some(build.status(inner)),
            Key::RequestObject => event.request_object = Some(build.body(entry)),
            Key::ResponseObject => event.response_object = Some(build.body(entry)),
            Key::RequestReceivedTimestamp => {
                event.request_received_timestamp = Some(build.text(entry));
            }
            Key::StageTimestamp => event.stage_timestamp = Some(build.text(entry)),
            Key::Annotations => event.annotations = Some(build.text_map(inner)),
            _ => event.other.push(build.other(entry)),
        });
        event
    }

    fn user(&mut self, entries: &[Entry]) -> UserInfo<'a> {
        let mut user = UserInfo::default();
        self.members(entries, |build, key, entry, inner| match key {
            Key::Username => user.username = Some(build.text(entry)),
            Key::Uid => user.uid = Some(build.text(entry)),
            Key::Groups => user.groups = Some(build.texts(inner)),
            Key::Extra => user.extra = Some(build.texts_map(inner)),
            _ => user.other.push(build.other(entry)),
        });
        user
    }

    fn authentication(&mut self, entries: &[Entry]) -> AuthenticationMetadata<'a> {
        let mut authentication = AuthenticationMetadata::default();
        self.members(entries, |build, key, entry, _| match key {
            Key::ImpersonationConstraint => {
                authentication.impersonation_constraint = Some(build.text(entry));
            }
            _ => authentication.other.push(build.other(entry)),
        });
        authentication
    }

    fn object(&mut self, entries: &[Entry]) -> ObjectReference<'a> {
        let mut object = ObjectReference::default();
        self.members(entries, |build, key, entry, _| match key {
            Key::Resource => object.resource = Some(build.text(entry)),
            Key::Namespace => object.namespace = Some(build.text(entry)),
            Key::Name => object.name = Some(build.text(entry)),
            Key::Uid => object.uid = Some(build.text(entry)),
            Key::ApiGroup => object.api_group = Some(build.text(entry)),
            Key::ApiVersion => object.api_version = Some(build.text(entry)),
            Key::ResourceVersion => object.resource_version = Some(build.text(entry)),
            Key::Subresource => object.subresource = Some(build.text(entry)),
            _ => object.other.push(build.other(entry)),
        });
        object
    }

    fn status(&mut self, entries: &[Entry]) -> Status<'a> {
        let mut status = Status::default();
        self.members(entries, |build, key, entry, _| match key {
            Key::Metadata => status.metadata = Some(build.body(entry)),
            Key::Status => status.status = Some(build.text(entry)),
            Key::Message => status.message = Some(build.text(entry)),
            Key::Reason => status.reason = Some(build.text(entry)),
            Key::Details => status.details = Some(build.body(entry)),
            Key::Code => {
                status.code = integer(build.bytes.get(entry.value.clone()).unwrap_or_default());
            }
            _ => status.other.push(build.other(entry)),
        });
        status
    }

    /// Visits the members of an object with the key to set; those that go to `other` have [`Key::Unknown`].
    fn members(
        &mut self,
        entries: &[Entry],
        mut visit: impl FnMut(&mut Self, Key, &Entry, &[Entry]),
    ) {
        each(entries, |entry, inner| {
            let null = entry.kind == Kind::Null;
            // A null that ends a repetition is kept with the others: written without it, the record would be read
            // with the value before it.
            let known = !matches!(entry.key, Key::Unknown | Key::Items);
            if !known || !entry.last || (null && entry.occurrence > 0) {
                visit(self, Key::Unknown, entry, inner);
            }
            let taken = match self.reading {
                None => entry.last,
                Some(n) => entry.occurrence == n || (entry.last && entry.occurrence < n),
            };
            if known && taken && !null {
                visit(self, entry.key, entry, inner);
            }
        });
    }

    fn text(&mut self, entry: &Entry) -> Text<'a> {
        self.unescaped(inside(self.bytes, &entry.value), entry.escaped)
    }

    fn key(&mut self, entry: &Entry) -> Text<'a> {
        self.unescaped(
            self.bytes.get(entry.name.clone()).unwrap_or_default(),
            entry.name_escaped,
        )
    }

    fn unescaped(&mut self, raw: &'a [u8], escaped: bool) -> Text<'a> {
        if !escaped && let Ok(text) = std::str::from_utf8(raw) {
            return Cow::Borrowed(text);
        }
        let mut text = String::with_capacity(raw.len());
        self.invalid |= !unescape(raw, &mut text);
        Cow::Owned(text)
    }

    fn texts(&mut self, entries: &[Entry]) -> Vec<Text<'a>> {
        let texts = entries.iter().filter(|entry| entry.kind == Kind::Text);
        texts.map(|entry| self.text(entry)).collect()
    }

    fn text_map(&mut self, entries: &[Entry]) -> Vec<(Text<'a>, Text<'a>)> {
        let texts = entries.iter().filter(|entry| entry.kind == Kind::Text);
        texts
            .map(|entry| (self.key(entry), self.text(entry)))
            .collect()
    }

    fn texts_map(&mut self, entries: &[Entry]) -> Vec<(Text<'a>, Vec<Text<'a>>)> {
        let mut map = Vec::new();
        each(entries, |entry, inner| match entry.kind {
            Kind::List => map.push((self.key(entry), self.texts(inner))),
            // Some providers write a single value bare.
            Kind::Text => map.push((self.key(entry), vec![self.text(entry)])),
            _ => {}
        });
        map
    }

    fn body(&self, entry: &Entry) -> Body<'a> {
        Body::new(self.raw(&entry.value))
    }

    fn other(&mut self, entry: &Entry) -> Other<'a> {
        (self.key(entry), Body::new(self.raw(&entry.value)))
    }

    fn raw(&self, value: &Range<usize>) -> &'a [u8] {
        self.bytes.get(value.clone()).unwrap_or_default()
    }
}

/// Visits entries with those that belong to each.
fn each(mut entries: &[Entry], mut visit: impl FnMut(&Entry, &[Entry])) {
    while let Some((entry, rest)) = entries.split_first() {
        let (inner, after) = rest.split_at_checked(entry.inner).unwrap_or((rest, &[]));
        visit(entry, inner);
        entries = after;
    }
}
