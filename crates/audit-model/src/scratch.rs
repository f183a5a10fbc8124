//! The fields of one event, found when they are asked for and kept until the next event.

use std::sync::Arc;

use crate::field::FieldId;
use crate::field_source::FieldSource;
use crate::flags::Flags;
use crate::limits::Limits;
use crate::network::Network;
use crate::pkcs10::Buffers;
use crate::tree::{Kind, NodeId, Tree};

/// Memory in which the fields of one event are found.
///
/// One per thread, reused from event to event: after it has held the largest one it allocates nothing.
///
/// # Examples
/// ```
/// use audit_model::{Doubt, Event, Field, Limits, Scratch, Value};
///
/// let line = br#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"1","stage":"ResponseComplete","verb":"get",
///     "requestURI":"/api/v1/namespaces/shop/pods/web-0/exec?command=sh&command=-c&command=id",
///     "objectRef":{"resource":"pods","namespace":"shop","name":"web-0","subresource":"exec"}}"#;
/// let event = Event::decode(line, &Limits::default())?;
///
/// let mut scratch = Scratch::default();
/// scratch.begin();
/// let program = Field::resolve("exec.program")?;
/// let node = scratch.field(&event, program.id());
/// let is_shell = scratch.tree().any_value(node.into(), program.path().segments(), Doubt::AnyReading, &mut |value| {
///     value == Value::Text("sh")
/// });
/// assert!(is_shell);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    pub(crate) tree: Tree,
    pub(crate) limits: Limits,
    /// The proxies before the API server that say truly whom they speak for.
    pub(crate) trusted_proxies: Arc<[Network]>,
    pub(crate) flags: Flags,
    /// Whether a field was asked for since the last beginning.
    used: bool,
    /// Per reading, then per slot: the node of a field that has been found.
    slots: Vec<Option<NodeId>>,
    /// Per field: its node over all readings.
    combined: Vec<Option<NodeId>>,
    /// Hashes of volume names with the volume's host paths.
    pub(crate) volumes: Vec<(u64, NodeId)>,
    /// For certificate signing requests: one as text, and what it is unpacked into.
    pub(crate) certificates: (String, Buffers),
}

/// A part of an event that other fields are derived from, kept beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The pod template in full, though a request shows a part of it only.
    PodTemplate,
    /// The names in a certificate signing request.
    CertificateRequest,
}

/// Slots of one reading: its fields, then its parts.
const SLOTS: usize = FieldId::COUNT + 2;

impl Scratch {
    /// A scratch with limits on the bodies that it reads.
    pub fn with_limits(limits: Limits) -> Self {
        Self {
            limits,
            ..Self::default()
        }
    }

    /// Trusts these proxies to say truly whom they speak for, so that `client.ip` is the address before theirs.
    #[must_use]
    pub fn with_trusted_proxies(mut self, networks: Arc<[Network]>) -> Self {
        self.trusted_proxies = networks;
        self
    }

    /// Forgets the last event. To be called before the first field of the next.
    pub fn begin(&mut self) {
        if !self.used && !self.combined.is_empty() {
            return;
        }
        self.used = false;
        self.tree.clear();
        self.flags = Flags::default();
        self.slots.clear();
        self.combined.clear();
        self.combined.resize(FieldId::COUNT, None);
    }

    /// The values that have been found.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Finds a field: where its values begin in [`Scratch::tree`].
    pub fn field(&mut self, source: &dyn FieldSource, field: FieldId) -> NodeId {
        self.used = true;
        if let Some(Some(node)) = self.combined.get(field.index()) {
            return *node;
        }
        let node = match source.readings() {
            0 | 1 => Reading {
                scratch: self,
                source,
                number: 0,
            }
            .field(field),
            readings => {
                let either = self.tree.add(Kind::Either);
                for number in 0..readings {
                    let node = Reading {
                        scratch: self,
                        source,
                        number,
                    }
                    .field(field);
                    // What the repeated key has nothing to do with is one value.
                    let tree = &self.tree;
                    let is_known = tree.children(either).any(|known| tree.is_same(known, node));
                    if !is_known {
                        let alias = self.tree.add_alias(node);
                        self.tree.push(either, alias);
                    }
                }
                either
            }
        };
        if let Some(slot) = self.combined.get_mut(field.index()) {
            *slot = Some(node);
        }
        node
    }

    /// Where the values of a field begin, if it has been found for this event.
    pub fn found(&self, field: FieldId) -> Option<NodeId> {
        self.combined.get(field.index()).copied().flatten()
    }

    /// Whether `each` says yes to some text or number that is recorded, bodies included. What is derived from them is
    /// no text of the event.
    pub fn any_text(
        &mut self,
        source: &dyn FieldSource,
        each: &mut dyn FnMut(&str) -> bool,
    ) -> bool {
        crate::field::FIELDS
            .iter()
            .filter(|info| info.id.is_recorded())
            .any(|info| {
                let node = self.field(source, info.id);
                self.tree.any_text(node, each)
            })
    }

    /// What has been seen so far to be odd about the record, without reading more of it.
    pub fn flags_so_far(&self) -> Flags {
        self.flags
    }

    /// What is odd about the record. Reads both bodies.
    pub fn flags(&mut self, source: &dyn FieldSource) -> Flags {
        self.field(source, FieldId::EventFlags);
        self.flags
    }
}

/// One reading of an event while its fields are found.
pub(crate) struct Reading<'s> {
    pub(crate) scratch: &'s mut Scratch,
    pub(crate) source: &'s dyn FieldSource,
    pub(crate) number: usize,
}

impl<'s> Reading<'s> {
    pub(crate) fn field(&mut self, field: FieldId) -> NodeId {
        self.slot(field.index(), |reading| reading.find(field))
    }

    pub(crate) fn part(&mut self, part: Part) -> NodeId {
        self.slot(FieldId::COUNT + part as usize, |reading| match part {
            Part::PodTemplate => reading.find_pod_template(),
            Part::CertificateRequest => reading.find_certificate_request(),
        })
    }

    fn slot(&mut self, slot: usize, find: impl FnOnce(&mut Self) -> NodeId) -> NodeId {
        let slot = self.number * SLOTS + slot;
        if let Some(Some(node)) = self.scratch.slots.get(slot) {
            return *node;
        }
        let node = find(self);
        if self.scratch.slots.len() <= slot {
            self.scratch.slots.resize((self.number + 1) * SLOTS, None);
        }
        if let Some(slot) = self.scratch.slots.get_mut(slot) {
            *slot = Some(node);
        }
        node
    }

    pub(crate) fn tree(&mut self) -> &mut Tree {
        &mut self.scratch.tree
    }

    /// The text of a recorded field. It borrows from the event, not from the scratch.
    pub(crate) fn recorded(&self, field: FieldId) -> Option<&'s str> {
        self.source.text(self.number, field)
    }

    /// The same, an empty text counted as absent.
    pub(crate) fn recorded_some(&self, field: FieldId) -> Option<&'s str> {
        self.recorded(field).filter(|text| !text.is_empty())
    }

    pub(crate) fn missing(&mut self) -> NodeId {
        self.tree().add(Kind::Missing)
    }

    pub(crate) fn text(&mut self, text: Option<&str>) -> NodeId {
        match text {
            Some(text) => self.tree().add_text(text),
            None => self.missing(),
        }
    }

    pub(crate) fn bool(&mut self, value: bool) -> NodeId {
        self.tree().add(Kind::Bool(value))
    }
}
