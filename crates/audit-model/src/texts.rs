//! What texts fields can hold: what is not among them is asked for in vain.

use crate::derive::DECISION;
use crate::field::{Field, FieldId};
use crate::path::Segment;
use crate::plain::{NODE, SERVICE_ACCOUNT};
use crate::uri::clean_path;

/// What texts a field can hold.
///
/// # Examples
/// ```
/// use audit_model::{Field, Texts};
///
/// let Texts::Form(form) = Field::resolve("exec.program")?.texts() else { panic!("a form") };
/// // An exec of `/bin/sh` is recorded so, and the field has the last part of it.
/// assert_eq!((form.normal)("/bin/sh"), "sh");
/// # Ok::<(), audit_model::FieldError>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Texts {
    /// Any.
    Any,
    /// One of these, and where to look for what is often sought here.
    Words(&'static [&'static str], Option<&'static str>),
    /// These as a rule. A refused request may say anything, so that only what is nearly one of them is a mistake.
    Usual(&'static [&'static str]),
    /// Texts of one form.
    Form(&'static Form),
}

/// What all texts of a field have in common.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Form {
    /// What they are, as in `it is always …`.
    pub what: &'static str,
    /// What they begin with.
    pub prefix: &'static str,
    /// What is in none of them.
    pub lacks: &'static [&'static str],
    /// Whether a query is cut off.
    pub queryless: bool,
    /// What the field has for what somebody may write for it: the same text when it can be had.
    pub normal: fn(&str) -> String,
    /// Where to look for what is often sought here.
    pub hint: Option<&'static str>,
}

impl Form {
    const ANY: Self = Self {
        what: "",
        prefix: "",
        lacks: &[],
        queryless: false,
        normal: str::to_owned,
        hint: None,
    };

    /// The path of a volume on the host.
    pub const HOST_PATH: Self = Self {
        what: "an absolute path without a slash at its end",
        prefix: "/",
        lacks: &["//", "/./", "/../"],
        normal: |text| {
            let mut out = String::new();
            clean_path(text, &mut out);
            out
        },
        ..Self::ANY
    };

    /// A subject of a role binding that is a service account.
    pub const SUBJECT: Self = Self {
        what: "`namespace/name` of a service account",
        lacks: &[SERVICE_ACCOUNT],
        normal: |text| match text.strip_prefix(SERVICE_ACCOUNT) {
            Some(rest) => rest.replacen(':', "/", 1),
            None if text.contains('/') => text.to_owned(),
            None => format!("namespace/{text}"),
        },
        hint: Some("users and groups have a `username`"),
        ..Self::ANY
    };

    const PROGRAM: Self = Self {
        what: "the base name of a program",
        lacks: &["/", "\\"],
        normal: |text| {
            let last = text.rsplit(['/', '\\']).next();
            last.unwrap_or_default().to_owned()
        },
        hint: Some("the whole command is `exec.commandLine`"),
        ..Self::ANY
    };

    const SERVICE_ACCOUNT_NAME: Self = Self {
        what: "the name of a service account alone",
        lacks: &[SERVICE_ACCOUNT],
        normal: |text| match text.strip_prefix(SERVICE_ACCOUNT) {
            Some(rest) => rest.split(':').next_back().unwrap_or_default().to_owned(),
            None => text.to_owned(),
        },
        hint: Some("the whole name is `actor.username`"),
        ..Self::ANY
    };

    const SERVICE_ACCOUNT_NAMESPACE: Self = Self {
        what: "the namespace of a service account alone",
        lacks: &[":"],
        normal: |text| {
            let rest = text.strip_prefix(SERVICE_ACCOUNT).unwrap_or(text);
            rest.split(':').next().unwrap_or_default().to_owned()
        },
        hint: Some("the whole name is `actor.username`"),
        ..Self::ANY
    };

