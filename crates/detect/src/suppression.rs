//! Rules with `suppress` in many processes: whether a hit is told is known only where all of them come together.

use serde::{Deserialize, Serialize};

use crate::Correlator;
use crate::correlate::engine::Engine;
use crate::correlate::fact::{AuditId, FactValue, Ids, Key, KeyHasher, Mark, Tuple};
use crate::correlate::fired;
use crate::correlate::plan::short;
use crate::correlate::silence::{Silence, Sum};
use crate::correlate::stream::Origin;
use crate::correlate::table::Owner;
use crate::correlate::time::Time;
use crate::correlate::window::Window;

/// What is to be known of a hit to say whether one like it was told not long ago.
///
/// A detector that is [`forwarding`](crate::Detector::forwarding) tells every hit; those of rules with `suppress` have one
/// of these ([`Hit::suppression`](crate::Hit::suppression)), and the [`Correlator`] that owns it says whether the hit is to
/// be kept back. It can be serialized and is small; credentials in it are masked.
///
/// # Examples
/// ```
/// use detect::{Reader, RuleSet};
///
/// let rules = RuleSet::builder()
///     .text("read.yaml", "
/// title: Secret read
/// logsource: {product: kubernetes, service: audit}
/// detection: {selection: {resource: secrets}, condition: selection}
/// suppress: {by: [user.username], for: 1h}
/// ")
///     .build()?;
/// // The logs of two API servers of one cluster.
/// let mut servers = [rules.detector().forwarding(), rules.detector().forwarding()];
/// let mut correlator = rules.correlator();
/// let mut told = 0;
/// for (server, id) in servers.iter_mut().zip(["1", "2"]) {
///     let line = format!(r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"{id}","stage":"ResponseComplete","verb":"get","user":{{"username":"eve"}},"objectRef":{{"resource":"secrets"}},"stageTimestamp":"2026-03-14T02:00:00.00000{id}Z"}}"#);
///     for hit in server.process(&Reader::new(line.as_bytes()).next()?.unwrap()) {
///         let kept_back = hit.suppression().is_some_and(|it| correlator.suppresses(it));
///         told += u32::from(!kept_back);
///     }
/// }
/// assert_eq!(told, 1);
/// let summary = correlator.finish().next().unwrap();
/// assert_eq!(summary.correlated().unwrap().count(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Suppression {
    /// What the rule is.
    pub(crate) rule: Key,
    pub(crate) origin: Origin,
    pub(crate) time: Time,
    pub(crate) id: AuditId,
    pub(crate) group: Tuple,
    pub(crate) message: Box<str>,
}

impl Suppression {
    /// Who is to be asked: those with the same key must come to the same [`Correlator`]. It is made like
    /// [`Signal::partition_key`](crate::Signal::partition_key).
    pub fn partition_key(&self) -> u64 {
        let mut hasher = KeyHasher::stable();
        hasher.key(self.rule);
        hasher.key(self.origin.key());
        hasher.text(&self.group.0);
        hasher.shard()
    }
}

impl Correlator {
    /// Whether a hit is to be kept back, because one like it was told not long ago; it is then summed up. A hit that is told
    /// begins the time in which others are kept back. One of a rule that is not of this set is told.
    pub fn suppresses(&mut self, suppression: &Suppression) -> bool {
        let rules = self.engine.rules.clone();
        let mut all = rules.inner().plan.suppressing.iter();
        let is_this = all.position(|known| {
            known
                .as_ref()
                .is_some_and(|known| known.content == suppression.rule)
        });
        let Some(rule) = is_this else {
            return false;
        };
        let Some(stream) = self.engine.sources.of_origin(suppression.origin.clone()) else {
            self.engine.uncorrelated += 1;
            return false;
        };
        self.engine.suppresses(rule, stream, suppression)
    }
}

impl Engine {
    /// Whether a hit is to be kept back; begins to keep others back if not.
    pub(crate) fn suppresses(
        &mut self,
        rule: usize,
        stream: u32,
        suppression: &Suppression,
    ) -> bool {
        let rules = self.rules.clone();
        let inner = rules.inner();
        let (Some(Some(suppressing)), Some(active)) =
            (inner.plan.suppressing.get(rule), inner.rules.get(rule))
        else {
            return false;
        };
        let Suppression {
            origin,
            time,
            id,
            group,
            message,
            ..
        } = suppression;
        let time = *time;
        let key = self.key(suppressing.content, stream, &group.0);
        let mark = Mark {
            time,
            reference: 0,
            id: id.clone(),
        };
        // Files that are read side by side come out of order by more than a log does; what is further away than that has
        // nothing to do with the hit that was told.
        let is_near = |silence: &Silence| {
            time > silence.start.saturating_sub(suppressing.hold) && time < silence.end
        };
        let held = self.table.find(key).and_then(|at| {
            self.table.change(at, |window| match window {
                Window::Open(silence) if is_near(silence) => {
                    silence.absorb(&mark, &FactValue::None);
                    true
                }
                _ => false,
            })
        });
        if held == Some(true) {
            return true;
        }
        let owner = Owner::Rule(short(rule));
        let mut ids = Ids::default();
        ids.add(&mark.id);
        let silence = Silence {
            id: fired::id(active.rule.name(), origin, group, time),
            group: group.clone(),
            start: time,
            end: time.saturating_add(suppressing.hold),
            count: 1,
            told: 1,
            first: time,
            last: time,
            newest: AuditId::None,
            ids,
            references: Vec::new(),
            sum: Sum::Nothing,
            novel: Vec::new(),
            message: Some(message.clone()),
        };
        if let Some(tally) = self.tally(owner) {
            tally.fired += 1;
        }
        // The window before may have ended and not been closed yet, since events may still be late.
        self.settle(&rules, key);
        self.open(&rules, key, owner, stream, silence);
        false
    }
}
