//! A rough look at YAML that the parser has given up on: which quotes and brackets are open.

/// The lines of a text.
#[derive(Clone, Copy)]
pub(super) struct Lines<'t>(pub(super) &'t str);

impl<'t> Lines<'t> {
    /// Where the line of a place begins.
    pub(super) fn start(self, at: usize) -> usize {
        let before = self.0.get(..at).unwrap_or_default();
        before.rfind('\n').map_or(0, |end| end + 1)
    }

    /// The line of a place.
    pub(super) fn at(self, at: usize) -> &'t str {
        let rest = self.0.get(self.start(at)..).unwrap_or_default();
        rest.lines().next().unwrap_or_default()
    }

    /// The nearest line above that says something, and where it begins. Only a few are looked at.
    pub(super) fn above(self, at: usize) -> Option<(usize, &'t str)> {
        const LOOKED_AT: usize = 16;
        let mut start = self.start(at);
        for _ in 0..LOOKED_AT {
            start = self.start(start.checked_sub(1)?);
            let line = self.at(start);
            let text = line.trim_start();
            if !text.is_empty() && !text.starts_with('#') {
                return Some((start, line));
            }
        }
        None
    }
}

/// Reads YAML character by character.
#[derive(Clone, Debug)]
pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
    /// Where the brackets that are open stand.
    open: Vec<usize>,
    /// Where the quote that is open stands.
    quote: Option<usize>,
    /// Whether a value may begin here.
    is_start: bool,
}

/// How far behind a mistake the closing bracket is sought.
const AHEAD_BYTES: usize = 4096;

impl<'t> Lexer<'t> {
    /// Begins at a place where brackets are open.
    pub(super) fn new(text: &'t str, at: usize, open: Vec<usize>) -> Self {
        Self {
            text,
            at,
            open,
            quote: None,
            is_start: true,
        }
    }

    /// Where the quote stands that is open.
    pub(super) fn quote(&self) -> Option<usize> {
        self.quote
    }

    /// Where the last bracket stands that is open.
    pub(super) fn bracket(&self) -> Option<usize> {
        self.open.last().copied()
    }

    /// Reads up to a place.
    pub(super) fn run(&mut self, upto: usize) {
        while self.at < upto && self.step().is_some() {}
    }

    /// Whether the last bracket is closed further on, in lines that are indented more than the one in which it stands.
    pub(super) fn closes(mut self) -> bool {
        let Some(bracket) = self.bracket() else {
            return false;
        };
        let (depth, end) = (self.open.len(), self.at + AHEAD_BYTES);
        let lines = Lines(self.text);
        let indent = |line: &str| line.len() - line.trim_start().len();
        let own = indent(lines.at(bracket));
        while self.at < end {
            let is_line = lines.start(self.at) == self.at;
            let line = lines.at(self.at);
            let is_outside = is_line && !line.trim().is_empty() && indent(line) <= own;
            // A bracket may stand in the column of its key.
            if is_outside && !line.trim_start().starts_with([']', '}']) {
                return false;
            }
            if self.step().is_none() {
                return false;
            }
            if self.open.len() < depth {
                return true;
            }
        }
        false
    }

    /// Reads one character.
    fn step(&mut self) -> Option<()> {
        let rest = self.text.get(self.at..)?;
        let next = rest.chars().next()?;
        let start = self.at;
        self.at += next.len_utf8();
        let after = self
            .text
            .get(self.at..)
            .and_then(|rest| rest.chars().next());
        if let Some(open) = self.quote {
            let mark = self.text.get(open..open + 1);
            if next == '\\' && mark == Some("\"") {
                self.at += after.map_or(0, char::len_utf8);
            } else if mark == Some(next.encode_utf8(&mut [0; 4])) {
                if next == '\'' && after == Some('\'') {
                    self.at += 1;
                } else {
                    self.quote = None;
                }
            }
            return Some(());
        }
        let is_blank = |c: Option<char>| c.is_none_or(char::is_whitespace);
        let is_flow = !self.open.is_empty();
        match next {
            '\n' => self.is_start = true,
            c if c.is_whitespace() => {}
            '#' if start == 0 || self.text.get(..start)?.ends_with(char::is_whitespace) => {
                self.at = start + rest.find('\n').unwrap_or(rest.len());
            }
            '"' | '\'' if self.is_start => {
                self.quote = Some(start);
                self.is_start = false;
            }
            '[' | '{' if self.is_start || is_flow => {
                self.open.push(start);
                self.is_start = true;
            }
            ']' | '}' if is_flow => {
                self.open.pop();
                self.is_start = false;
            }
            ',' if is_flow => self.is_start = true,
            ':' | '-' | '?' if is_blank(after) => self.is_start = true,
            _ => self.is_start = false,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, quote: Option<&str>, bracket: Option<&str>) {
        let mut lexer = Lexer::new(text, 0, Vec::new());
        lexer.run(text.len());
        let rest = |at: usize| text.get(at..).unwrap();
        assert_eq!(lexer.quote().map(rest), quote, "{text}");
        assert_eq!(lexer.bracket().map(rest), bracket, "{text}");
    }

    #[test]
    fn open_quotes_and_brackets_are_found() {
        check("a: [b, {c: d}", None, Some("[b, {c: d}"));
        check("a[any]: b [c\nd: {e", None, Some("{e"));
        check("a: 'it''s' # [\nb: \"x\\\" [", Some("\"x\\\" ["), None);
        check("a: don't\nb: c", None, None);
        check("- 'a\n- b", Some("'a\n- b"), None);
    }

    #[test]
    fn a_bracket_closes_in_lines_that_belong_to_it() {
        let closes = |text: &str, at: &str| {
            let mut lexer = Lexer::new(text, 0, Vec::new());
            lexer.run(text.find(at).unwrap());
            lexer.closes()
        };
        assert!(closes("a: [b\n  c, d]\ne: f", "c"));
        assert!(closes("a: [\n  b\n  c\n]\n", "c"));
        assert!(!closes("a: [b\nc: d\ne: [f]", "c"));
        assert!(!closes("a: [b, c", "c"));
        assert!(!closes("a: [b, ']'", "b"));
    }
}
