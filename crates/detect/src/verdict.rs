//! Three answers for a rule instead of two: what an event cannot say is neither yes nor no.
//!
//! A condition over tests that may be unknown is bounded from both sides. In the upper bound every unknown test is taken
//! so that the rule matches, in the lower one so that it does not; which way that is follows from its polarity, which
//! the compiler has noted. Where both bounds agree the condition is certain, and where they do not it is unknown: that
//! is Kleene's logic, by two runs of the machine that there is.

use std::fmt;
use std::ops::Range;

use audit_model::{
    Doubt, FieldId, FieldSource, Member, Provider, Scratch, Segment, Unknown, Value,
};
use rule_lang::{
    AuditLevel, Block, BlockIdx, Operand, Polarity, Predicate, PredicateIdx, Quantifier,
    RoutineIdx, Rule, Test,
};

use crate::Scanner;
use crate::narrow::is_over;
use crate::predicate::{Memory, Questions};
use crate::rule_set::{ActiveRule, Inner};
use crate::vm::{Answers, Host, Inside, Linked, Machine, doubt, run};

/// What a rule says of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It matches: the scan reports a hit.
    Matched,
    /// It does not match, whatever the event leaves out.
    NotMatched,
    /// The scan reports no hit, and that says nothing: with what the event leaves out, the rule might match.
    NotEvaluated,
}

/// The verdict of one rule, with what it rests on.
#[derive(Clone, Copy, Debug)]
pub struct RuleVerdict<'v> {
    rule: &'v Rule,
    verdict: Verdict,
    reasons: &'v [Reason],
}

impl<'v> RuleVerdict<'v> {
    /// The rule.
    pub fn rule(&self) -> &'v Rule {
        self.rule
    }

    /// What it says of the event.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// What the event leaves out: of a rule that was not evaluated, what it would have needed; of one that matched, what
    /// was taken not to be there, so that the hit is not certain. Else nothing.
    pub fn reasons(&self) -> &'v [Reason] {
        self.reasons
    }
}

/// Why a field of an event is unknown. Its [`Display`](fmt::Display) form is a sentence: `user.groups is not recorded by
/// gke`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Reason {
    /// The field that a rule reads.
    pub field: FieldId,
    /// Why the event does not say what it is.
    pub why: Unknown,
    /// Where the event came from.
    pub provider: Provider,
    /// The event's level, when it has one.
    pub level: Option<AuditLevel>,
}

impl Reason {
    /// What a reason says of the event, whatever field it will be about.
    pub(crate) fn about(source: &dyn FieldSource) -> Self {
        let provider = source.text(0, FieldId::SourceProvider).unwrap_or_default();
        Self {
            field: FieldId::Verb,
            why: Unknown::NotRecorded,
            provider: Provider::ALL
                .into_iter()
                .find(|known| known.as_str() == provider)
                .unwrap_or_default(),
            level: source
                .text(0, FieldId::Level)
                .and_then(|level| level.parse().ok()),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.field.info().name)?;
        match (self.why, self.level) {
            (Unknown::NotRecorded, _) => {
                write!(f, " is not recorded by {}", self.provider.as_str())
            }
            (Unknown::NotLogged, Some(level)) => write!(f, " is not logged at level {level}"),
            (Unknown::NotLogged, None) => f.write_str(" is not logged"),
            (Unknown::Truncated, _) => f.write_str(" was truncated"),
            (Unknown::Opaque, _) => f.write_str(" is beyond the limits"),
            _ => f.write_str(" is not all shown by the patch, and no response shows it"),
        }
    }
}

/// Memory for verdicts, and those of the last event.
#[derive(Debug, Default)]
pub(crate) struct Judge {
    /// Per rule.
    verdicts: Vec<(Verdict, Range<usize>)>,
    reasons: Vec<Reason>,
    /// Per field: why it may be unknown.
    unknown: Vec<Asked>,
}

