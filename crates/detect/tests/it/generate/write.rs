//! JSON as hostile clients write it.

use super::Choices;
use super::event::Gen;

/// The bytes of a value: keys and texts escaped at random, odd white space, bad UTF-8, keys in any order.
pub(crate) fn write(c: &mut Choices<'_>, value: &Gen) -> Vec<u8> {
    let mut out = Vec::new();
    let plain = !c.one_in(2);
    put(c, value, plain, &mut out);
    out
}

fn space(c: &mut Choices<'_>, plain: bool, out: &mut Vec<u8>) {
    if !plain && c.one_in(8) {
        out.extend(c.pick::<[u8]>(&[b" ", b"\t", b"\r\n"]));
    }
}

fn put(c: &mut Choices<'_>, value: &Gen, plain: bool, out: &mut Vec<u8>) {
    space(c, plain, out);
    match value {
        Gen::Null => out.extend(b"null"),
        Gen::Bool(value) => out.extend(value.to_string().bytes()),
        Gen::Number(text) => out.extend(text.bytes()),
        Gen::Text(text) => put_text(c, text, plain, out),
        Gen::List(members) => {
            out.push(b'[');
            for (at, member) in members.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                put(c, member, plain, out);
            }
            out.push(b']');
        }
        Gen::Object(entries) => {
            let mut order: Vec<usize> = (0..entries.len()).collect();
            if !plain {
                for at in 1..order.len() {
                    let other = c.below(at + 1);
                    order.swap(at, other);
                }
            }
            out.push(b'{');
            for (n, at) in order.into_iter().enumerate() {
                if n > 0 {
                    out.push(b',');
                }
                let (key, value) = &entries[at];
                space(c, plain, out);
                put_text(c, key, plain, out);
                space(c, plain, out);
                out.push(b':');
                put(c, value, plain, out);
            }
            out.push(b'}');
        }
    }
    space(c, plain, out);
}

fn put_text(c: &mut Choices<'_>, text: &str, plain: bool, out: &mut Vec<u8>) {
    out.push(b'"');
    for char in text.chars() {
        if !plain && c.one_in(16) {
            let mut units = [0; 2];
            for unit in char.encode_utf16(&mut units) {
                out.extend(format!("\\u{unit:04x}").bytes());
            }
            continue;
        }
        match char {
            '"' | '\\' => out.extend(format!("\\{char}").bytes()),
            '/' if !plain && c.one_in(4) => out.extend(b"\\/"),
            char => out.extend(char.to_string().bytes()),
        }
    }
    // What tells an audit event from other records stays readable.
    let tells = ["kind", "Event", "apiVersion", "audit.k8s.io/v1"].contains(&text);
    if !plain && !tells && c.one_in(64) {
        out.extend(c.pick::<[u8]>(&[b"\xff", b"\\ud800", b"\\ud83d\\ude00"]));
    }
    out.push(b'"');
}
