//! Explanations as text: a tree, one line a node.

use std::fmt::{self, Write as _};

use super::{Because, Explanation, Found, Node, Place, What};
use crate::redact::push_visible;

/// Columns of the [`Display`](fmt::Display) form.
const WIDTH: usize = 120;
/// What a line says is not made shorter than this, however deep it stands.
const MIN_TEXT: usize = 30;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(WIDTH))
    }
}

impl Explanation {
    /// The tree as text, in lines of `width` columns. Only a line with less than 30 columns for its text is longer.
    pub fn render(&self, width: usize) -> String {
        let mut writer = Writer {
            out: String::new(),
            width,
            file: None,
            held: false,
        };
        writer.line(&[], &self.headline().into());
        writer.body(self);
        writer.out
    }

    /// Of a match, the tree of what made it, in lines of `width` columns: alternatives that do not hold are left out,
    /// and filters, which all let it stay.
    pub fn render_held(&self, width: usize) -> String {
        let mut writer = Writer {
            out: String::new(),
            width,
            file: None,
            held: true,
        };
        writer.body(self);
        writer.out
    }

    fn headline(&self) -> String {
        let because = match &self.because {
            Because::Condition if self.matched => format!("matched, level {}", self.level),
            Because::Condition => "not matched, its condition does not hold".to_owned(),
            Because::Stage => {
                "not matched, the event is logged at RequestReceived and the rule does not name `stage`"
                    .to_owned()
            }
            Because::Filter(filter) => format!("not matched, the filter {filter} takes it away"),
        };
        let (mark, rule) = (mark(self.matched), &self.rule);
        match self.missing.as_slice() {
            [] => format!("{mark} {rule}: {because}"),
            missing if self.matched => {
                format!("{mark} {rule}: {because}, though {}", missing.join(" and "))
            }
            missing => format!("? {rule}: not evaluated, {}", missing.join(" and ")),
        }
    }
}

fn mark(holds: bool) -> char {
    if holds { '✓' } else { '✗' }
}

/// A line of the tree, with what hangs below it.
#[derive(Default)]
struct Item<'n> {
    said: Said<'n>,
    below: Vec<Below<'n>>,
}

/// What a line says.
#[derive(Default)]
struct Said<'n> {
    text: String,
    /// Values that stand behind the text, as many as there is room for.
    values: &'n [String],
    /// How many more values there are.
    n_more: usize,
    /// What stands behind the values.
    rest: String,
    place: Option<&'n Place>,
}

impl From<String> for Said<'_> {
    fn from(text: String) -> Self {
        Self {
            text,
            ..Self::default()
        }
    }
}

impl Said<'_> {
    /// The line in so many columns: values go first, then the end.
    fn fit(&self, room: usize) -> String {
        let mut line = self.with_values(self.values.len());
        for n in (1..self.values.len()).rev() {
            if line.chars().nth(room).is_none() {
                break;
            }
            line = self.with_values(n);
        }
        if let Some((at, _)) = line.char_indices().nth(room) {
            let end = line.char_indices().nth(room.saturating_sub(1));
            line.truncate(end.map_or(at, |(end, _)| end));
            line.push('…');
        }
        line
    }

    fn with_values(&self, n: usize) -> String {
        let mut line = self.text.clone();
        for (at, value) in self.values.iter().take(n).enumerate() {
            line.push_str(if at == 0 { " " } else { " | " });
            line.push_str(value);
        }
        let n_more = self.n_more + self.values.len().saturating_sub(n);
        if n_more > 0 {
            // Writing to a `String` cannot fail.
            let _ = write!(line, " | … {n_more} more");
        }
        line.push_str(&self.rest);
        let mut visible = String::new();
        push_visible(&line, &mut visible);
        visible
    }
}

enum Below<'n> {
    Node(&'n Node),
    Item(Item<'n>),
}

struct Writer<'e> {
    out: String,
    width: usize,
    /// The file that was named last: it is not named again.
    file: Option<&'e str>,
    /// Whether only what made the node above what it is is shown.
    held: bool,
}

impl<'e> Writer<'e> {
    fn body(&mut self, explanation: &'e Explanation) {
        let mut below = vec![Below::Node(&explanation.condition)];
        for level in &explanation.levels {
            if level.when.holds || !self.held {
                below.push(Below::Item(Item {
                    said: format!("{} level {} when", mark(level.when.holds), level.level).into(),
                    below: vec![Below::Node(&level.when)],
                }));
            }
        }
        let filters = explanation.filters.iter().filter(|_| !self.held);
        for filter in filters {
            let kept = filter.is_kept();
            let what = match (filter.spared, filter.expired, kept) {
                (true, ..) => "is not asked: the request impersonates somebody",
                (_, true, _) => "is not asked: it has expired",
                (_, _, true) => "lets it stay",
                (_, _, false) => "takes it away",
            };
            below.push(Below::Item(Item {
                said: format!("{} filter {} {what}", mark(kept), filter.filter).into(),
                below: vec![Below::Node(&filter.condition)],
            }));
        }
        self.all(below, &mut Vec::new());
    }

