//! The detection rules that come with kubesift, as data.
//!
//! Rules lie at the root, correlations with the rules that only they need in `correlations/`, what is normal in a cluster
//! in `filters/`, value lists in `placeholders/`. The crate holds text and no logic; `kubesift-detect` compiles it behind its feature `shipped`.
//!
//! ```
//! assert!(shipped_rules::FILES.iter().any(|(name, _)| *name == "exec-into-pod.yaml"));
//! ```

#![forbid(unsafe_code)]

/// Every YAML file of this crate as (path within the crate, text), sorted by path.
pub static FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/files.rs"));
