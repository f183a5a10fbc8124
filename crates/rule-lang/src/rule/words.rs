//! Words that rules use for levels, states and kinds.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident $error:ident $what:literal { $($(#[$variant_doc:meta])* $variant:ident $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// Every one, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word of every one.
            pub(crate) const WORDS: &'static [&'static str] = &[$($text,)+];

            /// The word in rules.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err($error(())),
                }
            }
        }

        #[doc = concat!("A text that is no ", $what, ".")]
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $error(());

        impl fmt::Display for $error {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!("not a ", $what, ", which is one of", $(" `", $text, "`",)+))
            }
        }

        impl std::error::Error for $error {}
    };
}

pub(crate) use words;

words! {
    /// How bad it is when a rule matches. A rule that does not say is `medium`.
    Level ParseLevelError "level" {
        /// Worth recording only.
        Informational "informational",
        /// Worth a look when there is time.
        Low "low",
        /// Worth a look.
        Medium "medium",
        /// Worth a look at once.
        High "high",
        /// An incident.
        Critical "critical",
    }
}

words! {
    /// How far a rule has come.
    Status ParseStatusError "status" {
        /// Does not work where it is run.
        Unsupported "unsupported",
        /// Replaced or no longer meaningful.
        Deprecated "deprecated",
        /// May have many false positives.
        Experimental "experimental",
        /// May need tuning.
        Test "test",
        /// In use.
        Stable "stable",
    }
}

words! {
    /// How much of a request the audit policy writes into the log; each level holds what the ones before it hold.
    AuditLevel ParseAuditLevelError "audit level" {
        /// Who did what to which object, and the answer's code.
        Metadata "Metadata",
        /// The body of the request too.
        Request "Request",
        /// The body of the response too.
        RequestResponse "RequestResponse",
    }
}

words! {
    /// What a rule's own test shows.
    TestKind ParseTestKindError "kind of test" {
        /// Events that the rule must find.
        Hit "hit",
        /// Events that look alike and that the rule must leave alone.
        NearMiss "near-miss",
        /// An attempt to get past the rule, which must be found all the same.
        Evasion "evasion",
    }
}
