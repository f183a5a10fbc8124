//! Records of managed clusters and log pipelines, opened until native events come out.
//!
//! An adapter is a pure function from a record to pieces of text. A piece is sniffed again like a record of its own,
//! so wrappers may stand in any order, up to [`MAX_DEPTH`] deep; where a provider does not hand out the API server's
//! text, the adapter writes the native event that it describes, and leaves out what the provider does not record.

mod aks;
mod cloud;
mod cut;
mod eks;
mod elastic;
mod gke;
pub(crate) mod join;
mod known;
mod legacy;
mod line;
mod oke;
pub(crate) mod openshift;
mod otlp;
mod request;
mod sniff;
mod wrap;

use std::ops::Range;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use crate::error::DecodeError;
use crate::field::FieldId;
use crate::limits::Limits;
use crate::read::SkipReason;
use crate::tree::{Kind, NodeId, Tree};

pub(crate) use line::{is_whole, says_audit};

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
const GZIP: &[u8] = &[0x1f, 0x8b];

/// No shorter record is a wrapper with something in it.
const SHORTEST: usize = 16;
/// Most wrappers around one event.
const MAX_DEPTH: u8 = 4;

/// The product that wrote a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Provider {
    /// An API server's own log or webhook.
    #[default]
    Native,
    /// Google Kubernetes Engine, by way of Cloud Logging.
    Gke,
    /// Amazon Elastic Kubernetes Service, by way of `CloudWatch`.
    Eks,
    /// Azure Kubernetes Service, by way of diagnostic settings.
    Aks,
    /// OpenShift, by way of its logging operator.
    OpenShift,
    /// Any cluster, by way of Elastic's integration.
    Elastic,
    /// Oracle Kubernetes Engine, by way of OCI Audit.
    Oke,
}

impl Provider {
    /// Every provider.
    pub const ALL: [Self; 7] = [
        Self::Native,
        Self::Gke,
        Self::Eks,
        Self::Aks,
        Self::OpenShift,
        Self::Elastic,
        Self::Oke,
    ];

    /// Whether a provider never records what a field is read from. A rule that needs such a field cannot match there,
    /// and a negation of it always holds.
    pub fn lacks(self, field: FieldId) -> bool {
        match self {
            // These hand out what the API server wrote. (A row of `AKSAudit` has no column for whom a request
            // impersonates, a diagnostic record does; Elastic's integration drops the metadata of bodies.)
            Self::Native | Self::Eks | Self::Aks | Self::OpenShift | Self::Elastic => false,
            // Cloud Logging keeps who asked by name alone, and no query (`google.cloud.audit.AuditLog`).
            Self::Gke => matches!(
                field,
                FieldId::UserUid
                    | FieldId::UserGroups
                    | FieldId::ImpersonatedUid
                    | FieldId::ImpersonatedGroups
                    | FieldId::ImpersonatedExtra
                    | FieldId::ImpersonationConstraint
                    | FieldId::AuthenticationMetadata
                    | FieldId::CredentialId
                    | FieldId::CredentialPod
                    | FieldId::CredentialNode
                    | FieldId::ExecCommand
                    | FieldId::ExecContainer
                    | FieldId::ExecTty
                    | FieldId::ExecStdin
                    | FieldId::UriQuery
                    | FieldId::ObjectRefUid
                    | FieldId::ObjectRefResourceVersion
            ),
            // A `CloudEvent` of OCI Audit names who did what to which path, and holds no bodies.
            Self::Oke => matches!(
                field,
                FieldId::UserUid
                    | FieldId::UserGroups
                    | FieldId::UserExtra
                    | FieldId::ImpersonatedUser
                    | FieldId::ImpersonatedUsername
                    | FieldId::ImpersonatedUid
                    | FieldId::ImpersonatedGroups
                    | FieldId::ImpersonatedExtra
                    | FieldId::ImpersonationConstraint
                    | FieldId::AuthenticationMetadata
                    | FieldId::CredentialId
                    | FieldId::CredentialPod
                    | FieldId::CredentialNode
                    | FieldId::CredentialIssued
                    | FieldId::Decision
                    | FieldId::Reason
                    | FieldId::Level
                    | FieldId::Stage
                    | FieldId::ResponseStatusMetadata
                    | FieldId::ResponseStatusStatus
                    | FieldId::ResponseStatusMessage
                    | FieldId::ResponseStatusReason
                    | FieldId::ResponseStatusDetails
                    | FieldId::Object
                    | FieldId::Patch
                    | FieldId::PodSpec
                    | FieldId::Containers
                    | FieldId::Volumes
                    | FieldId::HostPaths
                    | FieldId::RbacRules
                    | FieldId::RbacSubjects
                    | FieldId::RbacRoleRef
                    | FieldId::RequestObject
                    | FieldId::ResponseObject
                    | FieldId::Annotations
                    | FieldId::ObjectRefUid
                    | FieldId::ObjectRefResourceVersion
            ),
        }
    }

