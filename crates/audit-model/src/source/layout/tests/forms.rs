//! Wrappers, and what of them is opened alike.

/// A record of each form that carries a text, of so many texts as it may have.
pub(super) type Form = (&'static str, fn(&str, &[String]) -> String);

pub(super) const FORMS: &[Form] = &[
    ("AKS", |id, texts| {
        format!(
            r#"{{"time":"{id}","resourceId":"/SUBSCRIPTIONS/0/RESOURCEGROUPS/SHOP/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/PROD","category":"kube-audit","operationName":"Microsoft.ContainerService/managedClusters/diagnosticLogs/Read","properties":{{"log":{},"stream":"stdout","pod":"kube-apiserver-{id}"}}}}"#,
            texts[0]
        )
    }),
    ("AKS, an event hub", |id, texts| {
        let records = texts.iter().map(|text| {
            format!(r#"{{"time":"{id}","category":"kube-audit","properties":{{"log":{text}}}}}"#)
        });
        format!(
            r#"{{"records":[{}]}}"#,
            records.collect::<Vec<_>>().join(",")
        )
    }),
    ("AKS, a row of a table", |id, texts| {
        format!(
            r#"{{"TimeGenerated":"{id}","_ResourceId":"/subscriptions/0/resourceGroups/shop/providers/x/managedClusters/prod","Category":"kube-audit-admin","log_s":{}}}"#,
            texts[0]
        )
    }),
    ("EKS", |id, texts| {
        let events = texts
            .iter()
            .enumerate()
            .map(|(n, text)| format!(r#"{{"id":"{id}-{n}","timestamp":1{n}.0,"message":{text}}}"#));
        format!(
            r#"{{"messageType":"DATA_MESSAGE","owner":"111122223333","logGroup":"/aws/eks/demo/cluster","logStream":"kube-apiserver-audit-0a1b","subscriptionFilters":["{id}"],"logEvents":[{}]}}"#,
            events.collect::<Vec<_>>().join(",")
        )
    }),
    ("EKS, events", |id, texts| {
        let events = texts.iter().map(|text| {
            format!(
                r#"{{"logStreamName":"kube-apiserver-audit-0a","timestamp":1,"message":{text},"eventId":"{id}"}}"#
            )
        });
        format!(
            r#"{{"events":[{}],"searchedLogStreams":[]}}"#,
            events.collect::<Vec<_>>().join(",")
        )
    }),
    ("EKS, a row of Logs Insights", |id, texts| {
        format!(
            r#"{{"@timestamp":"{id}","@message":{},"@logStream":"kube-apiserver-audit-0a"}}"#,
            texts[0]
        )
    }),
    ("Vector", |id, texts| {
        format!(
            r#"{{"file":"/var/log/a","host":"{id}","message":{},"source_type":"file","timestamp":"{id}"}}"#,
            texts[0]
        )
    }),
    ("Logstash", |id, texts| {
        format!(
            r#"{{"@timestamp":"{id}","@version":"1","event":{{"original":{}}},"log":{{"file":{{"path":"/x"}},"offset":-1.5e3}}}}"#,
            texts[0]
        )
    }),
    ("journald", |id, texts| {
        format!(
            r#"{{"MESSAGE":{},"_SYSTEMD_UNIT":"kubelet.service","PRIORITY":"{id}"}}"#,
            texts[0]
        )
    }),
    ("OTLP", |id, texts| {
        format!(
            r#"{{"resourceLogs":[{{"resource":{{"attributes":[]}},"scopeLogs":[{{"scope":{{}},"logRecords":[{{"timeUnixNano":"{id}","body":{{"stringValue":{}}}}}]}}]}}]}}"#,
            texts[0]
        )
    }),
    ("Loki", |id, texts| {
        let values = texts.iter().map(|text| format!(r#"["{id}",{text}]"#));
        format!(
            r#"{{"streams":[{{"stream":{{"job":"a"}},"values":[{}]}}]}}"#,
            values.collect::<Vec<_>>().join(",")
        )
    }),
    ("logcli", |id, texts| {
        format!(
            r#"{{"labels":{{"job":"a"}},"line":{},"timestamp":"{id}"}}"#,
            texts[0]
        )
    }),
    ("Splunk's collector", |id, texts| {
        format!(r#"{{"host":"{id}","index":"k","event":{}}}"#, texts[0])
    }),
    ("Splunk's export", |id, texts| {
        format!(
            r#"{{"preview":false,"result":{{"_raw":{},"_time":"{id}"}}}}"#,
            texts[0]
        )
    }),
    ("kcat", |id, texts| {
        let n = id.len();
        format!(
            r#"{{"topic":"t","partition":0,"offset":{n},"key":null,"payload":{}}}"#,
            texts[0]
        )
    }),
    ("CloudEvents", |id, texts| {
        format!(
            r#"{{"specversion":"1.0","type":"t","source":"s","id":"{id}","data":{}}}"#,
            texts[0]
        )
    }),
    ("SNS", |id, texts| {
        format!(
            r#"{{"Type":"Notification","MessageId":"{id}","TopicArn":"a","Message":{}}}"#,
            texts[0]
        )
    }),
    ("SQS", |id, texts| {
        let records = texts
            .iter()
            .map(|text| format!(r#"{{"messageId":"{id}","body":{text}}}"#));
        format!(
            r#"{{"Records":[{}]}}"#,
            records.collect::<Vec<_>>().join(",")
        )
    }),
];

/// What opens no record alike: what is carried is in another form, or all of it is looked at.
pub(super) const OTHERS: &[Form] = &[
    ("Docker", |id, texts| {
        format!(r#"{{"log":{},"stream":"stdout","time":"{id}"}}"#, texts[0])
    }),
    ("Elastic", |id, texts| {
        format!(
            r#"{{"@timestamp":"{id}","event":{{"original":{}}},"kubernetes":{{"audit":{{"verb":"get"}}}}}}"#,
            texts[0]
        )
    }),
    ("nobody's", |id, texts| {
        format!(r#"{{"a":["{id}",{{"b":{}}}]}}"#, texts[0])
    }),
];
