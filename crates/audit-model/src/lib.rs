//! What a Kubernetes audit event is, on every provider, and the vocabulary of its fields.

#![forbid(unsafe_code)]

mod body;
mod decode;
mod envelope;
mod error;
mod event;
mod field;
mod frame;
mod limits;
mod path;
mod read;
mod scan;
mod schema;
mod tape;
mod text;
mod value;

pub use body::Body;
pub use error::{DecodeError, ReadError};
pub use event::{AuthenticationMetadata, Event, ObjectReference, Other, Status, Text, UserInfo};
pub use field::{FIELDS, Field, FieldError, FieldId, FieldInfo, Shape};
pub use limits::Limits;
pub use path::{Path, PathError, Segment};
pub use read::{
    Counters, EventRecord, Malformed, OwnedEvents, Reader, Record, SkipReason, Skipped,
};
pub use value::Value;