    /// The name as `source.provider` yields it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Gke => "gke",
            Self::Eks => "eks",
            Self::Aks => "aks",
            Self::OpenShift => "openshift",
            Self::Elastic => "elastic",
            Self::Oke => "oke",
        }
    }
}

/// Where an event came from, as far as its record or the embedder says.
///
/// # Examples
/// ```
/// use audit_model::{Provider, Source};
///
/// let source = Source { cluster: Some("shop-prod".into()), ..Source::from(Provider::Eks) };
/// assert_eq!(source.provider.as_str(), "eks");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Source {
    /// The product that wrote the record.
    pub provider: Provider,
    /// The cluster's name.
    pub cluster: Option<String>,
    /// The cloud account, subscription or tenancy.
    pub account: Option<String>,
    /// The cloud region or location.
    pub region: Option<String>,
    /// The cloud project or resource group.
    pub project: Option<String>,
}

impl From<Provider> for Source {
    fn from(provider: Provider) -> Self {
        Self {
            provider,
            ..Self::default()
        }
    }
}

/// What a piece of a record is.
#[derive(Clone, Debug)]
pub(crate) enum Form {
    /// Text to be sniffed like a record.
    Text,
    /// Text of a wrapper that many programs use: it may be anything, and is no event if it is no JSON.
    Loose,
    /// A part of a text that a container runtime has split.
    Part(Part),
    /// The beginning of an event, all that its source kept.
    Cut,
    /// Known and no audit event.
    Skipped(SkipReason),
    /// Not readable.
    Malformed(DecodeError),
}

/// Which part of a split text a piece is.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// What the parts of one text share.
    pub(crate) stream: Box<str>,
    pub(crate) end: End,
}

/// Whether a text goes on after a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The part is the last one.
    Last,
    /// It is not.
    More,
    /// It is not, unless a pipeline has removed the line feed that would say so.
    Unsaid,
}

/// A piece of a record.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) form: Form,
    /// Whether a value that spans lines was looked for and not found, so that each line is read for itself.
    pub(crate) by_line: bool,
    /// Where its text stands in [`Opened::bytes`].
    pub(crate) range: Range<usize>,
    /// How many wrappers stand around it.
    pub(crate) depth: u8,
    pub(crate) source: Option<Arc<Source>>,
}

/// The pieces of the record at hand, with memory that is kept between records.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    /// The text of all pieces.
    pub(crate) bytes: Vec<u8>,
    /// Pieces that are still to be taken, the next one last.
    pending: Vec<Piece>,
    made: Vec<Piece>,
    tree: Tree,
}

/// A record, or a piece of one, that may be a wrapper.
pub(crate) struct Outer<'o> {
    pub(crate) tree: &'o Tree,
    pub(crate) root: NodeId,
    pub(crate) limits: &'o Limits,
}

/// Where an adapter puts what it found.
pub(crate) struct Pieces<'p> {
    bytes: &'p mut Vec<u8>,
    made: &'p mut Vec<Piece>,
    depth: u8,
    source: Option<Arc<Source>>,
    max_bytes: usize,
}

impl Opened {
    /// Takes the next piece.
    pub(crate) fn next(&mut self) -> Option<Piece> {
        self.pending.pop()
    }

    /// Opens a record that is sound JSON and no native event; whether it is known to hold something.
    pub(crate) fn open(&mut self, record: &[u8], limits: &Limits) -> bool {
        self.clear();
        if record.len() < SHORTEST {
            return false;
        }
        self.open_value(Value::Outside(record), 0, None, limits)
    }

    /// Opens a piece further; whether it is known to hold something.
    pub(crate) fn open_piece(&mut self, piece: &Piece, limits: &Limits) -> bool {
        piece.depth < MAX_DEPTH
            && self.open_value(
                Value::Piece(piece.range.clone()),
                piece.depth,
                piece.source.as_ref(),
                limits,
            )
    }

    fn open_value(
        &mut self,
        value: Value<'_>,
        depth: u8,
        source: Option<&Arc<Source>>,
        limits: &Limits,
    ) -> bool {
        let Self {
            bytes,
            pending,
            made,
            tree,
        } = self;
        tree.clear();
        let json = match value {
            Value::Outside(json) => json,
            Value::Piece(range) => bytes.get(range).unwrap_or_default(),
        };
        let Ok(root) = tree.parse(json, limits) else {
            return false;
        };
        made.clear();
        let outer = Outer { tree, root, limits };
        let mut pieces = Pieces {
            bytes,
            made,
            depth: depth + 1,
            source: source.cloned(),
            max_bytes: limits.record_bytes().saturating_mul(2),
        };
        let known = sniff::open(&outer, &mut pieces);
        if known && pieces.len() == 0 {
            // A wrapper that holds nothing is a record too.
            pieces.skip(SkipReason::EmptyList);
        }
        pending.extend(made.drain(..).rev());
        known
    }

