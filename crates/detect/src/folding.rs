//! The stages of one request are told once.

use std::collections::{HashMap, VecDeque};

use audit_model::{FieldId, FieldSource, Provider};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::correlate::fact::{Key, KeyHasher};
use crate::scanner::Scanner;

/// Requests that are remembered by default.
pub(crate) const DEFAULT_REQUESTS: usize = 65_536;

/// The requests with hits that came last.
#[derive(Debug)]
pub(crate) struct Folding {
    seen: HashMap<Key, Seen>,
    order: VecDeque<Key>,
    pub(crate) max_requests: usize,
    /// Keys are 128 bits of a hash with this seed, which nobody can aim at.
    seed: Key,
    pub(crate) folded: u64,
}

/// What is known of a request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// Stages that came by, with a hash of the record.
    stages: SmallVec<[(Key, Key); 2]>,
    /// Rules that have been told.
    pub(crate) rules: SmallVec<[usize; 4]>,
}

impl Folding {
    pub(crate) fn new(seed: Key) -> Self {
        Self {
            seen: HashMap::new(),
            order: VecDeque::new(),
            max_requests: DEFAULT_REQUESTS,
            seed,
            folded: 0,
        }
    }

    /// What is remembered, oldest first.
    pub(crate) fn requests(&self) -> impl Iterator<Item = (Key, &Seen)> {
        self.order
            .iter()
            .filter_map(|key| Some((*key, self.seen.get(key)?)))
    }

    /// Remembers what another memory with this seed did, as far as there is room: what came last.
    pub(crate) fn restore(&mut self, seed: Key, requests: Vec<(Key, Seen)>) {
        self.seed = seed;
        self.seen.clear();
        self.order.clear();
        let extra = requests.len().saturating_sub(self.max_requests);
        for (key, seen) in requests.into_iter().skip(extra) {
            self.order.push_back(key);
            self.seen.insert(key, seen);
        }
    }

    /// Drops the hits of an event that an earlier stage of its request has told already.
    pub(crate) fn fold(&mut self, scanner: &mut Scanner, event: &dyn FieldSource, raw: &[u8]) {
        let n_hits = |scanner: &Scanner| {
            let findings = scanner.findings();
            findings.all.len() + findings.quiet.len()
        };
        let before = n_hits(scanner);
        if before == 0 || self.max_requests == 0 {
            return;
        }
        let mut hasher = KeyHasher::new(self.seed);
        optional(&mut hasher, event.text(0, FieldId::Stage));
        let stage = hasher.finish();
        let mut hasher = KeyHasher::new(self.seed);
        hasher.bytes(raw);
        let bytes = hasher.finish();
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
        let mut is_new = |rule: usize| {
            let new = !seen.rules.contains(&rule);
            if new {
                seen.rules.push(rule);
            }
            new
        };
        scanner.retain(|finding| is_new(finding.rule));
        scanner.retain_quiet(|(rule, _)| is_new(*rule));
        self.folded += (before - n_hits(scanner)) as u64;
    }

    fn key(&self, event: &dyn FieldSource) -> Key {
        // Cloud Logging has one time per entry, that of the stage. In its place stands the answer, which the stages
        // of a stream have in common: a request that failed does not speak for one that did not.
        let gke = event.text(0, FieldId::SourceProvider) == Some(Provider::Gke.as_str());
        let (time, code) = if gke {
            (None, event.code(0))
        } else {
            (event.text(0, FieldId::RequestReceivedTimestamp), None)
        };
        let mut hasher = KeyHasher::new(self.seed);
        for field in [
            FieldId::SourceProvider,
            FieldId::SourceCluster,
            FieldId::AuditId,
            FieldId::Verb,
            FieldId::RequestUri,
            FieldId::UserUsername,
            FieldId::UserUid,
        ] {
            optional(&mut hasher, event.text(0, field));
        }
        optional(&mut hasher, time);
        hasher.number(code.map_or(u64::MAX, i64::cast_unsigned));
        hasher.finish()
    }
}

/// A text that may be absent, which is not the same as empty.
fn optional(hasher: &mut KeyHasher, text: Option<&str>) {
    match text {
        None => hasher.number(u64::MAX),
        Some(text) => hasher.text(text),
    }
}
