//! The list of what keeps a document from being used.

use super::Code;
use super::kinds::{DiagnosticKind, kind};

pub(super) const ERRORS: &[DiagnosticKind] = &[
    kind(
        Code::AmbiguousDocument,
        "a document with the keys of two kinds",
        "put `---` between documents",
    ),
    kind(
        Code::BadFieldName,
        "a field name with an empty part, a bracket that is not closed, or of more bytes than the limit",
        "write `a.b`, `a[any].b`, `a[0]`; a bracket that is meant is `\\[`",
    ),
    kind(
        Code::BadKey,
        "a key that is missing, no text, or without a value",
        "a key is text, with `: ` and its value behind it",
    ),
    kind(
        Code::BadMessage,
        "a `message` with a brace that is not closed, or a hole that names nothing",
        "write a field between braces; a brace itself is written twice",
    ),
    kind(
        Code::BadNetwork,
        "a value of `cidr`, or a trusted proxy, that is neither a network nor an address, or has bits set beyond the length of the network",
        "write `10.0.0.0/8` or `fd00::/8`",
    ),
    kind(
        Code::BadNumber,
        "a number where there is none, or one beyond what it counts: hour 24, a count of 2.5",
        "write a number of the range",
    ),
    kind(
        Code::BadRegex,
        "a regular expression that cannot be read, looks around, or is too large",
        "look-around and back references are not there; see the message",
    ),
    kind(
        Code::BadValue,
        "a value that is none of the words, no span of time, or nothing that its modifiers can work on",
        "see the help of the message",
    ),
    kind(
        Code::BlockTooDeep,
        "more blocks in blocks than the limit",
        "take a block apart into selections",
    ),
    kind(
        Code::ConditionSyntax,
        "a condition that is none, such as one with a word too many",
        "write names, `and`, `or`, `not`, parentheses, `1 of x_*`, `all of them`",
    ),
    kind(
        Code::ConditionTooDeep,
        "more parentheses in parentheses than the limit",
        "name a part of it as a selection",
    ),
    kind(
        Code::ConditionTooLong,
        "a condition of more bytes than the limit",
        "use `1 of` and a pattern",
    ),
    kind(
        Code::CorrelationCycle,
        "correlations that take each other's hits",
        "take one of the references out",
    ),
    kind(
        Code::Defect,
        "something that the compiler should not have made",
        "it is a defect of kubesift; please report it with the file",
    ),
    kind(
        Code::DuplicateEntry,
        "a name that stands twice in a list",
        "take one of them out",
    ),
    kind(
        Code::DuplicateId,
        "two documents of a set with one `id`",
        "each document has an `id` of its own",
    ),
    kind(
        Code::DuplicateKey,
        "a key that stands twice in one map",
        "a map has each key once; alternatives are a list of maps",
    ),
    kind(
        Code::DuplicateName,
        "two documents of a set with one `name`",
        "rename one of them",
    ),
    kind(
        Code::EmptyQuantifier,
        "`1 of` or `all of` a pattern that no selection matches",
        "names that begin with `_` are matched only by a pattern that does too",
    ),
    kind(
        Code::EmptySelection,
        "a selection, a block or a detection that asks for nothing",
        "write a map of fields and values",
    ),
    kind(
        Code::EmptyValues,
        "a field with an empty list",
        "an empty list would never match; `null` asks for a field that is missing",
    ),
    kind(
        Code::FileTooLarge,
        "a file of more bytes than the limit",
        "split it",
    ),
    kind(
        Code::IllegalModifiers,
        "modifiers that do not go together, or stand in an order in which they mean nothing",
        "see the help of the message, and [the table](#modifiers)",
    ),
    kind(
        Code::KeywordInBlock,
        "a keyword in a block, though keywords are sought in the whole event",
        "`.` is the member itself: `.|contains: text`",
    ),
    kind(
        Code::LegacyAggregation,
        "an aggregation (`| count()`, `| near`, `timeframe`), which is not Sigma any more",
        "write a [correlation](correlations.md)",
    ),
    kind(
        Code::LegacyCollection,
        "a collection by `action`, which is not Sigma any more",
        "write every rule in full",
    ),
    kind(Code::MissingKey, "a key that must be there", "write it"),
    kind(
        Code::MistypedKey,
        "a key that is a slip away from one that means something, or that means nothing where it stands",
        "see the help of the message; keys of one's own are allowed in documents only",
    ),
    kind(
        Code::NeedsSigmaVersion,
        "brackets in a field name of a document that does not say `sigma-version: 3`",
        "add it, or write `\\[` for the character",
    ),
    kind(
        Code::NestedValues,
        "a map or a list where a field has values",
        "a block of fields needs brackets: `containers[any]:`",
    ),
    kind(
        Code::NoPlaceholder,
        "a value of `expand` without a placeholder",
        "a placeholder is a name between percent signs: `%admins%`",
    ),
    kind(
        Code::NotADocument,
        "a document that is no map, or has none of the keys that tell its kind",
        "a rule has the key `detection`",
    ),
    kind(
        Code::NotAList,
        "a block on what is neither a list nor an object",
        "leave the brackets out",
    ),
    kind(
        Code::PresenceOnly,
        "a value compared with a part of the event that has members and is none itself",
        "test a member, or whether it is there by `exists`",
    ),
    kind(
        Code::ProgramTooLarge,
        "a document that compiles to more instructions or values than the limits",
        "split it",
    ),
    kind(
        Code::ReservedName,
        "a selection with a name that is a word of conditions",
        "rename the selection",
    ),
    kind(
        Code::TestsWithoutRule,
        "tests in a file of their own that belong to no rule or correlation",
        "a test file lies beside its rule file, and names the `rule` where there are several",
    ),
    kind(
        Code::TooManyDiagnostics,
        "more problems in a file than are shown",
        "mend those that are shown",
    ),
    kind(
        Code::TooManyReferences,
        "correlations that refer to more rules, all together, than the limit",
        "name rules by a tag that fewer of them have",
    ),
    kind(
        Code::TooManyRules,
        "more rules in a set than the limit",
        "make two sets",
    ),
    kind(
        Code::TooManySelections,
        "more selections in a document or block than the limit",
        "write alternatives as a list of maps",
    ),
    kind(
        Code::TooManyValues,
        "more values than the limit, placeholders and modifiers that write them in other ways counted",
        "split them, or use fewer such modifiers",
    ),
    kind(
        Code::UnknownField,
        "a field that no audit event has",
        "the [fields](fields.md), or a path below a body: `object.spec.replicas`",
    ),
    kind(
        Code::UnknownGroup,
        "a field by which a correlation cannot group, that no event has which a rule of its list finds, or that `suppress` names and `group-by` does not",
        "name a field with values that events of each rule may have, an alias for each rule, or what an inner correlation groups by",
    ),
    kind(
        Code::UnknownLint,
        "a name under `lint: {allow: …}` that is no [lint](lints.md)",
        "see the help of the message",
    ),
    kind(
        Code::UnknownMember,
        "a field that members of this list do not have",
        "`.` is the member itself; entries of a map have `key` and `value`",
    ),
    kind(
        Code::UnknownModifier,
        "a modifier that is none",
        "see [the table](#modifiers)",
    ),
    kind(
        Code::UnknownPlaceholder,
        "a placeholder that no document of the set defines",
        "add a document `placeholders: {name: [value, …]}` to the set",
    ),
    kind(
        Code::UnknownQuantifier,
        "a word in brackets that is none",
        "brackets hold `any`, `all`, `all_or_empty`, `none` or an index",
    ),
    kind(
        Code::UnknownReference,
        "a correlation that refers to a rule that is not in the set, or does not compile",
        "name a rule or correlation by its name, id or tag",
    ),
    kind(
        Code::UnknownSelection,
        "a condition that names a selection that is not there",
        "see the help of the message",
    ),
    kind(
        Code::UnreadableFile,
        "a file that cannot be read, or is no UTF-8",
        "write it in UTF-8",
    ),
    kind(
        Code::UnsupportedLogsource,
        "a document for other logs, which is left out",
        "those for audit logs say `product: kubernetes` and `service: audit`",
    ),
    kind(
        Code::UnsupportedVersion,
        "a `sigma-version` that is not known",
        "the versions are `2` and `3`",
    ),
    kind(
        Code::WrongType,
        "a list where a text belongs, nothing where something does, and the like",
        "see the message",
    ),
    kind(
        Code::YamlAlias,
        "an alias of YAML (`*name`)",
        "write the value again, or move a long list into a `placeholders` document",
    ),
    kind(
        Code::YamlAnchor,
        "an anchor of YAML (`&name`)",
        "leave the anchor out",
    ),
    kind(
        Code::YamlMergeKey,
        "a merge key of YAML (`<<`)",
        "write the keys where they belong",
    ),
    kind(
        Code::YamlSyntax,
        "what is no YAML",
        "quotes that are not closed and indentation are the usual reasons",
    ),
    kind(
        Code::YamlTag,
        "a tag of YAML (`!name`)",
        "leave the tag out",
    ),
    kind(
        Code::YamlTooDeep,
        "more lists and maps in each other than the limit",
        "write it flatter",
    ),
];
