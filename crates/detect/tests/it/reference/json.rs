//! A JSON tree in which order, repeated keys and the text of numbers survive.

/// A value with a number of its own.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Json {
    pub(crate) id: usize,
    pub(crate) kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads what a generator wrote, so that mistakes may panic.
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let mut parser = Parser {
            bytes,
            at: 0,
            ids: 0,
        };
        let value = parser.value();
        parser.space();
        assert_eq!(parser.at, bytes.len(), "there is more after the value");
        value
    }
}

struct Parser<'b> {
    bytes: &'b [u8],
    at: usize,
    ids: usize,
}

impl Parser<'_> {
    fn peek(&self) -> u8 {
        self.bytes[self.at]
    }

    fn next(&mut self) -> u8 {
        self.at += 1;
        self.bytes[self.at - 1]
    }

    fn space(&mut self) {
        while self.at < self.bytes.len() && b" \t\r\n".contains(&self.peek()) {
            self.at += 1;
        }
    }

    fn expect(&mut self, word: &str) {
        for byte in word.bytes() {
            assert_eq!(self.next(), byte, "at byte {}", self.at - 1);
        }
    }

    /// Steps over a separator; false at the end of the container.
    fn more(&mut self, first: bool, end: u8) -> bool {
        self.space();
        if self.peek() == end {
            self.at += 1;
            return false;
        }
        if !first {
            self.expect(",");
            self.space();
        }
        true
    }

    fn value(&mut self) -> Json {
        self.space();
        self.ids += 1;
        let id = self.ids;
        let kind = match self.peek() {
            b'n' => {
                self.expect("null");
                Kind::Null
            }
            b't' => {
                self.expect("true");
                Kind::Bool(true)
            }
            b'f' => {
                self.expect("false");
                Kind::Bool(false)
            }
            b'"' => Kind::Text(self.text()),
            b'[' => {
                self.at += 1;
                let mut members = Vec::new();
                while self.more(members.is_empty(), b']') {
                    members.push(self.value());
                }
                Kind::List(members)
            }
            b'{' => {
                self.at += 1;
                let mut entries = Vec::new();
                while self.more(entries.is_empty(), b'}') {
                    let key = self.text();
                    self.space();
                    self.expect(":");
                    entries.push((key, self.value()));
                }
                Kind::Object(entries)
            }
            _ => {
                let start = self.at;
                while self.at < self.bytes.len() && b"+-.eE0123456789".contains(&self.peek()) {
                    self.at += 1;
                }
                assert!(self.at > start, "no value at byte {start}");
                Kind::Number(String::from_utf8(self.bytes[start..self.at].to_vec()).unwrap())
            }
        };
        Json { id, kind }
    }

    fn text(&mut self) -> String {
        self.expect("\"");
        let mut bytes = Vec::new();
        loop {
            match self.next() {
                b'"' => return String::from_utf8_lossy(&bytes).into_owned(),
                b'\\' => {
                    let c = match self.next() {
                        b'n' => '\n',
                        b't' => '\t',
                        b'r' => '\r',
                        b'b' => '\u{8}',
                        b'f' => '\u{c}',
                        b'u' => self.escape(),
                        other => char::from(other),
                    };
                    bytes.extend(c.to_string().bytes());
                }
                byte => bytes.push(byte),
            }
        }
    }

    /// What follows `\u`: a pair of surrogates is one character, a lone one none.
    fn escape(&mut self) -> char {
        let first = self.hex();
        if (0xd800..0xdc00).contains(&first) && self.bytes[self.at..].starts_with(b"\\u") {
            let before = self.at;
            self.at += 2;
            let second = self.hex();
            if (0xdc00..0xe000).contains(&second) {
                let c = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return char::from_u32(c).unwrap();
            }
            self.at = before;
        }
        char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    fn hex(&mut self) -> u32 {
        let digits = &self.bytes[self.at..self.at + 4];
        self.at += 4;
        u32::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap()
    }
}

#[test]
fn hostile_text_survives() {
    let json = b" {\"a\":\"\\ud800\\u0041\\uD83D\\uDE00\xff\" ,\"a\":[1e999,{}] } ";
    let Kind::Object(entries) = Json::parse(json).kind else {
        panic!("an object is read as one");
    };
    assert_eq!(entries[0].0, "a");
    assert_eq!(
        entries[0].1.kind,
        Kind::Text("\u{fffd}A😀\u{fffd}".to_owned())
    );
    let Kind::List(members) = &entries[1].1.kind else {
        panic!("a list is read as one");
    };
    assert_eq!(members[0].kind, Kind::Number("1e999".to_owned()));
}
