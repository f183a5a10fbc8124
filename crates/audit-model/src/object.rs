//! Views of the bodies: the object that a write leaves behind, its pod template, its RBAC.

use crate::field::FieldId;
use crate::flags::Flags;
use crate::plain::{self, Plain};
use crate::scratch::{Part, Reading};
use crate::tree::{Kind, NodeId, Tree, TreeError};
use crate::uri::clean_path;

/// What some providers log in the place of a body that is too large.
pub(crate) const SKIPPED: &str = "skipped-too-big-size-object";
/// Set to `true` by the API server when it drops the bodies of an event (`plugin/pkg/audit/truncate`).
pub(crate) const TRUNCATED: &str = "audit.k8s.io/truncated";

/// What a role or a binding says.
const RBAC_PARTS: &[&[&str]] = &[
    &["rules"],
    &["aggregationRule"],
    &["subjects"],
    &["roleRef"],
];

/// Whether a request writes a part of the object. A repeated key can leave it open.
#[derive(Clone, Copy)]
enum Writes {
    Yes,
    No,
    InDoubt,
}

impl Reading<'_> {
    pub(crate) fn find_body(&mut self, field: FieldId) -> NodeId {
        let Some(json) = self.source.body(self.number, field) else {
            return self.missing();
        };
        let limits = self.scratch.limits;
        match self.tree().parse(json, &limits) {
            Ok(node) => node,
            Err(TreeError::Depth | TreeError::Nodes) => {
                self.scratch.flags.set(Flags::BODY_OPAQUE, true);
                self.missing()
            }
        }
    }

    /// Follows keys through objects only; several readings where a key on the way is repeated.
    pub(crate) fn alternatives(&mut self, start: NodeId, keys: &[&str]) -> NodeId {
        alternatives(self.tree(), start, keys)
    }

    fn is_object(&self, node: NodeId) -> bool {
        let tree = &self.scratch.tree;
        tree.readings(node)
            .any(|node| matches!(tree.kind(node), Kind::Object | Kind::Parts | Kind::Unknown))
    }

    pub(crate) fn find_object(&mut self) -> NodeId {
        match self.recorded(FieldId::Verb) {
            Some("create" | "update") => {
                let request = self.field(FieldId::RequestObject);
                if self.is_object(request) {
                    request
                } else {
                    self.missing()
                }
            }
            Some("patch") => {
                let response = self.field(FieldId::ResponseObject);
                if self.is_full_object(response) {
                    response
                } else {
                    self.field(FieldId::Patch)
                }
            }
            _ => self.missing(),
        }
    }

    /// Whether the answer to a patch is the object itself: the client may ask for its metadata only, or for a table.
    pub(crate) fn is_full_object(&mut self, response: NodeId) -> bool {
        if !self.is_object(response) {
            return false;
        }
        let kind = self.alternatives(response, &["kind"]);
        let version = self.alternatives(response, &["apiVersion"]);
        let tree = &self.scratch.tree;
        let partial = tree.text(kind) == Some("Status")
            || tree
                .text(version)
                .is_some_and(|version| version.starts_with("meta.k8s.io/"));
        !partial
    }

    pub(crate) fn find_patch(&mut self) -> NodeId {
        if self.recorded(FieldId::Verb) != Some("patch") {
            return self.missing();
        }
        let request = self.field(FieldId::RequestObject);
        self.make_patch(request)
    }

    /// Whether a request writes something at one of these paths of the object. A patch writes what it names; where its
    /// body is not there to look at, the doubt counts as yes.
    fn writes(&mut self, paths: &[&[&str]]) -> Writes {
        if self.recorded(FieldId::Verb) != Some("patch") {
            return Writes::Yes;
        }
        let request = self.field(FieldId::RequestObject);
        let tree = &self.scratch.tree;
        let readable = tree
            .readings(request)
            .any(|node| matches!(tree.kind(node), Kind::Object | Kind::List));
        if !readable {
            return Writes::Yes;
        }
        let patch = self.field(FieldId::Patch);
        let mut writes = Writes::No;
        for path in paths {
            let at = self.alternatives(patch, path);
            let tree = &self.scratch.tree;
            let nothing = |node| matches!(tree.kind(node), Kind::Missing | Kind::Null);
            if !tree.readings(at).any(nothing) {
                return Writes::Yes;
            }
            if !tree.readings(at).all(nothing) {
                writes = Writes::InDoubt;
            }
        }
        writes
    }

    /// What is seen of a part of the object by a request that may not be about it.
    fn seen(&mut self, writes: Writes, part: NodeId) -> NodeId {
        match writes {
            Writes::Yes => part,
            Writes::No => self.missing(),
            Writes::InDoubt => {
                let either = self.tree().add(Kind::Either);
                push_readings(self.tree(), either, part);
                let missing = self.missing();
                self.tree().push(either, missing);
                either
            }
        }
    }

    /// Where the object keeps its pod template; `None` when the request is about nothing that has one. What is read and what
    /// may have been there both go by it.
    pub(crate) fn template_path(&self) -> Option<&'static [&'static str]> {
        if !self.is_plain() && !self.is_ephemeral() {
            return None;
        }
        let resource = self.recorded(FieldId::ObjectRefResource)?;
        template_path(resource, self.recorded_some(FieldId::ObjectRefApiGroup))
    }

    pub(crate) fn is_ephemeral(&self) -> bool {
        self.recorded_some(FieldId::ObjectRefSubresource) == Some("ephemeralcontainers")
            && self.recorded(FieldId::ObjectRefResource) == Some("pods")
    }

    /// Whether the request is about the object itself and not about a subresource of it.
    pub(crate) fn is_plain(&self) -> bool {
        self.recorded_some(FieldId::ObjectRefSubresource).is_none()
    }

    /// The pod template in full.
    pub(crate) fn find_pod_template(&mut self) -> NodeId {
        let Some(path) = self.template_path() else {
            return self.missing();
        };
        let object = self.field(FieldId::Object);
        self.alternatives(object, path)
    }

    /// The part of the pod template that the request shows: all of it, or the ephemeral containers that it adds.
    pub(crate) fn find_pod_spec(&mut self) -> NodeId {
        let Some(path) = self.template_path() else {
            return self.missing();
        };
        if self.is_ephemeral() {
            let writes = self.writes(&[&["spec", "ephemeralContainers"]]);
            let template = self.part(Part::PodTemplate);
            let containers = self.alternatives(template, &["ephemeralContainers"]);
            let tree = self.tree();
            if tree
                .readings(containers)
                .all(|node| tree.kind(node) == Kind::Missing)
            {
                return self.missing();
            }
            let shown = tree.add(Kind::Object);
            let containers = tree.add_alias(containers);
            tree.push_at(shown, "ephemeralContainers", containers);
            return self.seen(writes, shown);
        }
        let template = self.part(Part::PodTemplate);
        let writes = self.writes(&[path]);
        self.seen(writes, template)
    }

    pub(crate) fn find_volumes(&mut self) -> NodeId {
        let spec = self.field(FieldId::PodSpec);
        self.alternatives(spec, &["volumes"])
    }

    pub(crate) fn find_host_paths(&mut self) -> NodeId {
        let volumes = self.field(FieldId::Volumes);
        let list = self.tree().add(Kind::List);
        let mut members = self.tree().take_open();
        let tree = &self.scratch.tree;
        for reading in tree.readings(volumes) {
            members.extend(tree.list_members(reading));
        }
        let mut in_doubt = tree.kind(tree.target(volumes)) == Kind::Either;
        for volume in &members {
            in_doubt |= self.push_host_path(list, *volume);
        }
        self.tree().put_open(members);
        if self.tree().first_child(list).is_none() {
            return self.missing();
        }
        // Readings may have some of the paths each, so none of them is sure.
        self.seen(
            if in_doubt {
                Writes::InDoubt
            } else {
                Writes::Yes
            },
            list,
        )
    }

    /// Hangs the cleaned host paths of a volume below a list; whether there are several readings of it.
    fn push_host_path(&mut self, list: NodeId, volume: NodeId) -> bool {
        let path = self.alternatives(volume, &["hostPath", "path"]);
        let tree = self.tree();
        let several = tree.kind(path) == Kind::Either;
        let mut next = first_reading(tree, path);
        while let Some(reading) = next {
            next = if several { tree.next(reading) } else { None };
            if tree.text(reading).is_some() {
                let clean = tree.add_text_from(reading, clean_path);
                tree.push(list, clean);
            }
        }
        several
    }

    /// Whether the request is about a role, or about a binding of one.
    pub(crate) fn is_rbac(&self, of_binding: bool) -> bool {
        let fits = match self.recorded(FieldId::ObjectRefResource) {
            Some("roles" | "clusterroles") => !of_binding,
            Some("rolebindings" | "clusterrolebindings") => of_binding,
            _ => false,
        };
        fits && self.is_plain()
    }

    /// RBAC rules or the granted role, of a request that writes some part of what a role or a binding says.
    pub(crate) fn find_rbac(&mut self, key: &str, of_binding: bool) -> NodeId {
        if !self.is_rbac(of_binding) {
            return self.missing();
        }
        let writes = self.writes(RBAC_PARTS);
        let object = self.field(FieldId::Object);
        let part = self.alternatives(object, &[key]);
        self.seen(writes, part)
    }

    /// Whether a request may write some part of what a role or a binding says.
    pub(crate) fn writes_rbac(&mut self) -> bool {
        !matches!(self.writes(RBAC_PARTS), Writes::No)
    }

    pub(crate) fn find_flags(&mut self) -> NodeId {
        for body in [FieldId::RequestObject, FieldId::ResponseObject] {
            let node = self.field(body);
            self.flag_body(body, node);
        }
        // A patch is made into a tree to see whether it is indirect.
        self.field(FieldId::Patch);
        let source = self.source;
        // So is a map to see whether it repeats a key, if that is not known.
        for field in [
            FieldId::UserExtra,
            FieldId::ImpersonatedExtra,
            FieldId::Annotations,
        ] {
            if source.repeats_key(field) != Some(false) {
                self.field(field);
            }
        }
        // A request is unpacked to see whether it can be read.
        self.part(Part::CertificateRequest);
        let truncated = source.is_cut() || self.says_truncated();
        let tree = &self.scratch.tree;
        let duplicate_key = source.readings() > 1 || tree.has_duplicate_key();
        let invalid_text = source.has_invalid_text() || tree.has_invalid_text();
        let flags = &mut self.scratch.flags;
        flags.set(Flags::BODY_TRUNCATED, truncated);
        flags.set(Flags::DUPLICATE_KEY, duplicate_key);
        flags.set(Flags::INVALID_TEXT, invalid_text);
        let flags = *flags;
        let list = self.tree().add(Kind::List);
        for name in flags.names() {
            let name = self.tree().add_text(name);
            self.tree().push(list, name);
        }
        list
    }

    /// Whether an annotation says that the event was too large for the log.
    fn says_truncated(&mut self) -> bool {
        if self.source.readings() == 1
            && let Some(known) = plain::annotation(self.source, 0, TRUNCATED)
        {
            return known == Plain::Text("true");
        }
        let truncated = self.find_annotation(TRUNCATED);
        let tree = &self.scratch.tree;
        tree.readings(truncated)
            .any(|node| tree.text(node) == Some("true"))
    }

    fn flag_body(&mut self, body: FieldId, node: NodeId) {
        let tree = &self.scratch.tree;
        let operations =
            body == FieldId::RequestObject && self.recorded(FieldId::Verb) == Some("patch");
        let (mut truncated, mut odd) = (false, false);
        for node in tree.readings(node) {
            truncated |= tree.text(node) == Some(SKIPPED);
            odd |= match tree.kind(node) {
                Kind::Object | Kind::Null | Kind::Missing => false,
                Kind::List => !operations,
                _ => tree.text(node) != Some(SKIPPED),
            };
        }
        self.scratch.flags.set(Flags::BODY_TRUNCATED, truncated);
        self.scratch.flags.set(Flags::BODY_NOT_OBJECT, odd);
    }
}