    /// Opens a line of the stream that is no JSON; whether it is known to hold something.
    pub(crate) fn open_line(&mut self, line: &[u8], limits: &Limits) -> bool {
        self.clear();
        let mut pieces = Pieces {
            bytes: &mut self.bytes,
            made: &mut self.made,
            depth: 1,
            source: None,
            max_bytes: limits.record_bytes().saturating_mul(2),
        };
        let known = line::open(line, "", &mut pieces);
        self.pending.extend(self.made.drain(..).rev());
        known
    }

    /// Opens a piece that is no JSON; whether it is known to hold something.
    pub(crate) fn open_text(&mut self, piece: &Piece, limits: &Limits) -> bool {
        let text = self
            .bytes
            .get(piece.range.clone())
            .unwrap_or_default()
            .to_vec();
        self.made.clear();
        let mut pieces = Pieces {
            bytes: &mut self.bytes,
            made: &mut self.made,
            depth: piece.depth + 1,
            source: piece.source.clone(),
            max_bytes: limits.record_bytes().saturating_mul(2),
        };
        let known = piece.depth < MAX_DEPTH && line::open(&text, "", &mut pieces);
        self.pending.extend(self.made.drain(..).rev());
        known
    }

    /// Forgets the record at hand.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.pending.clear();
        self.made.clear();
    }

    /// Puts something that cannot be read before all other pieces.
    pub(crate) fn push_malformed(&mut self, error: DecodeError) {
        self.pending.push(Piece {
            form: Form::Malformed(error),
            by_line: false,
            range: 0..0,
            depth: 0,
            source: None,
        });
    }

    /// Puts text that was joined before all other pieces.
    pub(crate) fn push_joined(&mut self, like: &Piece, text: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(text);
        self.pending.push(Piece {
            form: Form::Loose,
            range: start..self.bytes.len(),
            ..like.clone()
        });
    }

    /// Closes what is open at the end of a text that was cut; where the result stands.
    pub(crate) fn mend(&mut self, range: Range<usize>) -> Range<usize> {
        let start = self.bytes.len();
        cut::mend(&mut self.bytes, range);
        start..self.bytes.len()
    }

    /// Puts what follows a piece's first value, or the items of a list, before all other pieces.
    pub(crate) fn push(&mut self, like: &Piece, range: Range<usize>) {
        self.pending.push(Piece {
            range,
            ..like.clone()
        });
    }
}

enum Value<'v> {
    Outside(&'v [u8]),
    Piece(Range<usize>),
}

impl Pieces<'_> {
    /// Says where the pieces that follow come from.
    pub(crate) fn set_source(&mut self, source: Source) {
        self.source = Some(Arc::new(source));
    }

    /// Says again what was known at an earlier time.
    pub(crate) fn restore_source(&mut self, source: Option<Arc<Source>>) {
        self.source = source;
    }

    /// What has been said about where the pieces come from.
    pub(crate) fn source(&self) -> Option<&Arc<Source>> {
        self.source.as_ref()
    }

    /// Adds text to be sniffed.
    pub(crate) fn text(&mut self, text: &str) {
        self.write(Form::Text, |bytes| bytes.extend_from_slice(text.as_bytes()));
    }

    /// Adds text to be sniffed, as bytes that may be no UTF-8.
    pub(crate) fn raw(&mut self, text: &[u8]) {
        self.write(Form::Text, |bytes| bytes.extend_from_slice(text));
    }

    /// Adds text that may be anything.
    pub(crate) fn loose(&mut self, text: &[u8]) {
        self.write(Form::Loose, |bytes| bytes.extend_from_slice(text));
    }

    /// Adds a part of a text that was split.
    pub(crate) fn part(&mut self, stream: &str, end: End, text: &[u8]) {
        let part = Part {
            stream: stream.into(),
            end,
        };
        self.write(Form::Part(part), |bytes| bytes.extend_from_slice(text));
    }

    /// Adds the beginning of an event, which is all that its source kept.
    pub(crate) fn cut(&mut self, text: &str) {
        self.write(Form::Cut, |bytes| bytes.extend_from_slice(text.as_bytes()));
    }

    /// Adds a JSON value to be sniffed.
    pub(crate) fn node(&mut self, tree: &Tree, node: NodeId) {
        self.write(Form::Text, |bytes| tree.write_json(node, &[], bytes));
    }

    /// Adds text that `write` makes.
    pub(crate) fn write(&mut self, form: Form, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        write(self.bytes);
        let end = self.bytes.len();
        let form = if end > self.max_bytes {
            self.bytes.truncate(start);
            Form::Malformed(DecodeError::unpacked(self.max_bytes, end))
        } else {
            form
        };
        let range = start..self.bytes.len();
        self.made.push(Piece {
            form,
            by_line: false,
            range,
            depth: self.depth,
            source: self.source.clone(),
        });
    }

    /// Adds something that is known and no audit event.
    pub(crate) fn skip(&mut self, reason: SkipReason) {
        self.write(Form::Skipped(reason), |_| {});
    }

    /// Adds something that cannot be read.
    pub(crate) fn malformed(&mut self, error: DecodeError) {
        self.write(Form::Malformed(error), |_| {});
    }

    /// Number of pieces so far.
    pub(crate) fn len(&self) -> usize {
        self.made.len()
    }
}

