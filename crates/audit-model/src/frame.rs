//! Where a JSON value ends when it spans lines: its grammar, one buffer at a time.
//!
//! Brackets alone would not do: a line that was cut inside an object would swallow all that follow, because they
//! balance. By the grammar it fails at the first byte of the next line.

use crate::scan::{BitStack, Fault, is_space, literal, string_end};

/// What a buffer's worth of bytes led to. Positions count from the start of that buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// The value goes on after these bytes.
    More,
    /// The value ended before this position.
    Complete(usize),
    /// The byte at this position cannot follow.
    Invalid(usize),
}

/// An automaton for one JSON value, without recursion, that can stop at any byte.
///
/// Escapes are not looked into, as nowhere in this crate: what follows a backslash is part of the string.
#[derive(Clone, Debug, Default)]
pub(crate) struct Framer {
    /// Which brackets are open; a set bit is an object.
    stack: BitStack,
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Before a value.
    #[default]
    Value,
    /// After `[`: a value or the end of the list.
    ValueOrEnd,
    /// After `{`: a key or the end of the object.
    KeyOrEnd,
    /// After a comma in an object.
    Key,
    /// After a key.
    Colon,
    /// After a value inside a list or object.
    Separator,
    /// Inside a string, which is a key or not.
    String {
        key: bool,
    },
    /// After a backslash inside a string.
    Escape {
        key: bool,
    },
    /// Inside a literal; what is still to come.
    Literal(&'static [u8]),
    Number(Number),
    /// The outermost value has ended.
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Number {
    Minus,
    Zero,
    Integer,
    Point,
    Fraction,
    Exponent,
    ExponentSign,
    ExponentDigits,
}

impl Number {
    fn next(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::Minus, b'0') => Self::Zero,
            (Self::Minus, b'1'..=b'9') | (Self::Integer, b'0'..=b'9') => Self::Integer,
            (Self::Zero | Self::Integer, b'.') => Self::Point,
            (Self::Point | Self::Fraction, b'0'..=b'9') => Self::Fraction,
            (Self::Zero | Self::Integer | Self::Fraction, b'e' | b'E') => Self::Exponent,
            (Self::Exponent, b'+' | b'-') => Self::ExponentSign,
            (Self::Exponent | Self::ExponentSign | Self::ExponentDigits, b'0'..=b'9') => {
                Self::ExponentDigits
            }
            _ => return None,
        })
    }

    fn may_end(self) -> bool {
        matches!(
            self,
            Self::Zero | Self::Integer | Self::Fraction | Self::ExponentDigits
        )
    }
}

impl Framer {
    /// Takes the next bytes of the value.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Progress {
        let mut at = 0;
        while self.state != State::Done {
            let Some(byte) = bytes.get(at).copied() else {
                return Progress::More;
            };
            match self.state {
                State::String { key } => match string_end(bytes, at) {
                    Ok((end, _)) => {
                        self.after_string(key);
                        at = end + 1;
                    }
                    Err(Fault::Control(at) | Fault::Bracket(at)) => return Progress::Invalid(at),
                    Err(Fault::End) => {
                        if ends_in_escape(bytes.get(at..).unwrap_or_default()) {
                            self.state = State::Escape { key };
                        }
                        return Progress::More;
                    }
                },
                State::Number(number) => match number.next(byte) {
                    Some(next) => {
                        self.state = State::Number(next);
                        at += 1;
                    }
                    None if number.may_end() => self.after_value(),
                    None => return Progress::Invalid(at),
                },
                _ => match self.step(byte) {
                    Some(()) => at += 1,
                    None => return Progress::Invalid(at),
                },
            }
        }
        Progress::Complete(at)
    }

    /// Whether the value is complete if nothing follows.
    pub(crate) fn may_end(&self) -> bool {
        match self.state {
            State::Done => true,
            State::Number(number) => self.stack.depth() == 0 && number.may_end(),
            _ => false,
        }
    }

    /// Takes one byte outside strings and numbers; `None` if it cannot follow.
    fn step(&mut self, byte: u8) -> Option<()> {
        self.state = match (self.state, byte) {
            (State::Escape { key }, 0x20..) => State::String { key },
            (State::Literal([next, rest @ ..]), _) if *next == byte => {
                if rest.is_empty() {
                    self.after_value();
                    return Some(());
                }
                State::Literal(rest)
            }
            (State::Escape { .. } | State::Literal(_), _) => return None,
            (state, _) if is_space(byte) => state,
            (State::ValueOrEnd | State::Separator, b']')
            | (State::KeyOrEnd | State::Separator, b'}') => {
                return self.close(byte);
            }
            (State::KeyOrEnd | State::Key, b'"') => State::String { key: true },
            (State::Colon, b':') => State::Value,
            (State::Separator, b',') => {
                if self.stack.last() == Some(true) {
                    State::Key
                } else {
                    State::Value
                }
            }
            (State::Value | State::ValueOrEnd, _) => self.value(byte)?,
            _ => return None,
        };
        Some(())
    }

    /// The state after the first byte of a value.
    fn value(&mut self, byte: u8) -> Option<State> {
        Some(match byte {
            b'{' => {
                self.stack.push(true);
                State::KeyOrEnd
            }
            b'[' => {
                self.stack.push(false);
                State::ValueOrEnd
            }
            b'"' => State::String { key: false },
            b'-' => State::Number(Number::Minus),
            b'0' => State::Number(Number::Zero),
            b'1'..=b'9' => State::Number(Number::Integer),
            _ => State::Literal(literal(byte)?.get(1..)?),
        })
    }

    fn close(&mut self, byte: u8) -> Option<()> {
        if self.stack.pop()? != (byte == b'}') {
            return None;
        }
        self.after_value();
        Some(())
    }

    fn after_string(&mut self, key: bool) {
        if key {
            self.state = State::Colon;
        } else {
            self.after_value();
        }
    }

    fn after_value(&mut self) {
        self.state = if self.stack.depth() == 0 {
            State::Done
        } else {
            State::Separator
        };
    }
}

