//! Names that authors bring along from other tools, and what to write in their place.

use audit_model::Field;

/// Fields by the names that Falco, the Elastic Common Schema, Datadog, clouds and plain Sigma give them, or by no name of
/// ours because they stand in a body. In the order of their names, in lower case. What is below a name is below ours too.
pub(crate) const FIELDS: &[(&str, &str)] = &[
    ("@timestamp", "requestReceivedTimestamp"),
    (
        "automountserviceaccounttoken",
        "podSpec.automountServiceAccountToken",
    ),
    ("c-useragent", "userAgent"),
    ("client.address", "client.ip"),
    ("cloud.account.id", "source.account"),
    ("cloud.project.id", "source.project"),
    ("cloud.provider", "source.provider"),
    ("cloud.region", "source.region"),
    ("cluster", "source.cluster"),
    ("cluster.name", "source.cluster"),
    ("command", "exec.commandLine"),
    ("container.image", "containers.image"),
    ("container.image.name", "containers.image.repository"),
    ("container.image.tag", "containers.image.tag"),
    ("container.name", "containers.name"),
    ("cs-username", "user.username"),
    ("env", "containers.env"),
    ("ephemeralcontainers", "podSpec.ephemeralContainers"),
    ("event.action", "verb"),
    ("event.id", "auditID"),
    ("event.outcome", "outcome"),
    ("event.provider", "source.provider"),
    ("groups", "user.groups"),
    ("hostipc", "podSpec.hostIPC"),
    ("hostnetwork", "podSpec.hostNetwork"),
    ("hostpid", "podSpec.hostPID"),
    ("http.method", "verb"),
    ("http.request.method", "verb"),
    ("http.response.status_code", "status"),
    ("http.status_code", "status"),
    ("http.url", "requestURI"),
    ("http.url_details.path", "uri.path"),
    ("http.useragent", "userAgent"),
    ("image", "containers.image"),
    ("initcontainers", "podSpec.initContainers"),
    ("ip", "client.ip"),
    ("ka.auditid", "auditID"),
    ("ka.auth.decision", "decision"),
    ("ka.auth.reason", "reason"),
    ("ka.cluster.name", "source.cluster"),
    ("ka.impuser.name", "impersonatedUser.username"),
    ("ka.req.binding.role", "rbac.roleRef.name"),
    ("ka.req.binding.subjects", "rbac.subjects"),
    ("ka.req.configmap.name", "name"),
    ("ka.req.configmap.obj", "object.data"),
    ("ka.req.container.host_network", "podSpec.hostNetwork"),
    ("ka.req.container.image", "containers.image"),
    (
        "ka.req.container.privileged",
        "containers.securityContext.privileged",
    ),
    (
        "ka.req.pod.containers.add_capabilities",
        "containers.capabilities",
    ),
    (
        "ka.req.pod.containers.allow_privilege_escalation",
        "containers.securityContext.allowPrivilegeEscalation",
    ),
    (
        "ka.req.pod.containers.host_port",
        "containers.ports.hostPort",
    ),
    ("ka.req.pod.containers.image", "containers.image"),
    (
        "ka.req.pod.containers.privileged",
        "containers.securityContext.privileged",
    ),
    ("ka.req.pod.host_ipc", "podSpec.hostIPC"),
    ("ka.req.pod.host_network", "podSpec.hostNetwork"),
    ("ka.req.pod.host_pid", "podSpec.hostPID"),
    (
        "ka.req.pod.run_as_user",
        "podSpec.securityContext.runAsUser",
    ),
    ("ka.req.pod.volumes.hostpath", "hostPaths"),
    ("ka.req.role.rules", "rbac.rules"),
    ("ka.req.service.ports", "object.spec.ports"),
    ("ka.req.service.type", "object.spec.type"),
    ("ka.req.volume.hostpath", "hostPaths"),
    ("ka.resp.name", "name"),
    ("ka.response.code", "status"),
    ("ka.response.reason", "responseStatus.reason"),
    ("ka.sourceips", "client.ip"),
    ("ka.target.name", "name"),
    ("ka.target.namespace", "namespace"),
    ("ka.target.resource", "resource"),
    ("ka.target.subresource", "subresource"),
    ("ka.uri", "requestURI"),
    ("ka.uri.param", "uri.query"),
    ("ka.user.groups", "user.groups"),
    ("ka.user.name", "user.username"),
    ("ka.useragent", "userAgent"),
    ("ka.verb", "verb"),
    ("kubernetes.container.image", "containers.image"),
    ("kubernetes.container.name", "containers.name"),
    ("kubernetes.namespace", "namespace"),
    ("kubernetes.namespace.name", "namespace"),
    ("kubernetes.namespace_name", "namespace"),
    ("kubernetes.pod.name", "name"),
    ("labels", "object.metadata.labels"),
    ("network.client.ip", "client.ip"),
    ("objectref.apigroup", "apiGroup"),
    ("orchestrator.cluster.name", "source.cluster"),
    ("orchestrator.namespace", "namespace"),
    ("orchestrator.resource.name", "name"),
    ("orchestrator.resource.type", "resource"),
    ("pod.name", "name"),
    ("principalemail", "user.username"),
    (
        "protopayload.authenticationinfo.principalemail",
        "user.username",
    ),
    ("protopayload.methodname", "verb"),
    ("protopayload.request", "requestObject"),
    ("protopayload.requestmetadata.callerip", "client.ip"),
    (
        "protopayload.requestmetadata.callersuppliedagent",
        "userAgent",
    ),
    (
        "protopayload.requestmetadata.callersupplieduseragent",
        "userAgent",
    ),
    ("protopayload.resourcename", "ref"),
    ("protopayload.response", "responseObject"),
    ("protopayload.status.code", "status"),
    ("related.ip", "client.ip"),
    ("related.user", "user.username"),
    ("responsecode", "status"),
    ("roleref", "rbac.roleRef"),
    ("rules", "rbac.rules"),
    ("runasuser", "containers.securityContext.runAsUser"),
    ("securitycontext", "containers.securityContext"),
    ("serviceaccount", "serviceAccount.name"),
    ("serviceaccountname", "podSpec.serviceAccountName"),
    ("source.address", "client.ip"),
    ("source.ip", "client.ip"),
    ("sourceip", "client.ip"),
    ("src_ip", "client.ip"),
    ("src_user", "user.username"),
    ("status_code", "status"),
    ("statuscode", "status"),
    ("subjects", "rbac.subjects"),
    ("tolerations", "podSpec.tolerations"),
    ("url.original", "requestURI"),
    ("url.path", "uri.path"),
    ("url.query", "uri.query"),
    ("user.email", "user.username"),
    ("user.name", "user.username"),
    ("user_agent", "userAgent"),
    ("user_agent.original", "userAgent"),
    ("usr.id", "user.username"),
    ("usr.name", "user.username"),
    ("volumemounts", "containers.volumeMounts"),
];

