//! The one table of fields: every name that a rule may use for a part of an event.
//!
//! The compiler, its suggestions, the evaluation and the documentation are driven by [`FIELDS`].

mod resolve;

pub use resolve::{Field, FieldError};

/// What kind of value a field yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
    /// Text.
    Text,
    /// A number.
    Number,
    /// `true` or `false`.
    Bool,
    /// A list of texts.
    List,
    /// A map with keys of anybody's choice; values are texts or lists of texts.
    Map,
    /// A part of the envelope with known members; by itself it can be tested for presence only.
    Struct,
    /// An object of the Kubernetes API or a part of one, with any path below it.
    Object,
    /// A list of such objects.
    Objects,
}

/// One row of the field table.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct FieldInfo {
    /// Which field.
    pub id: FieldId,
    /// The name as rules write it.
    pub name: &'static str,
    /// What it yields.
    pub shape: Shape,
    /// Whether an empty text counts as absent, so that `''` and `null` mean the same in a rule.
    pub empty_is_absent: bool,
    /// What it is, in one sentence.
    pub doc: &'static str,
}

macro_rules! fields {
    ($($id:ident $name:literal $shape:ident $($absent:literal)? : $doc:literal;)+) => {
        /// Identifies a field of the vocabulary or of the event's schema.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum FieldId {
            $(#[doc = concat!("`", $name, "`: ", $doc)] $id,)+
        }

        /// Every field, in the order of the documentation.
        pub static FIELDS: &[FieldInfo] = &[
            $(FieldInfo {
                id: FieldId::$id,
                name: $name,
                shape: Shape::$shape,
                empty_is_absent: false $(|| $absent)?,
                doc: $doc,
            },)+
        ];
    };
}