/// Whether a piece of a string ends between a backslash and what it escapes.
fn ends_in_escape(text: &[u8]) -> bool {
    let backslashes = text.iter().rev().take_while(|byte| **byte == b'\\').count();
    !backslashes.is_multiple_of(2)
}

/// Where the grammar of JSON is broken; `None` if the bytes are one value, with white space around it.
pub(crate) fn first_fault(json: &[u8]) -> Option<usize> {
    let mut framer = Framer::default();
    match framer.feed(json) {
        Progress::Invalid(at) => Some(at),
        Progress::More => (!framer.may_end()).then_some(json.len()),
        Progress::Complete(end) => {
            let rest = json.get(end..).unwrap_or_default();
            rest.iter()
                .position(|byte| !is_space(*byte))
                .map(|at| end + at)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_values_are_taken_in_any_pieces() {
        for json in [
            r#"{"a":[1,-0.5e+3,true,null,"\"\\"],"b":{}}"#,
            "[]",
            " [ { } , [ [ ] ] , \"\" ] ",
            r#""\\\"""#,
            "null",
            "12",
            "0.0E-0",
        ] {
            let json = json.as_bytes();
            assert_eq!(first_fault(json), None);
            for first in 0..json.len() {
                for second in first..json.len() {
                    let mut framer = Framer::default();
                    let pieces = [&json[..first], &json[first..second], &json[second..]];
                    let progress = pieces.map(|piece| framer.feed(piece));
                    assert!(framer.may_end(), "{progress:?}");
                    assert!(
                        !progress
                            .iter()
                            .any(|progress| matches!(progress, Progress::Invalid(_)))
                    );
                }
            }
        }
    }

    #[test]
    fn the_first_impossible_byte_is_named() {
        for (json, at) in [
            ("{\"a\":1\n{", 7),
            ("[1 2]", 3),
            ("[1,]", 3),
            ("{,}", 1),
            ("{\"a\" 1}", 5),
            ("{\"a\":}", 5),
            ("{1:2}", 1),
            ("[}", 1),
            ("{\"a\":1]", 6),
            ("01", 1),
            ("-x", 1),
            ("[1.]", 3),
            ("trux", 3),
            ("\"a\nb\"", 2),
            ("\"\\\n\"", 2),
            ("hello", 0),
            ("", 0),
            ("{\"a\":", 5),
            ("{} {}", 3),
        ] {
            assert_eq!(first_fault(json.as_bytes()), Some(at), "{json}");
        }
    }

    #[test]
    fn depth_is_no_recursion() {
        let n = 2_000_000;
        let json = format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert_eq!(first_fault(json.as_bytes()), None);
        assert_eq!(
            Framer::default().feed(&json.as_bytes()[..n]),
            Progress::More
        );
    }
}
