//! Rules and events out of a sequence of choices, drawn from few fields and values so that rules match often.

mod csr;
mod event;
mod rule;
mod write;
mod yaml;

pub(crate) use event::{event, event_of};
pub(crate) use rule::rule;
pub(crate) use yaml::yaml;

/// Choices that a property draws and shrinks. Where they run out, the first and simplest is taken.
pub(crate) struct Choices<'c> {
    numbers: &'c [u16],
    at: usize,
}

impl<'c> Choices<'c> {
    pub(crate) fn new(numbers: &'c [u16]) -> Self {
        Self { numbers, at: 0 }
    }

    /// A number below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        let number = self.numbers.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        usize::from(number) % n
    }

    /// True once in `n` times, and never when the choices have run out.
    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }

    pub(crate) fn pick<'p, T: ?Sized>(&mut self, from: &[&'p T]) -> &'p T {
        from[self.below(from.len())]
    }

    /// One to `most` things.
    pub(crate) fn some<T>(&mut self, most: usize, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let n = 1 + self.below(most);
        (0..n).map(|_| make(self)).collect()
    }

    /// None to `most` things.
    pub(crate) fn any<T>(&mut self, most: usize, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let n = self.below(most + 1);
        (0..n).map(|_| make(self)).collect()
    }
}

/// Values that rules and events share.
pub(crate) mod pools {
    pub(crate) const VERBS: &[&str] = &[
        "create",
        "patch",
        "update",
        "get",
        "delete",
        "list",
        "deletecollection",
    ];
    pub(crate) const RESOURCES: &[&str] = &[
        "pods",
        "deployments",
        "cronjobs",
        "clusterrolebindings",
        "roles",
        "secrets",
        "namespaces",
        "certificatesigningrequests",
    ];
    pub(crate) const SUBRESOURCES: &[&str] =
        &["", "exec", "ephemeralcontainers", "status", "attach"];
    pub(crate) const NAMES: &[&str] = &["web", "web-0", "kube-proxy", "Évil", "default"];
    pub(crate) const NAMESPACES: &[&str] = &["shop", "kube-system", "default"];
    pub(crate) const USERS: &[&str] = &[
        "dana",
        "system:serviceaccount:shop:web",
        "system:node:n1",
        "system:anonymous",
        "system:admin",
        "SYSTEM:admin",
    ];
    pub(crate) const GROUPS: &[&str] =
        &["system:masters", "devs", "system:unauthenticated", "Devs"];
    pub(crate) const IPS: &[&str] = &["10.0.0.7", "10.1.2.3", "203.0.113.7", "private"];
    pub(crate) const WORDS: &[&str] = &["x", "y", "web", "X", "É", "a.b", "a*c", "", "7"];
    pub(crate) const COMMANDS: &[&str] =
        &["sh", "/bin/sh", "-c", "id -a", "a+b&c", "/usr/bin/Curl"];
    pub(crate) const IMAGES: &[&str] = &[
        "nginx",
        "nginx:1.27",
        "registry.k8s.io/kube-proxy:v1",
        "evil.example:5000/x/y@sha256:ab",
        "docker.io/library/nginx",
        "localhost/web",
        "a/b",
        "index.docker.io/x:7",
    ];
    pub(crate) const REGISTRIES: &[&str] = &[
        "docker.io",
        "registry.k8s.io",
        "evil.example:5000",
        "localhost",
    ];
    pub(crate) const CAPABILITIES: &[&str] = &[
        "SYS_ADMIN",
        "CAP_SYS_ADMIN",
        "net_raw",
        "cap_net_raw",
        "ALL",
    ];
    pub(crate) const PATHS: &[&str] = &["/etc", "/etc/", "//etc", "/", "/var/../etc", "/var/run"];
    pub(crate) const NUMBERS: &[&str] = &[
        "7",
        "7.0",
        "7e0",
        "-1",
        "0.5",
        "1e999",
        "9007199254740993",
        "9007199254740992",
    ];
    pub(crate) const CODES: &[&str] = &["200", "201", "101", "403", "401", "404", "500"];
    pub(crate) const OUTCOMES: &[&str] = &["success", "denied", "failure", "dry-run"];
    pub(crate) const DECISIONS: &[&str] = &["allow", "forbid"];
    pub(crate) const STAGES: &[&str] = &[
        "ResponseComplete",
        "ResponseStarted",
        "RequestReceived",
        "Panic",
    ];
    pub(crate) const SIGNERS: &[&str] = &[
        "kubernetes.io/kube-apiserver-client",
        "kubernetes.io/kubelet-serving",
    ];
    pub(crate) const USAGES: &[&str] = &["client auth", "server auth"];
    pub(crate) const ROLES: &[&str] = &["cluster-admin", "view"];
    pub(crate) const KINDS: &[&str] = &["User", "ServiceAccount", "Group"];
    pub(crate) const LABELS: &[&str] = &["app", "app.kubernetes.io/name", "a.b.c"];
}
