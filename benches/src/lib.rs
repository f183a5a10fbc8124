//! Audit logs for benchmarks, made up the same way every time: no clock, no randomness from outside.
//!
//! Their proportions follow real clusters: most events are reads at level `Metadata`, of about a kilobyte each.

#![forbid(unsafe_code)]

use std::fmt::Write as _;

/// A log at level `Metadata`, one event of about a kilobyte a line, of at least `bytes` bytes.
///
/// ```
/// let log = benches::metadata(10_000);
/// assert!(log.len() >= 10_000 && log.ends_with('\n'));
/// assert_eq!(log, benches::metadata(10_000));
/// ```
pub fn metadata(bytes: usize) -> String {
    log(bytes, |_| false)
}

/// A log where every third event carries its request and response, of at least `bytes` bytes.
pub fn mixed(bytes: usize) -> String {
    log(bytes, |n| n % 3 == 0)
}

fn log(bytes: usize, with_bodies: impl Fn(u64) -> bool) -> String {
    let mut out = String::with_capacity(bytes + (16 << 10));
    let mut random = Random(0x5eed);
    for n in 0.. {
        if out.len() >= bytes {
            break;
        }
        event(n, with_bodies(n), &mut random, &mut out);
    }
    out
}

/// A generator with the constants of Knuth's MMIX.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        let count = u64::try_from(from.len()).unwrap_or(1);
        usize::try_from(self.below(count))
            .ok()
            .and_then(|index| from.get(index))
            .copied()
            .unwrap_or_default()
    }
}

/// Appends one line. Writing to a string cannot fail, so the results are dropped.
fn event(n: u64, bodies: bool, random: &mut Random, out: &mut String) {
    let verb = if bodies {
        random.pick(&["create", "update", "patch"])
    } else {
        random.pick(&["get", "list", "watch"])
    };
    let resource = random.pick(&[
        "pods",
        "secrets",
        "configmaps",
        "deployments",
        "leases",
        "rolebindings",
    ]);
    let namespace = random.pick(&["kube-system", "default", "shop", "payments", "monitoring"]);
    let account = random.pick(&[
        "generic-garbage-collector",
        "prometheus-k8s",
        "argocd-application-controller",
        "web",
    ]);
    let name = format!(
        "{}-{:08x}-{:05x}",
        random.pick(&["web", "api", "worker"]),
        random.below(1 << 32),
        n & 0xf_ffff
    );
    let level = if bodies {
        "RequestResponse"
    } else {
        "Metadata"
    };
    let second = n / 50 % 60;
    _ = write!(
        out,
        r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"{level}","auditID":"{:08x}-2222-4333-8444-{n:012x}","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/{namespace}/{resource}/{name}?fieldManager=kubectl\u0026timeout=10s","verb":"{verb}","user":{{"username":"system:serviceaccount:{namespace}:{account}","uid":"{:08x}-aaaa-4bbb-8ccc-123456789abc","groups":["system:serviceaccounts","system:serviceaccounts:{namespace}","system:authenticated"],"extra":{{"authentication.kubernetes.io/credential-id":["JTI={:08x}-1234-4321-8888-0123456789ab"],"authentication.kubernetes.io/pod-name":["{account}-0"]}}}},"sourceIPs":["10.0.{}.{}"],"userAgent":"{account}/v1.34.0 (linux/amd64) kubernetes/$Format","objectRef":{{"resource":"{resource}","namespace":"{namespace}","name":"{name}","apiVersion":"v1"}},"responseStatus":{{"metadata":{{}},"code":200}}"#,
        random.below(1 << 32),
        random.below(1 << 32),
        random.below(1 << 32),
        random.below(256),
        random.below(256),
    );
    if bodies {
        out.push_str(",\"requestObject\":");
        body(&name, namespace, random, out);
        out.push_str(",\"responseObject\":");
        body(&name, namespace, random, out);
    }
    _ = writeln!(
        out,
        r#","requestReceivedTimestamp":"2026-01-02T03:04:{second:02}.000001Z","stageTimestamp":"2026-01-02T03:04:{second:02}.004321Z","annotations":{{"authorization.k8s.io/decision":"allow","authorization.k8s.io/reason":"RBAC: allowed by ClusterRoleBinding \"{account}\" of ClusterRole \"{account}\" to ServiceAccount \"{account}/{namespace}\""}}}}"#
    );
}

/// Appends a deployment as `kubectl apply` sends it, with what the API server adds.
fn body(name: &str, namespace: &str, random: &mut Random, out: &mut String) {
    _ = write!(
        out,
        r#"{{"kind":"Deployment","apiVersion":"apps/v1","metadata":{{"name":"{name}","namespace":"{namespace}","uid":"{:08x}-dddd-4eee-8fff-123456789abc","resourceVersion":"{}","labels":{{"app":"{name}","tier":"backend"}},"annotations":{{"kubectl.kubernetes.io/last-applied-configuration":"{{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{{\"name\":\"{name}\",\"namespace\":\"{namespace}\"}},\"spec\":{{\"replicas\":3}}}}\n"}},"managedFields":[{{"manager":"kubectl-client-side-apply","operation":"Update","apiVersion":"apps/v1","time":"2026-01-02T03:04:05Z","fieldsType":"FieldsV1","fieldsV1":{{"f:metadata":{{"f:labels":{{".":{{}},"f:app":{{}},"f:tier":{{}}}}}},"f:spec":{{"f:replicas":{{}},"f:template":{{"f:spec":{{"f:containers":{{"k:{{\"name\":\"{name}\"}}":{{".":{{}},"f:image":{{}},"f:name":{{}}}}}}}}}}}}}}}}]}},"spec":{{"replicas":3,"selector":{{"matchLabels":{{"app":"{name}"}}}},"template":{{"metadata":{{"labels":{{"app":"{name}"}}}},"spec":{{"containers":["#,
        random.below(1 << 32),
        random.below(1 << 24),
    );
    for index in 0..3 {
        if index > 0 {
            out.push(',');
        }
        _ = write!(
            out,
            r#"{{"name":"c{index}","image":"registry.example.test/team/{name}:{}.{}","args":["--listen=:8080","--log-level=info"],"ports":[{{"containerPort":8080,"protocol":"TCP"}}],"env":[{{"name":"POD","valueFrom":{{"fieldRef":{{"apiVersion":"v1","fieldPath":"metadata.name"}}}}}}],"resources":{{"limits":{{"cpu":"500m","memory":"256Mi"}},"requests":{{"cpu":"100m","memory":"128Mi"}}}},"securityContext":{{"allowPrivilegeEscalation":false,"readOnlyRootFilesystem":true,"runAsNonRoot":true,"capabilities":{{"drop":["ALL"]}}}}}}"#,
            random.below(9),
            random.below(99),
        );
    }
    out.push_str(
        r#"],"serviceAccountName":"default","restartPolicy":"Always","terminationGracePeriodSeconds":30}},"strategy":{"type":"RollingUpdate"}},"status":{}}"#,
    );
}
