//! A hit that can be kept and sent on: owned, with the event's own facts.

use audit_model::{Event, FieldId, FieldSource};
use rule_lang::Level;
use serde::Serialize;

use crate::correlate::fired::Fired;
use crate::correlate::stream::Origin;
use crate::correlate::time;
use crate::correlated::Correlated;
use crate::hit::{Hit, HitKind};
use crate::redact::Redactor;

/// Version of the serialized form of [`Detection`]; it grows when a key changes its meaning or goes.
pub const SCHEMA: u32 = 1;

/// A hit with the facts of its event, owned and redacted. Serialized, every key is there, `null` when absent.
///
/// # Examples
/// ```
/// use detect::{Detection, Event, Limits, RuleSet};
///
/// let rules = RuleSet::builder().shipped().build()?;
/// let line = br#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"1",
///     "stage":"ResponseStarted","verb":"get","requestURI":"/api/v1/namespaces/shop/pods/web-0/exec?command=id",
///     "user":{"username":"dana@example.test"},"responseStatus":{"code":101},
///     "objectRef":{"resource":"pods","namespace":"shop","name":"web-0","subresource":"exec"}}"#;
/// let event = Event::decode(line, &Limits::default())?;
///
/// let mut scanner = rules.scanner();
/// let detections: Vec<Detection> = scanner.scan(&event).map(|hit| Detection::new(&hit, &event)).collect();
/// assert_eq!(detections[0].rule.name, "exec-into-pod");
/// let event = detections[0].event.as_ref();
/// assert_eq!(event.and_then(|event| event.namespace.as_deref()), Some("shop"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Detection {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The rule that matched.
    pub rule: DetectionRule,
    /// When the stage was reached, else when the request arrived, as written.
    pub time: Option<String>,
    /// Where the event came from.
    pub source: DetectionSource,
    /// What happened; absent for a correlation, which is of several events.
    pub event: Option<DetectionEvent>,
    /// What a correlation found; absent for a rule that matched one event.
    pub correlation: Option<DetectionCorrelation>,
    /// The rule's message.
    pub message: String,
    /// The selections that matched.
    pub matched: Vec<String>,
    /// The fields and values behind them.
    pub evidence: Vec<DetectionEvidence>,
}

/// The rule of a [`Detection`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DetectionRule {
    /// Its name.
    pub name: String,
    /// Its UUID.
    pub id: Option<String>,
    /// Its title.
    pub title: String,
    /// How severe the hit is.
    pub level: Level,
    /// Its tags, `attack.t1609` and the like.
    pub tags: Vec<String>,
}

/// Where the event of a [`Detection`] came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DetectionSource {
    /// The provider, such as `native`.
    pub provider: Option<String>,
    /// The cluster.
    pub cluster: Option<String>,
}

/// The event of a [`Detection`]; names as in the vocabulary of fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DetectionEvent {
    /// Identifies the request over its stages.
    #[serde(rename = "auditID")]
    pub audit_id: Option<String>,
    /// The stage.
    pub stage: Option<String>,
    /// The audit level.
    pub level: Option<String>,
    /// The verb.
    pub verb: Option<String>,
    /// The API group; absent for the core group.
    pub api_group: Option<String>,
    /// The resource.
    pub resource: Option<String>,
    /// The subresource.
    pub subresource: Option<String>,
    /// The namespace.
    pub namespace: Option<String>,
    /// The object's name.
    pub name: Option<String>,
    /// Who holds the credential.
    pub user: Option<String>,
    /// Their groups.
    pub groups: Option<Vec<String>>,
    /// Whom they act as.
    pub impersonated_user: Option<String>,
    /// The last source address.
    #[serde(rename = "clientIP")]
    pub client_ip: Option<String>,
    /// What the client calls itself, redacted.
    pub user_agent: Option<String>,
    /// Path and query, redacted.
    #[serde(rename = "requestURI")]
    pub request_uri: Option<String>,
    /// The HTTP status code.
    pub status: Option<i64>,
    /// The authorizer's decision.
    pub decision: Option<String>,
    /// What is odd about the record.
    pub flags: Vec<&'static str>,
}

/// One field and value of a [`Detection`], redacted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DetectionEvidence {
    /// The field, as the rule names it.
    pub field: String,
    /// The value.
    pub value: String,
}

/// What a correlation found, or what is summed up.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DetectionCorrelation {
    /// Identifies the detection; see [`Correlated::id`](crate::Correlated::id).
    pub id: String,
    /// `event_count`, `temporal` and so on; absent for the summary of a rule with `suppress`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Whether it sums up what followed a detection that was told before.
    pub summary: bool,
    /// The group, and of `new_value` the value that is new.
    pub group: Vec<DetectionEvidence>,
    /// How many events there were; an estimate where there is an error.
    pub count: u64,
    /// The number that the condition is about.
    pub value: Option<f64>,
    /// The standard error of the number and of the count, as a part of it, when they are estimates.
    pub error: Option<f64>,
    /// Where the window begins.
    pub window_start: String,
    /// Where it ends.
    pub window_end: String,
    /// When the first of the events was.
    pub first: String,
    /// When the last of them was.
    pub last: String,
    /// The `auditID`s of the first 16 of them.
    #[serde(rename = "auditIDs")]
    pub audit_ids: Vec<String>,
    /// How many there are.
    pub events: u64,
    /// The rules that matched.
    pub rules: Vec<String>,
}

