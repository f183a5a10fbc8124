//! A part of a large file, scanned without knowing what comes before it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use detect::{Limits, Reader, Record, Scanner};

/// What a thread learned from the lines that begin in a range of a file.
#[derive(Debug)]
pub(crate) struct Scanned {
    /// Where the first of them begins.
    pub(crate) start: u64,
    /// `None` when some of them are no record by themselves, so that what they mean depends on what comes before.
    pub(crate) lines: Option<Lines>,
}

/// The lines that matter, in their order.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// How many lines there are, those that do not matter too.
    pub(crate) n_all: u64,
    /// Per line that matters, its number among all, from zero.
    pub(crate) numbers: Vec<u64>,
    /// The lines that matter: those with an event that a rule matches, or that was not evaluated as a whole.
    pub(crate) text: Vec<u8>,
}

/// Scans the lines of a file that begin in a range of its bytes.
pub(crate) fn scan(
    path: &Path,
    range: std::ops::Range<u64>,
    scanner: &mut Scanner,
) -> io::Result<Scanned> {
    let (start, text) = read(path, range)?;
    let lines = match text {
        Some(text) => lines(&text, scanner),
        None => None,
    };
    Ok(Scanned { start, lines })
}

/// The lines that begin in a range and the offset of the first; no text when the last one is longer than any record.
fn read(path: &Path, range: std::ops::Range<u64>) -> io::Result<(u64, Option<Vec<u8>>)> {
    let mut file = File::open(path)?;
    // A line that begins at the range's start is known by the line feed before it.
    let from = range.start.saturating_sub(1);
    file.seek(SeekFrom::Start(from))?;
    let mut input = BufReader::new(file);
    let mut text = Vec::new();
    input
        .by_ref()
        .take(range.end - from)
        .read_to_end(&mut text)?;
    if range.start > 0 {
        let Some(line_feed) = memchr::memchr(b'\n', &text) else {
            return Ok((range.end, Some(Vec::new())));
        };
        text.drain(..=line_feed);
    }
    let start = range.end - text.len() as u64;
    if text.last().is_some_and(|byte| *byte != b'\n') {
        let limit = Limits::default().record_bytes();
        let n_before = text.len();
        input.take(limit as u64).read_until(b'\n', &mut text)?;
        if text.len() - n_before == limit {
            return Ok((start, None));
        }
    }
    Ok((start, Some(text)))
}

/// The lines that matter; `None` when not every line is a record by itself.
///
/// A reader that has come to the end of a line that is, and has nothing left open, goes on at the next line as if it
/// began there. So a file may be cut between two such lines, and nowhere else.
fn lines(text: &[u8], scanner: &mut Scanner) -> Option<Lines> {
    let mut lines = Lines {
        n_all: memchr::memchr_iter(b'\n', text).count() as u64,
        ..Lines::default()
    };
    let mut reader = Reader::new(text);
    // The line at hand, and whether it is among those that matter.
    let mut line = 0..0;
    let mut matters = false;
    while let Some(record) = reader.next().ok()? {
        let (offset, raw, number) = match &record {
            Record::Event(event) | Record::Partial(event) => {
                (event.offset(), event.raw(), event.line())
            }
            Record::Skipped(skipped) => (skipped.offset(), skipped.raw(), skipped.line()),
            // What was left open at the end is malformed too.
            _ => return None,
        };
        let offset = usize::try_from(offset).ok()?;
        // A wrapper may hold several events, which all stand where it does.
        if lines_after(text, &line) == Some(offset) {
            line = offset..offset + raw.len();
            let ends = text.get(line.end..)?;
            let whole = ends.is_empty() || ends.starts_with(b"\n") || ends.starts_with(b"\r\n");
            if !whole || raw.contains(&b'\n') {
                return None;
            }
            matters = false;
        } else if line.start != offset || line.is_empty() {
            return None;
        }
        if let (Record::Event(event) | Record::Partial(event), false) = (&record, matters) {
            matters = scanner.scan(&event.event).len() > 0 || scanner.not_evaluated();
            if matters {
                lines.numbers.push(number - 1);
                lines.text.extend(text.get(line.clone())?);
                lines.text.push(b'\n');
            }
        }
    }
    lines_after(text, &line).is_none().then_some(lines)
}

/// Where the first line after this one begins that is not empty.
fn lines_after(text: &[u8], line: &std::ops::Range<usize>) -> Option<usize> {
    let rest = text.get(line.end..)?;
    let empty = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    Some(line.end + empty.count()).filter(|next| *next < text.len())
}

#[cfg(test)]
mod tests {
    use detect::RuleSet;

    use super::*;

    const HIT: &str = r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"1","stage":"ResponseComplete","verb":"get"}"#;
    const MISS: &str = r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"2","stage":"ResponseComplete","verb":"list"}"#;
    const RULE: &str = "title: Read\nlogsource: {product: kubernetes, service: audit}\ndetection:\n  sel: {verb: get}\n  condition: sel\nlevel: low\n";

    fn found(text: &str) -> Option<(u64, Vec<u64>, String)> {
        let rules = RuleSet::builder().text("read.yaml", RULE).build().unwrap();
        let lines = lines(text.as_bytes(), &mut rules.scanner())?;
        let text = String::from_utf8(lines.text).unwrap();
        Some((lines.n_all, lines.numbers, text))
    }

    #[test]
    fn keeps_the_lines_that_matter() {
        let text = format!("{MISS}\r\n\n{HIT}\n{{}}\n{MISS}\n{HIT}");
        let expected = format!("{HIT}\n{HIT}\n");
        assert_eq!(found(&text), Some((5, vec![2, 5], expected)));
        assert_eq!(found("\n\n"), Some((2, vec![], String::new())));
        let wrapped = format!(
            "{{\"log\":{:?},\"stream\":\"stdout\",\"time\":\"2026-01-02T03:04:05Z\"}}\n",
            format!("{HIT}\n")
        );
        assert_eq!(found(&wrapped), Some((1, vec![0], wrapped.clone())));
    }

    #[test]
    fn says_when_a_line_is_no_record_by_itself() {
        let (cut, rest) = HIT.split_at(30);
        for text in [
            format!("{MISS}\n{cut}\n{HIT}\n"),
            format!("{cut}\n{rest}\n"),
            format!("{MISS}\n{cut}"),
            format!("[\n{HIT}\n,{MISS}]"),
            format!("[{HIT},{MISS}]"),
            format!("{HIT}{HIT}\n"),
            format!(" {HIT}\n"),
            format!("{MISS}\nplain text\n"),
        ] {
            assert_eq!(found(&text), None, "{text}");
        }
    }
}
