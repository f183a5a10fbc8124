//! The text lines of the log backend's format `legacy`, as far as they say what an event is.
//!
//! `k8s.io/apiserver/pkg/audit/format.go` (`EventString`) writes them: values are quoted as Go's `%q` does, and the
//! level, the object and all bodies are left out. Of the source addresses it writes the first.

use memchr::memmem;

use crate::read::SkipReason;
use crate::source::{Form, Pieces};
use crate::write::write_text;

const MARK: &[u8] = b" AUDIT: id=\"";

/// Whether a line is of that format.
pub(crate) fn is_line(line: &[u8]) -> bool {
    line.starts_with(MARK.trim_ascii_start()) || memmem::find(line, MARK).is_some()
}

/// Whether such a line has its last value.
pub(crate) fn is_whole(line: &[u8]) -> bool {
    is_line(line) && Line::read(line).is_some_and(|line| line.has("response"))
}

/// Opens such a line; whether it can be read.
pub(crate) fn open(line: &[u8], pieces: &mut Pieces<'_>) -> bool {
    let Some(line) = Line::read(line) else {
        return false;
    };
    if line.value("method").is_none() {
        // Before Kubernetes 1.7 the response stood on a line of its own, which says no more than its code.
        pieces.skip(SkipReason::NotAuditEvent);
    } else {
        pieces.write(Form::Text, |bytes| line.write(bytes));
    }
    true
}

/// The time and the values of a line.
struct Line<'l> {
    time: Option<&'l str>,
    values: Vec<(&'l str, String)>,
}

impl<'l> Line<'l> {
    fn read(line: &'l [u8]) -> Option<Self> {
        let start = MARK.trim_ascii_start();
        let at = if line.starts_with(start) {
            0
        } else {
            memmem::find(line, MARK)? + 1
        };
        let (before, rest) = line.split_at_checked(at)?;
        let time = before
            .trim_ascii_end()
            .rsplit(|byte| *byte == b' ')
            .next()
            .and_then(|word| std::str::from_utf8(word).ok())
            .filter(|word| word.contains('T'));
        let mut rest = rest.strip_prefix(b"AUDIT:")?;
        let mut values = Vec::new();
        loop {
            rest = rest.trim_ascii_start();
            if rest.is_empty() {
                return Some(Self { time, values });
            }
            let equals = memchr::memchr(b'=', rest)?;
            let name = std::str::from_utf8(rest.get(..equals)?).ok()?;
            let (value, used) = unquote(rest.get(equals + 1..)?)?;
            values.push((name, value));
            rest = rest.get(equals + 1 + used..)?;
        }
    }

    fn has(&self, name: &str) -> bool {
        self.values.iter().any(|(other, _)| *other == name)
    }

    /// A value that is no placeholder.
    fn value(&self, name: &str) -> Option<&str> {
        let (_, value) = self.values.iter().find(|(other, _)| *other == name)?;
        let placeholder = matches!(
            value.as_str(),
            "<none>" | "<self>" | "<lookup>" | "<unknown>" | "<deferred>"
        );
        (!placeholder).then_some(value.as_str())
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"kind":"Event","apiVersion":"audit.k8s.io/v1""#);
        member("auditID", self.value("id"), out);
        member("stage", self.value("stage"), out);
        member("requestURI", self.value("uri"), out);
        member("verb", self.value("method"), out);
        self.user("user", "user", "groups", out);
        self.user("impersonatedUser", "as", "asgroups", out);
        if let Some(ip) = self.value("ip") {
            key("sourceIPs", out);
            out.push(b'[');
            write_text(ip, false, out);
            out.push(b']');
        }
        member(
            "userAgent",
            self.value("user-agent").filter(|agent| !agent.is_empty()),
            out,
        );
        let code = self.value("response").filter(|code| {
            (1..=4).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_digit())
        });
        if let Some(code) = code.and_then(|code| code.parse::<u16>().ok()) {
            key("responseStatus", out);
            out.extend_from_slice(format!("{{\"code\":{code}}}").as_bytes());
        }
        member("requestReceivedTimestamp", self.time, out);
        out.push(b'}');
    }

    fn user(&self, name: &str, user: &str, groups: &str, out: &mut Vec<u8>) {
        let Some(username) = self.value(user) else {
            return;
        };
        key(name, out);
        out.extend_from_slice(b"{\"username\":");
        write_text(username, false, out);
        if let Some(groups) = self.value(groups) {
            out.extend_from_slice(b",\"groups\":[");
            let mut rest = groups.as_bytes();
            let mut first = true;
            while let Some((group, used)) = unquote(rest) {
                if !first {
                    out.push(b',');
                }
                first = false;
                write_text(&group, false, out);
                rest = rest.get(used..).unwrap_or_default();
                rest = rest.strip_prefix(b",").unwrap_or(rest);
            }
            out.push(b']');
        }
        out.push(b'}');
    }
}

fn key(name: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

fn member(name: &str, value: Option<&str>, out: &mut Vec<u8>) {
    if let Some(value) = value {
        key(name, out);
        write_text(value, false, out);
    }
}

/// Reads text that Go has quoted (`strconv.Quote`), and how many bytes it takes.
fn unquote(text: &[u8]) -> Option<(String, usize)> {
    let mut bytes = Vec::new();
    let mut at = 1;
    if text.first() != Some(&b'"') {
        return None;
    }
    loop {
        match text.get(at)? {
            b'"' => return Some((String::from_utf8_lossy(&bytes).into_owned(), at + 1)),
            b'\\' => {
                let escape = *text.get(at + 1)?;
                at += 2;
                let digits = match escape {
                    b'x' => 2,
                    b'u' => 4,
                    b'U' => 8,
                    _ => 0,
                };
                if digits == 0 {
                    bytes.push(match escape {
                        b'a' => 7,
                        b'b' => 8,
                        b'f' => 12,
                        b'n' => b'\n',
                        b'r' => b'\r',
                        b't' => b'\t',
                        b'v' => 11,
                        b'"' | b'\\' | b'\'' => escape,
                        _ => return None,
                    });
                    continue;
                }
                let hex = std::str::from_utf8(text.get(at..at + digits)?).ok()?;
                let code = u32::from_str_radix(hex, 16).ok()?;
                at += digits;
                if digits == 2 {
                    bytes.push(u8::try_from(code).ok()?);
                } else {
                    let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                    bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
            }
            byte => {
                bytes.push(*byte);
                at += 1;
            }
        }
    }
}
