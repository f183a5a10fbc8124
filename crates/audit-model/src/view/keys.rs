//! The keys of the envelope as words, so that one comparison tells a key.

/// A text of the envelope that has a place of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    Kind,
    ApiVersion,
    Level,
    AuditId,
    Stage,
    RequestUri,
    Verb,
    UserUsername,
    UserUid,
    ImpersonatedUsername,
    ImpersonatedUid,
    ImpersonationConstraint,
    UserAgent,
    Resource,
    Namespace,
    Name,
    Uid,
    ApiGroup,
    Version,
    ResourceVersion,
    Subresource,
    Status,
    Message,
    Reason,
    Received,
    Reached,
}

impl Slot {
    /// Whether the text is long and seldom asked for, so that its escapes are left for later.
    #[inline(always)]
    pub(crate) fn is_late(self) -> bool {
        matches!(self, Self::RequestUri | Self::Message)
    }
}

/// Number of slots.
pub(crate) const SLOTS: usize = Slot::Reached as usize + 1;

/// A list of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    UserGroups,
    ImpersonatedGroups,
    SourceIps,
}

pub(crate) const LISTS: usize = List::SourceIps as usize + 1;

/// An object with known keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    User,
    ImpersonatedUser,
    Authentication,
    Object,
    Status,
}

pub(crate) const PARTS: usize = Part::Status as usize + 1;

/// A value that is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Request,
    Response,
    StatusMetadata,
    StatusDetails,
}

pub(crate) const BODIES: usize = Body::StatusDetails as usize + 1;

impl Body {
    pub(crate) const ALL: [Self; BODIES] = [
        Self::Request,
        Self::Response,
        Self::StatusMetadata,
        Self::StatusDetails,
    ];
}

/// What a key's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    Text(Slot),
    Code,
    List(List),
    Annotations,
    /// The `extra` of one of the two users.
    Extra {
        impersonated: bool,
    },
    Body(Body),
    Part(Part),
}

/// A key, with its quotes and its colon.
#[derive(Debug)]
pub(crate) struct Key {
    word: u128,
    mask: u128,
    /// What does not fit into the word.
    rest: &'static [u8],
    pub(crate) length: usize,
    pub(crate) holds: Holds,
}

impl Key {
    const fn new(text: &'static str, holds: Holds) -> Self {
        let text = text.as_bytes();
        let (mut word, mut mask, mut at) = (0_u128, 0_u128, 0);
        let (head, rest) = match text.split_at_checked(16) {
            Some((head, rest)) => (head, rest),
            None => (text, [].as_slice()),
        };
        let mut left = head;
        while let [byte, more @ ..] = left {
            word |= (*byte as u128) << (8 * at);
            mask |= 0xff << (8 * at);
            at += 1;
            left = more;
        }
        Self {
            word,
            mask,
            rest,
            length: text.len(),
            holds,
        }
    }

    /// Whether bytes begin with the key; `word` are the first sixteen.
    #[inline(always)]
    pub(crate) fn begins(&self, word: u128, bytes: &[u8], at: usize) -> bool {
        (word ^ self.word) & self.mask == 0
            && (self.rest.is_empty() || bytes.get(at + 16..at + self.length) == Some(self.rest))
    }
}

/// The keys of an event, in the order in which the API server writes them.
pub(crate) static EVENT: &[Key] = &[
    Key::new("\"kind\":", Holds::Text(Slot::Kind)),
    Key::new("\"apiVersion\":", Holds::Text(Slot::ApiVersion)),
    Key::new("\"level\":", Holds::Text(Slot::Level)),
    Key::new("\"auditID\":", Holds::Text(Slot::AuditId)),
    Key::new("\"stage\":", Holds::Text(Slot::Stage)),
    Key::new("\"requestURI\":", Holds::Text(Slot::RequestUri)),
    Key::new("\"verb\":", Holds::Text(Slot::Verb)),
    Key::new("\"user\":", Holds::Part(Part::User)),
    Key::new("\"impersonatedUser\":", Holds::Part(Part::ImpersonatedUser)),
    Key::new(
        "\"authenticationMetadata\":",
        Holds::Part(Part::Authentication),
    ),
    Key::new("\"sourceIPs\":", Holds::List(List::SourceIps)),
    Key::new("\"userAgent\":", Holds::Text(Slot::UserAgent)),
    Key::new("\"objectRef\":", Holds::Part(Part::Object)),
    Key::new("\"responseStatus\":", Holds::Part(Part::Status)),
    Key::new("\"requestObject\":", Holds::Body(Body::Request)),
    Key::new("\"responseObject\":", Holds::Body(Body::Response)),
    Key::new("\"requestReceivedTimestamp\":", Holds::Text(Slot::Received)),
    Key::new("\"stageTimestamp\":", Holds::Text(Slot::Reached)),
    Key::new("\"annotations\":", Holds::Annotations),
];

