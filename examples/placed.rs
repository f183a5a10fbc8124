//! What the programs that find attacks print alike.

use detect::Detection;
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
    /// The file as it was named.
    pub file: &'l str,
    /// The line, from 1.
    pub line: u64,
    /// The filter that took the hit away, where such hits are printed.
    #[serde(rename = "suppressedBy", skip_serializing_if = "Option::is_none")]
    pub suppressed_by: Option<&'l str>,
}
