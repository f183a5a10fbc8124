//! What closes: what followed a detection is told in one summary.

use crate::correlate::engine::Engine;
use crate::correlate::fired::Fired;
use crate::correlate::plan::{Planned, index};
use crate::correlate::silence::Silence;
use crate::correlate::table::Owner;
use crate::correlate::time::Time;
use crate::correlate::window::Window;
use crate::rule_set::RuleSet;

impl Engine {
    /// Closes what is to be closed at this time or before, earliest first.
    pub(crate) fn close(&mut self, rules: &RuleSet, stream: u32, time: Time) {
        let start = self.fired.len();
        let due = |engine: &mut Self| {
            let found = engine.stream_mut(stream);
            found.and_then(|found| found.take_due(time))
        };
        while let Some((_, key)) = due(self) {
            if let Some(at) = self.table.find(key)
                && let Some((owner, _, Window::Open(silence))) = self.table.remove(at)
            {
                self.sum_up(rules, owner, stream, &silence, silence.end);
            }
        }
        // Keys are random; the order of what is told is not.
        if let Some(closed) = self.fired.get_mut(start..) {
            closed.sort_by(|one, other| {
                (one.end, one.owner, &one.group).cmp(&(other.end, other.owner, &other.group))
            });
        }
    }

    /// Tells what followed a detection, if something did.
    pub(crate) fn sum_up(
        &mut self,
        rules: &RuleSet,
        owner: Owner,
        stream: u32,
        silence: &Silence,
        end: Time,
    ) {
        let Some(found) = self.stream(stream) else {
            return;
        };
        if silence.count <= silence.told {
            return;
        }
        let mut fired = Fired {
            owner,
            summary: true,
            id: silence.id,
            level: rule_lang::Level::Medium,
            origin: found.origin.clone(),
            group: silence.group.clone(),
            start: silence.start,
            end,
            first: silence.first,
            last: silence.last,
            count: silence.count,
            value: None,
            error: None,
            novel: silence.novel.clone(),
            ids: silence.ids.clone(),
            rules: Vec::new(),
            message: String::new(),
            shown: Vec::new(),
        };
        match owner {
            Owner::Correlation(at) => {
                let Some(planned) = rules.inner().plan.correlations.get(index(at)) else {
                    return;
                };
                if !planned.told && !self.tells_all {
                    return;
                }
                fired.level = planned.correlation.level();
                (fired.value, fired.error) = silence.sum.read(planned.kind(), planned.percentile());
                fired.rules = names(planned, &silence.references);
                fired.tell(planned);
            }
            Owner::Rule(at) => {
                let Some(active) = rules.inner().rules.get(index(at)) else {
                    return;
                };
                fired.level = active.rule.level();
                fired.rules = vec![active.rule.name().to_owned()];
                let by = active
                    .rule
                    .suppress()
                    .map(|suppress| suppress.by.as_slice());
                let values = silence
                    .group
                    .iter()
                    .map(|value| value.unwrap_or("-").to_owned());
                fired.shown = by
                    .unwrap_or_default()
                    .iter()
                    .map(ToString::to_string)
                    .zip(values)
                    .collect();
                let told = silence.message.as_deref().unwrap_or(active.rule.title());
                fired.message.push_str(told);
                let mut message = std::mem::take(&mut fired.message);
                fired.sum_up(&mut message);
                fired.message = message;
            }
        }
        self.fired.push(fired);
    }
}

/// The names of what references refer to.
pub(crate) fn names(planned: &Planned, references: &[u32]) -> Vec<String> {
    let mut names: Vec<String> = references
        .iter()
        .filter_map(|reference| planned.target(*reference))
        .map(|target| target.name.clone())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}
