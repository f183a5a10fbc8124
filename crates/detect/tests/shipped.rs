//! The shipped rules: their own tests, and the scenarios that other tools miss.

#[cfg(test)]
mod shipped {
    use std::sync::Arc;

    use detect::audit_model::{Provider, Source};
    use detect::rule_lang::TestKind;
    use detect::testing::Suite;
    use detect::{Detection, Event, Limits, Reader, Record, RuleSet};

    fn rules() -> RuleSet {
        RuleSet::builder().shipped().build().unwrap()
    }

    /// The names of the rules that match, in order.
    #[track_caller]
    fn hits(json: &str) -> Vec<String> {
        let rules = rules();
        let event = Event::decode(json.as_bytes(), &Limits::default()).unwrap();
        let mut scanner = rules.scanner();
        scanner
            .scan(&event)
            .map(|hit| hit.rule().name().to_owned())
            .collect()
    }

    #[track_caller]
    fn fires(rule: &str, json: &str) {
        let hits = hits(json);
        assert!(
            hits.iter().any(|hit| hit == rule),
            "{rule} is not among {hits:?} for {json}"
        );
    }

    #[track_caller]
    fn quiet(json: &str) {
        assert_eq!(hits(json), [""; 0], "{json}");
    }

    fn flags(json: &str) -> Vec<&'static str> {
        let rules = rules();
        let event = Event::decode(json.as_bytes(), &Limits::default()).unwrap();
        let mut scanner = rules.scanner();
        let flags = scanner.scan(&event).next().unwrap().flags();
        flags.names().collect()
    }

    /// An answered request by a person.
    struct Write {
        verb: &'static str,
        resource: &'static str,
        group: &'static str,
        subresource: &'static str,
        query: &'static str,
        namespace: &'static str,
        code: u16,
        request: String,
        response: String,
    }

    impl Default for Write {
        fn default() -> Self {
            Self {
                verb: "patch",
                resource: "deployments",
                group: "apps",
                subresource: "",
                query: "",
                namespace: "shop",
                code: 200,
                request: "null".to_owned(),
                response: "null".to_owned(),
            }
        }
    }

    impl Write {
        fn json(&self) -> String {
            let Self {
                verb,
                resource,
                group,
                subresource,
                query,
                namespace,
                code,
                request,
                response,
            } = self;
            format!(
                r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"RequestResponse","auditID":"1","stage":"ResponseComplete","requestURI":"/apis/{group}/v1/namespaces/{namespace}/{resource}/web{query}","verb":"{verb}","user":{{"username":"dana@example.test","groups":["devs","system:authenticated"]}},"sourceIPs":["203.0.113.7"],"userAgent":"kubectl/v1.34.0","objectRef":{{"resource":"{resource}","namespace":"{namespace}","name":"web","apiGroup":"{group}","apiVersion":"v1","subresource":"{subresource}"}},"responseStatus":{{"metadata":{{}},"code":{code}}},"requestObject":{request},"responseObject":{response},"requestReceivedTimestamp":"2026-01-02T03:04:05.000001Z","stageTimestamp":"2026-01-02T03:04:05.020001Z","annotations":{{"authorization.k8s.io/decision":"allow"}}}}"#
            )
        }
    }

    const PRIVILEGED: &str =
        r#"{"name":"x","image":"registry.example.com/x:1","securityContext":{"privileged":true}}"#;

    fn template(container: &str) -> String {
        format!(r#"{{"spec":{{"template":{{"spec":{{"containers":[{container}]}}}}}}}}"#)
    }

    #[test]
    fn every_rule_passes_its_own_tests() {
        let suite = Suite::new(RuleSet::builder().shipped()).deny_warnings();
        suite.require(TestKind::ALL).run().assert_passed();
    }

    #[test]
    fn the_rules_are_there_and_say_what_a_reader_needs() {
        let rules = rules();
        // What only a correlation needs is not told.
        let mut names: Vec<&str> = rules
            .rules()
            .filter(|rule| !rule.is_silenced())
            .map(detect::Rule::name)
            .collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "anonymous-exec",
                "anonymous-request-allowed",
                "attach-to-pod",
                "cluster-admin-binding",
                "crypto-mining-image",
                "csr-privileged-subject",
                "daemonset-created",
                "dangerous-command",
                "exec-into-pod",
                "host-network",
                "loadbalancer-service",
                "malicious-or-offensive-pod",
                "new-privileged-role",
                "nodeport-service",
                "pod-in-system-ns",
                "privileged-container",
                "role-pods-exec",
                "sa-in-kube-ns",
                "secret-get-any",
                "secret-list-cluster-wide",
                "sensitive-hostpath",
            ]
        );
        for rule in rules.rules() {
            let name = rule.name();
            assert!(rule.id().is_some() && rule.message().is_some(), "{name}");
            assert!(
                !rule.references().is_empty() && !rule.falsepositives().is_empty(),
                "{name}"
            );
            assert!(
                rule.tags().iter().any(|tag| tag.starts_with("attack.t")),
                "{name}"
            );
        }
    }

    #[test]
    fn the_correlations_are_there_and_say_what_a_reader_needs() {
        let rules = rules();
        let told = || {
            rules
                .correlations()
                .filter(|correlation| !correlation.is_silenced())
        };
        let mut names: Vec<&str> = told().map(detect::Correlation::name).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "anonymous-denied-spike",
                "attack-sequence-compromised-cluster",
                "authn-failure-burst",
                "create-privileged-then-exec",
                "csr-self-approved",
                "denials-then-grant",
                "denied-breadth-by-user",
                "denied-burst-by-ip",
                "exec-many-pods",
                "many-pods-or-hostmounts-by-one-actor",
                "mass-delete",
                "mass-delete-collections",
                "multi-resource-recon",
                "rbac-then-workload",
                "sa-created-then-privileged",
                "sa-token-off-pod",
                "secret-burst-distinct",
                "unusual-source-for-user",
            ]
        );
        for correlation in told() {
            let name = correlation.name();
            assert!(correlation.inactive().is_none(), "{name}");
            assert!(
                correlation.id().is_some() && correlation.message().is_some(),
                "{name}"
            );
            assert!(
                !correlation.further_reading().is_empty()
                    && !correlation.falsepositives().is_empty(),
                "{name}"
            );
            assert!(
                correlation
                    .tags()
                    .iter()
                    .any(|tag| tag.starts_with("attack.t")),
                "{name}"
            );
            for kind in TestKind::ALL {
                assert!(
                    correlation.tests().iter().any(|test| test.kind() == *kind),
                    "{name} has no test that is a {kind}"
                );
            }
        }
    }

    #[test]
    fn exec_over_a_websocket() {
        let exec = |code: u16, dry_run: &str| {
            format!(
                r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"1","stage":"ResponseStarted","requestURI":"/api/v1/namespaces/shop/pods/web-0/exec?command=sh&command=-c&command=id&container=web&stdout=true{dry_run}","verb":"get","user":{{"username":"dana@example.test","groups":["devs"]}},"sourceIPs":["203.0.113.7"],"objectRef":{{"resource":"pods","namespace":"shop","name":"web-0","apiVersion":"v1","subresource":"exec"}},"responseStatus":{{"metadata":{{}},"code":{code}}}}}"#
            )
        };
        fires("exec-into-pod", &exec(101, ""));
        fires("dangerous-command", &exec(101, ""));
        // The parameter means nothing to a stream, and so does not make one harmless.
        fires("exec-into-pod", &exec(101, "&dryRun=All"));
        quiet(&exec(403, ""));
    }

    #[test]
    fn a_privileged_init_container_in_a_cron_job() {
        let request = format!(
            r#"{{"spec":{{"jobTemplate":{{"spec":{{"template":{{"spec":{{"initContainers":[{PRIVILEGED}],"containers":[{{"name":"a","image":"registry.example.com/a:1"}}]}}}}}}}}}}}}"#
        );
        let create = Write {
            verb: "create",
            resource: "cronjobs",
            group: "batch",
            code: 201,
            request,
            ..Write::default()
        };
        fires("privileged-container", &create.json());
        quiet(
            &Write {
                query: "?dryRun=All",
                ..create
            }
            .json(),
        );
    }

    #[test]
    fn host_network_by_json_patch() {
        let request =
            r#"[{"op":"add","path":"/spec/template/spec/hostNetwork","value":true}]"#.to_owned();
        let patch = Write {
            request,
            ..Write::default()
        };
        fires("host-network", &patch.json());
        quiet(
            &Write {
                query: "?dryRun=All",
                ..patch
            }
            .json(),
        );
    }

    #[test]
    fn a_subject_patched_into_a_cluster_admin_binding() {
        let patch = Write {
            resource: "clusterrolebindings",
            group: "rbac.authorization.k8s.io",
            namespace: "",
            request: r#"[{"op":"add","path":"/subjects/-","value":{"kind":"User","name":"eve"}}]"#.to_owned(),
            response: r#"{"kind":"ClusterRoleBinding","apiVersion":"rbac.authorization.k8s.io/v1","roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"cluster-admin"},"subjects":[{"kind":"User","name":"eve"}]}"#.to_owned(),
            ..Write::default()
        };
        fires("cluster-admin-binding", &patch.json());
        quiet(
            &Write {
                query: "?dryRun=All",
                ..patch
            }
            .json(),
        );
    }

    #[test]
    fn a_patch_whose_answer_hides_the_object() {
        let patch = Write {
            request: template(PRIVILEGED),
            response: r#"{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"web"}}"#.to_owned(),
            ..Write::default()
        };
        fires("privileged-container", &patch.json());
        quiet(
            &Write {
                query: "?dryRun=All",
                ..patch
            }
            .json(),
        );
    }

    #[test]
    fn an_apply_that_creates_a_pod_in_kube_system() {
        let apply = Write {
            resource: "pods",
            group: "",
            namespace: "kube-system",
            query: "?fieldManager=kubectl&force=true",
            code: 201,
            request: r#"{"kind":"Pod","apiVersion":"v1","spec":{"containers":[{"name":"a","image":"registry.example.com/a:1"}]}}"#.to_owned(),
            ..Write::default()
        };
        fires("pod-in-system-ns", &apply.json());
        quiet(
            &Write {
                query: "?fieldManager=kubectl&dryRun=All",
                ..apply
            }
            .json(),
        );
    }

    #[test]
    fn what_touches_nothing_is_quiet() {
        let response = template(PRIVILEGED).replacen(
            '{',
            r#"{"kind":"Deployment","apiVersion":"apps/v1","#,
            1,
        );
        let label = r#"{"metadata":{"labels":{"team":"shop"}}}"#.to_owned();
        quiet(
            &Write {
                request: label,
                response: response.clone(),
                ..Write::default()
            }
            .json(),
        );
        let labels = r#"[{"op":"add","path":"/metadata/labels/team","value":"shop"}]"#.to_owned();
        quiet(
            &Write {
                request: labels,
                response: response.clone(),
                ..Write::default()
            }
            .json(),
        );
        // An update of the status carries the whole object.
        quiet(
            &Write {
                verb: "update",
                subresource: "status",
                request: response.clone(),
                response,
                ..Write::default()
            }
            .json(),
        );
        quiet(
            &Write {
                verb: "create",
                code: 403,
                request: template(PRIVILEGED),
                ..Write::default()
            }
            .json(),
        );
        quiet(
            &Write {
                verb: "create",
                code: 422,
                request: template(PRIVILEGED),
                ..Write::default()
            }
            .json(),
        );
    }

    #[test]
    fn an_operator_of_openshift_is_normal_on_openshift_only() {
        let json = Write {
            verb: "create",
            resource: "daemonsets",
            namespace: "openshift-multus",
            code: 201,
            request: template(
                r#"{"name":"multus","image":"quay.io/openshift-release-dev/multus@sha256:ab","securityContext":{"privileged":true}}"#,
            ),
            ..Write::default()
        }
        .json()
        .replace("dana@example.test", "system:serviceaccount:openshift-network-operator:default")
        .replace(r#""devs","#, r#""system:serviceaccounts","#);
        let rules = rules();
        let mut event = Event::decode(json.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(rules.scanner().scan(&event).len(), 2);
        event.source = Some(Arc::new(Source::from(Provider::OpenShift)));
        let hits: Vec<_> = rules
            .scanner()
            .scan(&event)
            .map(|hit| hit.rule().name().to_owned())
            .collect();
        assert_eq!(hits, [""; 0]);
    }

    #[test]
    fn spellings_of_one_index_are_one_container() {
        let rules = RuleSet::builder()
            .text(
                "both.yaml",
                "
title: Both
name: both
logsource: {product: kubernetes, service: audit}
sigma-version: 3
detection:
  one:
    containers[any]: {image: evil, securityContext.privileged: true}
  condition: one
",
            )
            .build()
            .unwrap();
        let fires = |first: &str, second: &str| {
            let request = format!(
                r#"[{{"op":"replace","path":"/spec/template/spec/containers/{first}/image","value":"evil"}},{{"op":"add","path":"/spec/template/spec/containers/{second}/securityContext","value":{{"privileged":true}}}}]"#
            );
            let json = Write {
                request,
                ..Write::default()
            }
            .json();
            let event = Event::decode(json.as_bytes(), &Limits::default()).unwrap();
            rules.scanner().scan(&event).len() == 1
        };
        assert!(fires("0", "0") && fires("0", "00") && fires("+10", "010"));
        assert!(!fires("0", "1") && !fires("1", "10") && !fires("0", "-1"));
    }

    #[test]
    fn verbs_and_resources_of_two_rbac_rules_do_not_add_up() {
        let role = |rules: &str| {
            Write {
                verb: "create",
                resource: "clusterroles",
                group: "rbac.authorization.k8s.io",
                namespace: "",
                code: 201,
                request: format!(r#"{{"kind":"ClusterRole","rules":[{rules}]}}"#),
                ..Write::default()
            }
            .json()
        };
        quiet(&role(
            r#"{"apiGroups":[""],"resources":["pods/exec"],"verbs":["list"]},{"apiGroups":[""],"resources":["configmaps"],"verbs":["create"]}"#,
        ));
        fires(
            "role-pods-exec",
            &role(
                r#"{"apiGroups":[""],"resources":["configmaps","pods/exec"],"verbs":["list","create"]}"#,
            ),
        );
    }

    #[test]
    fn a_hostile_body_hides_nothing_and_is_flagged() {
        let brackets = format!("{}{}", "[".repeat(9_000), "]".repeat(9_000));
        let spec = format!(r#"{{"template":{{"spec":{{"containers":[{PRIVILEGED}]}}}}}}"#);
        for (beside, flag) in [
            (r#""spec":{}"#, Some("duplicate-key")),
            (r#""\u0073pec":{"template":null}"#, Some("duplicate-key")),
            (r#""x":"\ud800""#, Some("invalid-text")),
            (r#""x":1e999"#, None),
            (r#""spec.template.spec.containers":[]"#, None),
            (&format!(r#""x":{brackets}"#), None),
        ] {
            for request in [
                format!(r#"{{{beside},"spec":{spec}}}"#),
                format!(r#"{{"spec":{spec},{beside}}}"#),
            ] {
                let json = Write {
                    request,
                    ..Write::default()
                }
                .json();
                fires("privileged-container", &json);
                assert_eq!(
                    flags(&json),
                    flag.into_iter().collect::<Vec<_>>(),
                    "{beside:.60}"
                );
            }
        }
        // Bad UTF-8 cannot stand in a Rust string literal.
        let request = format!(r#"{{"x":"~","spec":{spec}}}"#);
        let mut json = Write {
            request,
            ..Write::default()
        }
        .json()
        .into_bytes();
        *json.iter_mut().find(|byte| **byte == b'~').unwrap() = 0xff;
        let event = Event::decode(&json, &Limits::default()).unwrap();
        let rules = rules();
        let mut scanner = rules.scanner();
        let names: Vec<_> = scanner
            .scan(&event)
            .map(|hit| (hit.rule().name().to_owned(), hit.flags()))
            .collect();
        assert!(
            names.iter().any(|(name, _)| name == "privileged-container"),
            "{names:?}"
        );
        assert!(
            names
                .iter()
                .all(|(_, flags)| flags.names().eq(["invalid-text"])),
            "{names:?}"
        );
    }

    #[test]
    fn a_duplicate_image_hides_nothing_under_neq() {
        let rules = RuleSet::builder()
            .text(
                "foreign.yaml",
                "
title: Foreign image
name: foreign-image
logsource: {product: kubernetes, service: audit}
sigma-version: 3
detection:
  foreign:
    containers[any]:
      image.registry|neq: registry.example.com
  condition: foreign
level: high
",
            )
            .build()
            .unwrap();
        let fires = |containers: &str| {
            let request =
                format!(r#"{{"spec":{{"template":{{"spec":{{"containers":[{containers}]}}}}}}}}"#);
            let json = Write {
                request,
                ..Write::default()
            }
            .json();
            let event = Event::decode(json.as_bytes(), &Limits::default()).unwrap();
            rules.scanner().scan(&event).len() == 1
        };
        assert!(!fires(r#"{"image":"registry.example.com/a"}"#));
        assert!(fires(r#"{"image":"evil.example.net/a"}"#));
        assert!(fires(
            r#"{"image":"evil.example.net/a","image":"registry.example.com/a"}"#
        ));
        assert!(fires(
            r#"{"image":"registry.example.com/a","\u0069mage":"evil.example.net/a"}"#
        ));
    }

    /// The rules that an entry of GKE's log fires, with their messages.
    #[track_caller]
    fn gke_hits(method: &str, name: &str, labels: &str, parts: &str) -> Vec<(String, String)> {
        let entry = format!(
            r#"{{"insertId":"op-1","timestamp":"2026-01-02T03:04:05.123456Z","resource":{{"type":"k8s_cluster","labels":{{"project_id":"p","location":"l","cluster_name":"c"}}}},"labels":{{"authorization.k8s.io/decision":"allow"{labels}}},"operation":{{"id":"op-1","producer":"k8s.io","first":true,"last":true}},"protoPayload":{{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","serviceName":"k8s.io","methodName":"{method}","resourceName":"{name}","authenticationInfo":{{"principalEmail":"dana@example.test"}},"authorizationInfo":[{{"granted":true}}],"requestMetadata":{{"callerIp":"203.0.113.7","callerSuppliedUserAgent":"kubectl"}},{parts}}}}}"#
        );
        let rules = rules();
        let mut detector = rules.detector();
        let mut reader = Reader::new(entry.as_bytes());
        let record = reader.next().unwrap().unwrap();
        let Record::Event(event) = &record else {
            panic!("{record:?}");
        };
        detector
            .process(&record)
            .map(|hit| {
                let message = Detection::new(&hit, event.event()).message;
                (hit.rule().name().to_owned(), message)
            })
            .collect()
    }

    fn names(hits: &[(String, String)]) -> Vec<&str> {
        hits.iter().map(|(rule, _)| rule.as_str()).collect()
    }

    #[test]
    fn the_same_attack_on_gke() {
        let exec = |labels: &str, status: &str| {
            gke_hits(
                "io.k8s.core.v1.pods.exec.create",
                "core/v1/namespaces/shop/pods/web-0/exec/web-0",
                labels,
                &format!(r#""status":{status}"#),
            )
        };
        let unknown = r#"{"code":2,"message":"UNKNOWN"}"#;
        let shell = exec(r#","command.gke.io/command":"/bin/sh -c id""#, unknown);
        assert_eq!(names(&shell), ["dangerous-command", "exec-into-pod"]);
        for (_, message) in &shell {
            assert_eq!(
                message,
                "dana@example.test ran `/bin/sh -c id` in shop/web-0"
            );
        }
        // Nor does a program that only starts another one hide it.
        for line in [
            "env bash",
            "/usr/bin/timeout 60 /bin/sh -c id",
            "sudo nsenter -t 1",
        ] {
            let wrapped = exec(&format!(r#","command.gke.io/command":"{line}""#), unknown);
            assert_eq!(names(&wrapped), ["dangerous-command", "exec-into-pod"]);
        }
        let harmless = exec(r#","command.gke.io/command":"env wash""#, unknown);
        assert_eq!(names(&harmless), ["exec-into-pod"]);
        // Without the label it is not known what was run.
        assert_eq!(names(&exec("", unknown)), ["exec-into-pod"]);
        assert_eq!(names(&exec("", r#"{"code":7}"#)), [""; 0]);

        let binding = r#"{"@type":"rbac.authorization.k8s.io/v1.ClusterRoleBinding","roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"cluster-admin"},"subjects":[{"kind":"User","name":"eve"}]}"#;
        let bound = gke_hits(
            "io.k8s.authorization.rbac.v1.clusterrolebindings.create",
            "rbac.authorization.k8s.io/v1/clusterrolebindings/evil",
            "",
            &format!(r#""status":{{}},"request":{binding}"#),
        );
        assert_eq!(names(&bound), ["cluster-admin-binding"]);

        let deployment = template(PRIVILEGED);
        let create = |labels| {
            gke_hits(
                "io.k8s.apps.v1.deployments.create",
                "apps/v1/namespaces/shop/deployments/web",
                labels,
                &format!(r#""status":{{}},"request":{deployment}"#),
            )
        };
        assert_eq!(names(&create("")), ["privileged-container"]);
        let native = Write {
            verb: "create",
            code: 201,
            request: template(PRIVILEGED),
            ..Write::default()
        };
        assert_eq!(hits(&native.json()), ["privileged-container"]);
    }
}