/// Whether it has been asked why a field may be unknown, and the answer.
#[derive(Clone, Copy, Debug, Default)]
enum Asked {
    #[default]
    No,
    Known,
    Unknown(Unknown),
}

/// What judging shares with the scan.
pub(crate) struct Court<'c> {
    pub(crate) inner: &'c Inner,
    pub(crate) source: &'c dyn FieldSource,
    pub(crate) scratch: &'c mut Scratch,
    pub(crate) answers: &'c mut Answers,
    pub(crate) memory: &'c mut Memory,
    /// Whether rules that do not name `stage` leave the event alone.
    pub(crate) received: bool,
}

impl Judge {
    pub(crate) fn clear(&mut self) {
        self.verdicts.clear();
        self.reasons.clear();
    }

    /// Judges every rule on the event that has been scanned. `hits` are indices of rules, ascending.
    pub(crate) fn judge(&mut self, mut court: Court<'_>, mut hits: impl Iterator<Item = usize>) {
        self.clear();
        self.unknown.clear();
        self.unknown.resize(FieldId::COUNT, Asked::No);
        let about = Reason::about(court.source);
        let mut hit = hits.next();
        let inner = court.inner;
        for (at, active) in inner.rules.iter().enumerate() {
            let matched = hit == Some(at);
            if matched {
                hit = hits.next();
            }
            self.rule(active, about, matched, &mut court);
        }
    }

    /// Judges one rule on an event, of which it is known whether it matches.
    pub(crate) fn one(
        active: &ActiveRule,
        matched: bool,
        mut court: Court<'_>,
    ) -> (Verdict, Vec<Reason>) {
        let mut judge = Self {
            unknown: vec![Asked::No; FieldId::COUNT],
            ..Self::default()
        };
        let about = Reason::about(court.source);
        let verdict = judge.rule(active, about, matched, &mut court);
        (verdict, judge.reasons)
    }

    fn rule(
        &mut self,
        active: &ActiveRule,
        about: Reason,
        matched: bool,
        court: &mut Court<'_>,
    ) -> Verdict {
        let first = self.reasons.len();
        let is_asked = !court.received || active.rule.names_stage();
        let mut bound = Bound {
            judge: self,
            about,
            first,
            upper: !matched,
        };
        // Of a hit it is asked whether it is certain, of a miss whether it is.
        let holds = is_asked && bound.rule(active, court);
        let verdict = match (matched, holds) {
            (true, _) => Verdict::Matched,
            (false, true) => Verdict::NotEvaluated,
            (false, false) => Verdict::NotMatched,
        };
        // Of a certain verdict the reasons for doubt are none.
        if holds == matched {
            self.reasons.truncate(first);
        }
        self.verdicts.push((verdict, first..self.reasons.len()));
        verdict
    }
}

/// One run of a rule in which what is unknown is taken for its better or its worse.
struct Bound<'b> {
    judge: &'b mut Judge,
    /// A reason with the event's part filled in.
    about: Reason,
    /// The first reason of the rule at hand.
    first: usize,
    /// Whether unknown tests are taken so that the rule matches.
    upper: bool,
}

