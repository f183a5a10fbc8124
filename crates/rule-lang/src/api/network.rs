//! Services, and what is let through.

use super::meta::{CONDITION, OBJECT};
use super::pod::LABEL_SELECTOR;

types! {
    HTTP_INGRESS_PATH "HTTPIngressPath" {
        backend {INGRESS_BACKEND}, path Text, pathType (~ "Exact", "ImplementationSpecific", "Prefix"),
    }
    HTTP_INGRESS_RULE_VALUE "HTTPIngressRuleValue" {
        paths [{HTTP_INGRESS_PATH}],
    }
    INGRESS "Ingress" of OBJECT {
        spec {INGRESS_SPEC}, status {INGRESS_STATUS},
    }
    INGRESS_BACKEND "IngressBackend" {
        resource Open, service {INGRESS_SERVICE_BACKEND}, serviceName Text, servicePort Scalar,
    }
    INGRESS_CLASS "IngressClass" of OBJECT {
        spec {INGRESS_CLASS_SPEC},
    }
    INGRESS_CLASS_SPEC "IngressClassSpec" {
        controller Text, parameters Open,
    }
    INGRESS_RULE "IngressRule" {
        host Text, http {HTTP_INGRESS_RULE_VALUE},
    }
    INGRESS_SERVICE_BACKEND "IngressServiceBackend" {
        name Text, port {SERVICE_BACKEND_PORT},
    }
    INGRESS_SPEC "IngressSpec" {
        backend {INGRESS_BACKEND}, defaultBackend {INGRESS_BACKEND}, ingressClassName Text, rules [{INGRESS_RULE}], tls [{INGRESS_TLS}],
    }
    INGRESS_STATUS "IngressStatus" {
        loadBalancer Open,
    }
    INGRESS_TLS "IngressTLS" {
        hosts [Text], secretName Text,
    }
    IP_BLOCK "IPBlock" {
        cidr Text, except [Text],
    }
    NETWORK_POLICY "NetworkPolicy" of OBJECT {
        spec {NETWORK_POLICY_SPEC}, status Open,
    }
    NETWORK_POLICY_EGRESS_RULE "NetworkPolicyEgressRule" {
        ports [{NETWORK_POLICY_PORT}], to [{NETWORK_POLICY_PEER}],
    }
    NETWORK_POLICY_INGRESS_RULE "NetworkPolicyIngressRule" {
        from [{NETWORK_POLICY_PEER}], ports [{NETWORK_POLICY_PORT}],
    }
    NETWORK_POLICY_PEER "NetworkPolicyPeer" {
        ipBlock {IP_BLOCK}, namespaceSelector {LABEL_SELECTOR}, podSelector {LABEL_SELECTOR},
    }
    NETWORK_POLICY_PORT "NetworkPolicyPort" {
        endPort Number, port Scalar, protocol (~ "TCP", "UDP", "SCTP"),
    }
    NETWORK_POLICY_SPEC "NetworkPolicySpec" {
        egress [{NETWORK_POLICY_EGRESS_RULE}], ingress [{NETWORK_POLICY_INGRESS_RULE}], podSelector {LABEL_SELECTOR}, policyTypes [Text],
    }
    SERVICE "Service" of OBJECT {
        spec {SERVICE_SPEC}, status {SERVICE_STATUS},
    }
    SERVICE_SPEC "ServiceSpec" {
        allocateLoadBalancerNodePorts Bool, clusterIP Text, clusterIPs [Text], externalIPs [Text],
        externalName Text, externalTrafficPolicy (~ "Cluster", "Local"), healthCheckNodePort Number,
        internalTrafficPolicy (~ "Cluster", "Local"), ipFamilies [Text], ipFamilyPolicy Text,
        loadBalancerClass Text, loadBalancerIP Text, loadBalancerSourceRanges [Text], ports [{SERVICE_PORT}],
        publishNotReadyAddresses Bool, selector Map, sessionAffinity (~ "ClientIP", "None"),
        sessionAffinityConfig Open, topologyKeys [Text], trafficDistribution Text,
        type (~ "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"),
    }
    SERVICE_PORT "ServicePort" {
        appProtocol Text, name Text, nodePort Number, port Number, protocol (~ "TCP", "UDP", "SCTP"),
        targetPort Scalar,
    }
    SERVICE_BACKEND_PORT "ServiceBackendPort" {
        name Text, number Number,
    }
    SERVICE_STATUS "ServiceStatus" {
        conditions [{CONDITION}], loadBalancer Open,
    }
}
