//! Keeping secrets out of what is shown.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex_automata::Input;
use regex_automata::meta;
use regex_automata::util::syntax;

use crate::gate::Gate;

/// What is shown in the place of a secret.
pub(crate) const MASK: &str = "[redacted]";

/// Words that name a credential, in options, parameters and assignments.
const NAMES: &str = "(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|signature|\\bsig|\\bcookie)";

/// What stands between two arguments: in a command line, in a list as a message shows it, in a query.
const GAP: &str = r"(?:,?\s+|\+|%20|&command=)";

/// A name, and what leads from it to the value; the value follows.
static KEYED: LazyLock<Option<meta::Regex>> = LazyLock::new(|| {
    // `--password=x`, `PASSWORD: x`, `token%3Dx`, `--password x`, and an argument list in a query:
    // `command=--password&command=x`.
    build(&[
        &format!(r#"(?i){NAMES}[\w.-]*["']?\s*(?:=|:|%3d|%3a)(?:["'\s+]|%20|%22)*"#),
        &format!(r"(?i)-[\w.-]*{NAMES}{GAP}"),
        &format!(r"(?i)\b(?:bearer|basic){GAP}"),
        // Programs whose option for a password does not say so.
        &format!(r"(?i)\b(?:mysql|mariadb)[\w-]*(?:[^|;&]|&command=){{0,80}}?{GAP}-p"),
        &format!(r"(?i)\bsshpass{GAP}-p{GAP}?"),
        &format!(r"(?i)\bredis-cli(?:[^|;&]|&command=){{0,80}}?{GAP}(?:-a|auth){GAP}"),
        &format!(
            r"(?i)\b(?:curl|wget)(?:[^|;&]|&command=){{0,80}}?{GAP}(?:-u|--user){GAP}?[^\s:&%]*(?::|%3a)"
        ),
        // The password of `scheme://user:password@host`.
        r"(?i)(?:://|%3a%2f%2f)[^/\s:@&%]*(?::|%3a)",
    ])
});

/// Credentials that show by themselves.
static SHAPED: LazyLock<Option<meta::Regex>> = LazyLock::new(|| {
    build(&[
        // JSON Web Tokens.
        r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?",
        // AWS, GitHub, Slack and Google keys.
        r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
        r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})",
        r"\bxox[abeprs]-[A-Za-z0-9-]{10,}",
        r"\bAIza[0-9A-Za-z_-]{30,}",
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.)*",
    ])
});

/// Words of which a text without characters beyond ASCII holds one, if [`KEYED`] finds something in it. To look for
/// them takes a hundredth of the time, and nearly all text holds none.
static KEYED_WORDS: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| words(keyed_by().collect::<Vec<_>>().as_slice()));

/// The same for [`SHAPED`].
static SHAPED_WORDS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| words(SHAPED_AS));

/// Tells text without any of them. It takes text with characters beyond ASCII to hold one.
static WORDS: LazyLock<Option<Gate>> =
    LazyLock::new(|| Gate::new(keyed_by().chain(SHAPED_AS.iter().copied())));

fn keyed_by() -> impl Iterator<Item = &'static str> {
    let all = NAMED_BY.iter().chain(WITH_USER).chain(PROGRAMS);
    all.copied()
}

/// Words of names, behind whose last letter the value begins.
const NAMED_BY: &[&str] = &[
    "pass",
    "pwd",
    "secret",
    "token",
    "key",
    "credential",
    "sig",
    "cookie",
    "bearer",
    "basic",
];

/// What stands before a user and a password.
const WITH_USER: &[&str] = &["://", "%3a%2f%2f"];

/// Programs, with the value among their arguments.
const PROGRAMS: &[&str] = &["mysql", "mariadb", "redis-cli", "curl", "wget"];

const SHAPED_AS: &[&str] = &[
    "eyJ",
    "AKIA",
    "ASIA",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "xox",
    "AIza",
    "-----BEGIN ",
];

fn words(words: &[&str]) -> Option<AhoCorasick> {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(AhoCorasickKind::DFA))
        .build(words)
        .ok()
}

/// Whether a regular expression need not be asked, because none of its words is there.
fn is_without(words: Option<&AhoCorasick>, text: &str) -> bool {
    text.is_ascii() && words.is_some_and(|words| !words.is_match(text))
}

