//! State that outlives the process: written, checked, and taken up again where the rules are still the same.

use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::correlate::engine::{Engine, Tally};
use crate::correlate::fact::{Key, KeyHasher};
use crate::correlate::groups::Groups;
use crate::correlate::plan::{index, short};
use crate::correlate::stream::Stream;
use crate::correlate::table::Owner;
use crate::correlate::time::Time;
use crate::correlate::window::Window;
use crate::folding::Seen;
use crate::{Correlator, Detector};

/// What every snapshot begins with.
const MAGIC: &[u8; 12] = b"kubesift-snp";
/// The format that is written and read. It grows when anything in the state changes its form.
const VERSION: u32 = 3;
/// Magic, version, whose state it is, and the length of what follows without the checksum.
const HEADER: usize = MAGIC.len() + 4 + 1 + 8;
/// Bytes of the checksum at the end.
const CHECKSUM: usize = 16;

/// Whose state a snapshot is.
trait State: Serialize + for<'de> Deserialize<'de> {
    const OWNER: u8;
}

/// What has snapshots, by the byte that stands for it.
const OWNERS: [&str; 2] = ["a detector", "a correlator"];

impl State for DetectorState {
    const OWNER: u8 = 0;
}

impl State for EngineState {
    const OWNER: u8 = 1;
}

/// The state of correlations.
#[derive(Serialize, Deserialize)]
struct EngineState {
    seed: Key,
    owners: Vec<OwnerState>,
    /// Facts refer to owners by their place.
    streams: Vec<Stream>,
    /// What was touched last is last.
    entries: Vec<EntryState>,
    hurried: u64,
}

/// A correlation, or a rule with `suppress`.
#[derive(Serialize, Deserialize)]
struct OwnerState {
    name: String,
    content: Key,
    tally: Tally,
}

#[derive(Serialize, Deserialize)]
struct EntryState {
    key: Key,
    owner: u32,
    stream: u32,
    window: Window,
}

/// The state of a detector.
#[derive(Serialize, Deserialize)]
struct DetectorState {
    engine: EngineState,
    latest: Option<Time>,
    folded: u64,
    /// Names of the rules that requests refer to.
    rules: Vec<String>,
    requests: Vec<(Key, Seen)>,
}

/// What became of the state in a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RestoreReport {
    /// Correlations, and rules with `suppress`, that go on where they were.
    pub kept: Vec<String>,
    /// Those whose state was dropped, because they changed, or a rule or filter that they stand on did, or they are gone.
    pub reset: Vec<String>,
}

/// A snapshot that cannot be restored. The detector is as it was before.
#[derive(Debug)]
pub struct RestoreError(Kind);

#[derive(Debug)]
enum Kind {
    NotASnapshot,
    Version(u32),
    Owner { found: u8, expected: u8 },
    Cut { found: usize, expected: u64 },
    Damaged,
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::NotASnapshot => f.write_str("this is no snapshot of kubesift"),
            Kind::Version(version) => write!(
                f,
                "the snapshot has version {version} and version {VERSION} is supported"
            ),
            Kind::Owner { found, expected } => {
                let owner = |at: u8| OWNERS.get(usize::from(at)).unwrap_or(&"something else");
                write!(
                    f,
                    "the snapshot is of {} and cannot be restored into {}",
                    owner(found),
                    owner(expected)
                )
            }
            Kind::Cut { found, expected } => write!(
                f,
                "the snapshot has {found} bytes and should have {expected}"
            ),
            Kind::Damaged => f.write_str("the snapshot is damaged: its checksum is another"),
        }
    }
}

impl std::error::Error for RestoreError {}

