//! The kubesift rule language: Sigma rules for Kubernetes audit logs, compiled to verified programs.
//!
//! `text → tree of YAML → documents → names looked up → program`, and at each step diagnostics that point into the file.
//!
//! A [`Compiler`] takes the files of a set and gives back [`Compiled`]: every [`Rule`] without errors, with its
//! [`Program`], and every [`Diagnostic`]. Nothing is evaluated here; that is the work of the `kubesift-detect` crate.
//!
//! # Examples
//! ```
//! use rule_lang::{Compiler, render};
//!
//! let mut compiler = Compiler::new();
//! compiler.add(
//!     "exec.yaml",
//!     "
//! title: Shell in a pod
//! logsource: {product: kubernetes, service: audit}
//! detection:
//!   selection: {objectRef.subresource: exec, exec.programm: bash}
//!   condition: selection
//! ",
//! );
//! let compiled = compiler.finish();
//! assert!(compiled.rules.is_empty());
//! assert_eq!(compiled.diagnostics[0].code(), "unknown-field");
//! assert_eq!(compiled.diagnostics[0].help(), Some("did you mean `exec.program`?"));
//! ```
//!
//! # Limits
//! Rule text is not trusted: size, nesting and the size of what is compiled have fixed limits, and YAML's anchors,
//! aliases, merge keys and tags are refused. No input panics.
//!
//! # Features
//! `compiled`: rules as bytes and back, `to_bytes` and `from_bytes`.

#![forbid(unsafe_code)]

mod api;
mod ast;
#[cfg(test)]
mod book;
mod compile;
#[cfg(feature = "compiled")]
mod compiled;
mod condition;
mod correlation;
mod day;
mod detection;
mod diagnostic;
mod disassembly;
mod document;
mod encode;
mod fold;
mod foreign;
mod format;
mod guard;
mod identity;
mod item;
mod keys;
mod least;
mod limits;
mod lint;
mod loaded;
mod message;
mod metadata;
mod modifier;
mod name;
mod narrowing;
mod number;
mod outline;
mod overrides;
mod placeholder;
mod program;
mod regex;
mod render;
mod resolve;
mod rule;
mod rule_test;
mod scalar;
mod schema;
mod scope;
mod set;
mod source;
mod suggest;
mod targets;
mod test_file;
mod text;
mod time;
mod timestamp;
mod tree;
mod values;
mod verify;
mod yaml;

#[cfg(feature = "compiled")]
pub use compiled::{FromBytesError, Kept, Restored, from_bytes, to_bytes};
pub use correlation::{
    Bounds, Column, Correlation, CorrelationMessagePart, CorrelationType,
    ParseCorrelationTypeError, Presence, Reference, Suppress, Target, tactics,
};
pub use day::{Day, ParseDayError};
pub use diagnostic::{Diagnostic, DiagnosticKind, Severity};
pub use fold::fold_into;
pub use format::{FormatError, format};
pub use guard::{Conjunction, Guard, Place};
pub use loaded::{DocumentKind, DocumentStatus, LoadedDocument};
pub use number::{Number, compare};
pub use outline::Outline;
pub use program::{
    Block, BlockIdx, Comparison, Literal, Op, OpIdx, Operand, Polarity, Predicate, PredicateIdx,
    Program, Quantifier, Relation, Routine, RoutineIdx, Selection, Test, TimeTest,
};
pub use regex::{Regex, RegexError};
pub use render::render;
pub use rule::{
    AuditLevel, Filter, FilterIdx, Level, Message, MessagePart, ParseAuditLevelError,
    ParseLevelError, ParseStatusError, ParseTestKindError, Rule, RuleTest, Status, TestKind,
};
pub use rule_test::event_json;
pub use schema::{schema, test_schema};
pub use set::{Compiled, Compiler};
pub use source::{LineColumn, SourceId, Sources, Span};
pub use suggest::nearest;
pub use test_file::test_file_stem;
pub use text::{Pattern, PatternKind};
pub use time::TimePart;
pub use timestamp::Timestamp;
pub use verify::VerifyError;
