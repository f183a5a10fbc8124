//! Roles and their bindings.

types! {
    POLICY_RULE "PolicyRule" {
        apiGroups [Group], nonResourceURLs [Text], resourceNames [Text], resources [RoleResource], verbs [RoleVerb],
    }
    ROLE_REF "RoleRef" {
        apiGroup Group, kind Text, name Text,
    }
    SUBJECT "Subject" {
        apiGroup Group, kind Text, name Text, namespace Text,
    }
}
