//! The resources of Kubernetes: their names, groups and subresources.

/// A resource that comes with Kubernetes.
#[derive(Debug)]
pub(super) struct Resource {
    /// The name in requests.
    pub(super) plural: &'static str,
    /// Short names of kubectl.
    pub(super) short: &'static [&'static str],
    /// API groups that have it; the core group is empty.
    pub(super) groups: &'static [&'static str],
    /// Whether it can be written by apply, which is a patch.
    pub(super) applied: bool,
    /// Whether its objects are in namespaces.
    pub(super) namespaced: bool,
    /// What can be done with it.
    pub(super) verbs: &'static [&'static str],
}

/// What can be done with most resources.
pub(super) const ALL: &[&str] = &[
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
];

/// A resource in namespaces.
const fn resource(
    plural: &'static str,
    short: &'static [&'static str],
    groups: &'static [&'static str],
) -> Resource {
    Resource {
        plural,
        short,
        groups,
        applied: true,
        namespaced: true,
        verbs: ALL,
    }
}

/// A resource at cluster scope.
const fn cluster(
    plural: &'static str,
    short: &'static [&'static str],
    groups: &'static [&'static str],
) -> Resource {
    Resource {
        namespaced: false,
        ..resource(plural, short, groups)
    }
}

/// A resource that is only ever posted, such as a review.
const fn posted(
    plural: &'static str,
    groups: &'static [&'static str],
    namespaced: bool,
) -> Resource {
    Resource {
        applied: false,
        namespaced,
        verbs: &["create"],
        ..resource(plural, &[], groups)
    }
}

const APPS: &[&str] = &["apps", "extensions"];
const NETWORKING: &[&str] = &["networking.k8s.io", "extensions"];
const RBAC: &[&str] = &["rbac.authorization.k8s.io"];
const ADMISSION: &[&str] = &["admissionregistration.k8s.io"];
const STORAGE: &[&str] = &["storage.k8s.io"];
const FLOW: &[&str] = &["flowcontrol.apiserver.k8s.io"];
const AUTHORIZATION: &[&str] = &["authorization.k8s.io"];
const RESOURCE: &[&str] = &["resource.k8s.io"];

pub(super) static RESOURCES: &[Resource] = &[
    posted("bindings", &[""], true),
    Resource {
        applied: false,
        verbs: &["get", "list"],
        ..cluster("componentstatuses", &["cs"], &[""])
    },
    resource("configmaps", &["cm"], &[""]),
    resource("endpoints", &["ep"], &[""]),
    resource("events", &["ev"], &["", "events.k8s.io"]),
    resource("limitranges", &["limits"], &[""]),
    Resource {
        verbs: &[
            "get", "list", "watch", "create", "update", "patch", "delete",
        ],
        ..cluster("namespaces", &["ns"], &[""])
    },
    cluster("nodes", &["no"], &["", "metrics.k8s.io"]),
    resource("persistentvolumeclaims", &["pvc"], &[""]),
    cluster("persistentvolumes", &["pv"], &[""]),
    resource("pods", &["po"], &["", "metrics.k8s.io"]),
    resource("podtemplates", &[], &[""]),
    resource("replicationcontrollers", &["rc"], &[""]),
    resource("resourcequotas", &["quota"], &[""]),
    resource("secrets", &[], &[""]),
    resource("serviceaccounts", &["sa"], &[""]),
    resource("services", &["svc"], &[""]),
    resource("controllerrevisions", &[], &["apps"]),
    resource("daemonsets", &["ds"], APPS),
    resource("deployments", &["deploy"], APPS),
    resource("replicasets", &["rs"], APPS),
    resource("statefulsets", &["sts"], &["apps"]),
    resource("cronjobs", &["cj"], &["batch"]),
    resource("jobs", &[], &["batch"]),
    resource("horizontalpodautoscalers", &["hpa"], &["autoscaling"]),
    resource("poddisruptionbudgets", &["pdb"], &["policy"]),
    cluster("podsecuritypolicies", &["psp"], &["policy", "extensions"]),
    cluster("ingressclasses", &[], &["networking.k8s.io"]),
    resource("ingresses", &["ing"], NETWORKING),
    cluster("ipaddresses", &["ip"], &["networking.k8s.io"]),
    resource("networkpolicies", &["netpol"], NETWORKING),
    cluster("servicecidrs", &[], &["networking.k8s.io"]),
    cluster("clusterrolebindings", &[], RBAC),
    cluster("clusterroles", &[], RBAC),
    resource("rolebindings", &[], RBAC),
    resource("roles", &[], RBAC),
    cluster(
        "certificatesigningrequests",
        &["csr"],
        &["certificates.k8s.io"],
    ),
    cluster("clustertrustbundles", &[], &["certificates.k8s.io"]),
    cluster("mutatingadmissionpolicies", &[], ADMISSION),
    cluster("mutatingadmissionpolicybindings", &[], ADMISSION),
    cluster("mutatingwebhookconfigurations", &[], ADMISSION),
    cluster("validatingadmissionpolicies", &[], ADMISSION),
    cluster("validatingadmissionpolicybindings", &[], ADMISSION),
    cluster("validatingwebhookconfigurations", &[], ADMISSION),
    cluster(
        "customresourcedefinitions",
        &["crd", "crds"],
        &["apiextensions.k8s.io"],
    ),
    cluster("apiservices", &[], &["apiregistration.k8s.io"]),
    cluster("csidrivers", &[], STORAGE),
    cluster("csinodes", &[], STORAGE),
    resource("csistoragecapacities", &[], STORAGE),
    cluster("storageclasses", &["sc"], STORAGE),
    cluster("volumeattachments", &[], STORAGE),
    cluster("volumeattributesclasses", &["vac"], STORAGE),
    cluster("priorityclasses", &["pc"], &["scheduling.k8s.io"]),
    resource("leases", &[], &["coordination.k8s.io"]),
    resource("endpointslices", &[], &["discovery.k8s.io"]),
    cluster("runtimeclasses", &[], &["node.k8s.io"]),
    cluster("flowschemas", &[], FLOW),
    cluster("prioritylevelconfigurations", &[], FLOW),
    cluster("deviceclasses", &[], RESOURCE),
    resource("resourceclaims", &[], RESOURCE),
    resource("resourceclaimtemplates", &[], RESOURCE),
    cluster("resourceslices", &[], RESOURCE),
    posted("selfsubjectreviews", &["authentication.k8s.io"], false),
    posted("tokenreviews", &["authentication.k8s.io"], false),
    posted("localsubjectaccessreviews", AUTHORIZATION, true),
    posted("selfsubjectaccessreviews", AUTHORIZATION, false),
    posted("selfsubjectrulesreviews", AUTHORIZATION, false),
    posted("subjectaccessreviews", AUTHORIZATION, false),
];