/// Whether objects of a resource may have a pod template, so that requests for them may have
/// [`FieldId::PodSpec`](crate::FieldId::PodSpec) and what is made of it: those of Kubernetes that do, and those of groups
/// that are not its own. The group is `None` for the core group.
///
/// # Examples
/// ```
/// use audit_model::may_have_pod_template;
///
/// assert!(may_have_pod_template("deployments", Some("apps")));
/// assert!(may_have_pod_template("rollouts", Some("argoproj.io")));
/// assert!(!may_have_pod_template("secrets", None));
/// ```
pub fn may_have_pod_template(resource: &str, group: Option<&str>) -> bool {
    template_path(resource, group).is_some()
}

/// Where objects of a resource keep a pod template. Of Kubernetes' own resources it is known which do; what a body of
/// another one says there, the server throws away.
fn template_path(resource: &str, group: Option<&str>) -> Option<&'static [&'static str]> {
    const OF_WORKLOADS: &[&str] = &["spec", "template", "spec"];
    match (resource, group) {
        ("pods", None) => Some(&["spec"]),
        ("podtemplates", None) => Some(&["template", "spec"]),
        ("cronjobs", _) => Some(&["spec", "jobTemplate", "spec", "template", "spec"]),
        (
            "replicationcontrollers"
            | "deployments"
            | "daemonsets"
            | "replicasets"
            | "statefulsets"
            | "jobs",
            _,
        ) => Some(OF_WORKLOADS),
        // Of one that Kubernetes may yet add to its workloads, the doubt counts as yes.
        (resource, Some("apps" | "batch")) => {
            (resource != "controllerrevisions").then_some(OF_WORKLOADS)
        }
        // Groups without a domain are Kubernetes' own, and so are those of its domain. A custom kind may do as the
        // workloads do.
        (_, Some(group)) => {
            (group.contains('.') && !group.ends_with(".k8s.io")).then_some(OF_WORKLOADS)
        }
        (_, None) => None,
    }
}