    const NODE: Self = Self {
        what: "the name of a node alone",
        lacks: &[NODE],
        normal: |text| text.strip_prefix(NODE).unwrap_or(text).to_owned(),
        hint: Some("the whole name is `actor.username`"),
        ..Self::ANY
    };

    /// What stands in the URL of a request, or in its object.
    const NAME: Self = Self {
        what: "a name without spaces at its ends",
        normal: |text| text.trim().to_owned(),
        ..Self::ANY
    };

    const NAMESPACE: Self = Self {
        what: "the name of a namespace alone",
        normal: |text| {
            let namespace = text.split('/').find(|part| !part.is_empty());
            namespace.unwrap_or_default().trim().to_owned()
        },
        hint: Some("`ref` is the namespace and the name"),
        ..Self::ANY
    };

    const VERSION: Self = Self {
        what: "a version without its group",
        lacks: &["/"],
        normal: |text| text.rsplit('/').next().unwrap_or_default().to_owned(),
        hint: Some("the group is `apiGroup`"),
        ..Self::ANY
    };

    const EVENT_VERSION: Self = Self {
        what: "a version of the audit API",
        prefix: "audit.k8s.io/",
        normal: |text| {
            if text.starts_with("audit.k8s.io/") {
                text.to_owned()
            } else {
                "audit.k8s.io/v1".to_owned()
            }
        },
        hint: Some("that of the object is `objectRef.apiVersion`"),
        ..Self::ANY
    };

    const URI: Self = Self {
        what: "a path that begins with a slash",
        prefix: "/",
        normal: |text| {
            let rest = text
                .split_once("://")
                .and_then(|(_, rest)| rest.split_once('/'));
            let path = rest.map_or(text, |(_, path)| path);
            format!("/{}", path.trim_start_matches('/'))
        },
        ..Self::ANY
    };

    const PATH: Self = Self {
        what: "a path that begins with a slash and ends before the query",
        queryless: true,
        hint: Some("a parameter is asked for by `uri.query`"),
        ..Self::URI
    };
}

/// Verbs of Kubernetes, and HTTP methods in lower case, which stand for them in requests without a resource.
const VERBS: &[&str] = &[
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "proxy",
    "post",
    "put",
    "head",
    "options",
    "connect",
    "trace",
];

const DECISIONS: &[&str] = &["allow", "forbid"];

/// What certificates are for.
const USAGES: &[&str] = &[
    "any",
    "cert sign",
    "client auth",
    "code signing",
    "content commitment",
    "crl sign",
    "data encipherment",
    "decipher only",
    "digital signature",
    "email protection",
    "encipher only",
    "ipsec end system",
    "ipsec tunnel",
    "ipsec user",
    "key agreement",
    "key encipherment",
    "microsoft sgc",
    "netscape sgc",
    "ocsp signing",
    "s/mime",
    "server auth",
    "signing",
    "timestamping",
];

const PROVIDERS: &[&str] = &["native", "gke", "eks", "aks", "openshift", "elastic", "oke"];

const FLAGS: &[&str] = &[
    "duplicate-key",
    "invalid-text",
    "body-not-object",
    "body-truncated",
    "body-opaque",
    "patch-indirect",
    "csr-unreadable",
];

