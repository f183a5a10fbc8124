//! What a whole rule set says of whole events.

#[cfg(test)]
mod alike;
#[cfg(test)]
mod baseline;
#[cfg(test)]
mod callers;
#[cfg(test)]
mod cases;
#[cfg(test)]
#[cfg(feature = "compiled")]
mod compiled;
#[cfg(test)]
mod correlations;
#[cfg(test)]
mod decided;
#[cfg(test)]
mod detector;
#[cfg(test)]
mod doubt;
#[cfg(test)]
mod escapes;
#[cfg(test)]
mod explain;
#[cfg(test)]
mod filters;
#[cfg(test)]
mod foresight;
#[cfg(test)]
mod generate;
#[cfg(test)]
mod groups;
#[cfg(test)]
mod lacking;
#[cfg(test)]
mod lines;
#[cfg(test)]
mod lints;
#[cfg(test)]
mod loading;
#[cfg(test)]
mod modifiers;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod property;
#[cfg(test)]
mod providers;
#[cfg(test)]
mod redaction;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod restart;
#[cfg(test)]
mod served;
#[cfg(test)]
mod sigma;
#[cfg(test)]
mod sources;
#[cfg(test)]
mod state;
#[cfg(test)]
mod suite;
#[cfg(test)]
mod support;
#[cfg(test)]
mod threads;
#[cfg(test)]
mod together;
#[cfg(test)]
mod trusted_proxies;
#[cfg(test)]
mod truth_table;
#[cfg(test)]
mod verdicts;
