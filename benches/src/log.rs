//! Audit logs as API servers write them, and as three managed services wrap them.

mod body;
mod cluster;
mod wrap;

use std::fmt::Write as _;

use crate::random::Random;

/// A log at level `Metadata`: one event of about a kilobyte a line.
///
/// ```
/// let log = benches::metadata(100);
/// assert_eq!(log.lines().count(), 100);
/// assert_eq!(log, benches::metadata(100));
/// ```
pub fn metadata(n_events: u64) -> String {
    native(n_events, 0)
}

/// A log where one event in ten carries a request of 5 to 30 kilobytes.
pub fn mixed(n_events: u64) -> String {
    native(n_events, 100)
}

/// A benign log at level `Metadata` in the proportions of a cluster: two requests of three are those of kubelets and of
/// the control plane, one of thirty is a person's, and hardly any is refused.
///
/// ```
/// let log = benches::cluster(1000);
/// let of = |user: &str| log.lines().filter(|line| line.contains(user)).count();
/// assert!(of(r#""username":"system:node:"#) > 400);
/// assert!(of(r#""username":"system:serviceaccount:"#) < 400);
/// ```
pub fn cluster(n_events: u64) -> String {
    let mut random = Random::new(0xc105);
    let mut out = String::new();
    for n in 0..n_events {
        cluster::event(n, &mut random).write(&mut out);
        out.push('\n');
    }
    out
}

/// The metadata log as entries of Cloud Logging.
pub fn gke(n_events: u64) -> String {
    each(n_events, 0, wrap::gke)
}

/// The metadata log as subscriptions of `CloudWatch` hand it out, sixteen messages in each object.
pub fn eks(n_events: u64) -> String {
    wrap::eks(&metadata(n_events))
}

/// The metadata log as records of an Azure diagnostic setting.
pub fn aks(n_events: u64) -> String {
    wrap::aks(&metadata(n_events))
}

/// The lines of a log, as its bytes stand.
///
/// ```
/// assert_eq!(benches::lines(b"a\nb\n").collect::<Vec<_>>(), [b"a", b"b"]);
/// ```
pub fn lines(log: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut start = 0;
    memchr::memchr_iter(b'\n', log).map(move |end| {
        let line = log.get(start..end).unwrap_or_default();
        start = end + 1;
        line
    })
}

fn native(n_events: u64, bodies_permille: u64) -> String {
    each(n_events, bodies_permille, Event::write)
}

fn each(n_events: u64, bodies_permille: u64, write: impl Fn(&Event, &mut String)) -> String {
    let mut random = Random::new(0x5eed);
    let mut out = String::new();
    for n in 0..n_events {
        let event = Event::make(n, bodies_permille, &mut random);
        write(&event, &mut out);
        out.push('\n');
    }
    out
}

/// What one event says.
pub(crate) struct Event {
    n: u64,
    seed: u64,
    verb: &'static str,
    group: &'static str,
    resource: &'static str,
    subresource: &'static str,
    namespace: String,
    name: String,
    user: String,
    groups: String,
    agent: String,
    ip: String,
    query: &'static str,
    code: u16,
    body: Option<String>,
}

