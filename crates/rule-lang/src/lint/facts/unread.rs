//! Parts of a document that could not be read, and what they may ask for.

use std::collections::HashSet;

use audit_model::FieldId;

use super::{Group, is_known};
use crate::ast::{Body, Scope};
use crate::resolve;

/// What could not be read, and may ask for what nothing else asks for.
#[derive(Debug, Default)]
pub(super) struct Unread<'a> {
    /// Whether there is something without a name.
    pub(super) nameless: bool,
    /// The other names.
    pub(super) names: Vec<&'a str>,
    /// The fields that these may mean, and those of selections that an unknown name of the condition may mean.
    pub(super) meant: HashSet<FieldId>,
}

impl<'a> Unread<'a> {
    pub(super) fn find(&mut self, scope: &'a Scope, groups: &[Group<'_>]) {
        self.nameless |= !scope.is_complete;
        let condition = scope.condition.as_ref();
        if !condition.is_some_and(|condition| is_known(condition, scope)) {
            let parts = groups.iter().flat_map(|group| &group.parts);
            self.meant.extend(parts.map(|part| part.field.id()));
        }
        for selection in &scope.selections {
            match &selection.body {
                Some(body) => self.find_in(body),
                None => self.nameless = true,
            }
        }
    }

    fn find_in(&mut self, body: &'a Body) {
        match body {
            Body::And(parts) | Body::Or(parts) => parts.iter().for_each(|part| self.find_in(part)),
            Body::Broken(None) => self.nameless = true,
            Body::Broken(Some(name)) => {
                self.names.push(&name.text);
                if let Some(field) = resolve::known(&name.text) {
                    self.meant.insert(field.id());
                    return;
                }
                let near = resolve::suggestions(&name.text).into_iter();
                let near = near.filter_map(|near| Some(resolve::known(&near)?.id()));
                self.meant.extend(near);
            }
            Body::Item(_) | Body::Keywords(_) | Body::Block(_) => {}
        }
    }
}
