//! Bodies of requests.

use std::fmt::Write as _;

use crate::random::Random;

/// Shortest and longest body, in bytes.
const SIZES: (u64, u64) = (5 << 10, 30 << 10);

/// An object as a client sends it, with what `kubectl apply` and the API server add, of 5 to 30 kilobytes.
pub(crate) fn write(
    verb: &str,
    resource: &str,
    name: &str,
    namespace: &str,
    random: &mut Random,
) -> String {
    let (least, most) = SIZES;
    let size = usize::try_from(least + random.below(most - least)).unwrap_or_default();
    let mut out = String::with_capacity(size + 2048);
    _ = write!(
        out,
        r#"{{"kind":"{}","apiVersion":"v1","metadata":{{"name":"{name}","namespace":"{namespace}","uid":"{:08x}-dddd-4eee-8fff-123456789abc","resourceVersion":"{}","labels":{{"app.kubernetes.io/name":"{name}","tier":"backend"}},"annotations":{{"kubectl.kubernetes.io/last-applied-configuration":"{{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{{\"name\":\"{name}\",\"namespace\":\"{namespace}\"}},\"spec\":{{\"replicas\":3}}}}\n"}},"managedFields":[{{"manager":"{verb}","operation":"Update","apiVersion":"apps/v1","time":"2026-01-02T03:04:05Z","fieldsType":"FieldsV1","fieldsV1":{{"f:metadata":{{"f:labels":{{".":{{}},"f:app":{{}},"f:tier":{{}}}}}},"f:spec":{{"f:replicas":{{}},"f:template":{{"f:spec":{{"f:containers":{{"k:{{\"name\":\"{name}\"}}":{{".":{{}},"f:image":{{}},"f:name":{{}}}}}}}}}}}}}}}}]}},"#,
        kind(resource),
        random.below(1 << 32),
        random.below(1 << 24),
    );
    if matches!(resource, "configmaps" | "events" | "leases") {
        out.push_str("\"data\":{");
        for index in 0.. {
            if out.len() >= size {
                break;
            }
            let comma = if index > 0 { "," } else { "" };
            _ = write!(
                out,
                r#"{comma}"key-{index}":"server {{\n  listen {};\n  location / {{ proxy_pass http://{name}.{namespace}.svc:8080; }}\n}}\n# {:016x}\n""#,
                random.below(65_536),
                random.below(1 << 62)
            );
        }
        out.push_str("}}");
        return out;
    }
    let pod = resource == "pods";
    if pod {
        out.push_str("\"spec\":{");
    } else {
        _ = write!(
            out,
            r#""spec":{{"replicas":3,"selector":{{"matchLabels":{{"app":"{name}"}}}},"template":{{"metadata":{{"labels":{{"app":"{name}"}}}},"spec":{{"#
        );
    }
    if random.permille(20) {
        out.push_str("\"hostNetwork\":true,\"hostPID\":true,");
    }
    out.push_str("\"containers\":[");
    for index in 0.. {
        if index > 0 && out.len() >= size {
            break;
        }
        let comma = if index > 0 { "," } else { "" };
        _ = write!(
            out,
            r#"{comma}{{"name":"c{index}","image":"registry.example.test/team/{name}:{}.{}","args":["--listen=:8080","--log-level=info"],"ports":[{{"containerPort":8080,"protocol":"TCP"}}],"env":[{{"name":"POD","valueFrom":{{"fieldRef":{{"apiVersion":"v1","fieldPath":"metadata.name"}}}}}},{{"name":"DSN","value":"postgres://db.{namespace}.svc:5432/app?sslmode=require\u0026pool={}"}}],"resources":{{"limits":{{"cpu":"500m","memory":"256Mi"}},"requests":{{"cpu":"100m","memory":"128Mi"}}}},"livenessProbe":{{"httpGet":{{"path":"/healthz","port":8080,"scheme":"HTTP"}},"initialDelaySeconds":3,"periodSeconds":10}},"volumeMounts":[{{"name":"config","mountPath":"/etc/app"}},{{"name":"tmp","mountPath":"/tmp"}}],"securityContext":{{"allowPrivilegeEscalation":false,"readOnlyRootFilesystem":true,"runAsNonRoot":true,"capabilities":{{"drop":["ALL"]}}}}}}"#,
            random.below(9),
            random.below(99),
            random.below(99),
        );
    }
    out.push_str(r#"],"serviceAccountName":"default","restartPolicy":"Always","terminationGracePeriodSeconds":30}"#);
    out.push_str(if pod {
        "}"
    } else {
        r#"},"strategy":{"type":"RollingUpdate"}}}"#
    });
    out
}

fn kind(resource: &str) -> &'static str {
    match resource {
        "pods" => "Pod",
        "deployments" => "Deployment",
        "configmaps" => "ConfigMap",
        "leases" => "Lease",
        _ => "Event",
    }
}
