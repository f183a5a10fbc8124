//! The list of lints: what is written correctly and hardly meant.

use super::Code;
use super::kinds::{DiagnosticKind, kind};

pub(super) const LINTS: &[DiagnosticKind] = &[
    kind(
        Code::AmbiguousYaml,
        "a word without quotes that readers of YAML understand differently: `yes`, `010`, `12:30:45`, `1.10`",
        "write it in quotes",
    ),
    kind(
        Code::AskedOfAll,
        "a rule that holds of events which have nothing of what it names, such as a negation alone, so that it is asked of every event",
        "say what is sought too, such as a `verb` or a `resource`",
    ),
    kind(
        Code::BadDate,
        "a `date` or `modified` that is no day, or a change before the beginning",
        "days are written like `2026-11-21`",
    ),
    kind(
        Code::BadId,
        "an `id` that is no UUID, or the nil one",
        "a name for people goes into `name`",
    ),
    kind(
        Code::BadRelated,
        "an entry of `related` without the UUID of a rule, or with another kind of relation than Sigma has",
        "write `{id: …, type: derived}`",
    ),
    kind(
        Code::BadTag,
        "a tag without namespace, with other characters than tags have, or that stands twice",
        "write a namespace and a name in lower case: `attack.t1610`",
    ),
    kind(
        Code::BodyNotLogged,
        "a body of secrets, configmaps, token reviews, service account tokens or events, which the usual audit policies leave out, or of exec and other connections, which have none",
        "test what the request line tells, or say `requires: Request`",
    ),
    kind(
        Code::Contradiction,
        "tests that no event passes together: of one field, of fields that belong together, or of one member of a list",
        "join alternatives by `or`: two selections, or two maps in a list",
    ),
    kind(
        Code::CreateWithoutOperation,
        "`verb: create` of a resource that server-side apply creates by `patch`",
        "write `operation: create`",
    ),
    kind(
        Code::DeadLevel,
        "one of `levels` that no match of the rule has: its condition excludes the rule's, or one before it always holds",
        "put the narrower condition first, or take the level out",
    ),
    kind(
        Code::DuplicateRule,
        "two rules that ask the same",
        "take one of them out",
    ),
    kind(
        Code::EmptyPattern,
        "an empty text under `contains`, `startswith` or `endswith`, which every text has, or a regular expression that every text matches",
        "write `'*'` for any value",
    ),
    kind(
        Code::ExecWithoutGet,
        "exec, attach or port forwarding by `create` only; over a WebSocket it is `get`",
        "leave the verb out, or write `[create, get]`",
    ),
    kind(
        Code::FilterHidesMembers,
        "a filter that takes an object away when one of its containers, volumes, rules or subjects is known",
        "say it of all members: `containers[all]:`",
    ),
    kind(
        Code::FilterLogsource,
        "a filter whose `logsource` says more than that of a rule that it names, so that it is not for it",
        "write no more than the rule does: `{product: kubernetes, service: audit}`",
    ),
    kind(
        Code::FilterTakesAll,
        "a filter that takes every hit of a rule away",
        "narrow what it takes, or turn the rule off by an `override`",
    ),
    kind(
        Code::FilterWithoutEffect,
        "a filter that takes no hit of the rules that it names, because they exclude what it takes",
        "take the name out, or ask for something that the rule finds",
    ),
    kind(
        Code::FilterWithoutNot,
        "a filter whose condition asks for what it should take away",
        "write `condition: not selection`",
    ),
    kind(
        Code::ForgedSource,
        "a test of `sourceIPs`, all but the last of which a client can make up",
        "test `client.ip`",
    ),
    kind(
        Code::GroupInResource,
        "an API group behind the name of a resource, as kubectl writes it: `deployments.apps`",
        "write `resource: deployments` and `apiGroup: apps`",
    ),
    kind(
        Code::HoldsAtOnce,
        "a correlation that counts, without a bound from below, so that it holds of the first event already",
        "give it a bound from below, such as `gte`",
    ),
    kind(
        Code::ImpliedSelection,
        "a part of a condition that another part implies, or a map of a list that another one covers",
        "leave it out, or ask for something that the other part does not",
    ),
    kind(
        Code::ImpliedValue,
        "a value of a list that stands twice, or that another value of the list takes in",
        "take out the one that changes nothing",
    ),
    kind(
        Code::LiteralRegex,
        "a regular expression that is a plain text, or a list of them",
        "write the text, with `contains`, `startswith` or `endswith`",
    ),
    kind(
        Code::MainContainersOnly,
        "a path to `spec.containers`, which has neither init nor ephemeral containers",
        "test `containers`",
    ),
    kind(
        Code::MissingMetadata,
        "a rule with the status `stable` or `test` that lacks `id`, `description` or `level`",
        "add what is missing, or call the rule `experimental`",
    ),
    kind(
        Code::NeverMatches,
        "a value that the field never has: another type, another form, none of its few words, or a part of a date",
        "write a value as the field has it",
    ),
    kind(
        Code::NoSuchField,
        "a field of an object that the Kubernetes API does not have there, or a field in `fields` that no event has",
        "write the field that was meant; one that is newer than this library is used all the same",
    ),
    kind(
        Code::NoSuchRequest,
        "a resource with a subresource, a verb, a group or a namespace that it does not have, so that only a request that fails can be meant",
        "write what the resource has, or the `apiGroup` of the custom resource that is meant",
    ),
    kind(
        Code::OffsetOfWhole,
        "`base64offset` without `contains`, `startswith` or `endswith`",
        "write `contains` behind it, or `base64` in its place",
    ),
    kind(
        Code::PodOnly,
        "a part of the pod template sought in pods alone, although deployments, jobs and others carry the same",
        "leave `resource` out and test `podSpec`, `containers`, `volumes` or `hostPaths`",
    ),
    kind(
        Code::RbacStar,
        "a bare `*` for the star that a role holds: it is a wildcard and matches every role",
        r"write `'\*'`",
    ),
    kind(
        Code::ResourceInWrongGroup,
        "a resource of Kubernetes in an API group that does not have it",
        "write the group that has it, or `null` for the core group",
    ),
    kind(
        Code::ResourceSingular,
        "a kind, a singular or a short name as the resource, of a request or in a role",
        "write the plural, as in requests: `pods`",
    ),
    kind(
        Code::ResourceWithoutSubresource,
        "a resource and a verb that also mean subresources, where these are another matter",
        "write `subresource: null`, or name the subresources",
    ),
    kind(
        Code::SingleAll,
        "`all` with one value",
        "give it a list of values, or leave it out",
    ),
    kind(
        Code::SubresourceInResource,
        "a subresource in `resource`: `pods/exec`",
        "write `resource: pods` and `subresource: exec`",
    ),
    kind(
        Code::Tautology,
        "a condition or a selection that every event satisfies, or a field that is compared with itself",
        "a test that always holds says nothing: take it out or narrow it",
    ),
    kind(
        Code::UnboundedRegex,
        "a regular expression with `.*` or `.+` at an end, where it says nothing",
        "leave it out: the text is found anywhere",
    ),
    kind(
        Code::UncorrelatedMembers,
        "two tests of one list in one map, which two of its members may pass",
        "write one block: `containers[any]:`",
    ),
    kind(
        Code::UnexpandedPlaceholder,
        "a value that looks like a placeholder and is compared as text",
        "add the modifier `expand` to the field",
    ),
    kind(
        Code::UnknownApiGroup,
        "an API group that is none: with its version, by the name `core`, or nearly one of Kubernetes",
        "write the group alone, as in `apps`, and `null` for the core group",
    ),
    kind(
        Code::UnknownAttackTag,
        "a tag in the namespace `attack` that is neither a technique of version 18 nor a tactic",
        "write `attack.t1552.007` or `attack.credential-access`",
    ),
    kind(
        Code::UnknownKey,
        "a key of a document that changes nothing",
        "Sigma allows keys of one's own; take it out if it was meant to do something",
    ),
    kind(
        Code::UnknownResource,
        "a resource that is nearly one of Kubernetes",
        "write the one that was meant, or the `apiGroup` of the custom resource",
    ),
    kind(
        Code::UnknownRule,
        "a filter or an override for a rule that is not in the set",
        "write the id, name or tag of one that is",
    ),
    kind(
        Code::UnknownTaxonomy,
        "a taxonomy whose field names are not known",
        "field names are read as those of `kubesift`",
    ),
    kind(
        Code::UnknownVerb,
        "a verb that the API server never writes into an event, such as `replace`, or that no role has, such as `read`",
        "write a verb of requests",
    ),
    kind(
        Code::UnrecordedNegation,
        "a negation of a field that a provider never records, so that it always holds there",
        "ask for something that every provider records, or for something of the body too",
    ),
    kind(
        Code::UnusedAllow,
        "a `lint: {allow: …}` that silences nothing",
        "take it out",
    ),
    kind(
        Code::UnusedSelection,
        "a selection that no condition uses",
        "use it in the condition or take it out",
    ),
    kind(
        Code::WrongRequires,
        "a `requires` below the audit level at which the rule can match first, or of a body that the rule does not read",
        "leave it out: the level is inferred",
    ),
];
