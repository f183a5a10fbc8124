//! Compiled rules as bytes: what an agent loads instead of rule text.
//!
//! ```text
//! magic, 8 bytes │ version, u32 │ CRC-32 of all that follows, u32 │ section │ section │ …
//! section: tag, 1 byte │ length, u32 │ content
//! ```
//!
//! Every section of [`Section::ALL`] is there once, in that order; a new one goes at its end. Numbers of a fixed width are
//! little-endian. Automata are not in it: they are built again, by whoever evaluates the rules.

mod correlation;
mod program;
mod rule;
mod wire;

use std::fmt;

use audit_model::{FieldId, Network};

use crate::correlation::{Correlation, Target};
use crate::limits;
use crate::rule::{Filter, Rule};
use crate::source::Sources;
use wire::{FieldName, Input, Malformed, Wire, Writer, malformed};

const MAGIC: [u8; 8] = *b"KUBESIFT";
/// The version of the form. It grows with every change of what stands in the bytes or of what it means.
const VERSION: u32 = 1;
/// Magic, version and checksum.
const HEADER: usize = 16;

/// A part of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Section {
    /// The names of the fields that the others refer to by their place here.
    Fields = 1,
    /// The names of the files and where their lines begin.
    Sources = 2,
    Filters = 3,
    Rules = 4,
    TrustedProxies = 5,
    Correlations = 6,
}

impl Section {
    const ALL: [Self; 6] = [
        Self::Fields,
        Self::Sources,
        Self::Filters,
        Self::Rules,
        Self::TrustedProxies,
        Self::Correlations,
    ];
}

/// A rule or correlation as a set keeps it.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "it is made by whoever writes a set"
)]
pub struct Kept<T> {
    /// Its index among all that were compiled, which is how [`Reference`](crate::Reference)s name it.
    pub at: usize,
    /// Whether its hits are told, and not only taken by correlations.
    pub told: bool,
    /// The rule or correlation.
    pub item: T,
}

impl<T> Kept<T> {
    /// All of a list, as they stand in it.
    ///
    /// ```
    /// let all: Vec<_> = rule_lang::Kept::all(["a", "b"]).map(|kept| (kept.at, kept.told)).collect();
    /// assert_eq!(all, [(0, true), (1, true)]);
    /// ```
    pub fn all(items: impl IntoIterator<Item = T>) -> impl Iterator<Item = Self> {
        let items = items.into_iter().enumerate();
        items.map(|(at, item)| Self {
            at,
            told: true,
            item,
        })
    }
}

/// A rule set out of bytes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Restored {
    /// The files that were compiled, without their texts.
    pub sources: Sources,
    /// The rules, in the order in which they were written.
    pub rules: Vec<Kept<Rule>>,
    /// The filters, in the order in which they were written.
    pub filters: Vec<Filter>,
    /// The proxies that are trusted.
    pub trusted_proxies: Vec<Network>,
    /// The correlations, each after those that it refers to.
    pub correlations: Vec<Kept<Correlation>>,
}

/// Writes compiled rules, filters, trusted proxies and correlations as bytes, so that they can be used without compiling them again.
///
/// What a rule needs to be evaluated and told of is kept: metadata, level, message, program, which filters narrow it and
/// for how long it is summed up; of a correlation all that it says. Their [tests](Rule::tests) are not. Of the files, names and lines are kept, so that spans still say where something stood,
/// and the text is not. The same rules give the same bytes.
///
/// # Examples
/// ```
/// use rule_lang::{Compiler, Kept, from_bytes, to_bytes};
///
/// let mut compiler = Compiler::new();
/// compiler.add(
///     "secrets.yaml",
///     "
/// title: Secrets listed
/// logsource: {product: kubernetes, service: audit}
/// detection:
///   selection: {resource: secrets, verb: list}
///   condition: selection
/// ",
/// );
/// let compiled = compiler.finish();
/// let bytes = to_bytes(
///     &compiled.sources,
///     Kept::all(&compiled.rules),
///     &compiled.filters,
///     &compiled.trusted_proxies,
///     Kept::all(&compiled.correlations),
/// );
/// let restored = from_bytes(&bytes)?;
/// assert_eq!(restored.rules[0].item.program(), compiled.rules[0].program());
/// # Ok::<(), rule_lang::FromBytesError>(())
/// ```
pub fn to_bytes<'r>(
    sources: &Sources,
    rules: impl IntoIterator<Item = Kept<&'r Rule>>,
    filters: impl IntoIterator<Item = &'r Filter>,
    trusted_proxies: &[Network],
    correlations: impl IntoIterator<Item = Kept<&'r Correlation>>,
) -> Vec<u8> {
    let mut writer = Writer::default();
    let sources = writer.item(sources);
    let filters = writer.items(filters);
    let rules = writer.kept(rules);
    let proxies = writer.items(trusted_proxies);
    let correlations = writer.kept(correlations);
    let names = writer.field_names();
    let mut content = Vec::new();
    for (section, bytes) in
        Section::ALL
            .into_iter()
            .zip([names, sources, filters, rules, proxies, correlations])
    {
        content.push(section as u8);
        // Past what a section can be, the length is wrong and the bytes are refused when they are read.
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        content.extend(length.to_le_bytes());
        content.extend(bytes);
    }
    let mut out = Vec::with_capacity(HEADER + content.len());
    out.extend(MAGIC);
    out.extend(VERSION.to_le_bytes());
    out.extend(crc32fast::hash(&content).to_le_bytes());
    out.extend(content);
    out
}

