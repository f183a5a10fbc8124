//! What a Kubernetes audit event is, on every provider, and the vocabulary of its fields.

#![forbid(unsafe_code)]

mod body;
mod containers;
mod csr;
mod decode;
mod derive;
mod edges;
mod envelope;
mod error;
mod event;
mod exec;
mod field;
mod field_source;
mod flags;
mod frame;
mod image;
mod leaf;
mod limits;
mod network;
mod object;
mod parse;
mod patch;
mod path;
mod pkcs10;
mod plain;
mod read;
mod scan;
mod schema;
mod scratch;
mod serialize;
mod source;
mod tape;
mod text;
mod texts;
mod tree;
mod unknown;
mod uri;
mod value;
mod view;
mod walk;
mod write;

pub use body::Body;
pub use edges::Edges;
pub use error::{DecodeError, ReadError};
pub use event::{AuthenticationMetadata, Event, ObjectReference, Other, Status, Text, UserInfo};
pub use field::{FIELDS, Field, FieldError, FieldId, FieldInfo, Shape};
pub use field_source::{FieldSource, Lookup, MapItem};
pub use flags::Flags;
pub use leaf::Leaf;
pub use limits::Limits;
pub use network::{Network, ParseNetworkError};
pub use object::may_have_pod_template;
pub use path::{Path, PathError, Segment};
pub use plain::{Plain, PlainBytes, Recorded, kind_of_actor, part_of_text};
pub use read::{
    Counters, EventRecord, Malformed, OwnedEvents, Reader, Record, SkipReason, Skipped,
};
pub use scratch::Scratch;
pub use source::{Provider, Source};
pub use texts::{Form, Texts};
pub use tree::{NodeId, Tree};
pub use unknown::Unknown;
pub use value::Value;
pub use view::{BodyLeaves, BodyPaths, EventView, Jumps, Viewer};
pub use walk::{Doubt, Member};