/// What other tools write before the fields of the event itself.
pub(crate) const PREFIXES: [&str; 9] = [
    "kubernetes.audit.",
    "kubernetes_audit.",
    "properties.log.",
    "jsonpayload.",
    "auditevent.",
    "audit.",
    "event.",
    "detail.",
    "@",
];

/// What to write in place of a field that other tools know; a name that an event has, and what is below it.
pub(crate) fn field(name: &str) -> Option<String> {
    of_table(name).or_else(|| {
        let lower = name.to_ascii_lowercase();
        let prefix = PREFIXES.iter().find(|prefix| lower.starts_with(**prefix))?;
        let rest = name.get(prefix.len()..)?;
        is_known(rest)
            .then(|| rest.to_owned())
            .or_else(|| of_table(rest))
    })
}

/// The longest name of the table that a name begins with, in our words.
fn of_table(name: &str) -> Option<String> {
    let lower = name.to_ascii_lowercase();
    let mut end = name.len();
    loop {
        let head = lower.get(..end)?;
        if let Ok(at) = FIELDS.binary_search_by_key(&head, |(foreign, _)| foreign) {
            let (_, ours) = FIELDS.get(at)?;
            let whole = format!("{ours}{}", name.get(end..)?);
            // What was below it may be called otherwise here.
            return Some(if is_known(&whole) {
                whole
            } else {
                (*ours).to_owned()
            });
        }
        end = head.rfind(['.', '['])?;
    }
}

fn is_known(name: &str) -> bool {
    Field::resolve(name).is_ok()
}

