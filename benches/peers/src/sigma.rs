//! Engines that read Sigma.

use rsigma_eval::JsonEvent;
use serde_json::Value;
use sigmars::SigmaCollection;

use crate::{Engine, Loaded, place, plain};

struct Rsigma(rsigma_eval::Engine);

impl Engine for Rsigma {
    fn hits(&mut self, line: &[u8], hit: &mut dyn FnMut(usize)) {
        if let Ok(event) = serde_json::from_slice::<Value>(line) {
            let found = self.0.evaluate(&JsonEvent::borrow(&event));
            let ids = found.iter().filter_map(|one| one.header.rule_id.as_deref());
            ids.filter_map(place).for_each(hit);
        }
    }
}

pub(crate) fn rsigma(rules: &[String]) -> Loaded {
    let mut engine = rsigma_eval::Engine::new();
    let mut refused = Vec::new();
    let mut places = Vec::new();
    let mut parsed = Vec::new();
    for (at, text) in rules.iter().enumerate() {
        match plain::parse(text) {
            Ok(rules) => {
                places.extend(rules.iter().map(|_| at));
                parsed.extend(rules);
            }
            Err(error) => refused.push((at, error)),
        }
    }
    for (at, error) in engine.add_rules(&parsed) {
        refused.push((places[at], error.to_string()));
    }
    Loaded {
        engine: Box::new(Rsigma(engine)),
        refused,
    }
}

struct SigmaRust(Vec<(usize, sigma_rust::Rule)>);

impl Engine for SigmaRust {
    fn hits(&mut self, line: &[u8], hit: &mut dyn FnMut(usize)) {
        // By way of a value, which is faster than `event_from_json`.
        let event = serde_json::from_slice::<Value>(line).ok();
        if let Some(event) = event.and_then(|event| sigma_rust::Event::try_from(event).ok()) {
            let matching = self.0.iter().filter(|(_, rule)| rule.is_match(&event));
            matching.for_each(|(at, _)| hit(*at));
        }
    }
}

pub(crate) fn sigma_rust(rules: &[String]) -> Loaded {
    let mut refused = Vec::new();
    let mut taken = Vec::new();
    for (at, text) in rules.iter().enumerate() {
        match sigma_rust::rule_from_yaml(text) {
            Ok(rule) => taken.push((at, rule)),
            Err(error) => refused.push((at, error.to_string())),
        }
    }
    Loaded {
        engine: Box::new(SigmaRust(taken)),
        refused,
    }
}

struct Sigmars(SigmaCollection);

impl Engine for Sigmars {
    fn hits(&mut self, line: &[u8], hit: &mut dyn FnMut(usize)) {
        if let Ok(event) = serde_json::from_slice::<Value>(line) {
            let found = self.0.get_detection_matches_unfiltered(&event.into());
            found.iter().filter_map(|id| place(id)).for_each(hit);
        }
    }
}

pub(crate) fn sigmars(rules: &[String]) -> Loaded {
    let mut refused = Vec::new();
    let mut taken = Vec::new();
    for (at, text) in rules.iter().enumerate() {
        // A document that it does not take would spoil the collection.
        match text.parse::<SigmaCollection>() {
            Ok(_) => taken.push(text.as_str()),
            Err(error) => refused.push((at, error.to_string())),
        }
    }
    let all = taken.join("\n---\n").parse().unwrap_or_else(|error| {
        refused.push((0, format!("together: {error}")));
        SigmaCollection::new()
    });
    Loaded {
        engine: Box::new(Sigmars(all)),
        refused,
    }
}