/// The same for [`KEYED`], which does not find a word by itself: `/api/v1/secrets?limit=500` assigns no secret.
fn is_without_key(text: &str) -> bool {
    let Some(words) = KEYED_WORDS.as_ref().filter(|_| text.is_ascii()) else {
        return false;
    };
    !words.find_overlapping_iter(text).any(|found| {
        let word = found.pattern().as_usize();
        let rest = text.get(found.end()..).unwrap_or_default();
        if word < NAMED_BY.len() {
            leads_to_value(rest.as_bytes())
        } else if word < NAMED_BY.len() + WITH_USER.len() {
            let user = rest.find(|c: char| c.is_ascii_whitespace() || "/:@&%\x0b".contains(c));
            user.is_some_and(|at| {
                rest.get(at..)
                    .is_some_and(|rest| rest.starts_with([':', '%']))
            })
        } else {
            true
        }
    })
}

/// Whether what follows a part of a name may lead from it to a value. More may than does.
fn leads_to_value(rest: &[u8]) -> bool {
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    let mut after = rest.iter().copied().skip_while(|byte| is_of_name(*byte));
    let first = after.next();
    let next = match first {
        Some(b'"' | b'\'') => after.next(),
        first => first,
    };
    next.is_some_and(|byte| byte <= b' ' || matches!(byte, b'=' | b':' | b'%' | b'+' | b'&' | b','))
}

fn build(patterns: &[&str]) -> Option<meta::Regex> {
    // Without lazy state, as everywhere: a search must not allocate.
    let config = meta::Config::new().hybrid(false).backtrack(false);
    meta::Builder::new()
        .configure(config)
        .syntax(syntax::Config::new())
        .build_many(patterns)
        .ok()
}

/// Masks credentials in text, with memory that is reused.
#[derive(Debug)]
pub(crate) struct Redactor {
    keyed: Option<meta::Cache>,
    shaped: Option<meta::Cache>,
    step: String,
}

impl Redactor {
    /// One with memory of its own for searches, which is large: for whoever keeps it.
    pub(crate) fn new() -> Self {
        let cache = |regex: &Option<meta::Regex>| regex.as_ref().map(meta::Regex::create_cache);
        Self {
            keyed: cache(&KEYED),
            shaped: cache(&SHAPED),
            step: String::new(),
        }
    }

    /// One for a few texts, which borrows memory for a search where one is needed.
    pub(crate) fn borrowing() -> Self {
        Self {
            keyed: None,
            shaped: None,
            step: String::new(),
        }
    }

    /// Appends text with what looks like a credential masked, and control characters escaped.
    pub(crate) fn push(&mut self, text: &str, out: &mut String) {
        // Most text has none of the words of either, which is told many bytes at a time.
        if WORDS
            .as_ref()
            .is_some_and(|words| !words.may_hold(text.as_bytes()))
        {
            push_visible(text, out);
            return;
        }
        let mut step = std::mem::take(&mut self.step);
        step.clear();
        self.push_keyed(text, &mut step);
        self.push_shaped(&step, out);
        self.step = step;
    }

    fn push_keyed(&mut self, text: &str, out: &mut String) {
        if is_without_key(text) {
            out.push_str(text);
            return;
        }
        let mut at = 0;
        while let Some(found) = find(KEYED.as_ref(), self.keyed.as_mut(), text, at) {
            let (start, end) = found;
            out.push_str(text.get(at..end).unwrap_or_default());
            let rest = text.get(end..).unwrap_or_default();
            let name = text.get(start..end).unwrap_or_default();
            let value = if name.starts_with("://") {
                // Only what an `@` ends is a password; else it is a port.
                let authority = rest.find(['/', ' ', '&']).unwrap_or(rest.len());
                rest.get(..authority).and_then(|it| it.rfind('@'))
            } else if name.starts_with("%3") {
                let ends = ["%2f", "%2F", "&", "+"];
                let authority = ends
                    .iter()
                    .filter_map(|end| rest.find(end))
                    .min()
                    .unwrap_or(rest.len());
                rest.get(..authority).and_then(|it| it.rfind("%40"))
            } else if let Some(quote) = name.chars().last().filter(|c| matches!(c, '"' | '\'')) {
                // A quoted value ends at its quote.
                Some(rest.find(quote).unwrap_or(rest.len()))
            } else {
                Some(
                    rest.find([' ', '&', '"', '\'', ';', ',', '\n', '\t'])
                        .unwrap_or(rest.len()),
                )
            };
            if let Some(length) = value.filter(|length| *length > 0) {
                out.push_str(MASK);
                at = end + length;
            } else {
                at = end;
            }
        }
        out.push_str(text.get(at..).unwrap_or_default());
    }