impl DetectionCorrelation {
    fn new(hit: &Hit<'_>, fired: &Fired) -> Self {
        let correlated = Correlated { fired };
        let owned = |(field, value): (&str, &str)| DetectionEvidence {
            field: field.to_owned(),
            value: value.to_owned(),
        };
        Self {
            id: correlated.id(),
            kind: hit
                .rule()
                .as_correlation()
                .map(|correlation| correlation.kind().to_string()),
            summary: fired.summary,
            group: correlated.group().map(owned).collect(),
            count: fired.count,
            value: fired.value,
            error: fired.error,
            window_start: time::format(fired.start),
            window_end: time::format(fired.end),
            first: time::format(fired.first),
            last: time::format(fired.last),
            audit_ids: correlated.audit_ids().collect(),
            events: fired.ids.total,
            rules: fired.rules.clone(),
        }
    }
}

impl Detection {
    /// Makes a hit into a detection, with the event that it was found in. A hit of a correlation is of other events, and
    /// this one is left out of it.
    pub fn new(hit: &Hit<'_>, event: &Event<'_>) -> Self {
        match hit.kind {
            HitKind::Event { .. } => Self::of_event(hit, event),
            HitKind::Fired { .. } => Self::without_event(hit),
        }
    }

    /// Makes a hit into a detection where there is no event: what [`Detector::flush`](crate::Detector::flush) and
    /// [`Detector::finish`](crate::Detector::finish) yield.
    pub fn without_event(hit: &Hit<'_>) -> Self {
        let fired = match hit.kind {
            HitKind::Event { .. } => None,
            HitKind::Fired { fired, .. } => Some(fired),
        };
        let part = |part: fn(&Origin) -> &Option<Box<str>>| {
            let part = part(&fired?.origin).as_deref();
            part.map(str::to_owned)
        };
        Self {
            schema: SCHEMA,
            rule: DetectionRule::new(hit),
            time: fired.map(|fired| time::format(fired.last)),
            source: DetectionSource {
                provider: part(|origin| &origin.provider),
                cluster: part(|origin| &origin.cluster),
            },
            event: None,
            correlation: fired.map(|fired| DetectionCorrelation::new(hit, fired)),
            message: hit.message().to_owned(),
            matched: hit.matched().map(str::to_owned).collect(),
            evidence: evidence(hit),
        }
    }

    fn of_event(hit: &Hit<'_>, event: &Event<'_>) -> Self {
        let recorded = |field| event.text(0, field);
        let owned = |field| recorded(field).map(str::to_owned);
        // `objectRef` holds empty texts for what a request has not.
        let some = |field| {
            recorded(field)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        let mut redactor = Redactor::borrowing();
        let mut redacted = |field| {
            recorded(field).map(|text| {
                let mut out = String::new();
                redactor.push(text, &mut out);
                out
            })
        };
        let mut groups = Vec::new();
        let has_groups = event.list(0, FieldId::UserGroups, &mut |group| {
            groups.push(group.to_owned());
        });
        let annotation = |key| {
            let annotations = event.annotations.as_ref()?;
            annotations
                .iter()
                .rfind(|(known, _)| known == key)
                .map(|(_, value)| value.clone().into_owned())
        };
        Self {
            schema: SCHEMA,
            rule: DetectionRule::new(hit),
            time: owned(FieldId::StageTimestamp)
                .or_else(|| owned(FieldId::RequestReceivedTimestamp)),
            source: DetectionSource {
                provider: owned(FieldId::SourceProvider),
                cluster: owned(FieldId::SourceCluster),
            },
            event: Some(DetectionEvent {
                audit_id: owned(FieldId::AuditId),
                stage: owned(FieldId::Stage),
                level: owned(FieldId::Level),
                verb: owned(FieldId::Verb),
                api_group: some(FieldId::ObjectRefApiGroup),
                resource: some(FieldId::ObjectRefResource),
                subresource: some(FieldId::ObjectRefSubresource),
                namespace: some(FieldId::ObjectRefNamespace),
                name: hit
                    .name()
                    .map(str::to_owned)
                    .or_else(|| some(FieldId::ObjectRefName)),
                user: owned(FieldId::UserUsername),
                groups: has_groups.then_some(groups),
                impersonated_user: owned(FieldId::ImpersonatedUsername),
                client_ip: hit.client_ip().map(str::to_owned),
                user_agent: redacted(FieldId::UserAgent),
                request_uri: redacted(FieldId::RequestUri),
                status: event.code(0),
                decision: annotation("authorization.k8s.io/decision"),
                flags: hit.flags().names().collect(),
            }),
            correlation: None,
            message: hit.message().to_owned(),
            matched: hit.matched().map(str::to_owned).collect(),
            evidence: evidence(hit),
        }
    }
}

impl DetectionRule {
    fn new(hit: &Hit<'_>) -> Self {
        let rule = hit.rule();
        Self {
            name: rule.name().to_owned(),
            id: rule.id().map(str::to_owned),
            title: rule.title().to_owned(),
            level: hit.level(),
            tags: rule.tags().to_vec(),
        }
    }
}

fn evidence(hit: &Hit<'_>) -> Vec<DetectionEvidence> {
    let shown = hit.evidence().map(|shown| DetectionEvidence {
        field: shown.field.to_owned(),
        value: shown.value.to_owned(),
    });
    shown.collect()
}