const READ: &[(&str, &str, &str)] = &[
    ("get", "coordination.k8s.io", "leases"),
    ("get", "", "configmaps"),
    ("watch", "", "pods"),
    ("list", "", "pods"),
    ("get", "", "pods"),
    ("get", "", "services"),
    ("watch", "apps", "deployments"),
    ("list", "apps", "replicasets"),
    ("get", "", "nodes"),
    ("watch", "discovery.k8s.io", "endpointslices"),
    ("get", "", "secrets"),
    ("get", "", "serviceaccounts"),
];
const WRITE: &[(&str, &str, &str)] = &[
    ("update", "coordination.k8s.io", "leases"),
    ("patch", "", "events"),
    ("create", "", "events"),
    ("patch", "", "pods"),
    ("create", "", "pods"),
    ("update", "apps", "deployments"),
    ("patch", "apps", "deployments"),
    ("create", "", "configmaps"),
];
/// What an attacker might do.
const ODD: &[(&str, &str, &str, &str)] = &[
    ("create", "", "pods", "exec"),
    ("get", "", "pods", "exec"),
    ("list", "", "secrets", ""),
    (
        "create",
        "rbac.authorization.k8s.io",
        "clusterrolebindings",
        "",
    ),
    ("create", "", "serviceaccounts", "token"),
    ("get", "", "nodes", "proxy"),
    ("delete", "", "events", ""),
    ("create", "", "pods", "portforward"),
];
const PEOPLE: &[&str] = &["dana", "eve", "kim", "lee", "ana", "bob", "max", "zoe"];
const AGENTS: &[&str] = &[
    "kubelet/v1.34.0 (linux/amd64) kubernetes/abcdef0",
    "kube-controller-manager/v1.34.0 (linux/amd64) kubernetes/abcdef0/leader-election",
    "kube-scheduler/v1.34.0 (linux/amd64) kubernetes/abcdef0/scheduler",
    "argocd-application-controller/v2.12.3",
    "prometheus/v2.54.1 (linux/amd64) kubernetes/$Format",
    "kubectl/v1.33.1 (darwin/arm64) kubernetes/abcdef0",
    "cert-manager-controller/v1.15.0 (linux/amd64) cert-manager/abcdef0",
    "Mozilla/5.0 (X11; Linux x86_64) dashboard/2.7",
];
const ODD_AGENTS: &[&str] = &[
    "curl/8.5.0",
    "python-requests/2.31.0",
    "kube-hunter",
    "Go-http-client/2.0",
];

/// What such a request has behind the question mark.
fn query(verb: &str, subresource: &str) -> &'static str {
    match verb {
        "list" => "?limit=500\\u0026resourceVersion=0",
        "watch" => {
            "?allowWatchBookmarks=true\\u0026resourceVersion=123456\\u0026timeoutSeconds=417\\u0026watch=true"
        }
        "patch" => "?fieldManager=kubectl-client-side-apply\\u0026fieldValidation=Strict",
        _ if subresource == "exec" => {
            "?command=sh\\u0026command=-c\\u0026command=id\\u0026container=web\\u0026stdout=true"
        }
        _ => "?timeout=10s",
    }
}

