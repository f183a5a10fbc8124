//! Requests that Kubernetes does not serve.

use audit_model::{FieldId, Texts};

use super::describe::name;
use super::{Logic, MAPS, groups};
use crate::diagnostic::{Code, Report, quoted};
use crate::lint::solve::{Atom, Clash, What};
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
            let Some(clash) = clashes.first() else {
                continue;
            };
            told |= self.tell_not_served(clash, report);
        }
    }

    /// Whether there was something to tell, now or before.
    fn tell_not_served(&self, clash: &Clash, report: &mut Report) -> bool {
        let known = [
            Code::ResourceInWrongGroup,
            Code::ResourceSingular,
            Code::SubresourceInResource,
            Code::UnknownVerb,
            Code::UnknownResource,
            Code::UnknownApiGroup,
            Code::NeverMatches,
        ];
        let atoms = self.atoms(clash);
        let is_verb = |atom: &&Atom<'_>| {
            matches!(
                self.problem.field(atom),
                Some(FieldId::Verb | FieldId::Operation)
            )
        };
        let of_verbs = atoms.iter().all(is_verb);
        let (Some(first), Some(last)) = (atoms.first(), atoms.last()) else {
            return false;
        };
        if !of_verbs && atoms.len() == 1 {
            return false;
        }
        if atoms.iter().any(|atom| report.has_in(&known, atom.extent)) {
            return true;
        }
        let (code, what) = if of_verbs {
            (Code::UnknownVerb, "no verb passes")
        } else {
            (Code::NoSuchRequest, "Kubernetes serves no request for")
        };
        let message = match atoms.len() {
            1 => format!("{what} this test of {}", name(last)),
            _ => format!("{what} both this and the test of {} before it", name(first)),
        };
        let help = if of_verbs {
            the_verbs()
        } else {
            self.what_is_served(&atoms)
        };
        let facts = self.asked(clash);
        let found = report.add(code, last.span, message);
        if atoms.len() > 1 {
            found.set_related(first.span);
        }
        found.set_help(format!("{facts}; {help}"));
        true
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
            let groups = of(FieldId::ApiGroup)
                .map(|atom| texts(atom))
                .unwrap_or_default();
            let names: Option<Vec<_>> = groups
                .iter()
                .map(|group| resources::of_closed(group))
                .collect();
            let names: Vec<&str> = names.into_iter().flatten().flatten().collect();
            return if names.is_empty() {
                CUSTOM.to_owned()
            } else {
                format!(
                    "the resources of {} are {}",
                    listed(&groups),
                    listed(&names)
                )
            };
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
        let is_asked = of(FieldId::Subresource).is_some();
        match (subresource, known.as_slice()) {
            _ if !is_asked => CUSTOM.to_owned(),
            (_, []) => format!("{name} have no subresources; {CUSTOM}"),
            (Some(wanted), known) => did_you_mean(wanted, known.iter().copied())
                .unwrap_or_else(|| format!("the subresources of {name} are {}", listed(known))),
            (None, known) => format!("the subresources of {name} are {}", listed(known)),
        }
    }
}

fn the_verbs() -> String {
    match FieldId::Verb.texts() {
        Texts::Words(words, _) => format!("the verbs are {}", listed(words)),
        _ => String::new(),
    }
}

/// The text that an atom asks for, when there is one.
fn only_text<'a>(atom: &Atom<'a>) -> Option<&'a str> {
    match texts(atom).as_slice() {
        [only] => Some(only),
        _ => None,
    }
}

/// The texts of which an atom asks for one; none where it asks for something else.
fn texts<'a>(atom: &Atom<'a>) -> Vec<&'a str> {
    let What::Test(Test::OneOf(literals)) = atom.what else {
        return Vec::new();
    };
    let texts = literals.iter().map(|literal| match literal.pattern.kind() {
        PatternKind::Exact(text) => Some(text),
        _ => None,
    });
    texts.collect::<Option<_>>().unwrap_or_default()
}