impl FieldId {
    /// What texts the field can hold.
    pub fn texts(self) -> Texts {
        use FieldId as F;
        let words = |words| Texts::Words(words, None);
        match self {
            F::Verb | F::Operation => words(VERBS),
            F::Stage => words(&[
                "RequestReceived",
                "ResponseStarted",
                "ResponseComplete",
                "Panic",
            ]),
            F::Level => words(&["Metadata", "Request", "RequestResponse"]),
            F::Outcome => words(&["denied", "failure", "dry-run", "success"]),
            F::Decision => words(DECISIONS),
            F::ActorKind => words(&["user", "serviceaccount", "node", "system", "anonymous"]),
            F::ResponseStatusStatus => words(&["Success", "Failure"]),
            F::SourceProvider => words(PROVIDERS),
            F::EventFlags => words(FLAGS),
            F::Kind => Texts::Words(
                &["Event"],
                Some("that of the object is told by `resource`, and stands in `object.kind`"),
            ),
            F::CsrUsages => Texts::Usual(USAGES),
            F::ExecProgram => Texts::Form(&Form::PROGRAM),
            F::HostPaths => Texts::Form(&Form::HOST_PATH),
            F::ServiceAccountName => Texts::Form(&Form::SERVICE_ACCOUNT_NAME),
            F::ServiceAccountNamespace => Texts::Form(&Form::SERVICE_ACCOUNT_NAMESPACE),
            F::NodeName => Texts::Form(&Form::NODE),
            F::Namespace | F::ObjectRefNamespace => Texts::Form(&Form::NAMESPACE),
            F::Resource
            | F::Subresource
            | F::Name
            | F::ObjectRefResource
            | F::ObjectRefSubresource
            | F::ObjectRefName => Texts::Form(&Form::NAME),
            F::ObjectRefApiVersion => Texts::Form(&Form::VERSION),
            F::ApiVersion => Texts::Form(&Form::EVENT_VERSION),
            F::RequestUri => Texts::Form(&Form::URI),
            F::UriPath => Texts::Form(&Form::PATH),
            _ => Texts::Any,
        }
    }
}

impl Field {
    /// What texts stand at the field's path.
    pub fn texts(&self) -> Texts {
        match (self.id(), self.path().segments()) {
            (id, []) => id.texts(),
            (FieldId::Annotations, [Segment::Split(key) | Segment::Key(key)])
                if **key == *DECISION =>
            {
                Texts::Words(DECISIONS, None)
            }
            // A member of a list.
            (
                FieldId::HostPaths | FieldId::EventFlags | FieldId::CsrUsages,
                [Segment::Index(_)],
            ) => self.id().texts(),
            _ => Texts::Any,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::FIELDS;
    use crate::flags::Flags;
    use crate::source::Provider;

    #[test]
    fn the_words_are_those_of_their_types() {
        assert!(
            PROVIDERS
                .iter()
                .copied()
                .eq(Provider::ALL.map(Provider::as_str))
        );
        assert!(FLAGS.iter().copied().eq(Flags::all().names()));
    }

    #[test]
    fn what_a_form_makes_is_of_the_form() {
        let tried = [
            "/bin/sh",
            "C:\\cmd.exe",
            "/etc/",
            "etc",
            "/a/../b//c/.",
            "system:serviceaccount:shop:web",
            "system:node:n1",
            "shop/web",
            " pods ",
            "apps/v1",
            "api/v1",
            "https://host/api",
            "web",
        ];
        for info in FIELDS {
            let Texts::Form(form) = info.id.texts() else {
                continue;
            };
            for text in tried {
                let normal = (form.normal)(text);
                assert_eq!((form.normal)(&normal), normal, "{} {text}", info.name);
                assert!(normal.starts_with(form.prefix), "{} {text}", info.name);
                let lacks = form.lacks.iter().all(|part| !normal.contains(part));
                assert!(lacks, "{} {text}: {normal}", info.name);
            }
        }
    }

    #[test]
    fn forms_say_what_to_write() {
        let normal = |name: &str, text: &str| match Field::resolve(name).unwrap().texts() {
            Texts::Form(form) => (form.normal)(text),
            other => panic!("{other:?}"),
        };
        assert_eq!(normal("hostPaths", "/etc/"), "/etc");
        assert_eq!(normal("hostPaths[0]", "etc"), "/etc");
        assert_eq!(
            normal("serviceAccount.name", "system:serviceaccount:shop:web"),
            "web"
        );
        assert_eq!(
            normal("serviceAccount.namespace", "system:serviceaccount:shop:web"),
            "shop"
        );
        assert_eq!(normal("namespace", "shop/web"), "shop");
        assert_eq!(normal("requestURI", "https://host/api/v1"), "/api/v1");
    }
}
