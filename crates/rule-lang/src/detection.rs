//! Selections, blocks and items: from the YAML tree to the AST. Nothing is looked up yet.

use audit_model::{Path, Segment, Shape};

use crate::ast::{Block, Body, Condition, Item, Keywords, Name, Scope, Selection};
use crate::diagnostic::{Code, Report, quoted};
use crate::limits;
use crate::modifier::{self, Chain};
use crate::name;
use crate::resolve;
use crate::scalar::Scalar;
use crate::source::Span;
use crate::suggest::did_you_mean;
use crate::yaml::{Entry, Kind, Node};

/// Reads the selections of one document.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) file: &'a str,
    pub(crate) report: &'a mut Report,
    /// Whether the document says `sigma-version: 3`, so that brackets mean something.
    pub(crate) brackets: bool,
}

impl Reader<'_> {
    /// Reads a selection: a map, a list of maps, or keywords.
    pub(crate) fn body(&mut self, node: &Node, owner: Span, depth: usize) -> Option<Body> {
        match &node.kind {
            // What it might ask for was refused, and that is said.
            Kind::Map(entries) if entries.is_empty() && !node.is_complete => None,
            Kind::Map(entries) => self.map(entries, node.is_complete, owner, depth),
            Kind::List(items) => self.list(items, owner, depth),
            Kind::Scalar(scalar) if scalar.is_null() => self.empty(owner),
            Kind::Scalar(scalar) => self.keywords(vec![scalar.clone()], node.span, depth),
            Kind::Refused => None,
        }
    }

    fn empty(&mut self, span: Span) -> Option<Body> {
        self.report
            .add(
                Code::EmptySelection,
                span,
                "this selection asks for nothing",
            )
            .set_help("write a map of fields and values");
        None
    }

    fn map(
        &mut self,
        entries: &[Entry],
        is_complete: bool,
        owner: Span,
        depth: usize,
    ) -> Option<Body> {
        if entries.is_empty() {
            return self.empty(owner);
        }
        let mut parts = Vec::with_capacity(entries.len());
        for entry in entries {
            if self.report.is_full() {
                return None;
            }
            let part = self.entry(entry, depth);
            parts.push(part.unwrap_or(Body::Broken(None)));
        }
        // What a key asks that was refused is not known.
        if !is_complete {
            parts.push(Body::Broken(None));
        }
        Some(Body::And(parts))
    }

    fn list(&mut self, items: &[Node], owner: Span, depth: usize) -> Option<Body> {
        if items.is_empty() {
            return self.empty(owner);
        }
        let mut parts = Vec::new();
        let mut texts = Vec::new();
        let mut span = None;
        for item in items {
            match &item.kind {
                Kind::Map(entries) => {
                    let part = self.map(entries, item.is_complete, item.span, depth);
                    parts.push(part.unwrap_or(Body::Broken(None)));
                }
                Kind::Scalar(scalar) => {
                    span = span.or(Some(item.span));
                    texts.push(scalar.clone());
                }
                Kind::List(_) => {
                    let message = "a selection is a map, a list of maps or a list of texts, and this is a list in a list";
                    self.report.add(Code::WrongType, item.span, message);
                    parts.push(Body::Broken(None));
                }
                Kind::Refused => parts.push(Body::Broken(None)),
            }
        }
        if let Some(span) = span {
            self.count(&texts, span)?;
            let part = self.keywords(texts, span, depth);
            parts.push(part.unwrap_or(Body::Broken(None)));
        }
        Some(Body::Or(parts))
    }

    fn keywords(&mut self, values: Vec<Scalar>, span: Span, depth: usize) -> Option<Body> {
        if depth > 0 {
            self.report
                .add(
                    Code::KeywordInBlock,
                    span,
                    "a keyword is sought in the whole event, so it cannot stand in a block",
                )
                .set_help("`.` is the member itself: `.|contains: text`");
            return None;
        }
        Some(Body::Keywords(Keywords {
            chain: Chain::default(),
            values,
            span,
        }))
    }

    /// Reads `field|modifiers: value`, with blocks for the quantifiers in the field name.
    fn entry(&mut self, entry: &Entry, depth: usize) -> Option<Body> {
        let key = &entry.key;
        if key.text.len() > limits::NAME_BYTES {
            let (n, limit) = (key.text.len(), limits::NAME_BYTES);
            let message = format!("this name has {n} bytes and the limit is {limit}");
            self.report.add(Code::BadFieldName, key.span, message);
            return None;
        }
        let key = name::split(key, self.file);
        let chain = modifier::read(&key.modifiers, self.report);
        if key.name.text.is_empty() {
            let span = entry.key.span;
            return self.keyword_item(chain, &entry.value, span, depth);
        }
        if !self.check_brackets(&key) {
            return None;
        }
        let mut parts = key.parts.into_iter();
        let first = parts.next()?;
        self.nested(first, &mut parts, chain, &entry.value, depth)
    }

    /// Checks what the brackets of a name hold; whether they mean something.
    fn check_brackets(&mut self, key: &name::Key) -> bool {
        if let Some(span) = key.first_bracket
            && !self.brackets
        {
            self.report
                .add(
                    Code::NeedsSigmaVersion,
                    span,
                    "brackets in a field name are not part of Sigma 2",
                )
                .set_help("add `sigma-version: 3` to the top of this document, or write `\\[` for a literal bracket");
        }
        for problem in &key.problems {
            match problem {
                name::Problem::Quantifier(name) => self.report.add_with_help(
                    Code::UnknownQuantifier,
                    name.span,
                    format!(
                        "{} is neither a quantifier nor an index",
                        quoted(&name.text)
                    ),
                    did_you_mean(&name.text, name::QUANTIFIERS).or_else(|| {
                        Some(
                            "brackets hold `any`, `all`, `all_or_empty`, `none` or an index".into(),
                        )
                    }),
                ),
                name::Problem::Malformed(span, message) => {
                    self.report.add(Code::BadFieldName, *span, *message);
                }
            }
        }
        key.problems.is_empty()
    }

    /// Reads one part of a name and what is below it.
    ///
    /// Modifiers belong to what stands in the block, `neq` too: `a[all]|neq: x` says that every member is another one,
    /// and `not` in the condition negates the whole.
    fn nested(
        &mut self,
        part: name::Part,
        rest: &mut impl Iterator<Item = name::Part>,
        chain: Option<Chain>,
        value: &Node,
        depth: usize,
    ) -> Option<Body> {
        let Some(quantifier) = part.quantifier else {
            return self.item(part.name, chain, value);
        };
        let depth = depth + 1;
        if depth > limits::BLOCK_DEPTH {
            let limit = limits::BLOCK_DEPTH;
            let message = format!("blocks nest {depth} deep and the limit is {limit}");
            self.report.add(Code::BlockTooDeep, part.name.span, message);
            return None;
        }
        let scope = if let Some(next) = rest.next() {
            let body = self.nested(next, rest, chain, value, depth);
            plain_scope(body, part.name.span)
        } else {
            self.block_scope(&part.name, chain, value, depth)?
        };
        Some(Body::Block(Block {
            name: part.name,
            quantifier,
            scope,
        }))
    }

    /// Reads what stands behind `field[any]:`.
    fn block_scope(
        &mut self,
        name: &Name,
        chain: Option<Chain>,
        value: &Node,
        depth: usize,
    ) -> Option<Scope> {
        let of_maps = match &value.kind {
            Kind::Map(_) => true,
            Kind::List(items) => items.iter().any(|item| item.map().is_some()),
            _ => false,
        };
        if !of_maps {
            let member = Name {
                text: ".".to_owned(),
                span: name.span,
            };
            let body = self.item(member, chain, value);
            return Some(plain_scope(body, name.span));
        }
        if chain? != Chain::default() {
            self.report
                .add(
                    Code::IllegalModifiers,
                    name.span,
                    "a block of fields takes no modifiers",
                )
                .set_help("modifiers go with the fields in the block");
            return None;
        }
        match value.map() {
            Some(entries) if value.get("condition").is_some() => {
                let scope = self.selections(entries, value.is_complete, &[], depth);
                if scope.selections.is_empty() {
                    self.empty(name.span);
                }
                Some(scope)
            }
            _ => {
                let body = self.body(value, name.span, depth);
                Some(plain_scope(body, name.span))
            }
        }
    }

    fn item(&mut self, name: Name, chain: Option<Chain>, value: &Node) -> Option<Body> {
        let is_map = match &value.kind {
            Kind::Map(_) => true,
            Kind::List(items) => items.iter().any(|item| item.map().is_some()),
            _ => false,
        };
        if is_map {
            // What is no name is told when it is looked up.
            let Ok(path) = Path::parse(&name.text) else {
                return Some(Body::Broken(Some(name)));
            };
            self.report
                .add(
                    Code::NestedValues,
                    name.span,
                    format!(
                        "{} has a map of fields, and only a block can",
                        quoted(&name.text)
                    ),
                )
                .set_help(instead_of_map(&name.text, &path, value));
            return None;
        }
        let values = self.values(&name.text, name.span, value);
        let (Some(chain), Some(values)) = (chain, values) else {
            return Some(Body::Broken(Some(name)));
        };
        self.lint_all(chain, &values, name.span);
        Some(Body::Item(Item {
            name,
            chain,
            values,
        }))
    }

    fn lint_all(&mut self, chain: Chain, values: &[Scalar], span: Span) {
        if chain.all && !chain.expand && values.len() == 1 {
            self.report
                .add(
                    Code::SingleAll,
                    span,
                    "`all` has one value and changes nothing",
                )
                .set_help("give it a list of values, or leave it out");
        }
    }

    fn keyword_item(
        &mut self,
        chain: Option<Chain>,
        value: &Node,
        span: Span,
        depth: usize,
    ) -> Option<Body> {
        if value.map().is_some() {
            let message = format!(
                "a field without a name is keywords, which are texts, and this is {}",
                value.describe()
            );
            self.report
                .add(Code::NestedValues, span, message)
                .set_help("keywords are a list: `'|all': [one, another]`");
            return None;
        }
        let values = self.values("|all", span, value);
        let (chain, values) = (chain?, values?);
        self.lint_all(chain, &values, span);
        match self.keywords(values, span, depth)? {
            Body::Keywords(keywords) => Some(Body::Keywords(Keywords { chain, ..keywords })),
            other => Some(other),
        }
    }

    /// Reads one value or a list of values.
    fn values(&mut self, name: &str, owner: Span, node: &Node) -> Option<Vec<Scalar>> {
        let items = match &node.kind {
            Kind::Scalar(scalar) => return Some(vec![scalar.clone()]),
            Kind::List(items) => items,
            Kind::Map(_) | Kind::Refused => return None,
        };
        if items.is_empty() {
            self.report
                .add(
                    Code::EmptyValues,
                    node.span,
                    format!("{} has no values", quoted(name)),
                )
                .set_help(
                    "an empty list would never match; `null` asks for a field that is missing",
                );
            return None;
        }
        let mut values = Vec::with_capacity(items.len());
        let mut good = true;
        for item in items {
            match &item.kind {
                Kind::Scalar(scalar) => values.push(scalar.clone()),
                Kind::Refused => good = false,
                _ => {
                    let message = format!(
                        "a value is text, a number or a boolean, and this is {}",
                        item.describe()
                    );
                    self.report.add(Code::NestedValues, item.span, message);
                    good = false;
                }
            }
        }
        self.count(&values, owner)?;
        good.then_some(values)
    }

    fn count(&mut self, values: &[Scalar], span: Span) -> Option<()> {
        let (n, limit) = (values.len(), limits::VALUES);
        if n <= limit {
            return Some(());
        }
        let message = format!("there are {n} values and the limit is {limit}");
        self.report.add(Code::TooManyValues, span, message);
        None
    }
}

