//! What first-seen correlations know, from one run to the next.

use std::io::{self, Write};

use kubesift_examples::visible;

use crate::Options;
use crate::inputs::Inputs;

/// Takes up the baseline; returns whether that could be done.
pub(crate) fn learn(options: &Options, inputs: &mut Inputs) -> io::Result<bool> {
    let Some(path) = &options.baseline else {
        return Ok(true);
    };
    let name = visible(&path.display().to_string());
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound && options.update_baseline => {
            return Ok(true);
        }
        Err(error) => {
            writeln!(io::stderr(), "error: cannot read `{name}`: {error}")?;
            return Ok(false);
        }
    };
    match inputs.learn(text) {
        Ok(report) => {
            for correlation in &report.unknown {
                let correlation = visible(correlation);
                writeln!(
                    io::stderr(),
                    "warning: {name}: no first-seen correlation is `{correlation}` with these fields; what was known of it is left out"
                )?;
            }
            Ok(true)
        }
        Err(error) => {
            writeln!(io::stderr(), "error: cannot use `{name}`: {error}")?;
            Ok(false)
        }
    }
}

/// Writes the baseline, if that is wanted, beside the old one first, so that it is there as a whole or not at all.
pub(crate) fn keep(options: &Options, baseline: &str) -> io::Result<()> {
    let path = options.baseline.as_ref();
    let Some(path) = path.filter(|_| options.update_baseline) else {
        return Ok(());
    };
    let mut beside = path.clone().into_os_string();
    beside.push(".new");
    std::fs::write(&beside, baseline)?;
    std::fs::rename(&beside, path)
}