impl Event {
    fn make(n: u64, bodies_permille: u64, random: &mut Random) -> Self {
        let odd = random.permille(10);
        let with_body = random.permille(bodies_permille);
        let (verb, group, resource, subresource) = if odd {
            random.pick(ODD)
        } else if with_body || random.permille(250) {
            let (verb, group, resource) = random.pick(WRITE);
            (verb, group, resource, "")
        } else {
            let (verb, group, resource) = random.pick(READ);
            (
                verb,
                group,
                resource,
                if resource == "pods" && random.permille(100) {
                    "status"
                } else {
                    ""
                },
            )
        };
        let namespace = format!("team-{}", random.below(40));
        let person = random.permille(if odd { 700 } else { 60 });
        let (user, groups) = if person {
            let user = format!("{}@example.com", random.pick(PEOPLE));
            (user, r#""devs","system:authenticated""#.to_owned())
        } else {
            let account = format!("app-{}", random.below(50));
            let groups = format!(
                r#""system:serviceaccounts","system:serviceaccounts:{namespace}","system:authenticated""#
            );
            (
                format!("system:serviceaccount:{namespace}:{account}"),
                groups,
            )
        };
        let agent = if odd && random.permille(500) {
            random.pick(ODD_AGENTS).to_owned()
        } else {
            // A version of the program: some eighty texts in all.
            format!("{} {}", random.pick(AGENTS), random.below(10))
        };
        let pool = random.below(150);
        let name = format!(
            "{}-{:08x}-{:05x}",
            random.pick(&["web", "api", "worker"]),
            random.below(1 << 32),
            n & 0xf_ffff
        );
        let code = match verb {
            _ if random.permille(15) => 403,
            _ if random.permille(20) => 404,
            "create" => 201,
            _ => 200,
        };
        let seed = random.below(1 << 31);
        let body = with_body.then(|| body::write(verb, resource, &name, &namespace, random));
        Self {
            n,
            seed,
            verb,
            group,
            resource,
            subresource,
            namespace,
            name,
            user,
            groups,
            agent,
            ip: format!("10.{}.{}.{}", pool % 3, pool / 16, pool),
            query: query(verb, subresource),
            code,
            body,
        }
    }

    fn uri(&self, query: bool) -> String {
        let root = if self.group.is_empty() {
            "/api/v1".to_owned()
        } else {
            format!("/apis/{}/v1", self.group)
        };
        let name =
            if matches!(self.verb, "list" | "watch" | "create") && self.subresource.is_empty() {
                String::new()
            } else {
                format!("/{}", self.name)
            };
        let sub = if self.subresource.is_empty() {
            String::new()
        } else {
            format!("/{}", self.subresource)
        };
        format!(
            "{root}/namespaces/{}/{}{name}{sub}{}",
            self.namespace,
            self.resource,
            if query { self.query } else { "" }
        )
    }

    /// Appends the event in the order of keys, and with the escapes, of Go's encoder. Writing to a string cannot fail,
    /// so the results are dropped.
    pub(crate) fn write(&self, out: &mut String) {
        let Self {
            n,
            seed,
            verb,
            group,
            resource,
            subresource,
            namespace,
            name,
            user,
            groups,
            agent,
            ip,
            code,
            ..
        } = self;
        let level = if self.body.is_some() {
            "Request"
        } else {
            "Metadata"
        };
        _ = write!(
            out,
            r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"{level}","auditID":"{seed:08x}-2222-4333-8444-{n:012x}","stage":"ResponseComplete","requestURI":"{}","verb":"{verb}","user":{{"username":"{user}","uid":"{:08x}-aaaa-4bbb-8ccc-123456789abc","groups":[{groups}],"extra":{{"authentication.kubernetes.io/credential-id":["JTI={:08x}-1234-4321-8888-0123456789ab"],"authentication.kubernetes.io/node-name":["ip-10-0-{}.internal"],"authentication.kubernetes.io/pod-name":["{name}"]}}}},"sourceIPs":["{ip}"],"userAgent":"{agent}","objectRef":{{"resource":"{resource}","namespace":"{namespace}","name":"{name}""#,
            self.uri(true),
            seed ^ 0x5555,
            seed ^ 0x7777,
            seed % 100,
        );
        if !group.is_empty() {
            _ = write!(out, r#","apiGroup":"{group}""#);
        }
        out.push_str(r#","apiVersion":"v1""#);
        if !subresource.is_empty() {
            _ = write!(out, r#","subresource":"{subresource}""#);
        }
        out.push('}');
        if *code == 403 {
            _ = write!(
                out,
                r#","responseStatus":{{"metadata":{{}},"status":"Failure","message":"{resource} is forbidden: User \"{user}\" cannot {verb} resource \"{resource}\" in API group \"{group}\" in the namespace \"{namespace}\"","reason":"Forbidden","details":{{"kind":"{resource}"}},"code":403}}"#
            );
        } else {
            _ = write!(
                out,
                r#","responseStatus":{{"metadata":{{}},"code":{code}}}"#
            );
        }
        if let Some(body) = &self.body {
            _ = write!(out, r#","requestObject":{body}"#);
        }
        let second = n / 50 % 60;
        _ = write!(
            out,
            r#","requestReceivedTimestamp":"2026-01-02T03:04:{second:02}.000001Z","stageTimestamp":"2026-01-02T03:04:{second:02}.004321Z","annotations":{{"#
        );
        if *code == 403 {
            out.push_str(
                r#""authorization.k8s.io/decision":"forbid","authorization.k8s.io/reason":""}}"#,
            );
        } else {
            _ = write!(
                out,
                r#""authorization.k8s.io/decision":"allow","authorization.k8s.io/reason":"RBAC: allowed by ClusterRoleBinding \"{resource}-rw\" of ClusterRole \"{resource}-rw\" to User \"{user}\""}}}}"#
            );
        }
    }
}