fields! {
    Verb "verb" Text true: "the Kubernetes verb, or the lower-case HTTP method of a non-resource request";
    Resource "resource" Text true: "the resource, plural and lower-case";
    Subresource "subresource" Text true: "the subresource, such as `exec`; absent for the object itself";
    ApiGroup "apiGroup" Text true: "the API group; absent for the core group";
    Namespace "namespace" Text true: "the namespace; absent at cluster scope";
    Name "name" Text true: "the object's name, on create else the one that the server generated";
    Ref "ref" Text: "`namespace/name`, or `name` at cluster scope";
    Operation "operation" Text: "the verb, but `create` for a patch or update that created (answered 201)";
    UserUsername "user.username" Text: "the name of who holds the credential";
    UserId "user.id" Text: "`user.username` without the session of an assumed role";
    UserUid "user.uid" Text: "the UID of who holds the credential";
    UserGroups "user.groups" List: "the groups of who holds the credential";
    UserExtra "user.extra" Map: "further facts that the authenticator gave, each a list";
    ImpersonatedUsername "impersonatedUser.username" Text: "the name of whom the requester acts as";
    ImpersonatedUid "impersonatedUser.uid" Text: "the UID of whom the requester acts as";
    ImpersonatedGroups "impersonatedUser.groups" List: "the groups of whom the requester acts as";
    ImpersonatedExtra "impersonatedUser.extra" Map: "further facts of whom the requester acts as";
    ActorUsername "actor.username" Text: "the impersonated user's name when there is one, else the user's";
    ActorGroups "actor.groups" List: "the impersonated user's groups when there is one, else the user's";
    ActorKind "actor.kind" Text: "`user`, `serviceaccount`, `node`, `system` or `anonymous`";
    ActorId "actor.id" Text: "the actor's name without the session of an assumed role";
    ServiceAccountNamespace "serviceAccount.namespace" Text: "the namespace of the actor, a service account";
    ServiceAccountName "serviceAccount.name" Text: "the name of the actor, a service account";
    NodeName "node.name" Text: "the node's name, of an actor that is a node";
    ClientIp "client.ip" Text: "the last source address that is no trusted proxy (placeholder `trusted_proxies`): the only one that the caller cannot forge";
    ClientNet "client.net" Text: "`client.ip` cut to its /24 or /64 network";
    CredentialId "credential.id" Text: "identifies the token or certificate that was presented";
    CredentialPod "credential.pod" Text: "the pod that the presented token is bound to";
    CredentialNode "credential.node" Text: "the node that the presented token is bound to";
    CredentialIssued "credential.issued" Text: "identifies the token that the request issued";
    UserAgent "userAgent" Text: "what the client calls itself";
    RequestUri "requestURI" Text: "path and query as sent";
    UriPath "uri.path" Text: "the path of the request, percent-decoded once";
    UriQuery "uri.query" Map: "the parameters of the query, decoded; a repeated one is a list";
    ExecCommand "exec.command" List: "the argument list of an exec or attach";
    ExecProgram "exec.program" Text: "the base name of the program that an exec runs";
    ExecCommandLine "exec.commandLine" Text: "the argument list joined by one space";
    ExecContainer "exec.container" Text: "the container of an exec or attach";
    ExecTty "exec.tty" Bool: "whether an exec or attach asked for a terminal";
    ExecStdin "exec.stdin" Bool: "whether an exec or attach passes standard input";
    Decision "decision" Text: "the authorizer's decision, `allow` or `forbid`";
    Reason "reason" Text: "why the authorizer decided so";
    Status "status" Number: "the HTTP status code";
    Outcome "outcome" Text: "`denied`, `failure`, `dry-run` or `success`; absent while there is no answer";
    Object "object" Object: "the object that a write leaves behind, as far as the event holds it";
    Patch "patch" Object: "what a patch itself sets, in the paths of the object; what it removes is null";
    PodSpec "podSpec" Object: "the pod template of the object, wherever its kind keeps it";
    Containers "containers" Objects: "all containers, init containers and ephemeral containers of the pod template";
    Volumes "volumes" Objects: "the volumes of the pod template";
    HostPaths "hostPaths" List: "the host paths of the pod template's volumes, cleaned";
    RbacRules "rbac.rules" Objects: "the rules of a role";
    RbacSubjects "rbac.subjects" Objects: "the subjects of a role binding; `username` is what `user.username` would be, `ref` of a service account `namespace/name`";
    RbacRoleRef "rbac.roleRef" Object: "the role that a role binding grants";
    CsrCommonName "csr.commonName" List: "the common names in a certificate signing request: the user that the certificate would speak for";
    CsrOrganizations "csr.organizations" List: "the organizations in a certificate signing request: the groups of that user";
    CsrDnsNames "csr.dnsNames" List: "the DNS names that a certificate signing request asks for";
    CsrSignerName "csr.signerName" Text: "the signer that a certificate is asked of";
    CsrUsages "csr.usages" List: "what a certificate is asked for, such as `client auth`";
    SourceProvider "source.provider" Text: "where the event came from, such as `native`";
    SourceCluster "source.cluster" Text: "the cluster, as the embedder or the source names it";
    SourceAccount "source.account" Text: "the cloud account, subscription or tenancy";
    SourceRegion "source.region" Text: "the cloud region or location";
    SourceProject "source.project" Text: "the cloud project or resource group";
    EventFlags "event.flags" List: "what is odd about the record: `duplicate-key`, `invalid-text` and others";
    Kind "kind" Text: "`Event`";
    ApiVersion "apiVersion" Text: "the version of the audit API";
    Level "level" Text: "the audit level: `Metadata`, `Request` or `RequestResponse`";
    AuditId "auditID" Text: "identifies the request over its stages; the client may choose it";
    Stage "stage" Text: "`RequestReceived`, `ResponseStarted`, `ResponseComplete` or `Panic`";
    User "user" Struct: "who holds the credential";
    ImpersonatedUser "impersonatedUser" Struct: "whom the requester acts as";
    AuthenticationMetadata "authenticationMetadata" Struct: "how the requester authenticated";
    ImpersonationConstraint "authenticationMetadata.impersonationConstraint" Text: "the constrained impersonation verb";
    SourceIps "sourceIPs" List: "the client's addresses; all but the last can be forged";
    ObjectRef "objectRef" Struct: "the object of a resource request";
    ObjectRefResource "objectRef.resource" Text: "the resource, as recorded";
    ObjectRefNamespace "objectRef.namespace" Text: "the namespace, as recorded";
    ObjectRefName "objectRef.name" Text: "the name, as recorded";
    ObjectRefUid "objectRef.uid" Text: "the UID, where the request carried one";
    ObjectRefApiGroup "objectRef.apiGroup" Text: "the API group, as recorded";
    ObjectRefApiVersion "objectRef.apiVersion" Text: "the API version";
    ObjectRefResourceVersion "objectRef.resourceVersion" Text: "the resource version, where the request carried one";
    ObjectRefSubresource "objectRef.subresource" Text: "the subresource, as recorded";
    ResponseStatus "responseStatus" Struct: "the outcome of the request";
    ResponseStatusMetadata "responseStatus.metadata" Object: "always empty";
    ResponseStatusStatus "responseStatus.status" Text: "`Success` or `Failure`";
    ResponseStatusMessage "responseStatus.message" Text: "the message of the answer";
    ResponseStatusReason "responseStatus.reason" Text: "the reason of a failure, such as `Forbidden`";
    ResponseStatusDetails "responseStatus.details" Object: "details of a failure";
    ResponseStatusCode "responseStatus.code" Number: "the HTTP status code, as recorded";
    RequestObject "requestObject" Object: "the body of the request";
    ResponseObject "responseObject" Object: "the body of the response";
    RequestReceivedTimestamp "requestReceivedTimestamp" Text: "when the request arrived";
    StageTimestamp "stageTimestamp" Text: "when the stage was reached";
    Annotations "annotations" Map: "annotations of the event, such as the authorizer's decision";
}

