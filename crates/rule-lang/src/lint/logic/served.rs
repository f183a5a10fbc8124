//! Requests that Kubernetes does not serve.

use audit_model::FieldId;

use super::tell::name;
use super::{Logic, MAPS, groups};
use crate::diagnostic::{Code, Report, quoted};
use crate::lint::solve::{Atom, What};
use crate::lint::{facts, resources};
use crate::metadata::listed;
use crate::program::Test;
use crate::suggest::did_you_mean;
use crate::text::PatternKind;

impl Logic<'_, '_> {
    /// Maps, or else the whole condition, that only a request can satisfy that Kubernetes does not serve.
    pub(super) fn not_served(&self, report: &mut Report) {
        let Some(scope) = self.problem.scopes.first() else {
            return;
        };
        let uses = facts::uses(self.ast);
        let sought = scope
            .selections
            .iter()
            .zip(uses)
            .filter(|(_, used)| *used == (true, false));
        let maps = sought.flat_map(|(selection, _)| groups(selection));
        let mut told = false;
        let whole = std::iter::once(&scope.condition);
        for (formula, is_whole) in maps
            .take(MAPS)
            .map(|map| (map, false))
            .chain(whole.map(|condition| (condition, true)))
        {
            if report.is_full() || (is_whole && told) {
                return;
            }
            let goals = vec![Self::goal(formula, 0, true)];
            let Some(clashes) = self.refute_if(goals.clone(), true) else {
                continue;
            };
            // What no event satisfies is told as such.
            if self.refute(goals).is_some() {
                continue;
            }
            let clash = clashes.first().map(|clash| (self.atoms(clash), clash));
            let Some((atoms, clash)) = clash else {
                continue;
            };
            let [first, .., last] = atoms.as_slice() else {
                continue;
            };
            told = true;
            let known = [
                Code::ResourceInWrongGroup,
                Code::ResourceSingular,
                Code::SubresourceInResource,
                Code::UnknownVerb,
                Code::UnknownResource,
                Code::UnknownApiGroup,
                Code::NeverMatches,
            ];
            if atoms.iter().any(|atom| report.has_in(&known, atom.extent)) {
                continue;
            }
            let message = format!(
                "Kubernetes serves no request for both this and the test of {} before it",
                name(first)
            );
            let help = self.what_is_served(&atoms);
            let facts = self.asked(clash);
            let found = report.add(Code::NoSuchRequest, last.span, message);
            found.set_related(first.span);
            found.set_help(format!("{facts}; {help}"));
        }
    }

    /// What Kubernetes has in place of what is asked.
    fn what_is_served(&self, atoms: &[&Atom<'_>]) -> String {
        const CUSTOM: &str = "a custom resource is meant when its `apiGroup` is asked for";
        let of = |field| {
            let mut atoms = atoms.iter();
            atoms.find(|atom| self.problem.field(atom) == Some(field))
        };
        let one = of(FieldId::Resource).and_then(|atom| only_text(atom));
        let Some(resource) = one.and_then(resources::find) else {
            return CUSTOM.to_owned();
        };
        let name = quoted(resource.plural);
        if of(FieldId::Namespace).is_some() {
            return format!("{name} are in no namespace; {CUSTOM}");
        }
        let subresource = of(FieldId::Subresource).and_then(|atom| only_text(atom));
        if of(FieldId::Verb).or(of(FieldId::Operation)).is_some() {
            let wanted = subresource.unwrap_or_default();
            let verbs = resource.served().find(|(known, _)| *known == wanted);
            return match (verbs, wanted) {
                (Some((_, verbs)), "") => format!("the verbs of {name} are {}", listed(verbs)),
                (Some((_, verbs)), _) => {
                    let whole = quoted(&format!("{}/{wanted}", resource.plural));
                    format!("the verbs of {whole} are {}", listed(verbs))
                }
                _ => CUSTOM.to_owned(),
            };
        }
        let known: Vec<&str> = resource
            .served()
            .map(|(known, _)| known)
            .filter(|known| !known.is_empty())
            .collect();
        match (subresource, known.as_slice()) {
            (None, _) => CUSTOM.to_owned(),
            (Some(_), []) => format!("{name} have no subresources; {CUSTOM}"),
            (Some(wanted), known) => did_you_mean(wanted, known.iter().copied())
                .unwrap_or_else(|| format!("the subresources of {name} are {}", listed(known))),
        }
    }
}

/// The text that an atom asks for, when there is one.
fn only_text<'a>(atom: &Atom<'a>) -> Option<&'a str> {
    let What::Test(Test::OneOf(literals)) = atom.what else {
        return None;
    };
    match &**literals {
        [only] => match only.pattern.kind() {
            PatternKind::Exact(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}