impl Detector {
    /// Writes the state: open windows and what waits for its turn, what is suppressed, and which requests were told.
    ///
    /// To be taken between records. What was handed out before is not in it.
    ///
    /// # Examples
    /// ```
    /// use detect::RuleSet;
    ///
    /// let rules = RuleSet::builder().shipped().build()?;
    /// let before = rules.detector().snapshot();
    /// let mut detector = rules.detector();
    /// let report = detector.restore(&before)?;
    /// assert!(report.reset.is_empty());
    ///
    /// let error = detector.restore(&before[..before.len() - 1]).unwrap_err();
    /// assert!(error.to_string().starts_with("the snapshot has"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn snapshot(&self) -> Vec<u8> {
        let inner = self.engine.rules.inner();
        let state = DetectorState {
            engine: self.engine.save(),
            latest: self.latest,
            folded: self.folding.folded,
            rules: inner
                .rules
                .iter()
                .map(|active| active.rule.name().to_owned())
                .collect(),
            requests: self.folding.requests().cloned().collect(),
        };
        write(&state)
    }

    /// Goes on where a snapshot was taken. The rules may be others: what did not change keeps its state, and the report
    /// tells what was reset.
    ///
    /// Limits and lateness are those of this detector. Where its state may take less memory, what was not touched for the
    /// longest time is forgotten and counted, and what comes of that is told with the next record.
    ///
    /// # Errors
    /// [`RestoreError`] when this is no snapshot, one of another version or of a [`Correlator`], or one that is cut or damaged.
    pub fn restore(&mut self, snapshot: &[u8]) -> Result<RestoreReport, RestoreError> {
        let state: DetectorState = read(snapshot)?;
        let (seed, latest) = (state.engine.seed, state.latest);
        let report = self.engine.load(state.engine);
        // Their keys are of another seed now.
        self.groups = Groups::default();
        self.latest = latest;
        let inner = self.engine.rules.inner();
        let here: HashMap<&str, usize> = inner
            .rules
            .iter()
            .enumerate()
            .map(|(at, active)| (active.rule.name(), at))
            .collect();
        let now = |at: u32| {
            let name = state.rules.get(index(at))?;
            here.get(name.as_str()).copied().map(short)
        };
        let requests = state.requests.into_iter().map(|(key, mut seen)| {
            seen.rules = seen.rules.iter().filter_map(|at| now(*at)).collect();
            (key, seen)
        });
        self.folding.restore(seed, requests.collect());
        self.folding.folded = state.folded;
        Ok(report)
    }
}

impl Correlator {
    /// Writes the state, as [`Detector::snapshot`] does.
    pub fn snapshot(&self) -> Vec<u8> {
        write(&self.engine.save())
    }

    /// Goes on where a snapshot was taken, as [`Detector::restore`] does.
    ///
    /// # Errors
    /// [`RestoreError`] when this is no snapshot, one of another version or of a [`Detector`], or one that is cut or damaged.
    pub fn restore(&mut self, snapshot: &[u8]) -> Result<RestoreReport, RestoreError> {
        Ok(self.engine.load(read(snapshot)?))
    }
}

fn write<T: State>(state: &T) -> Vec<u8> {
    // Only a type that does not know its length cannot be written, and there is none.
    let payload = postcard::to_stdvec(state).unwrap_or_default();
    let mut out = Vec::with_capacity(HEADER + payload.len() + CHECKSUM);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.push(T::OWNER);
    out.extend_from_slice(&(payload.len() as u64).to_le_bytes());
    out.extend_from_slice(&payload);
    let sum = checksum(&out);
    out.extend_from_slice(&sum);
    out
}

fn read<T: State>(snapshot: &[u8]) -> Result<T, RestoreError> {
    let rest = snapshot
        .strip_prefix(MAGIC.as_slice())
        .ok_or(RestoreError(Kind::NotASnapshot))?;
    let (version, rest) = rest
        .split_first_chunk::<4>()
        .ok_or(RestoreError(Kind::NotASnapshot))?;
    let version = u32::from_le_bytes(*version);
    if version != VERSION {
        return Err(RestoreError(Kind::Version(version)));
    }
    let ([owner], rest) = rest
        .split_first_chunk()
        .ok_or(RestoreError(Kind::NotASnapshot))?;
    if *owner != T::OWNER {
        return Err(RestoreError(Kind::Owner {
            found: *owner,
            expected: T::OWNER,
        }));
    }
    let (length, rest) = rest
        .split_first_chunk::<8>()
        .ok_or(RestoreError(Kind::NotASnapshot))?;
    let expected = u64::from_le_bytes(*length).saturating_add((HEADER + CHECKSUM) as u64);
    let cut = RestoreError(Kind::Cut {
        found: snapshot.len(),
        expected,
    });
    if snapshot.len() as u64 != expected {
        return Err(cut);
    }
    let Some((payload, sum)) = rest.split_last_chunk::<CHECKSUM>() else {
        return Err(cut);
    };
    let (body, _) = snapshot.split_at(snapshot.len() - CHECKSUM);
    if checksum(body) != *sum {
        return Err(RestoreError(Kind::Damaged));
    }
    postcard::from_bytes(payload).map_err(|_| RestoreError(Kind::Damaged))
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM] {
    let mut hasher = KeyHasher::stable();
    hasher.bytes(bytes);
    let [first, second] = hasher.finish();
    let mut sum = [0; CHECKSUM];
    let halves = first.to_le_bytes().into_iter().chain(second.to_le_bytes());
    for (place, byte) in sum.iter_mut().zip(halves) {
        *place = byte;
    }
    sum
}