/// Reads what [`to_bytes`] wrote, in memory that is bounded by a multiple of the bytes.
///
/// Nothing is taken on trust: indices, programs and regular expressions are held to what the compiler holds them to, and
/// fields are found by their names, so that bytes from a version with other fields are understood or refused.
///
/// # Errors
/// [`FromBytesError`] when the bytes are something else, of another version, damaged, or ask for what this version does
/// not know.
pub fn from_bytes(bytes: &[u8]) -> Result<Restored, FromBytesError> {
    if bytes.len() > limits::COMPILED_BYTES {
        return Err(Reason::TooLarge(bytes.len()).into());
    }
    let Some(rest) = bytes.strip_prefix(&MAGIC) else {
        return Err(Reason::NotCompiled.into());
    };
    let mut input = Input::new(rest, bytes.len());
    let version = input.array().map(u32::from_le_bytes)?;
    if version != VERSION {
        return Err(Reason::Version(version).into());
    }
    let checksum = input.array().map(u32::from_le_bytes)?;
    let found = crc32fast::hash(input.rest());
    if found != checksum {
        return Err(Reason::Damaged { checksum, found }.into());
    }
    let mut fields = section(&mut input, Section::Fields)?;
    let known = Vec::<FieldName>::read(&mut fields)?;
    fields.end()?;
    let known: Vec<FieldId> = known.into_iter().map(|FieldName(id)| id).collect();
    let mut sources = section(&mut input, Section::Sources)?;
    let read_sources = Sources::read(&mut sources)?;
    sources.end()?;
    let mut filters = section(&mut input, Section::Filters)?;
    filters.fields = &known;
    let read_filters = Vec::<Filter>::read(&mut filters)?;
    filters.end()?;
    let mut rules = section(&mut input, Section::Rules)?;
    rules.fields = &known;
    rules.n_filters = read_filters.len();
    rules.regexes = filters.regexes;
    let at = rules.at();
    let read_rules = Vec::<Kept<Rule>>::read(&mut rules)?;
    rules.end()?;
    in_order(at, &read_rules)?;
    let (n, limit) = (read_rules.len(), limits::RULES);
    if n > limit {
        let what = format!("the set has {n} rules and the limit is {limit}");
        return Err(malformed(at, what).into());
    }
    let mut proxies = section(&mut input, Section::TrustedProxies)?;
    let trusted_proxies = Wire::read(&mut proxies)?;
    proxies.end()?;
    let mut correlations = section(&mut input, Section::Correlations)?;
    correlations.fields = &known;
    let at = correlations.at();
    let read_correlations = Vec::<Kept<Correlation>>::read(&mut correlations)?;
    correlations.end()?;
    in_order(at, &read_correlations)?;
    for kept in &read_correlations {
        let mut references = kept.item.references.iter();
        if references.any(
            |reference| matches!(reference.target, Target::Correlation(inner) if inner >= kept.at),
        ) {
            let what = format!(
                "correlation {} refers to one that does not stand before it",
                kept.at
            );
            return Err(malformed(at, what).into());
        }
    }
    input.end()?;
    Ok(Restored {
        sources: read_sources,
        rules: read_rules,
        filters: read_filters,
        trusted_proxies,
        correlations: read_correlations,
    })
}

/// What is kept stands in the order in which it was compiled, each once.
fn in_order<T>(at: usize, kept: &[Kept<T>]) -> Result<(), Malformed> {
    if kept.is_sorted_by(|before, after| before.at < after.at) {
        Ok(())
    } else {
        Err(malformed(at, "rules or correlations are out of order"))
    }
}

/// The content of the section that must follow.
fn section<'b>(input: &mut Input<'b>, section: Section) -> Result<Input<'b>, Malformed> {
    let at = input.at();
    let (tag, expected) = (input.byte()?, section as u8);
    if tag != expected {
        let what = format!("section {expected} should follow, and this is {tag}");
        return Err(malformed(at, what));
    }
    let length = input.array().map(u32::from_le_bytes)?;
    input.part(length)
}

/// Why bytes cannot be taken for compiled rules.
///
/// # Examples
/// ```
/// let error = rule_lang::from_bytes(b"title: Secrets listed").unwrap_err();
/// assert_eq!(error.to_string(), "this is no compiled rule set: it does not begin with `KUBESIFT`");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FromBytesError(Reason);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Reason {
    NotCompiled,
    TooLarge(usize),
    Version(u32),
    Damaged { checksum: u32, found: u32 },
    Malformed(Malformed),
}

impl From<Reason> for FromBytesError {
    fn from(reason: Reason) -> Self {
        Self(reason)
    }
}

impl From<Malformed> for FromBytesError {
    fn from(malformed: Malformed) -> Self {
        Self(Reason::Malformed(malformed))
    }
}

impl fmt::Display for FromBytesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Reason::NotCompiled => {
                f.write_str("this is no compiled rule set: it does not begin with `KUBESIFT`")
            }
            Reason::TooLarge(n) => {
                let limit = limits::COMPILED_BYTES;
                write!(
                    f,
                    "the compiled rule set has {n} bytes and the limit is {limit}"
                )
            }
            Reason::Version(found) => write!(
                f,
                "the rule set was compiled to version {found} of the form and this is read in version {VERSION}: \
                 compile the rules again"
            ),
            Reason::Damaged { checksum, found } => write!(
                f,
                "the compiled rule set is damaged: its checksum is {checksum:08x} and its bytes give {found:08x}"
            ),
            Reason::Malformed(Malformed { at, what }) => {
                write!(f, "the compiled rule set is malformed at byte {at}: {what}")
            }
        }
    }
}

impl std::error::Error for FromBytesError {}