impl Bound<'_> {
    /// Whether a match of the rule stays, filters included.
    fn rule(&mut self, active: &ActiveRule, court: &mut Court<'_>) -> bool {
        if !self.run(&active.linked, court) {
            return false;
        }
        for filter in active.rule.filters() {
            let Some(filter) = court.inner.filters.get(filter.index()) else {
                continue;
            };
            let spares = filter.filter.spares_impersonated();
            let source = court.source;
            let impersonated =
                (0..source.readings()).any(|n| source.has(n, FieldId::ImpersonatedUser));
            if spares && impersonated
                || is_over(&filter.filter, source)
                || self.run(&filter.linked, court)
            {
                continue;
            }
            // A filter that takes the match away is not asked when the request impersonates somebody.
            let field = FieldId::ImpersonatedUser;
            let why = self.why(court.scratch, court.source, field);
            let Some(why) = why.filter(|_| spares && self.upper) else {
                return false;
            };
            self.note(field, why);
        }
        true
    }

    fn run(&mut self, linked: &Linked, court: &mut Court<'_>) -> bool {
        let mut host = EventHost {
            machine: Machine {
                questions: &court.inner.questions,
                linked,
                source: court.source,
                scratch: court.scratch,
                answers: court.answers,
                memory: court.memory,
            },
            bound: self,
        };
        run(&linked.program, linked.program.condition(), &mut host)
    }

    /// Why what is not found of a field may have been there all the same.
    fn why(
        &mut self,
        scratch: &mut Scratch,
        source: &dyn FieldSource,
        field: FieldId,
    ) -> Option<Unknown> {
        let slot = self.judge.unknown.get_mut(field.index())?;
        if matches!(slot, Asked::No) {
            *slot = scratch
                .unknown(source, field)
                .map_or(Asked::Known, Asked::Unknown);
        }
        self.known_why(field)
    }

    /// The same of a field that has been asked for.
    fn known_why(&self, field: FieldId) -> Option<Unknown> {
        match self.judge.unknown.get(field.index()) {
            Some(Asked::Unknown(why)) => Some(*why),
            _ => None,
        }
    }

    fn note(&mut self, field: FieldId, why: Unknown) {
        let reason = Reason {
            field,
            why,
            ..self.about
        };
        let known = self.judge.reasons.get(self.first..).unwrap_or_default();
        if !known.contains(&reason) {
            self.judge.reasons.push(reason);
        }
    }

    /// What something unknown is taken for.
    fn taken(&self, polarity: Polarity) -> bool {
        (polarity == Polarity::Positive) == self.upper
    }
}

/// Answers about the event.
struct EventHost<'m, 'b, 'j> {
    machine: Machine<'m>,
    bound: &'b mut Bound<'j>,
}

impl EventHost<'_, '_, '_> {
    /// Whether a test that does not hold is unknown.
    fn is_unknown(&mut self, predicate: &Predicate) -> bool {
        let machine = &mut self.machine;
        let other = match &predicate.test {
            Test::FieldRef { field, .. } => Some(field),
            _ => None,
        };
        if predicate.operand == Operand::Keyword {
            let lost = machine.scratch.unknown_text(machine.source);
            return lost.is_some_and(|(field, why)| {
                self.bound.note(field, why);
                true
            });
        }
        let mut unknown = false;
        for field in predicate.operand.field().into_iter().chain(other) {
            let start = machine.scratch.field(machine.source, field.id());
            let path = field.path().segments();
            let seen = seen(machine.scratch, start.into(), path);
            let why = self.bound.why(machine.scratch, machine.source, field.id());
            if let Some(why) = seen.unknown(why) {
                self.bound.note(field.id(), why);
                unknown = true;
            }
        }
        unknown
    }
}

/// How much of what a path leads to the event shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// All that there is.
    All,
    /// Members of a list, which may have others where only a part of the object is shown.
    Some,
    /// Something of which the record does not say what it is.
    Indirect,
    Nothing,
}

impl Seen {
    /// Why there may be more to see, given why the field may be unknown.
    fn unknown(self, why: Option<Unknown>) -> Option<Unknown> {
        match self {
            Self::All => None,
            Self::Some => why.filter(|why| *why == Unknown::NotShown),
            Self::Indirect => Some(Unknown::NotShown),
            Self::Nothing => why,
        }
    }
}

fn seen(scratch: &Scratch, start: Member, path: &[Segment]) -> Seen {
    let tree = scratch.tree();
    let (mut nothing, mut indirect) = (true, false);
    tree.any_node(start, path, Doubt::AnyReading, &mut |value| {
        nothing = false;
        indirect |= value == Value::Unknown;
        false
    });
    if indirect {
        return Seen::Indirect;
    }
    if nothing {
        return Seen::Nothing;
    }
    let is_list = |n: usize| {
        let path = path.get(..n).unwrap_or_default();
        tree.any_node(start, path, Doubt::AnyReading, &mut |value| {
            matches!(value, Value::List { .. })
        })
    };
    if (0..=path.len()).any(is_list) {
        Seen::Some
    } else {
        Seen::All
    }
}

