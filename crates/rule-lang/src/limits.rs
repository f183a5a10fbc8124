//! Fixed bounds on what a rule may ask for. Each has an error that gives the limit and what was found.

/// Largest file, in bytes.
pub(crate) const FILE_BYTES: usize = 1 << 20;
/// Deepest nesting of YAML collections.
pub(crate) const YAML_DEPTH: usize = 64;
/// Most diagnostics that are kept of one file; what follows is counted as one more.
pub(crate) const DIAGNOSTICS: usize = 1000;
/// Deepest nesting of parentheses in a condition.
pub(crate) const CONDITION_DEPTH: usize = 64;
/// Longest condition, in bytes.
pub(crate) const CONDITION_BYTES: usize = 64 << 10;
/// Longest field name with its modifiers, in bytes.
pub(crate) const NAME_BYTES: usize = 1024;
/// Most selections in one `detection`, `filter` or block.
pub(crate) const SELECTIONS: usize = 256;
/// Most values of one item, after placeholders are expanded.
pub(crate) const VALUES: usize = 65_536;
/// Longest regular expression, in bytes: before one is compiled it is a tree of some hundred bytes for each of its own.
pub(crate) const PATTERN_BYTES: usize = 16_384;
/// Largest compiled regular expression, in bytes.
pub(crate) const REGEX_BYTES: usize = 1 << 20;
/// Most regular expressions of one document.
pub(crate) const REGEXES: usize = 1024;
/// Most bytes that the compiled regular expressions of a set take together, for each MiB of its files that is begun: so many
/// take a third of a second, and those of a large set may take as many as it has rules.
pub(crate) const SET_REGEX_BYTES: usize = 24 << 20;
/// Most values that placeholders and modifiers of a set write together, for each MiB of its files that is begun, long ones
/// counted as several: a short rule may name long lists or many dashes, and each of as many rules the same ones.
pub(crate) const SET_WRITTEN_VALUES: usize = 1 << 18;
/// Deepest nesting of blocks.
pub(crate) const BLOCK_DEPTH: usize = 8;
/// Most instructions of one program.
pub(crate) const PROGRAM_OPS: usize = 65_536;
/// Most values in one program, over all its items.
pub(crate) const PROGRAM_VALUES: usize = 1 << 18;
/// Largest number of events or distinct values that a correlation compares with.
pub(crate) const COUNT: usize = 100_000;
/// Longest span of time of a correlation, in seconds: a year.
pub(crate) const TIMESPAN_SECONDS: u64 = 31_556_952;
/// Most fields that a correlation groups by, or that make a value.
pub(crate) const GROUP_BY: usize = 16;
/// Most references of all correlations of a set to rules. Each counts once, and once for each field that it groups by or
/// takes a value of.
pub(crate) const REFERENCES: usize = 1 << 19;
/// Most rules of a correlation that asks which of them matched.
pub(crate) const STEPS: usize = 32;
/// Most rules in a set.
pub(crate) const RULES: usize = 1_000_000;
/// Deepest nesting of routines that call or quantify over each other: a condition and a selection for each level of blocks.
pub(crate) const CALL_DEPTH: usize = 4 * (BLOCK_DEPTH + 1);
/// Largest compiled rule set, in bytes.
#[cfg(feature = "compiled")]
pub(crate) const COMPILED_BYTES: usize = 1 << 30;
