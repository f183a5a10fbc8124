//! What a rule set asks of the correlator, laid out for the way from a hit to the correlations that want it.

use std::collections::HashMap;

use audit_model::{Field, FieldId, Segment};
use rule_lang::{
    Bounds, Column, Correlation, CorrelationType, Level, Presence, Reference, Target, tactics,
};

use crate::alike::AlikeRules;
use crate::correlate::caller::{CallerRules, is_of_every_caller};
use crate::correlate::content::{content, describe};
use crate::correlate::fact::Key;
use crate::correlate::time::{self, Time};
use crate::rule_set::{ActiveFilter, ActiveRule};

/// The correlations of a rule set, each after those that it refers to.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) correlations: Vec<Planned>,
    /// Per rule: the references that take its hits, as correlation and reference.
    pub(crate) feeds: Vec<Vec<(u32, u32)>>,
    /// Correlations by what they are.
    pub(crate) by_content: HashMap<Key, u32>,
    /// Per rule: what it is and the fields that it goes by, where it has `suppress`.
    pub(crate) suppressing: Vec<Option<Suppressing>>,
    /// Every field that is read, each once.
    pub(crate) fields: Vec<PlannedField>,
    /// Rules that are there for correlations and say the same of requests that are alike.
    pub(crate) alike: AlikeRules,
    /// Rules that are there for correlations and ask who sends a request, and from where, only.
    pub(crate) callers: CallerRules,
}

/// A rule with `suppress`.
#[derive(Debug)]
pub(crate) struct Suppressing {
    pub(crate) content: Key,
    /// Fields of the plan.
    pub(crate) by: Vec<usize>,
    pub(crate) hold: Time,
}

/// A field that is read of events with hits.
#[derive(Debug)]
pub(crate) struct PlannedField {
    pub(crate) field: Field,
    pub(crate) name: String,
    /// Whether its values name somebody or something and hold no secret.
    pub(crate) safe: bool,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Col {
    /// A field of the plan.
    Field(usize),
    RuleName,
    RuleLevel,
    RuleTactics,
    /// A column of the group of the correlation referred to, which no event has.
    Group,
}

/// A correlation that is to be evaluated.
pub(crate) struct KeptCorrelation {
    /// Where it stood among all correlations that were compiled, which is how others refer to it.
    pub(crate) at: usize,
    /// Whether its detections are told.
    pub(crate) told: bool,
    pub(crate) correlation: Correlation,
}

/// The columns of a reference.
#[derive(Debug)]
pub(crate) struct Columns {
    pub(crate) group: Vec<Col>,
    pub(crate) values: Vec<Col>,
    /// Whether the group follows from what a caller is known by.
    pub(crate) is_of_caller: bool,
}

/// A correlation that is evaluated.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) correlation: Correlation,
    /// Where it stood among all correlations that were compiled.
    #[cfg_attr(
        not(feature = "compiled"),
        expect(dead_code, reason = "only the compiled form needs it again")
    )]
    pub(crate) at: usize,
    /// Whether its detections are told.
    pub(crate) told: bool,
    /// What it is, with everything that it stands on: state is kept as long as this stays.
    pub(crate) content: Key,
    /// The references that take its detections.
    pub(crate) outers: Vec<(u32, u32)>,
    /// The columns of its group that a shard is chosen by.
    pub(crate) partition: Vec<usize>,
    /// How far apart events may be.
    pub(crate) timespan: Time,
    pub(crate) learning: Time,
    /// For how long what follows a detection is summed up; 0 for not at all.
    pub(crate) hold: Time,
    /// The columns of the group that this goes by, where it is not all of them.
    pub(crate) hold_by: Option<Vec<usize>>,
    /// Of an ordered one: the entries of `rules` in order, without those that must not match.
    steps: Vec<usize>,
    /// Of a temporal one: whether an entry of `rules` stands in the condition without a `not`.
    wanted: Vec<bool>,
    /// Names, levels and tactics of what is referred to, by reference.
    pub(crate) targets: Vec<Facts>,
    /// Where groups and values come from, by reference.
    pub(crate) columns: Vec<Columns>,
}

/// What is known of a rule or correlation without an event.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) name: String,
    pub(crate) level: Level,
    pub(crate) tactics: Vec<String>,
}

impl Planned {
    pub(crate) fn kind(&self) -> CorrelationType {
        self.correlation.kind()
    }

    pub(crate) fn bounds(&self) -> &Bounds {
        self.correlation.bounds()
    }

    pub(crate) fn presence(&self) -> &Presence {
        self.correlation.presence()
    }

