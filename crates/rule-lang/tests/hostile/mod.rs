//! Files of up to 1 MiB that ask for as much work as they can. The test of memory and the benchmark of time share them.

mod correlations;
mod detections;
mod documents;
mod names;
mod values;

/// Close to the limit of a file.
const BYTES: usize = 1_000_000;

const SOURCE: &str = "logsource: {product: kubernetes, service: audit}\n";

/// Files of a set: their names and texts.
pub(crate) type Files = Vec<(String, String)>;

/// What each set is about, and its files. Together they are no larger than one may be.
pub(crate) fn all() -> Vec<(&'static str, Files)> {
    let one = |(about, text)| (about, vec![("hostile.yaml".to_owned(), text)]);
    let single = [
        detections::all(),
        values::all(),
        names::all(),
        documents::all(),
        correlations::all(),
    ];
    let mut sets: Vec<(&str, Files)> = single.into_iter().flatten().map(one).collect();
    sets.push((
        "names that are nearly known, in many files",
        names::near_files(),
    ));
    sets.push(("tests beside nothing", documents::lonely_tests()));
    sets
}

fn rule(detection: &str) -> String {
    format!(
        "title: t\nsigma-version: 3\nlogsource: {{product: kubernetes, service: audit}}\ndetection:\n{detection}"
    )
}

/// Repeats lines until the file is full.
fn lines(mut line: impl FnMut(usize) -> String) -> String {
    let mut text = String::new();
    for at in 0.. {
        let line = line(at);
        if text.len() + line.len() > BYTES {
            break;
        }
        text.push_str(&line);
    }
    text
}

fn joined(n: usize, one: impl FnMut(usize) -> String) -> String {
    let all: Vec<String> = (0..n).map(one).collect();
    all.concat()
}