/// The first of the readings of a node. `Tree::next` leads to the others when the node is [`Kind::Either`].
fn first_reading(tree: &Tree, node: NodeId) -> Option<NodeId> {
    let node = tree.target(node);
    if tree.kind(node) == Kind::Either {
        tree.first_child(node)
    } else {
        Some(node)
    }
}

/// Follows keys through objects only; several readings where a key on the way is repeated.
pub(crate) fn alternatives(tree: &mut Tree, start: NodeId, keys: &[&str]) -> NodeId {
    let mut node = tree.target(start);
    for key in keys {
        node = match tree.kind(node) {
            Kind::Either => {
                let either = tree.add(Kind::Either);
                let mut next = tree.first_child(node);
                while let Some(reading) = next {
                    next = tree.next(reading);
                    let below = step(tree, reading, key);
                    push_readings(tree, either, below);
                }
                either
            }
            _ => step(tree, node, key),
        };
    }
    node
}

/// Hangs a node, or each of its readings, below [`Kind::Either`].
fn push_readings(tree: &mut Tree, either: NodeId, node: NodeId) {
    let mut next = first_reading(tree, node);
    let several = tree.kind(tree.target(node)) == Kind::Either;
    while let Some(reading) = next {
        next = if several { tree.next(reading) } else { None };
        let alias = tree.add_alias(reading);
        tree.push(either, alias);
    }
}

/// One key down.
fn step(tree: &mut Tree, node: NodeId, key: &str) -> NodeId {
    let node = tree.target(node);
    match tree.kind(node) {
        Kind::Unknown => return node,
        Kind::Object | Kind::Parts => {}
        _ => return tree.add(Kind::Missing),
    }
    let mut found = None;
    let mut either = None;
    let mut next = tree.first_child(node);
    while let Some(child) = next {
        next = tree.next(child);
        if tree.key(child) != Some(key) {
            continue;
        }
        match (found, either) {
            (None, _) => found = Some(child),
            (Some(_), Some(either)) => push_readings(tree, either, child),
            (Some(first), None) => {
                let new = tree.add(Kind::Either);
                push_readings(tree, new, first);
                push_readings(tree, new, child);
                either = Some(new);
            }
        }
    }
    match either.or(found) {
        Some(node) => tree.target(node),
        None => tree.add(Kind::Missing),
    }
}
