//! Find attacks in Kubernetes audit logs, with the reason for every hit.
//!
//! Two types do the work: [`RuleSet`] holds compiled rules, [`Detector`] runs them over the records of a [`Reader`].
//!
//! ```
//! use detect::{Reader, RuleSet};
//!
//! let log = br#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"1",
//!   "stage":"ResponseStarted","verb":"get","requestURI":"/api/v1/namespaces/shop/pods/web-0/exec?command=sh",
//!   "user":{"username":"dana@example.test"},"responseStatus":{"code":101},
//!   "objectRef":{"resource":"pods","namespace":"shop","name":"web-0","subresource":"exec"}}"#;
//!
//! let rules = RuleSet::builder().shipped().build()?;
//! let mut detector = rules.detector();
//! let mut reader = Reader::new(log.as_slice());
//! let mut names = Vec::new();
//! while let Some(record) = reader.next()? {
//!     for hit in detector.process(&record) {
//!         names.push(hit.rule().name().to_owned());
//!     }
//! }
//! // An exec over WebSocket has verb `get` and is answered with 101 at `ResponseStarted`.
//! assert!(names.contains(&"exec-into-pod".to_owned()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Rules are Sigma rules with Kubernetes' own terms; [`RuleSetBuilder`] takes the shipped ones, your files, or both.
//! Nothing here prints, asks the clock or starts a thread, and but for [`RuleSetBuilder::file`],
//! [`RuleSetBuilder::dir`] and [`RuleSetBuilder::path`] nothing does I/O: the embedder brings the bytes and takes the
//! hits.
//!
//! # Features
//! `shipped` (default): the rules that come with kubesift. `fs` (default): rule files and directories. `compiled`: rule
//! sets as bytes and back. `gzip` and `zstd`: packed input for [`Reader`].

#![forbid(unsafe_code)]

mod alike;
mod baseline;
#[cfg(feature = "compiled")]
mod compiled;
mod correlate;
mod correlated;
mod detection;
mod detector;
mod explain;
#[cfg(feature = "fs")]
mod files;
mod fold;
mod folding;
mod foresight;
mod gate;
mod hit;
mod hits;
mod index;
mod intern;
mod load_report;
mod narrow;
mod predicate;
mod recall;
mod redact;
mod rule_set;
mod scanner;
mod signal;
mod snapshot;
mod sought;
mod spread;
mod stats;
mod suppression;
pub mod testing;
mod verdict;
mod vm;
mod why;

pub use audit_model;
pub use audit_model::{
    Counters, DecodeError, Event, Flags, Limits, ReadError, Reader, Record, Unknown,
};
pub use baseline::{BaselineError, BaselineReport};
pub use correlated::Correlated;
pub use detection::{
    Detection, DetectionCorrelation, DetectionEvent, DetectionEvidence, DetectionRule,
    DetectionSource, SCHEMA,
};
pub use detector::Detector;
pub use explain::{
    Because, ExplainedFilter, ExplainedLevel, ExplainedMember, Explainer, Explanation, Found, Node,
    Place, What,
};
pub use hit::{Evidence, Hit, HitRule};
pub use hits::Hits;
pub use load_report::{BuildError, Expiry, LoadReport, PassedOver};
pub use narrow::{FilterUse, SuppressedHit};
pub use rule_lang;
#[cfg(feature = "compiled")]
pub use rule_lang::FromBytesError;
pub use rule_lang::{
    AuditLevel, Correlation, Day, Diagnostic, DocumentKind, DocumentStatus, Level, LoadedDocument,
    Rule, Severity,
};
pub use rule_set::{RuleSet, RuleSetBuilder};
pub use scanner::Scanner;
pub use signal::{Correlator, Signal, Watermark};
pub use snapshot::{RestoreError, RestoreReport};
pub use stats::CorrelationStats;
pub use suppression::Suppression;
pub use verdict::{Reason, RuleVerdict, Verdict};

/// The README's code compiles and runs.
#[cfg(all(doctest, feature = "shipped"))]
#[doc = include_str!("../../../README.md")]
struct Readme;

/// The code of the page on sources compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/sources.md")]
struct Sources;

/// The code of the page on testing rules compiles.
#[cfg(all(doctest, feature = "fs", feature = "shipped"))]
#[doc = include_str!("../../../docs/testing-rules.md")]
struct TestingRules;
