//! Rules as they are written for Kubernetes, in plain Sigma, with an event each that they were written for or must not
//! match.

/// A detection and what it must make of an event.
pub struct Case {
    /// What it is about.
    pub name: &'static str,
    /// Below `detection:`, as flow style allows to write it in one line.
    pub detection: &'static str,
    /// Fields of the event beside those that all events have.
    pub event: &'static str,
    pub matches: bool,
}

impl Case {
    /// The rule, with an id that begins with its place.
    pub fn rule(&self, at: usize) -> String {
        format!(
            "title: Case {at}\nid: {at:08x}-0000-4000-8000-000000000000\nname: case-{at}\nlogsource: {{product: kubernetes, service: audit}}\ndetection: {}\nlevel: medium\n",
            self.detection
        )
    }

    /// The event, in one line.
    pub fn line(&self) -> String {
        format!(
            r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Request","auditID":"1","stage":"ResponseComplete",{},"stageTimestamp":"2026-01-02T03:04:05.000001Z"}}"#,
            self.event
        )
    }
}

/// All cases.
pub const CASES: &[Case] = &[
    Case {
        name: "text in another case",
        detection: "{sel: {verb: CREATE, objectRef.resource: Pods}, condition: sel}",
        event: r#""verb":"create","objectRef":{"resource":"pods"}"#,
        matches: true,
    },
    Case {
        name: "part of a text in another case",
        detection: "{sel: {userAgent|contains: CURL}, condition: sel}",
        event: r#""verb":"get","userAgent":"curl/8.5.0""#,
        matches: true,
    },
    Case {
        name: "number",
        detection: "{sel: {responseStatus.code: [401, 403]}, condition: sel}",
        event: r#""verb":"get","responseStatus":{"metadata":{},"code":403}"#,
        matches: true,
    },
    Case {
        name: "key with dots",
        detection: "{sel: {annotations.authorization.k8s.io/decision: forbid}, condition: sel}",
        event: r#""verb":"get","annotations":{"authorization.k8s.io/decision":"forbid","authorization.k8s.io/reason":""}"#,
        matches: true,
    },
    Case {
        name: "member of a list",
        detection: "{sel: {user.groups: 'system:masters'}, condition: sel}",
        event: r#""verb":"get","user":{"username":"kim","groups":["devs","system:masters"]}"#,
        matches: true,
    },
    Case {
        name: "address in a list within a network",
        detection: "{sel: {sourceIPs|cidr: 203.0.113.0/24}, condition: sel}",
        event: r#""verb":"get","sourceIPs":["10.0.0.1","203.0.113.7"]"#,
        matches: true,
    },
    Case {
        name: "field of objects in a list",
        detection: "{sel: {requestObject.spec.containers.securityContext.privileged: true}, condition: sel}",
        event: r#""verb":"create","requestObject":{"spec":{"containers":[{"name":"a"},{"name":"b","securityContext":{"privileged":true}}]}}"#,
        matches: true,
    },
    Case {
        name: "`not` with a field that is absent",
        detection: "{sel: {verb: list, objectRef.resource: secrets}, known: {objectRef.namespace: kube-system}, condition: sel and not known}",
        event: r#""verb":"list","objectRef":{"resource":"secrets"}"#,
        matches: true,
    },
    Case {
        name: "`not` with a list that has the value",
        detection: "{sel: {verb: list, objectRef.resource: secrets}, known: {user.groups: 'system:nodes'}, condition: sel and not known}",
        event: r#""verb":"list","objectRef":{"resource":"secrets"},"user":{"groups":["system:nodes","system:authenticated"]}"#,
        matches: false,
    },
    Case {
        name: "`not` with part of a text",
        detection: "{sel: {verb: list, objectRef.resource: secrets}, known: {userAgent|startswith: 'kubelet/'}, condition: sel and not known}",
        event: r#""verb":"list","objectRef":{"resource":"secrets"},"userAgent":"curl/8.5.0""#,
        matches: true,
    },
    Case {
        name: "`null` with a field that is absent",
        detection: "{sel: {verb: create, objectRef.resource: pods, objectRef.subresource: null}, condition: sel}",
        event: r#""verb":"create","objectRef":{"resource":"pods","namespace":"shop"}"#,
        matches: true,
    },
    Case {
        name: "`'*'` with a field that is there",
        detection: "{sel: {verb: get, impersonatedUser.username: '*'}, condition: sel}",
        event: r#""verb":"get","impersonatedUser":{"username":"root"}"#,
        matches: true,
    },
    Case {
        name: "`'*'` with a field that is absent",
        detection: "{sel: {verb: get, impersonatedUser.username: '*'}, condition: sel}",
        event: r#""verb":"get","user":{"username":"kim"}"#,
        matches: false,
    },
    Case {
        name: "wildcards within a text",
        detection: "{sel: {requestURI: '/api/*/secrets*'}, condition: sel}",
        event: r#""verb":"list","requestURI":"/api/v1/namespaces/shop/secrets?limit=500""#,
        matches: true,
    },
    Case {
        name: "`1 of sel_*`",
        detection: "{sel_a: {verb: list}, sel_b: {verb: watch}, condition: 1 of sel_*}",
        event: r#""verb":"watch""#,
        matches: true,
    },
    Case {
        name: "list of maps",
        detection: "{sel: [{verb: delete, objectRef.resource: events}, {verb: deletecollection}], condition: sel}",
        event: r#""verb":"deletecollection","objectRef":{"resource":"pods"}"#,
        matches: true,
    },
    Case {
        name: "key that is written with an escape",
        detection: "{sel: {objectRef.subresource: exec}, condition: sel}",
        event: r#""verb":"create","objectRef":{"resource":"pods","\u0073ubresource":"ex\u0065c"}"#,
        matches: true,
    },
    Case {
        name: "body with half of a surrogate pair",
        detection: "{sel: {verb: patch, objectRef.resource: pods}, condition: sel}",
        event: r#""verb":"patch","objectRef":{"resource":"pods"},"requestObject":{"metadata":{"labels":{"a":"\ud800"}}}"#,
        matches: true,
    },
    Case {
        name: "body with a number beyond 64 bits",
        detection: "{sel: {verb: patch, objectRef.resource: pods}, condition: sel}",
        event: r#""verb":"patch","objectRef":{"resource":"pods"},"requestObject":{"x":1e999}"#,
        matches: true,
    },
];