    /// Writes what hangs below a line. `trunks` tells for every level above whether more follows there.
    fn all(&mut self, below: Vec<Below<'e>>, trunks: &mut Vec<bool>) {
        let n = below.len();
        for (at, one) in below.into_iter().enumerate() {
            trunks.push(at + 1 < n);
            let item = match one {
                Below::Node(node) => self.item(node),
                Below::Item(item) => item,
            };
            self.line(trunks, &item.said);
            self.all(item.below, trunks);
            trunks.pop();
        }
    }

    fn item(&self, node: &'e Node) -> Item<'e> {
        let mark = mark(node.holds);
        let parts = |text: &str, parts: &'e [Node]| Item {
            said: format!("{mark} {text}").into(),
            below: parts
                .iter()
                .filter(|part| !self.held || part.holds == node.holds)
                .map(Below::Node)
                .collect(),
        };
        match &node.what {
            What::And { parts: of } => parts("all of", of),
            What::Or { parts: of } => parts("any of", of),
            What::Not { part } => match said(part) {
                // One line says both.
                Some(said) => Item {
                    said: said.behind(&format!("{mark} not")),
                    below: Vec::new(),
                },
                None => Item {
                    said: format!("{mark} not").into(),
                    below: vec![Below::Node(part)],
                },
            },
            What::Selection { name, part } => Item {
                said: format!("{mark} selection {name}").into(),
                below: vec![Below::Node(part)],
            },
            What::Group { name, part } => {
                let below = match &part.what {
                    What::And { parts: of } | What::Or { parts: of } => parts("", of).below,
                    _ => vec![Below::Node(part)],
                };
                Item {
                    said: format!("{mark} {name}").into(),
                    below,
                }
            }
            What::Block { .. } => self.block(node),
            What::Test { .. } | What::Const | What::Omitted => {
                let said = said(node).unwrap_or_default();
                Item {
                    said: said.behind(&mark.to_string()),
                    below: Vec::new(),
                }
            }
        }
    }

    fn block(&self, node: &'e Node) -> Item<'e> {
        let What::Block {
            field,
            quantifier,
            members,
            more_members,
            missing,
            place,
        } = &node.what
        else {
            return Item::default();
        };
        let n_members = match members.len() + more_members {
            0 => "no member".to_owned(),
            1 => "1 member".to_owned(),
            n => format!("{n} members"),
        };
        let shown = members
            .iter()
            .filter(|member| !self.held || member.node.holds == node.holds);
        let mut below: Vec<_> = shown
            .map(|member| {
                Below::Item(Item {
                    said: format!("{} member {}", mark(member.node.holds), member.index).into(),
                    below: vec![Below::Node(&member.node)],
                })
            })
            .collect();
        if *more_members > 0 && !self.held {
            below.push(Below::Item(Item {
                said: format!("… and {more_members} more").into(),
                below: Vec::new(),
            }));
        }
        Item {
            said: Said {
                text: format!("{} {field}[{quantifier}], {n_members}", mark(node.holds)),
                rest: missing
                    .as_ref()
                    .map_or_else(String::new, |why| not_evaluated(why)),
                place: place.as_ref(),
                ..Said::default()
            },
            below,
        }
    }

    /// Writes one line. Names of fields and files come from a rule, which may hold anything.
    fn line(&mut self, trunks: &[bool], said: &Said<'e>) {
        let mut room = self.width.saturating_sub(3 * trunks.len());
        if let Some((last, above)) = trunks.split_last() {
            for more in above {
                self.out.push_str(if *more { "│  " } else { "   " });
            }
            self.out.push_str(if *last { "├─ " } else { "└─ " });
        }
        let mut tail = String::new();
        if let Some(place) = said.place {
            let known = self.file == Some(place.file.as_str());
            self.file = Some(place.file.as_str());
            let file = if known { "" } else { place.file.as_str() };
            push_visible(&format!("  {file}:{}", place.line), &mut tail);
            room = room.saturating_sub(tail.chars().count());
        }
        self.out.push_str(&said.fit(room.max(MIN_TEXT)));
        self.out.push_str(&tail);
        self.out.push('\n');
    }
}

impl Said<'_> {
    /// The same with a word before it.
    fn behind(self, word: &str) -> Self {
        Self {
            text: format!("{word} {}", self.text),
            ..self
        }
    }
}

/// Why something was not evaluated. The line names the field already.
fn not_evaluated(why: &str) -> String {
    let (_, why) = why.split_once(' ').unwrap_or_default();
    let why = why
        .strip_prefix("is ")
        .or_else(|| why.strip_prefix("was "))
        .unwrap_or(why);
    format!(", not evaluated: {why}")
}

/// What a node without parts says.
fn said(node: &Node) -> Option<Said<'_>> {
    match &node.what {
        What::Test {
            field,
            operator,
            expected,
            more_expected,
            found,
            place,
        } => Some(Said {
            text: format!("{field} {operator}"),
            values: expected,
            n_more: *more_expected,
            rest: match found {
                Found::Absent => ", absent".to_owned(),
                Found::Null => ", found null".to_owned(),
                Found::NotEvaluated(why) => not_evaluated(why),
                Found::Values(values) => format!(", found {values}"),
            },
            place: place.as_ref(),
        }),
        What::Const => Some(format!("always {}", node.holds).into()),
        What::Omitted => Some("…".to_owned().into()),
        _ => None,
    }
}
