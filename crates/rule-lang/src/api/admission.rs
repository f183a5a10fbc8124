//! Who is asked before a request is served.

use super::meta::OBJECT;
use super::pod::LABEL_SELECTOR;

types! {
    MATCH_CONDITION "MatchCondition" {
        expression Text, name Text,
    }
    SERVICE_REFERENCE "ServiceReference" {
        name Text, namespace Text, path Text, port Number,
    }
    WEBHOOK "Webhook" {
        admissionReviewVersions [Text], clientConfig {WEBHOOK_CLIENT_CONFIG},
        failurePolicy (~ "Fail", "Ignore"), matchConditions [{MATCH_CONDITION}], matchPolicy (~ "Equivalent", "Exact"), name Text,
        namespaceSelector {LABEL_SELECTOR}, objectSelector {LABEL_SELECTOR},
        reinvocationPolicy (~ "IfNeeded", "Never"), rules [{WEBHOOK_RULE}], sideEffects Text,
        timeoutSeconds Number,
    }
    WEBHOOK_CLIENT_CONFIG "WebhookClientConfig" {
        caBundle Text, service {SERVICE_REFERENCE}, url Text,
    }
    WEBHOOK_CONFIGURATION "WebhookConfiguration" of OBJECT {
        webhooks [{WEBHOOK}],
    }
    WEBHOOK_RULE "RuleWithOperations" {
        apiGroups [Text], apiVersions [Text], operations [Text], resources [Text], scope Text,
    }
}