impl<'o> Outer<'o> {
    /// The value at a path of keys; of a repeated key the last one, as the pipelines read it.
    pub(crate) fn at(&self, keys: &[&str]) -> Option<NodeId> {
        self.below(self.root, keys)
    }

    /// The value at a path of keys below a node.
    pub(crate) fn below(&self, node: NodeId, keys: &[&str]) -> Option<NodeId> {
        let found = keys.iter().try_fold(node, |node, key| {
            self.tree
                .children(node)
                .filter(|child| self.tree.key(*child) == Some(*key))
                .last()
        })?;
        (self.tree.kind(found) != Kind::Null).then_some(found)
    }

    /// The text at a path of keys.
    pub(crate) fn text(&self, keys: &[&str]) -> Option<&'o str> {
        self.tree.text(self.at(keys)?)
    }

    /// The text at a path of keys below a node.
    pub(crate) fn text_below(&self, node: NodeId, keys: &[&str]) -> Option<&'o str> {
        self.tree.text(self.below(node, keys)?)
    }

    /// The members of the list at a path of keys; none where there is no list.
    pub(crate) fn list(&self, keys: &[&str]) -> impl Iterator<Item = NodeId> + use<'o> {
        let list = self
            .at(keys)
            .filter(|node| self.tree.kind(*node) == Kind::List);
        let tree = self.tree;
        list.into_iter().flat_map(move |list| tree.children(list))
    }

    /// The members of the list at a path of keys below a node; none where there is no list.
    pub(crate) fn members_below(
        &self,
        node: NodeId,
        keys: &[&str],
    ) -> impl Iterator<Item = NodeId> + use<'o> {
        let tree = self.tree;
        self.below(node, keys)
            .filter(|list| tree.kind(*list) == Kind::List)
            .into_iter()
            .flat_map(move |list| tree.children(list))
    }

    /// Whether the record has a member, be it null.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.tree.children_at(self.root, key).next().is_some()
    }

    /// Whether there is a list at a path of keys.
    pub(crate) fn has_list(&self, keys: &[&str]) -> bool {
        self.at(keys)
            .is_some_and(|node| self.tree.kind(node) == Kind::List)
    }
}

/// Whether text may be a JSON object or a list of them.
pub(crate) fn looks_like_json(text: &str) -> bool {
    text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n'])
        .starts_with(['{', '['])
}

/// Unpacks base64 (standard alphabet, with padding or without) of text or of gzip.
pub(crate) fn unpack(data: &str, limits: &Limits) -> Result<Vec<u8>, DecodeError> {
    let packed = BASE64
        .decode(data.trim())
        .map_err(|_| DecodeError::packed("base64"))?;
    if packed.starts_with(GZIP) {
        gunzip(&packed, limits)
    } else {
        Ok(packed)
    }
}

#[cfg(feature = "gzip")]
fn gunzip(packed: &[u8], limits: &Limits) -> Result<Vec<u8>, DecodeError> {
    use std::borrow::Cow;
    use std::io::Read as _;

    let max = limits.record_bytes();
    let mut text = Cow::Borrowed(packed);
    // Pipelines pack what is packed: a delivery stream compresses what a subscription compressed.
    for _ in 0..MAX_DEPTH {
        let mut unpacked = Vec::new();
        let decoder = flate2::read::MultiGzDecoder::new(&*text);
        let n = decoder
            .take(max as u64 + 1)
            .read_to_end(&mut unpacked)
            .map_err(|_| DecodeError::packed("gzip"))?;
        if n > max {
            return Err(DecodeError::unpacked(max, n));
        }
        text = Cow::Owned(unpacked);
        if !text.starts_with(GZIP) {
            break;
        }
    }
    Ok(text.into_owned())
}

#[cfg(not(feature = "gzip"))]
fn gunzip(_packed: &[u8], _limits: &Limits) -> Result<Vec<u8>, DecodeError> {
    Err(DecodeError::gzip_disabled())
}