impl FieldId {
    /// Number of fields: every id as an index is below it.
    pub const COUNT: usize = FIELDS.len();

    /// The id as an index into a table of [`FieldId::COUNT`] entries.
    pub fn index(self) -> usize {
        self as usize
    }

    /// Whether the field is in the record as it stands, and not derived from what is.
    pub(crate) fn is_recorded(self) -> bool {
        // The rows of the schema follow those of the vocabulary, but for these, which are in both.
        self >= Self::Kind
            || matches!(
                self,
                Self::Verb
                    | Self::UserUsername
                    | Self::UserUid
                    | Self::UserGroups
                    | Self::UserExtra
                    | Self::ImpersonatedUsername
                    | Self::ImpersonatedUid
                    | Self::ImpersonatedGroups
                    | Self::ImpersonatedExtra
                    | Self::UserAgent
                    | Self::RequestUri
            )
    }

    /// The field of this name, which is that of its row and has no path below it.
    pub fn named(name: &str) -> Option<Self> {
        let mut rows = FIELDS.iter();
        rows.find(|info| info.name == name).map(|info| info.id)
    }

    /// Whether it is the object that a write leaves behind, or is read from it: without that body it is not there.
    pub fn is_of_object(self) -> bool {
        matches!(
            self,
            Self::Object
                | Self::PodSpec
                | Self::Containers
                | Self::Volumes
                | Self::HostPaths
                | Self::RbacRules
                | Self::RbacSubjects
                | Self::RbacRoleRef
                | Self::CsrCommonName
                | Self::CsrOrganizations
                | Self::CsrDnsNames
                | Self::CsrSignerName
                | Self::CsrUsages
        )
    }

    /// Whether it is a body of the request or of the response, or read from one, so that events at level `Metadata` do not
    /// have it. A field that a body only helps to find, such as `name`, is none.
    ///
    /// ```
    /// use audit_model::FieldId;
    ///
    /// assert!(FieldId::Containers.reads_body() && FieldId::ResponseObject.reads_body());
    /// assert!(!FieldId::Name.reads_body());
    /// ```
    pub fn reads_body(self) -> bool {
        self.is_of_object()
            || matches!(
                self,
                Self::Patch | Self::RequestObject | Self::ResponseObject
            )
    }

    /// The row of the table.
    pub fn info(self) -> &'static FieldInfo {
        // The macro makes the enum and the table from the same rows, in the same order, so the index is in bounds.
        #[expect(
            clippy::indexing_slicing,
            reason = "ids are made from the rows that they index"
        )]
        &FIELDS[self.index()]
    }
}