impl Host for EventHost<'_, '_, '_> {
    fn test(&mut self, predicate: PredicateIdx) -> bool {
        if self.machine.test(predicate) {
            return true;
        }
        let linked = self.machine.linked;
        let asked = linked.program.predicate(predicate);
        asked.is_some_and(|asked| self.is_unknown(asked) && self.bound.taken(asked.polarity))
    }

    fn block(&mut self, block: BlockIdx) -> bool {
        let linked = self.machine.linked;
        let Some(block) = linked.program.block(block) else {
            return false;
        };
        let Operand::Field(field) = &block.operand else {
            return false;
        };
        let machine = &mut self.machine;
        for reference in linked.references() {
            machine.scratch.field(machine.source, *reference);
            self.bound.why(machine.scratch, machine.source, *reference);
        }
        let start = machine.scratch.field(machine.source, field.id());
        self.bound.why(machine.scratch, machine.source, field.id());
        let mut within = Within {
            inside: Inside {
                questions: machine.questions,
                scratch: machine.scratch,
            },
            linked,
            memory: machine.memory,
            bound: self.bound,
            list: field.id(),
        };
        within.block(block, start.into(), field.path().segments())
    }
}

/// Blocks: every field that is needed has been found, and it is known why it may be unknown.
struct Within<'m, 'b, 'j> {
    inside: Inside<'m>,
    linked: &'m Linked,
    memory: &'m mut Memory,
    bound: &'b mut Bound<'j>,
    /// The field of the outermost block.
    list: FieldId,
}

impl Within<'_, '_, '_> {
    fn block(&mut self, block: &Block, start: Member, path: &[Segment]) -> bool {
        let tree = self.inside.scratch.tree();
        let doubt = doubt(block.polarity);
        let why = self.bound.known_why(self.list);
        let some = tree.any_member(start, path, Doubt::AnyReading, &mut |_| true);
        // Where only a part is shown there may be other members, else only where none is.
        let other = why.filter(|why| !some || *why == Unknown::NotShown);
        let holds = match block.quantifier {
            Quantifier::Any => tree.any_member(start, path, doubt, &mut |member| {
                self.member(block.routine, member)
            }),
            Quantifier::All => {
                tree.any_member(start, path, doubt, &mut |_| true)
                    && self.no_member_fails(block, start, path)
            }
            Quantifier::AllOrEmpty => self.no_member_fails(block, start, path),
        };
        // One more member cannot take an `any` away, nor save an `all` that fails.
        let settled = match block.quantifier {
            Quantifier::Any => holds,
            Quantifier::All | Quantifier::AllOrEmpty => !holds && some,
        };
        match other {
            Some(why) if !settled => {
                self.bound.note(self.list, why);
                self.bound.taken(block.polarity)
            }
            _ => holds,
        }
    }

    fn no_member_fails(&mut self, block: &Block, start: Member, path: &[Segment]) -> bool {
        let doubt = doubt(block.polarity).negated();
        let tree = self.inside.scratch.tree();
        !tree.any_member(start, path, doubt, &mut |member| {
            !self.member(block.routine, member)
        })
    }

    fn member(&mut self, routine: RoutineIdx, member: Member) -> bool {
        let linked = self.linked;
        let mut host = MemberHost {
            within: self,
            member,
        };
        run(&linked.program, routine, &mut host)
    }

    /// Whether a test of a member that does not hold is unknown.
    fn is_unknown(&mut self, predicate: &Predicate, member: Member) -> bool {
        let mut unknown = false;
        if let Operand::Member(path) = &predicate.operand {
            let seen = seen(self.inside.scratch, member, path.segments());
            // A member that is there has what it has, unless only a part of the object is shown.
            let partial = self
                .bound
                .known_why(self.list)
                .filter(|why| *why == Unknown::NotShown);
            if let Some(why) = seen.unknown(partial) {
                self.bound.note(self.list, why);
                unknown = true;
            }
        }
        if let Test::FieldRef { field, .. } = &predicate.test
            && let Some(why) = self.bound.known_why(field.id())
            && let Some(start) = self.inside.scratch.found(field.id())
            && seen(self.inside.scratch, start.into(), field.path().segments()) == Seen::Nothing
        {
            self.bound.note(field.id(), why);
            unknown = true;
        }
        unknown
    }
}

