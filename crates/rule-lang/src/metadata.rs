//! What a document says about itself: title, ids, tags and the like, with their types checked.

use std::str::FromStr;

use crate::diagnostic::{Code, Report, quoted};
use crate::keys;
use crate::lint;
use crate::loaded::DocumentKind;
use crate::number::Number;
use crate::rule::Status;
use crate::scalar::{Scalar, in_quotes};
use crate::source::{SourceId, Span};
use crate::suggest::{did_you_mean, nearest};
use crate::yaml::{Entry, Kind, Node};

/// What every kind of document says about itself.
#[derive(Clone, Debug)]
pub(crate) struct Metadata {
    pub(crate) source: SourceId,
    pub(crate) span: Span,
    pub(crate) title: String,
    pub(crate) title_span: Span,
    pub(crate) id: Option<String>,
    pub(crate) id_span: Span,
    pub(crate) name: Option<String>,
    pub(crate) name_span: Span,
    pub(crate) status: Option<Status>,
    pub(crate) description: Option<String>,
    pub(crate) author: Option<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) references: Vec<String>,
    pub(crate) falsepositives: Vec<String>,
    pub(crate) logsource: Logsource,
}

/// Which logs a document is for. What it does not say is open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Logsource {
    pub(crate) category: Option<String>,
    pub(crate) product: Option<String>,
    pub(crate) service: Option<String>,
}

impl Logsource {
    pub(crate) fn read(node: &Node) -> Self {
        let text = |key: &str| {
            let scalar = node.get(key)?.value.scalar()?;
            (!scalar.is_null()).then(|| scalar.text.to_ascii_lowercase())
        };
        Self {
            category: text("category"),
            product: text("product"),
            service: text("service"),
        }
    }

    /// Whether these are the audit logs of Kubernetes.
    pub(crate) fn is_audit(&self) -> bool {
        self.product.as_deref() == Some("kubernetes") && self.service.as_deref() == Some("audit")
    }

    /// Whether the audit logs of Kubernetes are among these.
    pub(crate) fn has_audit(&self) -> bool {
        let is = |word: &Option<String>, expected| word.as_deref().is_none_or(|w| w == expected);
        is(&self.product, "kubernetes") && is(&self.service, "audit")
    }

    /// Whether all of the other's logs are among these, so that a filter for these is for a rule for those.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        [
            (&self.category, &other.category),
            (&self.product, &other.product),
            (&self.service, &other.service),
        ]
        .into_iter()
        .all(|(own, other)| own.is_none() || own == other)
    }
}

impl Metadata {
    /// What others refer to the document by.
    pub(crate) fn reference(&self) -> &str {
        self.name
            .as_deref()
            .or(self.id.as_deref())
            .unwrap_or(&self.title)
    }
}

/// Longest title, in characters.
pub(crate) const TITLE_CHARS: usize = 256;

/// Reads the keys of a map and reports those of a wrong type.
#[derive(Debug)]
pub(crate) struct Keys<'a> {
    pub(crate) node: &'a Node,
    pub(crate) file: &'a str,
    pub(crate) report: &'a mut Report,
}

/// What a key that is on or off holds.
const BOOL: &str = "`true` or `false`";