/// Modifiers by the names that other languages and tools have for them, and what to write.
pub(crate) const MODIFIERS: &[(&[&str], &str)] = &[
    (
        &["in", "any", "or", "anyof", "oneof", "intersects"],
        "a list of values asks for one of them without a modifier",
    ),
    (
        &["not", "ne", "notequals", "not_equals", "notin", "not_in"],
        "write `neq`, or `not` before the selection in the condition",
    ),
    (
        &["notcontains", "not_contains"],
        "write `contains|neq`, or `not` before the selection in the condition",
    ),
    (
        &["count", "size", "length", "len"],
        "how many events is a correlation with `type: event_count`; at least three members is `name[2]|exists: true`",
    ),
    (
        &["equals", "eq", "is", "exact", "equal", "iequals", "ieq"],
        "a value is compared as a whole, in any case, without a modifier",
    ),
    (
        &["regex", "regexp", "rlike", "match", "matches", "iregex"],
        "write `re`, or `re|i` for any case",
    ),
    (
        &["icontains", "has", "includes", "substring"],
        "write `contains`; texts are compared in any case unless `cased` follows",
    ),
    (
        &["istartswith", "beginswith", "begins", "starts", "prefix"],
        "write `startswith`",
    ),
    (&["iendswith", "ends", "suffix"], "write `endswith`"),
    (
        &["casesensitive", "case_sensitive", "cs", "exactcase"],
        "write `cased`",
    ),
    (
        &["like", "glob", "wildcard", "wildcards", "pmatch"],
        "`*` and `?` are wildcards in a value without a modifier",
    ),
    (
        &[
            "null",
            "isnull",
            "missing",
            "empty",
            "notexists",
            "not_exists",
        ],
        "write `null` as the value, or `exists: false`",
    ),
    (
        &["ip", "subnet", "network", "cidrmatch", "incidr"],
        "write `cidr`",
    ),
    (&["ge", "min", "atleast", "since"], "write `gte`"),
    (&["le", "max", "atmost"], "write `lte`"),
    (&["greater", "above", "over"], "write `gt`"),
    (&["less", "below", "under"], "write `lt`"),
    (
        &["field", "equalsfield", "fieldequals"],
        "write `fieldref` and the name of the other field as the value",
    ),
    (
        &["placeholder", "list", "lookup"],
        "write `expand` and `'%name%'` as the value",
    ),
];

/// What to write in place of a modifier that other tools know.
pub(crate) fn modifier(name: &str) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    let row = MODIFIERS
        .iter()
        .find(|(names, _)| names.contains(&lower.as_str()));
    row.map(|(_, help)| *help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_to_a_field() {
        assert!(FIELDS.is_sorted_by(|(left, _), (right, _)| left < right));
        for (foreign, ours) in FIELDS {
            assert!(is_known(ours), "{ours}");
            assert_eq!(*foreign, foreign.to_ascii_lowercase());
            let found = field(foreign).unwrap();
            assert_eq!(found, **ours, "{foreign}");
        }
    }

    #[test]
    fn no_name_means_something_here() {
        for (foreign, _) in FIELDS {
            assert!(
                crate::resolve::known(foreign).is_none() || *foreign == "objectref.apigroup",
                "{foreign}"
            );
        }
        let names: Vec<&str> = crate::modifier::names().collect();
        for name in MODIFIERS.iter().flat_map(|(names, _)| *names) {
            assert!(!names.contains(name), "{name}");
        }
    }

    #[test]
    fn what_is_below_a_name_stays() {
        for (foreign, ours) in [
            ("ka.verb", Some("verb")),
            ("kubernetes.audit.verb", Some("verb")),
            (
                "kubernetes.audit.objectRef.resource",
                Some("objectRef.resource"),
            ),
            ("kubernetes.audit.user.name", Some("user.username")),
            ("image.tag", Some("containers.image.tag")),
            (
                "securityContext.privileged",
                Some("containers.securityContext.privileged"),
            ),
            ("ka.req.role.rules.verbs", Some("rbac.rules.verbs")),
            ("user.name.keyword", Some("user.username")),
            ("nothing.like.it", None),
        ] {
            assert_eq!(field(foreign).as_deref(), ours, "{foreign}");
        }
    }
}
