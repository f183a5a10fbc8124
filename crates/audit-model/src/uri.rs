//! Request URIs: percent-encoding, the query, and host paths.

/// Appends text with its percent-escapes decoded once. What is no escape stays as it is.
pub(crate) fn percent_decode(text: &str, plus_is_space: bool, out: &mut String) {
    if !text.contains(['%', '+']) {
        out.push_str(text);
        return;
    }
    let mut rest = text.as_bytes();
    // Escaped bytes gather here until they are a whole character.
    let mut pending = Utf8::default();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        let escaped = (*byte == b'%').then(|| hex_pair(after)).flatten();
        match (*byte, escaped) {
            (_, Some(decoded)) => {
                rest = after.get(2..).unwrap_or_default();
                pending.push(decoded, out);
            }
            (b'+', _) if plus_is_space => pending.push(b' ', out),
            (byte, _) => pending.push(byte, out),
        }
    }
    pending.finish(out);
}

fn hex_pair(bytes: &[u8]) -> Option<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let [high, low, ..] = bytes else { return None };
    u8::try_from(digit(high)? << 4 | digit(low)?).ok()
}

/// A character that arrives byte by byte.
#[derive(Default)]
struct Utf8 {
    bytes: [u8; 4],
    len: usize,
}

impl Utf8 {
    fn push(&mut self, byte: u8, out: &mut String) {
        if self.len == 0 && byte.is_ascii() {
            out.push(char::from(byte));
            return;
        }
        if let Some(slot) = self.bytes.get_mut(self.len) {
            *slot = byte;
            self.len += 1;
        }
        let gathered = self.bytes.get(..self.len).unwrap_or_default();
        match std::str::from_utf8(gathered) {
            Ok(text) => {
                out.push_str(text);
                self.len = 0;
            }
            // More bytes may complete it.
            Err(error) if error.error_len().is_none() => {}
            Err(_) => {
                let last = byte;
                let broken = self.len > 1;
                self.len = 0;
                out.push(char::REPLACEMENT_CHARACTER);
                if broken {
                    self.push(last, out);
                }
            }
        }
    }

    fn finish(self, out: &mut String) {
        if self.len > 0 {
            out.push(char::REPLACEMENT_CHARACTER);
        }
    }
}

/// Splits a request URI into its path and its raw query.
pub(crate) fn split_query(uri: &str) -> (&str, &str) {
    uri.split_once('?').unwrap_or((uri, ""))
}

/// The parameters of a raw query, still encoded. A pair with a semicolon or a broken escape is none: the API server
/// reads the query as if it were not there (Go's `URL.Query`), and must not be thought to run what stands in it.
pub(crate) fn parameters(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.contains(';') && has_whole_escapes(pair))
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// Whether two hexadecimal digits follow every percent sign.
fn has_whole_escapes(text: &str) -> bool {
    text.match_indices('%')
        .all(|(at, _)| text.as_bytes().get(at + 1..).and_then(hex_pair).is_some())
}

/// Appends an absolute path as Go's `path.Clean` writes it: no repeated or trailing slash, no `.` and no `..`.
pub(crate) fn clean_path(path: &str, out: &mut String) {
    let start = out.len();
    if path.is_empty() {
        return;
    }
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                let parent = out
                    .get(start..)
                    .and_then(|made| made.rfind('/'))
                    .map_or(start, |at| start + at);
                out.truncate(parent);
            }
            _ => {
                out.push('/');
                out.push_str(part);
            }
        }
    }
    if out.len() == start {
        out.push('/');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(write: impl FnOnce(&mut String)) -> String {
        let mut out = String::new();
        write(&mut out);
        out
    }

    #[test]
    fn decodes_percent_escapes_once() {
        let query = |text: &str| made(|out| percent_decode(text, true, out));
        assert_eq!(query("plain"), "plain");
        assert_eq!(query("a+b%20c%2541"), "a b c%41");
        assert_eq!(query("%2Fbin%2Fsh"), "/bin/sh");
        assert_eq!(query("%c3%a9%F0%9F%98%80"), "é😀");
        assert_eq!(query("100%"), "100%");
        assert_eq!(query("%zz%4"), "%zz%4");
        assert_eq!(query("%ff%c3x%c3"), "\u{fffd}\u{fffd}x\u{fffd}");
        assert_eq!(made(|out| percent_decode("a+b%2f", false, out)), "a+b/");
    }

    #[test]
    fn splits_queries() {
        let (path, query) = split_query("/x?a=1&&b&c=d=e?");
        assert_eq!(path, "/x");
        assert_eq!(
            parameters(query).collect::<Vec<_>>(),
            [("a", "1"), ("b", ""), ("c", "d=e?")]
        );
    }

    #[test]
    fn passes_over_parameters_that_the_server_drops() {
        let query = "command=%zz&command=id;&%4=x&a;b=c&command=sh&c=%";
        assert_eq!(parameters(query).collect::<Vec<_>>(), [("command", "sh")]);
    }

    #[test]
    fn cleans_paths_as_go_does() {
        let clean = |path: &str| made(|out| clean_path(path, out));
        for (path, expected) in [
            ("/", "/"),
            ("//", "/"),
            ("/etc/", "/etc"),
            ("//etc", "/etc"),
            ("/etc/../etc/./kubernetes//", "/etc/kubernetes"),
            ("/..", "/"),
            ("/../../etc", "/etc"),
            ("/a/b/../../..", "/"),
            ("var/run", "/var/run"),
            ("", ""),
        ] {
            assert_eq!(clean(path), expected, "{path}");
        }
    }
}