struct MemberHost<'w, 'm, 'b, 'j> {
    within: &'w mut Within<'m, 'b, 'j>,
    member: Member,
}

impl Host for MemberHost<'_, '_, '_, '_> {
    fn test(&mut self, predicate: PredicateIdx) -> bool {
        let within = &mut *self.within;
        let Some(asked) = within.linked.program.predicate(predicate) else {
            return false;
        };
        within.holds(predicate, self.member)
            || within.is_unknown(asked, self.member) && within.bound.taken(asked.polarity)
    }

    fn block(&mut self, block: BlockIdx) -> bool {
        let Some(block) = self.within.linked.program.block(block) else {
            return false;
        };
        let Operand::Member(path) = &block.operand else {
            return false;
        };
        self.within.block(block, self.member, path.segments())
    }
}

impl Within<'_, '_, '_> {
    fn holds(&mut self, predicate: PredicateIdx, member: Member) -> bool {
        let questions: &Questions = self.inside.questions;
        let Some(question) = self.linked.question(questions, predicate) else {
            return false;
        };
        let Operand::Member(path) = &question.operand else {
            return false;
        };
        let doubt = doubt(question.polarity);
        self.inside
            .ask(question, member, path.segments(), doubt, self.memory)
    }
}

impl Scanner {
    /// The verdict of every rule on the last event, in the order of the rules; nothing unless the scanner was told to
    /// keep them by [`Scanner::with_verdicts`].
    ///
    /// [`Verdict::Matched`] is told of exactly those rules that the scan found. The scan reads what an event leaves out
    /// as missing; that is no answer, so a rule that it did not find may be [`Verdict::NotEvaluated`], never silently
    /// clean. A hit that rests on a negation of something unknown is a hit with [`RuleVerdict::reasons`].
    ///
    /// # Examples
    /// ```
    /// use detect::{Event, Limits, RuleSet, Verdict};
    ///
    /// let rules = RuleSet::builder()
    ///     .text("network.yaml", "
    /// title: Host network
    /// logsource: {product: kubernetes, service: audit}
    /// detection:
    ///   selection: {operation: create, podSpec.hostNetwork: true}
    ///   condition: selection
    /// ")
    ///     .build()?;
    /// let line = br#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"1",
    ///     "stage":"ResponseComplete","verb":"create","objectRef":{"resource":"pods","namespace":"shop"}}"#;
    /// let event = Event::decode(line, &Limits::default())?;
    ///
    /// let mut scanner = rules.scanner().with_verdicts();
    /// assert_eq!(scanner.scan(&event).count(), 0);
    /// let verdict = scanner.verdicts().next().ok_or("no rule")?;
    /// assert_eq!(verdict.verdict(), Verdict::NotEvaluated);
    /// assert_eq!(verdict.reasons()[0].to_string(), "podSpec is not logged at level Metadata");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn verdicts(&self) -> impl Iterator<Item = RuleVerdict<'_>> {
        let rules = self.rules().rules();
        let judged = self.judge().into_iter().flat_map(|judge| {
            let reasons = &judge.reasons;
            judge.verdicts.iter().map(move |(verdict, range)| {
                (*verdict, reasons.get(range.clone()).unwrap_or_default())
            })
        });
        rules
            .zip(judged)
            .map(|(rule, (verdict, reasons))| RuleVerdict {
                rule,
                verdict,
                reasons,
            })
    }
}
