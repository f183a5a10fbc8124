//! Roles and their bindings.

types! {
    POLICY_RULE "PolicyRule" {
        apiGroups [Text], nonResourceURLs [Text], resourceNames [Text], resources [Text], verbs [Text],
    }
    ROLE_REF "RoleRef" {
        apiGroup Text, kind Text, name Text,
    }
    SUBJECT "Subject" {
        apiGroup Text, kind Text, name Text, namespace Text,
    }
}
