//! The kubesift rule language: rule text to diagnostics, or to verified programs.

#![forbid(unsafe_code)]
