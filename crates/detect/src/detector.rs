//! A stream of records: the stages of one request are told once.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, Hash, RandomState};

use audit_model::{Event, FieldId, FieldSource, Provider, Record};

use smallvec::SmallVec;

use crate::rule_set::RuleSet;
use crate::scanner::{Hits, Scanner};

/// Requests that are remembered by default.
const DEFAULT_REQUESTS: usize = 65_536;

/// A [`Scanner`] for one stream: a request that hits at several stages is told once per rule.
///
/// An exec is logged when it starts and again when it ends; a webhook sends a batch again when it saw no answer. A hit is
/// folded into an earlier one only when source, `auditID`, time of receipt (on GKE, which records none, the status
/// code), verb, request URI and user are the same and the stage is another one, or the event is the same byte for
/// byte. A client chooses some of these and not all: it cannot make two requests look like one.
///
/// Memory is bounded: the requests with hits that came last are remembered, 65 536 of them by default.
#[derive(Debug)]
pub struct Detector {
    scanner: Scanner,
    seen: HashMap<Key, Seen>,
    order: VecDeque<Key>,
    max_requests: usize,
    hashers: [RandomState; 2],
    folded: u64,
}

/// A request, as two seeded hashes of what identifies it: 128 bits that nobody can aim at.
type Key = [u64; 2];

#[derive(Debug, Default)]
struct Seen {
    /// Stages that came by, with a hash of the record.
    stages: SmallVec<[(u64, u64); 2]>,
    /// Rules that have been told.
    rules: SmallVec<[usize; 4]>,
}

impl Detector {
    pub(crate) fn new(rules: &RuleSet) -> Self {
        Self {
            scanner: rules.scanner(),
            seen: HashMap::new(),
            order: VecDeque::new(),
            max_requests: DEFAULT_REQUESTS,
            hashers: [RandomState::new(), RandomState::new()],
            folded: 0,
        }
    }

    /// Remembers this many requests with hits instead of 65 536. At 0 nothing is folded.
    #[must_use]
    pub fn with_max_requests(mut self, requests: usize) -> Self {
        self.max_requests = requests;
        self
    }

    /// Keeps the hits that filters take away, as [`Scanner::with_suppressed_hits`] does. They are not folded.
    #[must_use]
    pub fn with_suppressed_hits(mut self) -> Self {
        self.scanner.keep_suppressed_hits();
        self
    }

    /// Keeps the verdict of every rule on the last event: [`Scanner::verdicts`] of [`Detector::scanner`]. Folding drops
    /// hits and changes no verdict.
    #[must_use]
    pub fn with_verdicts(mut self) -> Self {
        self.scanner = self.scanner.with_verdicts();
        self
    }

    /// Evaluates the rules on a record. Records that are no events have no hits.
    pub fn process(&mut self, record: &Record<'_>) -> Hits<'_> {
        match record {
            Record::Event(record) | Record::Partial(record) => {
                self.event(&record.event, record.json());
            }
            _ => self.scanner.clear(),
        }
        self.scanner.hits()
    }

    /// The rules, and what the filters suppressed.
    pub fn scanner(&self) -> &Scanner {
        &self.scanner
    }

    /// How many hits were folded into earlier ones.
    pub fn folded(&self) -> u64 {
        self.folded
    }

    fn event(&mut self, event: &Event<'_>, raw: &[u8]) {
        if self.scanner.scan(event).len() == 0 || self.max_requests == 0 {
            return;
        }
        let stage = self
            .hashers
            .first()
            .map_or(0, |hasher| hasher.hash_one(event.text(0, FieldId::Stage)));
        let bytes = self
            .hashers
            .first()
            .map_or(0, |hasher| hasher.hash_one(raw));
        let key = self.key(event);
        if !self.seen.contains_key(&key) {
            if self.order.len() >= self.max_requests
                && let Some(oldest) = self.order.pop_front()
            {
                self.seen.remove(&oldest);
            }
            self.order.push_back(key);
        }
        let seen = self.seen.entry(key).or_default();
        let same_stage = seen.stages.iter().find(|(known, _)| *known == stage);
        // The same stage with other bytes is another request, whatever it calls itself.
        let foreign = same_stage.is_some_and(|(_, known)| *known != bytes);
        if same_stage.is_none() {
            seen.stages.push((stage, bytes));
        }
        if foreign {
            return;
        }
        let before = self.scanner.findings().all.len();
        self.scanner.retain(|finding| {
            let new = !seen.rules.contains(&finding.rule);
            if new {
                seen.rules.push(finding.rule);
            }
            new
        });
        self.folded +=
            u64::try_from(before - self.scanner.findings().all.len()).unwrap_or(u64::MAX);
    }

    fn key(&self, event: &Event<'_>) -> Key {
        // Cloud Logging has one time per entry, that of the stage. In its place stands the answer, which the stages
        // of a stream have in common: a request that failed does not speak for one that did not.
        let gke = event.text(0, FieldId::SourceProvider) == Some(Provider::Gke.as_str());
        let (time, code) = if gke {
            (None, event.code(0))
        } else {
            (event.text(0, FieldId::RequestReceivedTimestamp), None)
        };
        let fields = [
            FieldId::SourceProvider,
            FieldId::SourceCluster,
            FieldId::AuditId,
            FieldId::Verb,
            FieldId::RequestUri,
            FieldId::UserUsername,
            FieldId::UserUid,
        ];
        self.hashers.each_ref().map(|hasher| {
            let mut state = hasher.build_hasher();
            for field in fields {
                event.text(0, field).hash(&mut state);
            }
            (time, code).hash(&mut state);
            std::hash::Hasher::finish(&state)
        })
    }
}
