//! What a Kubernetes audit event is, on every provider, and the vocabulary of its fields.

#![forbid(unsafe_code)]

mod body;
mod decode;
mod envelope;
mod error;
mod event;
mod field;
mod limits;
mod path;
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
pub use value::Value;
