//! Lines of text with an event in them: what container runtimes, syslog and command-line tools put before it.

use memchr::{memchr, memmem};

use crate::read::SkipReason;
use crate::scan::{is_space, skip_leniently, string_end};
use crate::source::{End, Form, Outer, Pieces, Provider, Source, eks, legacy, looks_like_json};
use crate::tree::NodeId;

/// Streams of an EKS cluster's log group that hold the text of other components.
const OTHER_STREAMS: &[&str] = &[
    "authenticator-",
    "kube-apiserver-",
    "kube-controller-manager-",
    "cloud-controller-manager-",
    "kube-scheduler-",
];

/// Opens text that is no JSON; whether it is known. `stream` tells apart what the text's wrapper holds several of.
pub(crate) fn open(line: &[u8], stream: &str, pieces: &mut Pieces<'_>) -> bool {
    // Space at the end of a part belongs to it.
    let entry = line.trim_ascii_start();
    let entry = entry.strip_suffix(b"\n").unwrap_or(entry);
    let entry = entry.strip_suffix(b"\r").unwrap_or(entry);
    if let Some(entry) = container_entry(entry) {
        let end = if entry.partial { End::More } else { End::Last };
        pieces.part(&format!("{}\0{stream}", entry.output), end, entry.text);
        return true;
    }
    let line = line.trim_ascii();
    if legacy::is_line(line) {
        return legacy::open(line, pieces);
    }
    if is_component_text(line) {
        pieces.skip(SkipReason::ControlPlane);
        return true;
    }
    let Some((prefix, json)) = prefixed(line) else {
        return false;
    };
    if let Some(kept) = json.strip_suffix(eks::TRUNCATED.as_bytes())
        && let Ok(kept) = std::str::from_utf8(kept)
        && says_audit(kept.as_bytes())
    {
        tail_source(prefix, pieces);
        pieces.cut(kept);
        return true;
    }
    let Some(json) = whole_json(line, prefix, json) else {
        return false;
    };
    tail_source(prefix, pieces);
    pieces.loose(json);
    true
}

/// Whether a text is one that [`open`] knows from its beginning to its end.
pub(crate) fn is_whole(text: &[u8]) -> bool {
    let line = text.trim_ascii();
    container_entry(line).is_some()
        || legacy::is_whole(line)
        || prefixed(line).is_some_and(|(prefix, json)| whole_json(line, prefix, json).is_some())
}

/// What stands before the first brace of a line, and the rest.
fn prefixed(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (prefix, json) = line.split_at_checked(memchr(b'{', line)?)?;
    // Lines before it are no prefix but records of their own.
    let in_line = !prefix.is_empty() && memchr(b'\n', prefix).is_none();
    in_line.then_some((prefix, json))
}

/// The JSON after a prefix, if nothing follows it.
fn whole_json<'l>(line: &'l [u8], prefix: &[u8], json: &'l [u8]) -> Option<&'l [u8]> {
    // A brace of the prefix itself would be the first one, and what it opens is not all of the rest.
    if skip_leniently(json, 0) == Ok(json.len()) {
        return Some(json);
    }
    // JSON that was encoded twice: the quote before the brace closes at the end.
    let quoted = line.get(prefix.len() - 1..)?;
    let whole = quoted.starts_with(b"\"")
        && string_end(quoted, 1).is_ok_and(|(quote, _)| quote + 1 == quoted.len());
    whole.then_some(quoted)
}

/// Whether text that cannot be read says that it is an audit event.
pub(crate) fn says_audit(text: &[u8]) -> bool {
    ["audit.k8s.io/", "auditID", "AUDIT: id="]
        .iter()
        .any(|mark| memmem::find(text, mark.as_bytes()).is_some())
}

/// A line of a container's log as the container runtime interface has it.
struct Entry<'l> {
    /// `stdout` or `stderr`.
    output: &'static str,
    partial: bool,
    text: &'l [u8],
}

/// Reads `<time> stdout|stderr F|P <text>` (Kubernetes' design proposal for kubelet's CRI logging).
fn container_entry(line: &[u8]) -> Option<Entry<'_>> {
    let (time, rest) = word(line)?;
    if !is_time(time) {
        return None;
    }
    let (output, rest) = word(rest)?;
    let output = match output {
        b"stdout" => "stdout",
        b"stderr" => "stderr",
        _ => return None,
    };
    let (tags, text) = word(rest).unwrap_or((rest, &[]));
    // Tags are separated by colons; the first one says whether the line is whole.
    let partial = match tags.split(|byte| *byte == b':').next() {
        Some(b"P") => true,
        Some(b"F") => false,
        _ => return None,
    };
    Some(Entry {
        output,
        partial,
        text,
    })
}

/// What stands before the first space, and after it.
fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr(b' ', text)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// Whether a word is a time by RFC 3339.
fn is_time(word: &[u8]) -> bool {
    (19..=40).contains(&word.len())
        && word.get(10) == Some(&b'T')
        && word.get(4) == Some(&b'-')
        && word.first().is_some_and(u8::is_ascii_digit)
        && word
            .iter()
            .all(|byte| byte.is_ascii_digit() || b"-:+.TZ".contains(byte))
}

/// Whether a line is of another component of the control plane: klog, or what its name says.
fn is_component_text(line: &[u8]) -> bool {
    if is_klog(line) {
        return true;
    }
    let Some((_, rest)) = word(line).filter(|(time, _)| is_time(time)) else {
        return false;
    };
    let audit = rest.starts_with(eks::AUDIT_STREAM.as_bytes());
    let named = OTHER_STREAMS
        .iter()
        .any(|name| rest.starts_with(name.as_bytes()));
    is_klog(rest) || named && !audit
}

/// Whether a line begins as klog writes it: `I0102 03:04:05.678901       1 file.go:12] text`.
fn is_klog(line: &[u8]) -> bool {
    let Some((level, rest)) = line.split_first() else {
        return false;
    };
    let shape: &[u8] = b"0000 00:00:00.";
    b"IWEF".contains(level)
        && rest.len() > shape.len()
        && rest.iter().zip(shape).all(|(byte, shape)| match shape {
            b'0' => byte.is_ascii_digit(),
            other => byte == other,
        })
}

/// `aws logs tail` puts the stream's name before each message.
fn tail_source(prefix: &[u8], pieces: &mut Pieces<'_>) {
    let audit = prefix
        .split(|byte| is_space(*byte))
        .any(|word| word.starts_with(eks::AUDIT_STREAM.as_bytes()));
    if audit && pieces.source().is_none() {
        pieces.set_source(Source::from(Provider::Eks));
    }
}

/// Whether text may be JSON, be it as a JSON text within it.
pub(crate) fn may_be_json(text: &str) -> bool {
    let trimmed = text.trim();
    looks_like_json(text) || trimmed.starts_with("\"{") && trimmed.ends_with("}\"")
}

/// Adds the text of a value that may be JSON, or a line with something in it; whether it is known.
pub(crate) fn text(outer: &Outer<'_>, node: NodeId, stream: &str, pieces: &mut Pieces<'_>) -> bool {
    let text = outer.text_of(node).unwrap_or_default();
    // Of several lines, each is read for itself.
    let lines = text.trim().contains('\n') && says_audit(text.as_bytes());
    if lines || may_be_json(text) {
        pieces.carry(Form::Loose, outer, node);
        return true;
    }
    open(text.as_bytes(), stream, pieces)
}
