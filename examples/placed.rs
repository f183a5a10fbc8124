//! What the programs that find attacks print alike.

use detect::audit_model::EventRecord;
use detect::{Detection, Hit};
use serde::Serialize;

/// Records of one file that could not be read as a whole, and are shown; the rest is summed up.
pub const MAX_WARNINGS: u64 = 10;

/// What is said of an event of which a body was not evaluated.
pub const NOT_EVALUATED: &str =
    "a body is nested too deep, too large or too costly to read, and was not evaluated";

/// A detection with the place of its event, as it is printed in JSON.
#[derive(Debug, Serialize)]
pub struct Placed<'l> {
    /// The detection.
    #[serde(flatten)]
    pub detection: Detection,
    /// The file as it was named; absent for a correlation, whose events may lie in several files.
    pub file: Option<&'l str>,
    /// The line, from 1.
    pub line: Option<u64>,
    /// The filter that took the hit away, where such hits are printed.
    #[serde(rename = "suppressedBy", skip_serializing_if = "Option::is_none")]
    pub suppressed_by: Option<&'l str>,
}

impl<'l> Placed<'l> {
    /// A hit, with the event that was read when it came, and its file.
    pub fn new(
        hit: &Hit<'_>,
        of: Option<(&EventRecord<'_>, &'l str)>,
        suppressed_by: Option<&'l str>,
    ) -> Self {
        // A correlation comes while some event is read, and is of others.
        let of = of.filter(|_| hit.correlated().is_none());
        Self {
            detection: match of {
                Some((event, _)) => Detection::new(hit, event.event()),
                None => Detection::without_event(hit),
            },
            file: of.map(|(_, name)| name),
            line: of.map(|(event, _)| event.line()),
            suppressed_by,
        }
    }
}
