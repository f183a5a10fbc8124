//! A benign log in which each identity does what it is there for.
//!
//! In the log of a cluster most requests are those of its parts: kubelets renew leases and report the state of nodes and
//! pods, controllers renew leases and watch. Operators in pods do the same with tokens of service accounts; people are
//! few.

use crate::log::Event;
use crate::random::Random;

/// A verb, an API group, a resource, a subresource.
type What = (&'static str, &'static str, &'static str, &'static str);

/// Nodes of the cluster, and operators in it.
const NODES: u64 = 60;
const OPERATORS: u64 = 40;

/// Who sends so many of a hundred requests.
const KUBELETS: u64 = 45;
const CONTROL_PLANE: u64 = 20;
const PODS: u64 = 32;

const KUBELET: &[What] = &[
    ("update", "coordination.k8s.io", "leases", ""),
    ("update", "coordination.k8s.io", "leases", ""),
    ("update", "coordination.k8s.io", "leases", ""),
    ("patch", "", "nodes", "status"),
    ("get", "", "nodes", ""),
    ("patch", "", "pods", "status"),
    ("watch", "", "configmaps", ""),
    ("watch", "", "pods", ""),
    ("create", "", "events", ""),
    ("create", "", "serviceaccounts", "token"),
];
const CONTROLLER: &[What] = &[
    ("get", "coordination.k8s.io", "leases", ""),
    ("update", "coordination.k8s.io", "leases", ""),
    ("update", "coordination.k8s.io", "leases", ""),
    ("watch", "apps", "replicasets", ""),
    ("update", "apps", "deployments", "status"),
    ("update", "discovery.k8s.io", "endpointslices", ""),
    ("create", "", "pods", "binding"),
    ("create", "", "events", ""),
];
const OPERATOR: &[What] = &[
    ("get", "coordination.k8s.io", "leases", ""),
    ("update", "coordination.k8s.io", "leases", ""),
    ("update", "coordination.k8s.io", "leases", ""),
    ("get", "coordination.k8s.io", "leases", ""),
    ("watch", "apps", "deployments", ""),
    ("watch", "", "configmaps", ""),
    ("list", "", "pods", ""),
    ("get", "", "configmaps", ""),
    ("get", "", "secrets", ""),
    ("patch", "", "events", ""),
];
const PERSON: &[What] = &[
    ("get", "", "pods", ""),
    ("list", "", "pods", ""),
    ("watch", "", "pods", ""),
    ("list", "apps", "deployments", ""),
    ("get", "", "nodes", ""),
    ("get", "", "pods", "log"),
    ("list", "", "namespaces", ""),
    ("patch", "apps", "deployments", ""),
];

/// Whoever sends a request: the user, its groups, its program and what it asks for.
struct Sender {
    user: String,
    groups: String,
    agent: &'static str,
    namespace: String,
    all: &'static [What],
}

fn sender(random: &mut Random) -> Sender {
    const AUTHENTICATED: &str = r#""system:authenticated""#;
    let share = random.below(100);
    if share < KUBELETS {
        return Sender {
            user: format!("system:node:node-{}", random.below(NODES)),
            groups: format!(r#""system:nodes",{AUTHENTICATED}"#),
            agent: "kubelet/v1.34.0 (linux/amd64) kubernetes/abcdef0",
            namespace: "kube-node-lease".to_owned(),
            all: KUBELET,
        };
    }
    if share < KUBELETS + CONTROL_PLANE {
        let (name, agent) = random.pick(&[
            (
                "kube-controller-manager",
                "kube-controller-manager/v1.34.0 (linux/amd64) kubernetes/abcdef0/leader-election",
            ),
            (
                "kube-scheduler",
                "kube-scheduler/v1.34.0 (linux/amd64) kubernetes/abcdef0/scheduler",
            ),
        ]);
        return Sender {
            user: format!("system:{name}"),
            groups: AUTHENTICATED.to_owned(),
            agent,
            namespace: "kube-system".to_owned(),
            all: CONTROLLER,
        };
    }
    if share < KUBELETS + CONTROL_PLANE + PODS {
        let operator = random.below(OPERATORS);
        let namespace = format!("team-{}", operator % 10);
        return Sender {
            user: format!("system:serviceaccount:{namespace}:operator-{operator}"),
            groups: format!(
                r#""system:serviceaccounts","system:serviceaccounts:{namespace}",{AUTHENTICATED}"#
            ),
            agent: "cert-manager-controller/v1.15.0 (linux/amd64) cert-manager/abcdef0",
            namespace,
            all: OPERATOR,
        };
    }
    Sender {
        user: format!("{}@example.com", random.pick(super::PEOPLE)),
        groups: format!(r#""devs",{AUTHENTICATED}"#),
        agent: "kubectl/v1.33.1 (darwin/arm64) kubernetes/abcdef0",
        namespace: format!("team-{}", random.below(10)),
        all: PERSON,
    }
}

pub(super) fn event(n: u64, random: &mut Random) -> Event {
    let Sender {
        user,
        groups,
        agent,
        namespace,
        all,
    } = sender(random);
    let (verb, group, resource, subresource) = random.pick(all);
    let code = match verb {
        _ if random.permille(2) => 403,
        "get" if random.permille(20) => 404,
        "create" => 201,
        _ => 200,
    };
    Event {
        n,
        seed: random.below(1 << 31),
        verb,
        group,
        resource,
        subresource,
        namespace,
        name: format!("{resource}-{}", random.below(500)),
        user,
        groups,
        agent: agent.to_owned(),
        ip: format!("10.0.0.{}", random.below(250)),
        query: super::query(verb, subresource),
        code,
        body: None,
    }
}