const POST: &[&str] = &["create"];
const STREAM: &[&str] = &["create", "get"];
const WRITE: &[&str] = &["get", "update", "patch"];
const PROXY: &[&str] = &["create", "get", "update", "patch", "delete"];

/// A subresource: the resources that have it, its name, and what can be done with it.
type Served = (
    &'static [&'static str],
    &'static str,
    &'static [&'static str],
);

/// The subresources of Kubernetes.
static SERVED: &[Served] = &[
    (&["pods"], "attach", STREAM),
    (&["pods"], "binding", POST),
    (&["pods"], "ephemeralcontainers", WRITE),
    (&["pods"], "eviction", POST),
    (&["pods"], "exec", STREAM),
    (&["pods"], "log", &["get"]),
    (&["pods"], "portforward", STREAM),
    (&["pods"], "resize", WRITE),
    (&["nodes", "pods", "services"], "proxy", PROXY),
    (&["namespaces"], "finalize", &["update"]),
    (&["serviceaccounts"], "token", POST),
    (&["certificatesigningrequests"], "approval", WRITE),
    (&["deployments"], "rollback", POST),
    (&["resourceclaims"], "binding", WRITE),
    (&["resourceclaims"], "driver", WRITE),
    (
        &[
            "deployments",
            "replicasets",
            "replicationcontrollers",
            "statefulsets",
        ],
        "scale",
        WRITE,
    ),
    (
        &[
            "apiservices",
            "certificatesigningrequests",
            "cronjobs",
            "customresourcedefinitions",
            "daemonsets",
            "deployments",
            "flowschemas",
            "horizontalpodautoscalers",
            "ingresses",
            "jobs",
            "mutatingadmissionpolicies",
            "namespaces",
            "networkpolicies",
            "nodes",
            "persistentvolumeclaims",
            "persistentvolumes",
            "poddisruptionbudgets",
            "pods",
            "prioritylevelconfigurations",
            "replicasets",
            "replicationcontrollers",
            "resourceclaims",
            "resourcequotas",
            "servicecidrs",
            "services",
            "statefulsets",
            "validatingadmissionpolicies",
            "volumeattachments",
        ],
        "status",
        WRITE,
    ),
];

/// Resources whose name well-known custom resources of other groups have too.
const SHARED: &[&str] = &[
    "events",
    "ingresses",
    "jobs",
    "networkpolicies",
    "nodes",
    "pods",
    "roles",
    "rolebindings",
    "services",
];

impl Resource {
    /// Whether the name alone does not say that the resource of Kubernetes is meant.
    pub(super) fn is_shared(&self) -> bool {
        SHARED.contains(&self.plural)
    }

