//! Oracle Kubernetes Engine: requests to the API server as events of OCI Audit, which keep little of them.

use std::net::IpAddr;

use crate::envelope::integer;
use crate::read::SkipReason;
use crate::source::request::{Draft, Target, is_version};
use crate::source::{Form, Outer, Pieces, Provider, Source};
use crate::value::Value;

pub(crate) fn open(outer: &Outer<'_>, pieces: &mut Pieces<'_>) -> bool {
    let of_oke = outer
        .text(&["source"])
        .is_some_and(|source| source.contains("OKE"));
    let Some(name) = outer.text(&["data", "eventName"]).filter(|_| of_oke) else {
        return false;
    };
    let uri = outer.text(&["data", "request", "path"]).unwrap_or_default();
    let named = target(name);
    let Some((_, verb)) = name
        .rsplit_once('.')
        .filter(|_| named.is_some() || !uri.is_empty())
    else {
        // `CreateCluster` and the like, of the service that runs the clusters.
        pieces.skip(SkipReason::ControlPlane);
        return true;
    };
    let text = |keys: &[&str]| outer.text(keys).filter(|text| !text.is_empty());
    pieces.set_source(Source {
        cluster: text(&["data", "resourceId"]).map(str::to_owned),
        account: text(&["data", "identity", "tenantId"]).map(str::to_owned),
        ..Source::from(Provider::Oke)
    });
    // The path tells more: the namespace and the name.
    let target = Target::from_uri(uri).or(named);
    pieces.write(Form::Text, |bytes| {
        let mut draft = Draft::open(bytes, outer.tree());
        draft.node("auditID", outer.at(&["eventID"]), &[]);
        draft.some_text("requestURI", uri);
        draft.text("verb", verb);
        draft.object("user", |draft| {
            // `principalId` is an id of Oracle's, and no UID that the cluster knows.
            draft.node(
                "username",
                outer.at(&["data", "identity", "principalName"]),
                &[],
            );
        });
        let address = outer.text(&["data", "identity", "ipAddress"]);
        if let Some(address) = address.filter(|address| address.parse::<IpAddr>().is_ok()) {
            draft.list_of("sourceIPs", address);
        }
        draft.node(
            "userAgent",
            outer.at(&["data", "identity", "userAgent"]),
            &[],
        );
        if let Some(target) = &target {
            draft.target(target);
        }
        let status = outer
            .at(&["data", "response", "status"])
            .and_then(|status| outer.value_of(status));
        if let Some(Value::Number(code) | Value::Text(code)) = status
            && let Some(code) = integer(code.as_bytes())
        {
            draft.object("responseStatus", |draft| {
                draft
                    .key("code")
                    .extend_from_slice(code.to_string().as_bytes());
            });
        }
        for time in ["requestReceivedTimestamp", "stageTimestamp"] {
            draft.node(time, outer.at(&["eventTime"]), &[]);
        }
        draft.close();
    });
    true
}

/// What a name such as `apps.v1.deployments.scale.update` is about; `None` if it names no resource.
fn target(name: &str) -> Option<Target<'static>> {
    let tokens: Vec<&str> = name.split('.').collect();
    let (_verb, tokens) = tokens.split_last()?;
    let at = tokens.iter().position(|token| is_version(token))?;
    let (group, rest) = tokens.split_at_checked(at)?;
    let (version, resource) = rest.split_first()?;
    let (resource, subresource) = resource.split_first()?;
    if resource.is_empty() {
        return None;
    }
    let group = match group {
        ["core" | "api"] => String::new(),
        group => group.join("."),
    };
    Some(Target {
        group: group.into(),
        version: (*version).to_owned().into(),
        resource: (*resource).to_owned().into(),
        subresource: subresource.join("/").into(),
        ..Target::default()
    })
}
