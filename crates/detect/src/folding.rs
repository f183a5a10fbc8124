//! The stages of one request are told once.

use audit_model::{FieldId, FieldSource, Provider};
use hashbrown::HashTable;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::correlate::digest::Digest;
use crate::correlate::fact::Key;
use crate::correlate::plan::{index, short};
use crate::scanner::Scanner;

/// Requests that are remembered by default.
pub(crate) const DEFAULT_REQUESTS: usize = 65_536;

/// Most stages of a request that are remembered; what calls itself by more of them is told.
const MAX_STAGES: usize = 8;

/// The requests with hits that came last.
#[derive(Debug)]
pub(crate) struct Folding {
    /// Where requests stand in `seen`.
    places: HashTable<u32>,
    /// In the order in which they came; where it is full, the next one takes the place of the oldest.
    seen: Vec<(Key, Seen)>,
    /// Where the oldest is, when it is full.
    oldest: usize,
    pub(crate) max_requests: usize,
    /// Keys are 128 bits of a hash with a seed, which nobody can aim at.
    digest: Digest,
    /// What a request is known by.
    text: Vec<u8>,
    pub(crate) folded: u64,
}

/// What is known of a request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// Hashes of the stages that came by, and of their records.
    stages: SmallVec<[(u64, Key); 2]>,
    /// Rules that have been told.
    pub(crate) rules: SmallVec<[u32; 4]>,
}

impl Folding {
    pub(crate) fn new(seed: Key) -> Self {
        Self {
            places: HashTable::new(),
            seen: Vec::new(),
            oldest: 0,
            max_requests: DEFAULT_REQUESTS,
            digest: Digest::new(seed),
            text: Vec::new(),
            folded: 0,
        }
    }

    /// What is remembered, oldest first.
    pub(crate) fn requests(&self) -> impl Iterator<Item = &(Key, Seen)> {
        let (newer, older) = self.seen.split_at(self.oldest.min(self.seen.len()));
        older.iter().chain(newer)
    }

    /// Remembers what another memory with this seed did, as far as there is room: what came last.
    pub(crate) fn restore(&mut self, seed: Key, requests: Vec<(Key, Seen)>) {
        self.digest = Digest::new(seed);
        self.seen.clear();
        self.places.clear();
        self.oldest = 0;
        let extra = requests.len().saturating_sub(self.max_requests);
        for (key, seen) in requests.into_iter().skip(extra) {
            self.remember(key, seen);
        }
    }

    /// Drops the hits of an event that an earlier stage of its request has told already. Those of rules that are `exempt`
    /// are left alone.
    pub(crate) fn fold(
        &mut self,
        scanner: &mut Scanner,
        event: &dyn FieldSource,
        raw: &[u8],
        exempt: &dyn Fn(usize) -> bool,
    ) {
        let findings = scanner.findings();
        let told = findings.all.iter().map(|finding| finding.rule);
        let quiet = findings.quiet.iter().map(|(rule, _)| *rule);
        if self.max_requests == 0 || told.chain(quiet).all(exempt) {
            return;
        }
        let n_hits = |scanner: &Scanner| {
            let findings = scanner.findings();
            findings.all.len() + findings.quiet.len()
        };
        let before = n_hits(scanner);
        let stage = match event.bytes(0, FieldId::Stage) {
            Some(b"ResponseComplete") => 0,
            Some(b"ResponseStarted") => 1,
            stage => {
                self.text.clear();
                push_bytes(&mut self.text, stage);
                let [stage, _] = self.digest.hash(&self.text);
                stage
            }
        };
        let bytes = self.digest.hash(raw);
        let key = self.key(event);
        let at = match self.find(key) {
            Some(at) => at,
            None => self.remember(key, Seen::default()),
        };
        let Some((_, seen)) = self.seen.get_mut(index(at)) else {
            return;
        };
        let same_stage = seen.stages.iter().find(|(known, _)| *known == stage);
        // The same stage with other bytes is another request, whatever it calls itself.
        let foreign = same_stage.is_some_and(|(_, known)| *known != bytes);
        // An API server logs a request at four stages at most.
        let foreign = foreign || same_stage.is_none() && seen.stages.len() >= MAX_STAGES;
        if foreign {
            return;
        }
        if same_stage.is_none() {
            seen.stages.push((stage, bytes));
        }
        let mut is_new = |rule: usize| {
            let number = short(rule);
            let new = exempt(rule) || !seen.rules.contains(&number);
            if new && !exempt(rule) {
                seen.rules.push(number);
            }
            new
        };
        scanner.retain(|finding| is_new(finding.rule));
        scanner.retain_quiet(|(rule, _)| is_new(*rule));
        self.folded += (before - n_hits(scanner)) as u64;
    }

    fn find(&self, key: Key) -> Option<u32> {
        let is = |at: &u32| {
            let entry = self.seen.get(index(*at));
            entry.is_some_and(|(known, _)| *known == key)
        };
        self.places.find(hash(key), is).copied()
    }

    fn remember(&mut self, key: Key, seen: Seen) -> u32 {
        let at = if self.seen.len() < self.max_requests {
            self.seen.push((key, seen));
            self.seen.len() - 1
        } else {
            let at = self.oldest;
            self.oldest = (at + 1) % self.max_requests.max(1);
            if let Some(place) = self.seen.get_mut(at) {
                let (old, _) = std::mem::replace(place, (key, seen));
                let known = self
                    .places
                    .find_entry(hash(old), |place| index(*place) == at);
                if let Ok(known) = known {
                    known.remove();
                }
            }
            at
        };
        let at = short(at);
        let hash_of = |at: &u32| {
            let entry = self.seen.get(index(*at));
            entry.map_or(0, |(key, _)| hash(*key))
        };
        self.places.insert_unique(hash(key), at, hash_of);
        at
    }

    fn key(&mut self, event: &dyn FieldSource) -> Key {
        // Cloud Logging has one time per entry, that of the stage. In its place stands the answer, which the stages
        // of a stream have in common: a request that failed does not speak for one that did not.
        let provider = event.bytes(0, FieldId::SourceProvider);
        let gke = provider == Some(Provider::Gke.as_str().as_bytes());
        let (time, code) = if gke {
            (None, event.code(0))
        } else {
            (event.bytes(0, FieldId::RequestReceivedTimestamp), None)
        };
        self.text.clear();
        for field in [
            FieldId::SourceProvider,
            FieldId::SourceCluster,
            FieldId::AuditId,
            FieldId::Verb,
            FieldId::RequestUri,
            FieldId::UserUsername,
            FieldId::UserUid,
        ] {
            push_bytes(&mut self.text, event.bytes(0, field));
        }
        push_bytes(&mut self.text, time);
        let code = code.map_or(u64::MAX, i64::cast_unsigned);
        self.text.extend_from_slice(&code.to_le_bytes());
        self.digest.hash(&self.text)
    }
}

/// Keys are results of a seeded hash already.
fn hash([first, _]: Key) -> u64 {
    first
}

/// Appends a text with its length; one that is absent is not the same as an empty one.
pub(crate) fn push(out: &mut Vec<u8>, text: Option<&str>) {
    push_bytes(out, text.map(str::as_bytes));
}

/// The same of a text of which nobody need show that it is one.
pub(crate) fn push_bytes(out: &mut Vec<u8>, text: Option<&[u8]>) {
    let length = text.map_or(u64::MAX, |text| text.len() as u64);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(text.unwrap_or_default());
}