static USER: &[Key] = &[
    Key::new("\"username\":", Holds::Text(Slot::UserUsername)),
    Key::new("\"uid\":", Holds::Text(Slot::UserUid)),
    Key::new("\"groups\":", Holds::List(List::UserGroups)),
    Key::new(
        "\"extra\":",
        Holds::Extra {
            impersonated: false,
        },
    ),
];

static IMPERSONATED: &[Key] = &[
    Key::new("\"username\":", Holds::Text(Slot::ImpersonatedUsername)),
    Key::new("\"uid\":", Holds::Text(Slot::ImpersonatedUid)),
    Key::new("\"groups\":", Holds::List(List::ImpersonatedGroups)),
    Key::new("\"extra\":", Holds::Extra { impersonated: true }),
];

static AUTHENTICATION: &[Key] = &[Key::new(
    "\"impersonationConstraint\":",
    Holds::Text(Slot::ImpersonationConstraint),
)];

static OBJECT: &[Key] = &[
    Key::new("\"resource\":", Holds::Text(Slot::Resource)),
    Key::new("\"namespace\":", Holds::Text(Slot::Namespace)),
    Key::new("\"name\":", Holds::Text(Slot::Name)),
    Key::new("\"uid\":", Holds::Text(Slot::Uid)),
    Key::new("\"apiGroup\":", Holds::Text(Slot::ApiGroup)),
    Key::new("\"apiVersion\":", Holds::Text(Slot::Version)),
    Key::new("\"resourceVersion\":", Holds::Text(Slot::ResourceVersion)),
    Key::new("\"subresource\":", Holds::Text(Slot::Subresource)),
];

static STATUS: &[Key] = &[
    Key::new("\"metadata\":", Holds::Body(Body::StatusMetadata)),
    Key::new("\"status\":", Holds::Text(Slot::Status)),
    Key::new("\"message\":", Holds::Text(Slot::Message)),
    Key::new("\"reason\":", Holds::Text(Slot::Reason)),
    Key::new("\"details\":", Holds::Body(Body::StatusDetails)),
    Key::new("\"code\":", Holds::Code),
];

impl Part {
    /// The keys of the object.
    #[inline(always)]
    pub(crate) fn keys(self) -> &'static [Key] {
        match self {
            Self::User => USER,
            Self::ImpersonatedUser => IMPERSONATED,
            Self::Authentication => AUTHENTICATION,
            Self::Object => OBJECT,
            Self::Status => STATUS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{self, Member};

    /// Whether the words say what the decoder's tables say, in the same order.
    fn agree(keys: &[Key], members: &[Member]) {
        let members = members.iter().filter(|member| member.name != "items");
        let names: Vec<_> = members.map(|member| member.name).collect();
        assert_eq!(keys.len(), names.len());
        for (key, name) in keys.iter().zip(names) {
            let text = format!("\"{name}\":               ");
            let word = u128::from_le_bytes(text.as_bytes()[..16].try_into().unwrap());
            assert!(key.begins(word, text.as_bytes(), 0), "{name}");
            assert_eq!(key.length, name.len() + 3);
        }
    }

    #[test]
    fn the_keys_are_those_of_the_decoder() {
        agree(EVENT, schema::EVENT);
        agree(USER, schema::USER);
        agree(IMPERSONATED, schema::USER);
        agree(AUTHENTICATION, schema::AUTHENTICATION);
        agree(OBJECT, schema::OBJECT);
        agree(STATUS, schema::STATUS);
    }
}