    fn push_shaped(&mut self, text: &str, out: &mut String) {
        if is_without(SHAPED_WORDS.as_ref(), text) {
            push_visible(text, out);
            return;
        }
        let mut at = 0;
        while let Some((start, end)) = find(SHAPED.as_ref(), self.shaped.as_mut(), text, at) {
            push_visible(text.get(at..start).unwrap_or_default(), out);
            out.push_str(MASK);
            at = end;
        }
        push_visible(text.get(at..).unwrap_or_default(), out);
    }
}

fn find(
    regex: Option<&meta::Regex>,
    cache: Option<&mut meta::Cache>,
    text: &str,
    at: usize,
) -> Option<(usize, usize)> {
    let (regex, input) = (regex?, Input::new(text).range(at..));
    let found = match cache {
        Some(cache) => regex.search_with(cache, &input)?,
        None => regex.search(&input)?,
    };
    // An empty match would not move on; no pattern has one.
    (found.end() > at).then(|| (found.start(), found.end()))
}

/// Appends text with control characters escaped, so that a log cannot write to a terminal.
pub(crate) fn push_visible(text: &str, out: &mut String) {
    // Nearly all text is of these, which is told many bytes at a time.
    let is_odd = |odd, byte: &u8| odd | !matches!(byte, b' '..=b'~');
    if !text.as_bytes().iter().fold(false, is_odd) {
        out.push_str(text);
        return;
    }
    for c in text.chars() {
        // Bidirectional controls can make a line read as another one.
        if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
}

/// Whether a value at this place is never shown, whatever it looks like: what is in a Secret or a `ConfigMap`, an
/// environment variable, an issued token, the values of a JSON Patch as it was sent, and the copy of an object that `kubectl apply` keeps in an annotation.
pub(crate) fn is_secret_place(
    field: &str,
    resource: Option<&str>,
    member_key: Option<&str>,
) -> bool {
    let keeps_data = matches!(resource, None | Some("secrets" | "configmaps"));
    let mut parts = field
        .split(['.', '['])
        .map(|part| part.trim_end_matches(']'));
    let mut in_env = false;
    let mut in_status = false;
    let mut in_operation = false;
    for part in parts.by_ref() {
        match part {
            // What an operation of a JSON Patch sets, at a place that is not looked at here.
            "value" if in_operation => return true,
            "data" | "stringData" | "binaryData" if keeps_data => return true,
            "value" if in_env => return true,
            "token" if in_status => return true,
            "requestObject" => in_operation = true,
            "" => {}
            "env" => in_env = true,
            "status" => in_status = true,
            _ => in_operation = false,
        }
    }
    field.contains("last-applied-configuration")
        || member_key.is_some_and(|key| key.contains("last-applied-configuration"))
}

/// Appends what stands for a value that is never shown.
pub(crate) fn push_hidden(value: &str, out: &mut String) {
    // Writing to a `String` cannot fail.
    let _ = std::fmt::Write::write_fmt(out, format_args!("[redacted, {} bytes]", value.len()));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Pieces of text that credentials are made of.
    const PIECES: &[&str] = &[
        "pass",
        "PWD",
        "secret",
        "Token",
        "api_key",
        "access-key",
        "credentials",
        "\u{17f}ecret",
        "sig",
        "cookie",
        "=",
        ": ",
        "%3D",
        "--",
        "-",
        " ",
        "+",
        "&command=",
        "Bearer",
        "basic ",
        "mysql",
        "mariadb ",
        "-p",
        "sshpass",
        "redis-cli",
        "-a",
        "auth",
        "curl",
        "wget ",
        "%2",
        "-u",
        "--user",
        "x",
        "://",
        "%3a%2F%2f",
        ":",
        "@",
        "eyJ",
        "abcdefgh",
        ".",
        "AKIA",
        "0123456789ABCDEF",
        "ghp_",
        "github_pat_",
        "abcdefghijklmnopqrstuvwxyz0123",
        "xoxb-",
        "AIza",
        "-----BEGIN ",
        "PRIVATE KEY-----",
    ];

    proptest! {
        #[test]
        fn the_words_hide_no_credential(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..8)) {
            let text = pieces.concat();
            let finds = |regex: &Option<meta::Regex>| regex.as_ref().unwrap().is_match(&text);
            prop_assert!(!(finds(&KEYED) && is_without_key(&text)), "{text}");
            let may_hold = WORDS.as_ref().is_none_or(|words| words.may_hold(text.as_bytes()));
            prop_assert!(may_hold || !finds(&KEYED) && !finds(&SHAPED), "{text}");
            prop_assert!(!(finds(&SHAPED) && is_without(SHAPED_WORDS.as_ref(), &text)), "{text}");
        }
    }

    fn shown(text: &str) -> String {
        let mut out = String::new();
        Redactor::new().push(text, &mut out);
        out
    }

    #[test]
    fn masks_credentials() {
        for (text, expected) in [
            ("sh -c id", "sh -c id"),
            (
                "mysql --password=hunter2 -h db",
                "mysql --password=[redacted] -h db",
            ),
            ("mysql --password hunter2", "mysql --password [redacted]"),
            (
                "env DB_PASSWORD='hunter2' x",
                "env DB_PASSWORD='[redacted]' x",
            ),
            (
                "curl -H Authorization: Bearer abc.def",
                "curl -H Authorization: Bearer [redacted]",
            ),
            (
                "/exec?command=x&command=--token&command=abc&tty=true",
                "/exec?command=x&command=--token&command=[redacted]&tty=true",
            ),
            ("/x?token=abc&y=1", "/x?token=[redacted]&y=1"),
            ("command=API_KEY%3Dabc&z", "command=API_KEY%3D[redacted]&z"),
            (
                "postgres://app:hunter2@db:5432/x",
                "postgres://app:[redacted]@db:5432/x",
            ),
            ("http://db:5432/x", "http://db:5432/x"),
            ("postgres://app:p@ss@db/x", "postgres://app:[redacted]@db/x"),
            (
                "command=postgres%3A%2F%2Fapp%3Ahunter2%40db%2Fx",
                "command=postgres%3A%2F%2Fapp%3A[redacted]%40db%2Fx",
            ),
            (
                "export PASSWORD=\"two words\"; y",
                "export PASSWORD=\"[redacted]\"; y",
            ),
            ("app, --password, hunter2", "app, --password, [redacted]"),
            (
                "app --dbpassword hunter2 --pass hunter2",
                "app --dbpassword [redacted] --pass [redacted]",
            ),
            ("DB_PASS=hunter2", "DB_PASS=[redacted]"),
            (
                "sh -c mysql -u root -phunter2 x",
                "sh -c mysql -u root -p[redacted] x",
            ),
            (
                "mysql, -u, root, -phunter2",
                "mysql, -u, root, -p[redacted]",
            ),
            (
                "command=mysqldump&command=-u&command=root&command=-phunter2&tty=true",
                "command=mysqldump&command=-u&command=root&command=-p[redacted]&tty=true",
            ),
            ("sshpass -p hunter2 ssh x", "sshpass -p [redacted] ssh x"),
            (
                "redis-cli -h db -a hunter2 ping",
                "redis-cli -h db -a [redacted] ping",
            ),
            (
                "curl -s -u admin:hunter2 http://x",
                "curl -s -u admin:[redacted] http://x",
            ),
            ("curl -s http://x:80/y", "curl -s http://x:80/y"),
            (
                "/x?sv=1&sig=abc&design=1",
                "/x?sv=1&sig=[redacted]&design=1",
            ),
            ("mysql -h db -P 3306 -u root", "mysql -h db -P 3306 -u root"),
            (
                "x eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrIn0.c2ln y",
                "x [redacted] y",
            ),
            ("AKIAIOSFODNN7EXAMPLE", "[redacted]"),
            ("-----BEGIN RSA PRIVATE KEY-----\nabc\n", "[redacted]"),
            ("a\u{1b}[31mb\u{202e}c\n", "a\\u{1b}[31mb\\u{202e}c\\n"),
            (
                "/api/v1/namespaces/x/secrets/db-password",
                "/api/v1/namespaces/x/secrets/db-password",
            ),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn knows_places_that_hold_secrets() {
        assert!(is_secret_place(
            "object.data.password",
            Some("secrets"),
            None
        ));
        assert!(is_secret_place(
            "patch.stringData[any].value",
            Some("configmaps"),
            None
        ));
        assert!(!is_secret_place("object.data.x", Some("widgets"), None));
        assert!(is_secret_place("containers.env.value", Some("pods"), None));
        assert!(!is_secret_place("containers.env.name", Some("pods"), None));
        assert!(is_secret_place("requestObject.value", None, None));
        assert!(is_secret_place("requestObject[].value.x", None, None));
        assert!(!is_secret_place("requestObject[].path", None, None));
        assert!(!is_secret_place("requestObject.spec.value", None, None));
        assert!(is_secret_place(
            "responseObject.status.token",
            Some("serviceaccounts"),
            None
        ));
        assert!(is_secret_place(
            "object.metadata.annotations[any].value",
            None,
            Some("kubectl.kubernetes.io/last-applied-configuration")
        ));
        assert!(!is_secret_place("verb", Some("secrets"), None));
    }
}