/// What to write in place of a map of fields.
fn instead_of_map(name: &str, path: &Path, value: &Node) -> String {
    let key = match &value.kind {
        Kind::List(items) => items.iter().find_map(Node::map),
        _ => value.map(),
    };
    let key = key.and_then(<[Entry]>::first);
    let key = key.map_or("name", |first| first.key.text.as_str());
    let below = quoted(&format!("{name}.{key}"));
    let of_member = format!("`{name}[any]:`, with `sigma-version: 3` at the top");
    let is_one = matches!(path.segments().last(), Some(Segment::Index(_)));
    match resolve::known(name).and_then(|field| field.shape()) {
        _ if is_one => format!("this is one member: write {below}"),
        Some(Shape::Text | Shape::Number | Shape::Bool) => {
            "it has one value, and the parts of another field are not below it".to_owned()
        }
        Some(Shape::Struct | Shape::Object) => format!("write {below}"),
        Some(_) => format!("say of which members: {of_member}"),
        None => format!("write {below}, or where there are several {of_member}"),
    }
}

/// A block without selections of its own: one selection without a name.
fn plain_scope(body: Option<Body>, span: Span) -> Scope {
    Scope {
        condition: Some(Condition::Name((String::new(), span))),
        selections: vec![Selection {
            name: String::new(),
            span,
            body,
        }],
        extra: Vec::new(),
        named: false,
        is_complete: true,
    }
}
