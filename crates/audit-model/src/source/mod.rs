//! Records of managed clusters and log pipelines, opened until native events come out.
//!
//! An adapter is a pure function from a record to pieces of text. A piece is sniffed again like a record of its own,
//! so wrappers may stand in any order, up to four deep; where a provider does not hand out the API server's
//! text, the adapter writes the native event that it describes, and leaves out what the provider does not record.

mod aks;
mod cloud;
mod cut;
mod eks;
mod elastic;
mod gke;
pub(crate) mod join;
mod known;
mod layout;
mod legacy;
mod line;
mod oke;
mod opened;
pub(crate) mod openshift;
mod otlp;
mod outer;
mod pieces;
mod request;
mod sniff;
mod wrap;

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use crate::error::DecodeError;
use crate::field::FieldId;
use crate::limits::Limits;

pub(crate) use line::{is_whole, says_audit};
pub(crate) use opened::Opened;
pub(crate) use outer::{Outer, Read};
pub(crate) use pieces::{End, Form, Part, Piece, Pieces};

#[cfg(feature = "gzip")]
use opened::MAX_DEPTH;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
const GZIP: &[u8] = &[0x1f, 0x8b];

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
                    | FieldId::ActorGroups
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
            Self::Oke => {
                field.reads_body()
                    || matches!(
                        field,
                        FieldId::UserUid
                            | FieldId::UserGroups
                            | FieldId::UserExtra
                            | FieldId::ActorGroups
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
                            | FieldId::Annotations
                            | FieldId::ObjectRefUid
                            | FieldId::ObjectRefResourceVersion
                    )
            }
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