impl<'a> Keys<'a> {
    pub(crate) fn entry(&self, key: &str) -> Option<&'a Entry> {
        self.node.get(key)
    }

    /// Reports keys of a document that are not known. Sigma allows keys of one's own, so only what is nearly a known one
    /// is an error.
    pub(crate) fn check_document(&mut self, kind: DocumentKind) {
        lint::yaml::ambiguous(self.node, self.report);
        let known = || keys::document(kind);
        for entry in self.node.map().unwrap_or_default() {
            let key = &entry.key;
            if known().any(|known| known == key.text) {
                continue;
            }
            if self.report.is_full() {
                return;
            }
            let near = nearest(&key.text, known()).filter(|near| {
                strsim::damerau_levenshtein(&near.to_lowercase(), &key.text.to_lowercase()) <= 1
            });
            if let Some(near) = near {
                self.report
                    .add(
                        Code::MistypedKey,
                        key.span,
                        format!("{} is nearly a key of Sigma", quoted(&key.text)),
                    )
                    .set_help(format!("did you mean {}?", quoted(near)));
            } else {
                self.report.add_with_help(
                    Code::UnknownKey,
                    key.span,
                    format!(
                        "the key {} is not known and changes nothing",
                        quoted(&key.text)
                    ),
                    did_you_mean(&key.text, known()),
                );
            }
        }
    }

    /// Reports keys of a map of ours that are not known.
    pub(crate) fn check(&mut self, known: &(impl Iterator<Item = &'static str> + Clone)) {
        for entry in self.node.map().unwrap_or_default() {
            let key = &entry.key;
            if known.clone().all(|known| known != key.text) && !self.report.is_full() {
                let help = did_you_mean(&key.text, known.clone());
                self.report.add_with_help(
                    Code::MistypedKey,
                    key.span,
                    format!("there is no key {} here", quoted(&key.text)),
                    help.or_else(|| {
                        Some({
                            let known: Vec<&str> = known.clone().collect();
                            format!("the keys are {}", listed(&known))
                        })
                    }),
                );
            }
        }
    }

    pub(crate) fn wrong_type(&mut self, entry: &Entry, expected: &str) {
        if entry.value.is_refused() {
            return;
        }
        let span = if entry.value.is_null() {
            entry.key.span
        } else {
            entry.value.span
        };
        let found = self.report.add(
            Code::WrongType,
            span,
            format!(
                "{} is {expected}, and this is {}",
                quoted(&entry.key.text),
                entry.value.describe()
            ),
        );
        // `~` without quotes is nothing.
        let scalar = entry.value.scalar().filter(|_| expected == "text");
        if let Some(scalar) = scalar.filter(|scalar| !scalar.text.is_empty()) {
            let quoted = in_quotes(&scalar.text);
            found.set_help(format!(
                "text that looks like it is written in quotes: {quoted}"
            ));
        }
        let scalar = entry.value.scalar().filter(|_| expected == BOOL);
        if let Some(meant) = scalar.and_then(Scalar::meant_bool) {
            found.set_help(format!("write `{}: {meant}`", entry.key.text));
        }
    }

    /// A scalar that is something.
    pub(crate) fn scalar(&mut self, key: &str) -> Option<&'a Scalar> {
        let entry = self.entry(key)?;
        let scalar = entry.value.scalar().filter(|scalar| !scalar.is_null());
        if scalar.is_none() {
            self.wrong_type(entry, "text");
        }
        scalar
    }

    pub(crate) fn text(&mut self, key: &str) -> Option<String> {
        self.scalar(key).map(|scalar| scalar.text.clone())
    }

    pub(crate) fn bool(&mut self, key: &str) -> Option<bool> {
        let entry = self.entry(key)?;
        let value = entry.value.scalar().and_then(Scalar::bool);
        if value.is_none() {
            self.wrong_type(entry, BOOL);
        }
        value
    }

    /// The items of a list.
    pub(crate) fn list(&mut self, key: &str, expected: &str) -> &'a [Node] {
        let Some(entry) = self.entry(key) else {
            return &[];
        };
        if let Kind::List(items) = &entry.value.kind {
            return items;
        }
        self.wrong_type(entry, expected);
        &[]
    }

    fn texts(&mut self, key: &str) -> Vec<String> {
        self.scalars(key)
            .into_iter()
            .map(|scalar| scalar.text.clone())
            .collect()
    }

    fn scalars(&mut self, key: &str) -> Vec<&'a Scalar> {
        let mut found = Vec::new();
        for item in self.list(key, "a list of texts") {
            match item.scalar().filter(|scalar| !scalar.is_null()) {
                Some(scalar) => found.push(scalar),
                None if item.is_refused() => {}
                None => {
                    let message = format!(
                        "{} holds texts, and this is {}",
                        quoted(key),
                        item.describe()
                    );
                    self.report.add(Code::WrongType, item.span, message);
                }
            }
        }
        found
    }

    /// One of the words of a type.
    pub(crate) fn word<T: FromStr>(&mut self, key: &str, words: &[&str]) -> Option<T> {
        self.one_of(key, words).and_then(|word| word.parse().ok())
    }

    /// One of some words.
    pub(crate) fn one_of(&mut self, key: &str, words: &[&str]) -> Option<String> {
        let scalar = self.scalar(key)?;
        let is_known = words.contains(&scalar.text.as_str());
        if !is_known {
            let help = did_you_mean(&scalar.text, words.iter().copied());
            self.report.add_with_help(
                Code::BadValue,
                scalar.span,
                format!("{} cannot be {}", quoted(key), quoted(&scalar.text)),
                help.or_else(|| Some(format!("it is one of {}", listed(words)))),
            );
        }
        is_known.then(|| scalar.text.clone())
    }

    /// Whether a key that was reported as mistyped stands for one of some keys.
    pub(crate) fn has_mistyped(&self, meant: &[&str]) -> bool {
        let mut entries = self.node.map().unwrap_or_default().iter();
        !self.report.is_full()
            && entries.any(|entry| {
                let key = &entry.key;
                nearest(&key.text, meant.iter().copied()).is_some()
                    && self.report.has_in(&[Code::MistypedKey], key.span)
            })
    }

    /// Reports a key that must be there, unless one that was mistyped stands for it.
    pub(crate) fn missing(&mut self, key: &str, span: Span, help: &str) {
        if self.has_mistyped(&[key]) {
            return;
        }
        let message = format!("the key {} is missing", quoted(key));
        self.report
            .add(Code::MissingKey, span, message)
            .set_help(help);
    }

    /// Reads what every kind of document has.
    pub(crate) fn metadata(&mut self) -> Metadata {
        let title = self.scalar("title");
        if let Some(title) = title {
            if title.text.trim().is_empty() {
                self.report
                    .add(Code::BadValue, title.span, "the title is empty")
                    .set_help("say in a few words what is found");
            }
            let n = title.text.chars().count();
            if n > TITLE_CHARS {
                let message =
                    format!("the title has {n} characters and the limit is {TITLE_CHARS}");
                self.report.add(Code::BadValue, title.span, message);
            }
        }
        let id = self.scalar("id");
        if let Some(id) = id
            && !is_uuid(&id.text)
        {
            let message = format!("the id {} is not a UUID", quoted(&id.text));
            self.report
                .add(Code::BadId, id.span, message)
                .set_help("a name for people goes into `name`");
        }
        if let Some(id) = id {
            lint::metadata::nil_id(id, self.report);
        }
        let name = self.scalar("name");
        let tags = self.scalars("tags");
        lint::metadata::repeated_tags(&tags, self.report);
        for tag in tags {
            if self.report.is_full() {
                break;
            }
            if is_tag(&tag.text) {
                lint::metadata::attack_tag(tag, self.report);
            } else {
                let message = format!("{} is no tag", quoted(&tag.text));
                self.report
                    .add(Code::BadTag, tag.span, message)
                    .set_help("a tag is a namespace and a name in lower case: `attack.t1610`");
            }
        }
        let (date, modified) = (self.scalar("date"), self.scalar("modified"));
        lint::metadata::dates(date, modified, self.report);
        self.scalar("license");
        let related = self.list("related", "a list");
        lint::metadata::related(related, self.report);
        self.allowed_lints();
        if let Some(taxonomy) = self.scalar("taxonomy")
            && !matches!(taxonomy.text.as_str(), "sigma" | "kubesift")
        {
            let message = format!("the taxonomy {} is not known", quoted(&taxonomy.text));
            self.report
                .add(Code::UnknownTaxonomy, taxonomy.span, message)
                .set_help("field names are read as those of `kubesift`");
        }
        Metadata {
            source: self.report.source(),
            span: self.node.span,
            title: title.map(|title| title.text.clone()).unwrap_or_default(),
            title_span: title.map(|title| title.span).unwrap_or_default(),
            id: id.map(|id| id.text.clone()),
            id_span: id.map(|id| id.span).unwrap_or_default(),
            name: name.map(|name| name.text.clone()),
            name_span: name.map(|name| name.span).unwrap_or_default(),
            status: self.word("status", Status::WORDS),
            description: self.text("description"),
            author: self.text("author"),
            tags: self.texts_quietly("tags"),
            references: self.texts("references"),
            falsepositives: self.texts("falsepositives"),
            logsource: self
                .entry("logsource")
                .map_or_else(Logsource::default, |entry| Logsource::read(&entry.value)),
        }
    }

    /// What of the lints the author has considered: `lint: {allow: [slug, …]}`.
    fn allowed_lints(&mut self) {
        let Some(entry) = self.entry("lint") else {
            return;
        };
        if entry.value.map().is_none() {
            return self.wrong_type(entry, "a map with the key `allow`");
        }
        let mut keys = Keys {
            node: &entry.value,
            file: self.file,
            report: self.report,
        };
        keys.check(&keys::LINT.names());
        let slugs: Vec<Scalar> = keys.scalars("allow").into_iter().cloned().collect();
        let document = self.node.span;
        for slug in &slugs {
            lint::metadata::allow(slug, document, self.report);
        }
    }

    /// The texts of a list whose items were checked before.
    fn texts_quietly(&self, key: &str) -> Vec<String> {
        let Some(Kind::List(items)) = self.entry(key).map(|entry| &entry.value.kind) else {
            return Vec::new();
        };
        let scalars = items.iter().filter_map(Node::scalar);
        scalars.map(|scalar| scalar.text.clone()).collect()
    }

    /// Whether the document says `sigma-version: 3`.
    pub(crate) fn has_brackets(&mut self) -> bool {
        let Some(version) = self.scalar("sigma-version") else {
            return false;
        };
        match Number::parse(&version.text) {
            Some(Number::Int(3)) => true,
            Some(Number::Int(2)) => false,
            _ => {
                self.report
                    .add(
                        Code::UnsupportedVersion,
                        version.span,
                        format!(
                            "the version {} of Sigma is not supported",
                            quoted(&version.text)
                        ),
                    )
                    .set_help("the versions are `2` and `3`");
                // Which of the two is meant nobody knows, so brackets are no mistake of their own.
                true
            }
        }
    }
}

/// Words in backticks, with commas.
pub(crate) fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    quoted.join(", ")
}

pub(crate) fn is_uuid(text: &str) -> bool {
    let groups = text.split('-').map(str::len);
    groups.eq([8, 4, 4, 4, 12])
        && text
            .bytes()
            .all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

/// `^[a-z0-9_-]+\.[a-z0-9._-]+$`
fn is_tag(text: &str) -> bool {
    let good = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-')
    };
    text.split_once('.').is_some_and(|(namespace, name)| {
        !namespace.is_empty()
            && !name.is_empty()
            && namespace.bytes().all(good)
            && name.bytes().all(|byte| good(byte) || byte == b'.')
    })
}
