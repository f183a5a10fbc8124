//! Pod templates: of which resources and groups they are.

use audit_model::{FieldId, may_have_pod_template};

use super::super::store::Clash;
use super::super::value::Value;
use super::Event;

const OF_TEMPLATE: [FieldId; 4] = [
    FieldId::PodSpec,
    FieldId::Containers,
    FieldId::Volumes,
    FieldId::HostPaths,
];

impl Event<'_, '_> {
    /// A part of a pod template, asked of a resource that has none in the groups that are asked for.
    pub(super) fn template(&self) -> Option<Clash> {
        use FieldId as F;
        let wanted = OF_TEMPLATE.iter().find_map(|field| self.required(*field))?;
        let resources = self.values(F::Resource)?;
        let groups = if self.is_gone(F::ApiGroup) {
            &[Value::Absent]
        } else {
            self.values(F::ApiGroup)?
        };
        if !self
            .budget
            .spend(resources.len().saturating_mul(groups.len()))
        {
            return None;
        }
        let may_have = |resource: &Value| {
            let mut groups = groups.iter();
            groups.any(|group| may_have_template(resource, group))
        };
        if resources.iter().any(may_have) {
            return None;
        }
        let mut clash = self.clash(&[F::Resource, F::ApiGroup]);
        clash.0.push(wanted);
        Some(clash)
    }
}

fn may_have_template(resource: &Value, group: &Value) -> bool {
    let Value::Text {
        text: resource,
        exact,
    } = resource
    else {
        return false;
    };
    match group {
        Value::Text { text, .. } if text.is_empty() => may_have_pod_template(resource, None),
        // Kubernetes writes its groups in one way, and others may be written in any.
        Value::Text { text, exact } if !exact && text.contains('.') => true,
        // In other letters a resource of Kubernetes is none of those that it knows.
        Value::Text { text, exact: same } => {
            let is_known = *exact && *same;
            may_have_pod_template(resource, Some(text))
                || !is_known && may_have_pod_template("", Some(text))
        }
        _ => may_have_pod_template(resource, None),
    }
}
