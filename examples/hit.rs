//! A hit as text for a person.

use std::fmt::Write as _;
use std::io::{self, Write};

use anstyle::Style;
use detect::Hit;
use kubesift_examples::{Placed, counted, level_style, visible};

pub(crate) fn print(out: &mut impl Write, hit: &Hit<'_>, placed: &Placed<'_>) -> io::Result<()> {
    let Placed {
        detection,
        file,
        line,
        suppressed_by,
    } = placed;
    let (style, bold, dim) = (
        level_style(hit.level()),
        Style::new().bold(),
        Style::new().dimmed(),
    );
    let time = visible(detection.time.as_deref().unwrap_or("-"));
    let (level, title) = (hit.level().to_string(), visible(hit.rule().title()));
    writeln!(
        out,
        "{style}{level:<13}{style:#} {time}  {bold}{title}{bold:#}"
    )?;
    writeln!(out, "    {}", hit.message())?;
    // Writing to a `String` cannot fail.
    let mut text = String::new();
    if let (Some(event), Some(file), Some(line)) = (&detection.event, file, line) {
        let _ = write!(text, "{}:{line}", visible(file));
        for (name, value) in [
            ("from", &event.client_ip),
            ("as", &event.impersonated_user),
            ("audit ID", &event.audit_id),
        ] {
            if let Some(value) = value {
                let _ = write!(text, "  {name} {}", visible(value));
            }
        }
        if !event.flags.is_empty() {
            let _ = write!(text, "  flags {}", event.flags.join(", "));
        }
    }
    if let Some(found) = &detection.correlation {
        let events = counted(found.events, "event");
        let _ = write!(text, "{events} since {}", found.first);
        for shown in &found.group {
            let _ = write!(
                text,
                "  {} {}",
                visible(&shown.field),
                visible(&shown.value)
            );
        }
    }
    writeln!(out, "    {dim}{text}{dim:#}")?;
    if let Some(filter) = suppressed_by {
        let filter = visible(filter);
        writeln!(out, "    {bold}taken away{bold:#} by filter {filter}")?;
    }
    Ok(())
}
