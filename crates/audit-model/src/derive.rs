//! The vocabulary of the envelope: recorded values, and what is derived from them.

use std::net::IpAddr;

use crate::field::FieldId;
use crate::field_source::MapItem;
use crate::network::Around;
use crate::pkcs10::Subject;
use crate::plain::{self, Answer, Plain};
use crate::scratch::Reading;
use crate::source::Provider;
use crate::tree::{Kind, NodeId};
use crate::uri::{parameters, percent_decode, split_query};

/// The annotations in which the authorizer says what it decided and why.
pub(crate) const DECISION: &str = "authorization.k8s.io/decision";
const REASON: &str = "authorization.k8s.io/reason";
/// The annotation that names a token by which a service account may be used from now on (KEP-4193).
const ISSUED: &str = "authentication.kubernetes.io/issued-credential-id";

/// The label in which GKE's audit log says that a write was a trial.
const GKE_DRY_RUN: &str = "command.gke.io/dryRun";

/// Longest chain of proxies that is followed to the client. Of a longer one the last address counts.
const MAX_PROXIES: usize = 64;

impl Reading<'_> {
    pub(crate) fn find(&mut self, field: FieldId) -> NodeId {
        match Plain::of_reading(self.source, self.number, field) {
            Some(Plain::Missing) => return self.missing(),
            Some(Plain::Text(text)) => return self.text(Some(text)),
            Some(Plain::Number(number)) => return self.tree().add_number(number),
            None => {}
        }
        match field {
            FieldId::Name => self.find_name(),
            FieldId::Ref => self.find_ref(),
            FieldId::UserGroups | FieldId::ImpersonatedGroups | FieldId::SourceIps => {
                self.find_list(field)
            }
            FieldId::UserExtra | FieldId::ImpersonatedExtra | FieldId::Annotations => {
                self.find_map(field)
            }
            FieldId::ActorGroups => {
                let (_, groups) = plain::actor(self.source, self.number);
                self.field(groups)
            }
            FieldId::ClientIp => self.find_client_ip(),
            FieldId::ClientNet => self.find_client_net(),
            FieldId::CredentialId => self.find_credential(&[
                "authentication.kubernetes.io/credential-id",
                // EKS records the key behind an IAM identity.
                "accessKeyId",
            ]),
            FieldId::CredentialPod => {
                self.find_credential(&["authentication.kubernetes.io/pod-name"])
            }
            FieldId::CredentialNode => {
                self.find_credential(&["authentication.kubernetes.io/node-name"])
            }
            FieldId::CredentialIssued => self.find_annotation(ISSUED),
            FieldId::UriPath => self.find_uri_path(),
            FieldId::UriQuery => self.find_query(),
            FieldId::ExecCommand => self.find_exec_command(),
            FieldId::ExecProgram => self.find_exec_program(),
            FieldId::ExecCommandLine => self.find_command_line(),
            FieldId::ExecContainer => self.find_exec_container(),
            FieldId::ExecTty => self.find_exec_switch("tty"),
            FieldId::ExecStdin => self.find_exec_switch("stdin"),
            FieldId::Decision => self.find_annotation(DECISION),
            FieldId::Reason => self.find_annotation(REASON),
            FieldId::Outcome => self.find_outcome(),
            FieldId::User
            | FieldId::ImpersonatedUser
            | FieldId::AuthenticationMetadata
            | FieldId::ObjectRef
            | FieldId::ResponseStatus => {
                let kind = if self.source.has(self.number, field) {
                    Kind::Object
                } else {
                    Kind::Missing
                };
                self.tree().add(kind)
            }
            FieldId::RequestObject
            | FieldId::ResponseObject
            | FieldId::ResponseStatusDetails
            | FieldId::ResponseStatusMetadata => self.find_body(field),
            FieldId::Object => self.find_object(),
            FieldId::Patch => self.find_patch(),
            FieldId::PodSpec => self.find_pod_spec(),
            FieldId::Containers => self.find_containers(),
            FieldId::Volumes => self.find_volumes(),
            FieldId::HostPaths => self.find_host_paths(),
            FieldId::RbacRules => self.find_rbac("rules", false),
            FieldId::RbacSubjects => self.find_subjects(),
            FieldId::RbacRoleRef => self.find_rbac("roleRef", true),
            FieldId::CsrCommonName => self.find_csr_names(Subject::Common),
            FieldId::CsrOrganizations => self.find_csr_names(Subject::Organization),
            FieldId::CsrDnsNames => self.find_csr_names(Subject::Dns),
            FieldId::CsrSignerName => self.find_csr_spec("signerName"),
            FieldId::CsrUsages => self.find_csr_spec("usages"),
            FieldId::EventFlags => self.find_flags(),
            _ => self.missing(),
        }
    }

    /// The name that only the answer knows.
    fn find_name(&mut self) -> NodeId {
        let response = self.field(FieldId::ResponseObject);
        self.alternatives(response, &["metadata", "name"])
    }

    fn find_ref(&mut self) -> NodeId {
        let name = self.field(FieldId::Name);
        let namespace = self.recorded_some(FieldId::ObjectRefNamespace);
        // A namespace is at cluster scope, though `objectRef` gives it one: itself.
        let namespace =
            namespace.filter(|_| self.recorded(FieldId::ObjectRefResource) != Some("namespaces"));
        match namespace {
            Some(namespace) if self.tree().text(name).is_some() => {
                self.tree().add_text_from(name, |name, out| {
                    out.push_str(namespace);
                    out.push('/');
                    out.push_str(name);
                })
            }
            Some(_) => self.missing(),
            None => name,
        }
    }

    fn find_list(&mut self, field: FieldId) -> NodeId {
        let list = self.tree().add(Kind::List);
        let tree = &mut self.scratch.tree;
        let found = self.source.list(self.number, field, &mut |member| {
            let member = tree.add_text(member);
            tree.push(list, member);
        });
        if found { list } else { self.missing() }
    }

    fn find_map(&mut self, field: FieldId) -> NodeId {
        let map = self.tree().add(Kind::Object);
        let tree = &mut self.scratch.tree;
        let mut list = None;
        let found = self.source.map(self.number, field, &mut |item| match item {
            MapItem::Text(key, value) => {
                let value = tree.add_text(value);
                tree.push_at(map, key, value);
            }
            MapItem::List(key) => {
                let new = tree.add(Kind::List);
                tree.push_at(map, key, new);
                list = Some(new);
            }
            MapItem::Member(member) => {
                let member = tree.add_text(member);
                if let Some(list) = list {
                    tree.push(list, member);
                }
            }
        });
        if !found {
            return self.missing();
        }
        self.tree().find_repeats(map);
        map
    }

    pub(crate) fn find_annotation(&mut self, key: &str) -> NodeId {
        let annotations = self.field(FieldId::Annotations);
        self.alternatives(annotations, &[key])
    }

    /// The first of these facts about the presented credential that the authenticator gave.
    fn find_credential(&mut self, keys: &[&str]) -> NodeId {
        let extra = self.field(FieldId::UserExtra);
        for key in keys {
            let values = self.alternatives(extra, &[key]);
            let tree = self.tree();
            let given =
                tree.any_value(values.into(), &[], crate::Doubt::AnyReading, &mut |value| {
                    value.as_text().is_some_and(|text| !text.is_empty())
                });
            if given {
                return values;
            }
        }
        self.missing()
    }

    /// The address that the outermost trusted proxy saw, or the API server itself.
    ///
    /// The last address is the peer of the API server; nobody can forge it. What stands before it is the peer's word, true
    /// if the peer is a trusted proxy, and so on. When every address is trusted, a client within a trusted network may
    /// have made up those on the left, so it is the last one again.
    fn find_client_ip(&mut self) -> NodeId {
        let ips = self.field(FieldId::SourceIps);
        let scratch = &mut *self.scratch;
        let (mut seen, mut last) = (None, None);
        // A client may send any number of addresses.
        let n_before = scratch
            .tree
            .children(ips)
            .count()
            .saturating_sub(MAX_PROXIES);
        for ip in scratch.tree.children(ips).skip(n_before) {
            let address = scratch.tree.text(ip).and_then(|ip| ip.parse().ok());
            let is_trusted = address.is_some_and(|address| {
                let mut trusted = scratch.trusted_proxies.iter();
                trusted.any(|network| network.contains(address))
            });
            last = Some(ip);
            if !is_trusted {
                seen = last;
            }
        }
        match seen.or(last) {
            Some(ip) => self.tree().add_alias(ip),
            None => self.missing(),
        }
    }

    fn find_client_net(&mut self) -> NodeId {
        let ip = self.field(FieldId::ClientIp);
        let Some(ip) = self
            .tree()
            .text(ip)
            .and_then(|ip| ip.parse::<IpAddr>().ok())
        else {
            return self.missing();
        };
        self.tree().add_text_with(|out| {
            // Writing to a `String` cannot fail.
            let _ = std::fmt::Write::write_fmt(out, format_args!("{}", Around(ip)));
        })
    }

    fn find_uri_path(&mut self) -> NodeId {
        let Some(uri) = self.recorded(FieldId::RequestUri) else {
            return self.missing();
        };
        self.tree()
            .add_text_with(|out| percent_decode(split_query(uri).0, false, out))
    }

    /// Whether the event's log may have left out the query, so that what is not there says nothing.
    pub(crate) fn is_queryless(&self) -> bool {
        let provider = self.recorded(FieldId::SourceProvider);
        let uri = self.recorded(FieldId::RequestUri).unwrap_or_default();
        !uri.contains('?')
            && [Provider::Gke, Provider::Oke]
                .iter()
                .any(|of| provider == Some(of.as_str()))
    }

    fn find_query(&mut self) -> NodeId {
        let Some(uri) = self.recorded(FieldId::RequestUri) else {
            return self.missing();
        };
        if self.is_queryless() {
            return self.missing();
        }
        let map = self.tree().add(Kind::Object);
        for (key, value) in parameters(split_query(uri).1) {
            let tree = self.tree();
            let key = tree.add_key_with(|out| percent_decode(key, true, out));
            let value = tree.add_text_with(|out| percent_decode(value, true, out));
            tree.push_keyed(map, key, value);
        }
        self.tree().gather_repeats(map);
        map
    }

    /// The values of a query parameter, in order.
    pub(crate) fn parameter(&mut self, name: &str) -> NodeId {
        let query = self.field(FieldId::UriQuery);
        self.alternatives(query, &[name])
    }

    fn find_outcome(&mut self) -> NodeId {
        let decision = self.field(FieldId::Decision);
        let tree = &self.scratch.tree;
        let forbids = |reading| tree.text(reading) == Some("forbid");
        let (some, all) = (
            tree.readings(decision).any(forbids),
            tree.readings(decision).all(forbids),
        );
        let denied = if some {
            self.text(Some("denied"))
        } else {
            self.missing()
        };
        if all {
            return denied;
        }
        let outcome = match plain::answer(self.source, self.number) {
            Answer::None => None,
            Answer::Denied => Some("denied"),
            Answer::Failure => Some("failure"),
            Answer::Good if self.is_dry_run() => Some("dry-run"),
            Answer::Good => Some("success"),
        };
        let outcome = self.text(outcome);
        if !some {
            return outcome;
        }
        // A repeated annotation leaves the decision open, and so what came of it.
        let either = self.tree().add(Kind::Either);
        self.tree().push(either, denied);
        self.tree().push(either, outcome);
        either
    }

    /// Whether GKE wrote the event's annotations: elsewhere anybody's webhook may choose the keys that are GKE's.
    pub(crate) fn is_gke(&self) -> bool {
        self.recorded(FieldId::SourceProvider) == Some(Provider::Gke.as_str())
    }

    /// Whether nothing was written because the client asked for a trial.
    fn is_dry_run(&mut self) -> bool {
        if !plain::heeds_dry_run(self.source, self.number) {
            return false;
        }
        let parameter = self.parameter("dryRun");
        if self.says(parameter, &["All"]) {
            return true;
        }
        if self.is_gke() {
            // The log has no query; the label says what was in it.
            let label = self.find_annotation(GKE_DRY_RUN);
            if self.says(label, &["All", "true"]) {
                return true;
            }
        }
        if !matches!(
            self.recorded(FieldId::Verb),
            Some("delete" | "deletecollection")
        ) {
            return false;
        }
        let options = self.field(FieldId::RequestObject);
        let option = self.alternatives(options, &["dryRun"]);
        self.says(option, &["All"])
    }

    /// Whether every reading of a value is one of these, or a list that holds one.
    fn says(&mut self, node: NodeId, words: &[&str]) -> bool {
        let tree = &self.scratch.tree;
        tree.any_value(node.into(), &[], crate::Doubt::EveryReading, &mut |value| {
            value.as_text().is_some_and(|text| words.contains(&text))
        })
    }
}