impl Engine {
    /// Every owner of state, correlations first.
    fn owners(&self) -> Vec<(Owner, String, Key)> {
        let inner = self.rules.inner();
        let correlations = inner
            .plan
            .correlations
            .iter()
            .enumerate()
            .map(|(at, planned)| {
                let name = planned.correlation.name().to_owned();
                (Owner::Correlation(short(at)), name, planned.content)
            });
        let rules = inner.rules.iter().zip(&inner.plan.suppressing).enumerate();
        let rules = rules.filter_map(|(at, (active, suppressing))| {
            let name = active.rule.name().to_owned();
            Some((Owner::Rule(short(at)), name, suppressing.as_ref()?.content))
        });
        correlations.chain(rules).collect()
    }

    fn save(&self) -> EngineState {
        let owners = self.owners();
        let places: HashMap<Owner, u32> = owners
            .iter()
            .enumerate()
            .map(|(at, (owner, ..))| (*owner, short(at)))
            .collect();
        let ahead = self.known.ahead();
        // Correlations come first among the owners, so that facts name them as they do here.
        let entries = self.table.by_use().into_iter().filter_map(|entry| {
            let mut window = entry.window.clone();
            let [half, _] = entry.key;
            if let (Some(time), Some(last)) = (ahead.get(&half), window.met()) {
                *last = (*time).max(*last);
            }
            Some(EntryState {
                key: entry.key,
                owner: *places.get(&entry.owner)?,
                stream: entry.stream,
                window,
            })
        });
        EngineState {
            seed: self.seed,
            entries: entries.collect(),
            owners: owners
                .into_iter()
                .map(|(owner, name, content)| OwnerState {
                    name,
                    content,
                    tally: self.tally_of(owner).unwrap_or_default(),
                })
                .collect(),
            streams: self.sources.streams.clone(),
            hurried: self.hurried,
        }
    }

    fn load(&mut self, state: EngineState) -> RestoreReport {
        let mut fresh = Self::new(self.rules.clone());
        fresh.reseed(state.seed);
        fresh.lateness = self.lateness;
        fresh.tells_all = self.tells_all;
        fresh.hurried = state.hurried;
        fresh.uncorrelated = self.uncorrelated;
        let here: HashMap<Key, Owner> = fresh
            .owners()
            .into_iter()
            .map(|(owner, _, content)| (content, owner))
            .collect();
        let mut report = RestoreReport::default();
        let mut owners = Vec::new();
        for OwnerState {
            name,
            content,
            tally,
        } in state.owners
        {
            let owner = here.get(&content).copied();
            match owner.and_then(|owner| fresh.tally(owner)) {
                Some(place) => {
                    *place = tally;
                    report.kept.push(name);
                }
                None => report.reset.push(name),
            }
            owners.push(owner);
        }
        let now = |at: u32| owners.get(index(at)).copied().flatten();
        for mut stream in state.streams {
            stream.waiting.retain(|fact| match now(fact.correlation) {
                Some(Owner::Correlation(at)) => {
                    fact.correlation = at;
                    true
                }
                _ => false,
            });
            fresh.waiting += stream.waiting.bytes();
            fresh.sources.add(stream);
        }
        for EntryState {
            key,
            owner,
            stream,
            window,
        } in state.entries
        {
            if let Some(owner) = now(owner) {
                fresh.table.insert(key, owner, stream, window);
            }
        }
        fresh.set_budget(self.budget);
        *self = fresh;
        report
    }
}