    /// The subresources, the resource itself first under the empty name, and what can be done with each. Of a custom
    /// resource, which may have the same name, these are two.
    pub(super) fn served_if(
        &'static self,
        custom: bool,
    ) -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
        const CUSTOM: [(&str, &[&str]); 3] = [("", ALL), ("scale", WRITE), ("status", WRITE)];
        let custom = CUSTOM.into_iter().filter(move |_| custom);
        self.served().chain(custom)
    }

    /// The same of the resource of Kubernetes.
    pub(super) fn served(
        &'static self,
    ) -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
        let subresources = SERVED
            .iter()
            .filter(|(of, ..)| of.contains(&self.plural))
            .map(|(_, name, verbs)| (*name, *verbs));
        std::iter::once(("", self.verbs)).chain(subresources)
    }
}

/// Verbs of a resource that are also verbs of its subresources, where that is another matter.
pub(super) static SUBRESOURCES: &[(&str, &[&str], &[&str])] = &[
    (
        "pods",
        &["create"],
        &["exec", "attach", "portforward", "binding", "eviction"],
    ),
    ("pods", &["get"], &["exec", "attach", "portforward", "log"]),
    (
        "pods",
        &["update", "patch"],
        &["ephemeralcontainers", "resize", "status"],
    ),
    (
        "nodes",
        &["create", "get", "update", "patch", "delete"],
        &["proxy"],
    ),
    (
        "services",
        &["create", "get", "update", "patch", "delete"],
        &["proxy"],
    ),
    ("serviceaccounts", &["create"], &["token"]),
    (
        "certificatesigningrequests",
        &["update", "patch"],
        &["approval", "status"],
    ),
    ("namespaces", &["update"], &["finalize"]),
];

/// Finds a resource by its name in requests.
pub(super) fn find(name: &str) -> Option<&'static Resource> {
    RESOURCES
        .iter()
        .find(|resource| resource.plural.eq_ignore_ascii_case(name))
}

/// The resource that a kind, a singular or a short name means.
pub(super) fn meant(name: &str) -> Option<&'static Resource> {
    if find(name).is_some() {
        return None;
    }
    let name = name.to_ascii_lowercase();
    RESOURCES.iter().find(|resource| {
        resource.short.contains(&name.as_str()) || singular(resource.plural) == name
    })
}

/// The groups that come with Kubernetes; some stand more than once.
pub(super) fn groups() -> impl Iterator<Item = &'static str> + Clone {
    let all = RESOURCES.iter();
    all.flat_map(|resource| resource.groups.iter().copied())
}

/// Whether a group is one of those that come with Kubernetes.
pub(super) fn is_group(group: &str) -> bool {
    groups().any(|known| known.eq_ignore_ascii_case(group))
}

/// The resources of a group that is finished: no version of Kubernetes has others in it.
pub(super) fn of_closed(group: &str) -> Option<impl Iterator<Item = &'static str>> {
    const CLOSED: &[&str] = &[
        "apps",
        "autoscaling",
        "batch",
        "policy",
        "rbac.authorization.k8s.io",
    ];
    let group = CLOSED
        .iter()
        .find(|known| known.eq_ignore_ascii_case(group))?;
    let all = RESOURCES.iter();
    let own = all.filter(|resource| resource.groups.contains(group));
    Some(own.map(|resource| resource.plural))
}

fn singular(plural: &str) -> String {
    if let Some(stem) = plural.strip_suffix("ies") {
        return format!("{stem}y");
    }
    let stem = plural
        .strip_suffix("es")
        .filter(|stem| stem.ends_with("ss"))
        .or_else(|| plural.strip_suffix('s'));
    stem.unwrap_or(plural).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_mean_a_resource() {
        for (name, expected) in [
            ("pod", "pods"),
            ("Pod", "pods"),
            ("svc", "services"),
            ("ClusterRoleBinding", "clusterrolebindings"),
            ("networkpolicy", "networkpolicies"),
            ("ingress", "ingresses"),
            ("ingressclass", "ingressclasses"),
            ("lease", "leases"),
            ("crds", "customresourcedefinitions"),
        ] {
            assert_eq!(
                meant(name).map(|found| found.plural),
                Some(expected),
                "{name}"
            );
        }
        for name in ["pods", "Pods", "endpoints", "widgets", "widget", ""] {
            assert!(meant(name).is_none(), "{name}");
        }
    }

    #[test]
    fn the_table_knows_what_it_speaks_of() {
        for (at, one) in RESOURCES.iter().enumerate() {
            assert!(!one.groups.is_empty());
            assert!(
                RESOURCES[..at]
                    .iter()
                    .all(|other| other.plural != one.plural)
            );
        }
        for (name, verbs, subresources) in SUBRESOURCES {
            let served: Vec<_> = find(name).unwrap().served().collect();
            for subresource in *subresources {
                let (_, known) = served
                    .iter()
                    .find(|(name, _)| name == subresource)
                    .unwrap_or_else(|| panic!("{name}/{subresource}"));
                assert!(
                    verbs.iter().any(|verb| known.contains(verb)),
                    "{name}/{subresource}"
                );
            }
        }
        for (resources, ..) in SERVED {
            assert!(resources.iter().all(|name| find(name).is_some()));
        }
        assert!(SHARED.iter().all(|name| find(name).is_some()));
    }
}