    pub(crate) fn percentile(&self) -> Option<u8> {
        self.correlation.percentile()
    }

    pub(crate) fn n_slots(&self) -> usize {
        self.correlation.slots().len()
    }

    pub(crate) fn steps(&self) -> &[usize] {
        &self.steps
    }

    /// Whether what matched under this entry of `rules` is a part of a detection.
    pub(crate) fn is_wanted(&self, slot: usize) -> bool {
        !self.kind().is_temporal() || self.wanted.get(slot) == Some(&true)
    }

    pub(crate) fn reference(&self, at: u32) -> Option<&Reference> {
        self.correlation.references().get(index(at))
    }

    pub(crate) fn slot(&self, reference: u32) -> usize {
        self.reference(reference)
            .map_or(usize::MAX, |reference| reference.slot)
    }

    /// Whether the group of a hit follows from what a caller is known by.
    pub(crate) fn groups_by_caller(&self, reference: u32) -> bool {
        let columns = self.columns.get(index(reference));
        columns.is_some_and(|columns| columns.is_of_caller)
    }

    pub(crate) fn target(&self, reference: u32) -> Option<&Facts> {
        self.targets.get(index(reference))
    }
}

/// An index as it is stored in state.
pub(crate) fn index(at: u32) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

/// An index to be stored. Sets are limited to far fewer.
pub(crate) fn short(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

impl Plan {
    /// Lays out the correlations, each of which stands after those that it refers to.
    pub(crate) fn new(
        correlations: impl IntoIterator<Item = KeptCorrelation>,
        rules: &[ActiveRule],
        filters: &[ActiveFilter],
    ) -> Self {
        let mut plan = Self {
            feeds: vec![Vec::new(); rules.len()],
            ..Self::default()
        };
        for active in rules {
            let suppressing = active.rule.suppress().map(|suppress| Suppressing {
                content: content(active, filters),
                by: suppress.by.iter().map(|field| plan.field(field)).collect(),
                hold: time::of_duration(suppress.window),
            });
            plan.suppressing.push(suppressing);
        }
        let mut contents = HashMap::new();
        // From compiled rules to those that are evaluated.
        let kept: HashMap<usize, usize> = rules
            .iter()
            .enumerate()
            .map(|(place, active)| (active.at, place))
            .collect();
        // From compiled correlations to planned ones.
        let mut places: HashMap<usize, u32> = HashMap::new();
        for kept_correlation in correlations {
            let KeptCorrelation {
                at,
                told,
                correlation,
            } = kept_correlation;
            let place = short(plan.correlations.len());
            let mut targets = Vec::new();
            let mut hasher = describe(&correlation);
            for (number, reference) in correlation.references().iter().enumerate() {
                let number = (place, short(number));
                let facts = match reference.target {
                    Target::Rule(rule) => kept.get(&rule).and_then(|rule| {
                        let active = rules.get(*rule)?;
                        plan.feeds.get_mut(*rule)?.push(number);
                        hasher.key(
                            *contents
                                .entry(*rule)
                                .or_insert_with(|| content(active, filters)),
                        );
                        Some(Facts {
                            name: active.rule.name().to_owned(),
                            level: active.rule.level(),
                            tactics: owned_tactics(active.rule.tags()),
                        })
                    }),
                    Target::Correlation(inner) => places
                        .get(&inner)
                        .and_then(|inner| plan.correlations.get_mut(index(*inner)))
                        .map(|inner| {
                            inner.outers.push(number);
                            hasher.key(inner.content);
                            Facts {
                                name: inner.correlation.name().to_owned(),
                                level: inner.correlation.level(),
                                tactics: owned_tactics(inner.correlation.tags()),
                            }
                        }),
                };
                // What is left out never matches; its place stays.
                targets.push(facts.unwrap_or_else(|| Facts {
                    name: String::new(),
                    level: Level::Informational,
                    tactics: Vec::new(),
                }));
            }
            let mut key = hasher.finish();
            // Two documents may say the same; they are two all the same.
            while plan.by_content.contains_key(&key) {
                hasher.number(1);
                key = hasher.finish();
            }
            plan.by_content.insert(key, place);
            places.insert(at, place);
            let references = correlation.references().iter();
            let columns = references.map(|reference| {
                let mut all = |columns: &[Column]| -> Vec<Col> {
                    columns.iter().map(|column| plan.column(column)).collect()
                };
                let (group, values) = (all(&reference.group), all(&reference.values));
                Columns {
                    is_of_caller: group.iter().all(|column| plan.is_of_caller(*column)),
                    group,
                    values,
                }
            });
            let columns = columns.collect();
            plan.correlations
                .push(planned(correlation, (at, told), key, (targets, columns)));
        }
        plan.partition();
        plan.alike = AlikeRules::new(rules, filters);
        plan.callers = CallerRules::new(&plan, rules, filters);
        plan
    }

    /// A correlation by its number.
    pub(crate) fn correlation(&self, at: u32) -> Option<&Planned> {
        self.correlations.get(index(at))
    }

    /// Whether a column follows from what every caller is known by.
    fn is_of_caller(&self, column: Col) -> bool {
        let Col::Field(at) = column else {
            return false;
        };
        let field = self.fields.get(at).map(|planned| planned.field.id());
        field.is_some_and(is_of_every_caller)
    }

    /// Where a field stands among those that are read.
    fn field(&mut self, field: &Field) -> usize {
        if let Some(at) = self.fields.iter().position(|known| known.field == *field) {
            return at;
        }
        self.fields.push(PlannedField {
            field: field.clone(),
            name: field.to_string(),
            safe: is_safe(field),
        });
        self.fields.len() - 1
    }

    fn column(&mut self, column: &Column) -> Col {
        match column {
            Column::Field(field) => Col::Field(self.field(field)),
            Column::RuleName => Col::RuleName,
            Column::RuleLevel => Col::RuleLevel,
            Column::RuleTactics => Col::RuleTactics,
            Column::Group(_) => Col::Group,
        }
    }

    /// Whether there is anything to do beside evaluating rules.
    pub(crate) fn is_empty(&self) -> bool {
        self.correlations.is_empty() && self.suppressing.iter().all(Option::is_none)
    }
}

fn planned(
    correlation: Correlation,
    (at, told): (usize, bool),
    content: Key,
    (targets, columns): (Vec<Facts>, Vec<Columns>),
) -> Planned {
    let timespan = time::of_duration(correlation.timespan());
    let learning = time::of_duration(correlation.learning());
    let (hold, hold_by) = match correlation.suppress() {
        Some(suppress) => (
            time::of_duration(suppress.window),
            (suppress.by.len() < correlation.group_by().len()).then(|| suppress.by.clone()),
        ),
        // A value is new once, and the next one is another matter.
        None if correlation.kind() == CorrelationType::NewValue => (0, None),
        None => (timespan, None),
    };
    let steps = if correlation.kind() == CorrelationType::TemporalOrdered {
        correlation.presence().sequence().unwrap_or_default()
    } else {
        Vec::new()
    };
    let mut wanted = vec![false; correlation.slots().len()];
    correlation.presence().visit(false, &mut |slot, negated| {
        if let (false, Some(wanted)) = (negated, wanted.get_mut(slot)) {
            *wanted = true;
        }
    });
    Planned {
        correlation,
        at,
        told,
        content,
        outers: Vec::new(),
        partition: Vec::new(),
        timespan,
        learning,
        hold,
        hold_by,
        steps,
        wanted,
        targets,
        columns,
    }
}

/// Whether the values of a field name somebody or something and hold no secret, so that nothing is masked in them.
fn is_safe(field: &Field) -> bool {
    let path = field.path().segments();
    if field.id() == FieldId::UserExtra {
        // What Kubernetes itself says of a credential: its id, its pod and its node.
        let is_known = |key: &str| key.starts_with("authentication.kubernetes.io/");
        return matches!(path, [Segment::Key(key)] if is_known(key));
    }
    let names = matches!(
        field.id(),
        FieldId::Verb
            | FieldId::Resource
            | FieldId::Subresource
            | FieldId::ApiGroup
            | FieldId::Namespace
            | FieldId::Name
            | FieldId::Ref
            | FieldId::Operation
            | FieldId::UserUsername
            | FieldId::UserId
            | FieldId::UserUid
            | FieldId::UserGroups
            | FieldId::ActorUsername
            | FieldId::ActorGroups
            | FieldId::ActorKind
            | FieldId::ActorId
            | FieldId::ServiceAccountNamespace
            | FieldId::ServiceAccountName
            | FieldId::NodeName
            | FieldId::ClientIp
            | FieldId::ClientNet
            | FieldId::CredentialId
            | FieldId::CredentialPod
            | FieldId::CredentialNode
            | FieldId::Decision
            | FieldId::Status
            | FieldId::Outcome
            | FieldId::SourceProvider
            | FieldId::SourceCluster
    );
    path.is_empty() && names
}

fn owned_tactics(tags: &[String]) -> Vec<String> {
    tactics(tags).map(str::to_owned).collect()
}
