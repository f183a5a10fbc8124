//! The one array that a stream may be inside of, read value by value so that it may be of any length.

use std::io::Read;

use crate::error::ReadError;
use crate::read::SkipReason;
use crate::read::framing::{Found, Framing, What};
use crate::read::list::Expect;
use crate::scan::skip_leniently;

/// The one array that the stream is inside of.
pub(crate) struct Array {
    pub(crate) expect: Expect,
    /// Whether its own structure was found broken; then commas are passed over wherever they stand.
    pub(crate) broken: bool,
}

/// What to do inside an array.
pub(crate) enum Step {
    /// Read the value at the cursor.
    Value,
    /// Look again.
    Again,
    Found(Found),
}

impl<R: Read> Framing<R> {
    /// Whether the `[` at the cursor opens an array to be read value by value.
    pub(crate) fn opens_array(&mut self) -> Result<bool, ReadError> {
        if self.input.offset() >= self.no_span_before {
            return Ok(true);
        }
        let Some(line) = self.whole_line()? else {
            return Ok(false);
        };
        Ok(skip_leniently(self.input.window().get(..line).unwrap_or_default(), 0).is_ok())
    }

    /// Handles what stands between the values of an array.
    pub(crate) fn in_array(&mut self, byte: u8) -> Step {
        let Some(array) = &mut self.array else {
            return Step::Again;
        };
        match (byte, array.expect) {
            (b']', expect) => {
                let broken = array.broken;
                self.array = None;
                let what = match expect {
                    Expect::First if !broken => What::Skipped(SkipReason::EmptyList),
                    Expect::Value if !broken => What::Malformed(self.syntax("a JSON value")),
                    _ => {
                        self.consume(1);
                        return Step::Again;
                    }
                };
                Step::Found(self.take(what, 1))
            }
            (b',', Expect::Separator) => {
                array.expect = Expect::Value;
                self.consume(1);
                Step::Again
            }
            (b',', _) if array.broken => {
                self.consume(1);
                Step::Again
            }
            // Of an array that is broken, nobody knows whether it goes on: this may be the next one.
            (b'[', _) if array.broken => {
                self.array = None;
                Step::Again
            }
            (b',', _) => {
                array.broken = true;
                let error = self.syntax("a JSON value");
                Step::Found(self.take(What::Malformed(error), 1))
            }
            (_, Expect::Separator) if !array.broken => {
                array.broken = true;
                let error = self.syntax("`,` or `]`");
                Step::Found(self.take(What::Malformed(error), 0))
            }
            _ => {
                array.expect = Expect::Separator;
                Step::Value
            }
        }
    }

    /// Reports an array that the end of the stream left open.
    pub(crate) fn end_of_array(&mut self) -> Option<Found> {
        let array = self.array.take()?;
        if array.broken {
            return None;
        }
        let expected = if array.expect == Expect::Separator {
            "`,` or `]`"
        } else {
            "a JSON value or `]`"
        };
        let error = self.syntax(expected);
        Some(self.take(What::Malformed(error), 0))
    }

    pub(crate) fn break_array(&mut self) {
        if let Some(array) = &mut self.array {
            array.broken = true;
        }
    }
}
