//! JSON as hostile clients write it.

use super::Choices;
use super::event::Gen;

/// The bytes of a value: keys and texts escaped at random, odd white space, bad UTF-8, keys in any order.
pub(crate) fn write(c: &mut Choices<'_>, value: &Gen) -> Vec<u8> {
    let mut out = Vec::new();
    let style = Style {
        plain: !c.one_in(2),
        in_body: false,
    };
    put(c, value, style, &mut out);
    out
}

#[derive(Clone, Copy)]
struct Style {
    plain: bool,
    in_body: bool,
}

fn space(c: &mut Choices<'_>, style: Style, out: &mut Vec<u8>) {
    if !style.plain && c.one_in(8) {
        out.extend(c.pick::<[u8]>(&[b" ", b"\t", b"\r\n"]));
    }
}

fn put(c: &mut Choices<'_>, value: &Gen, style: Style, out: &mut Vec<u8>) {
    space(c, style, out);
    match value {
        Gen::Null => out.extend(b"null"),
        Gen::Bool(value) => out.extend(value.to_string().bytes()),
        Gen::Number(text) => out.extend(text.bytes()),
        Gen::Text(text) => put_text(c, text, true, style, out),
        Gen::List(members) => {
            out.push(b'[');
            for (at, member) in members.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                put(c, member, style, out);
            }
            out.push(b']');
        }
        Gen::Object(entries) => {
            let mut order: Vec<usize> = (0..entries.len()).collect();
            if !style.plain {
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
                space(c, style, out);
                put_text(c, key, style.in_body, style, out);
                space(c, style, out);
                out.push(b':');
                let style = Style {
                    in_body: style.in_body || key.ends_with("Object"),
                    ..style
                };
                put(c, value, style, out);
            }
            out.push(b'}');
        }
    }
    space(c, style, out);
}

fn put_text(c: &mut Choices<'_>, text: &str, may_break: bool, style: Style, out: &mut Vec<u8>) {
    out.push(b'"');
    for char in text.chars() {
        if !style.plain && c.one_in(16) {
            let mut units = [0; 2];
            for unit in char.encode_utf16(&mut units) {
                out.extend(format!("\\u{unit:04x}").bytes());
            }
            continue;
        }
        match char {
            '"' | '\\' => out.extend(format!("\\{char}").bytes()),
            '/' if !style.plain && c.one_in(4) => out.extend(b"\\/"),
            char => out.extend(char.to_string().bytes()),
        }
    }
    // What tells an audit event from other records stays readable, and so do the keys that the server writes.
    let tells = ["kind", "Event", "apiVersion", "audit.k8s.io/v1"].contains(&text);
    if !style.plain && may_break && !tells && c.one_in(64) {
        out.extend(c.pick::<[u8]>(&[b"\xff", b"\\ud800", b"\\ud83d\\ude00"]));
    }
    out.push(b'"');
}
