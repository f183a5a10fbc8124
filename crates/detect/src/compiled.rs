//! Rule sets as bytes: what an agent starts from.

use rule_lang::{FromBytesError, Kept, Restored};

use crate::RuleSet;
use crate::correlate::plan::KeptCorrelation;
use crate::rule_set::Inner;

impl RuleSet {
    /// The set as bytes, from which [`RuleSet::from_bytes`] makes it again in a fraction of the time that compiling takes.
    ///
    /// All is kept that evaluating and telling need, correlations among it, so that [`Detector::restore`](crate::Detector::restore)
    /// goes on with what a set from text has kept, and the other way round; tests and the text of rule files are not. The same
    /// set gives the same bytes. They are for the version that wrote them and those that read its form; the rule files
    /// remain what is kept and reviewed.
    ///
    /// # Examples
    /// ```
    /// use detect::RuleSet;
    ///
    /// // Once, where rules are built and tested:
    /// let compiled = RuleSet::builder().shipped().build()?.to_bytes();
    ///
    /// // At every start of an agent:
    /// let rules = RuleSet::from_bytes(&compiled)?;
    /// assert!(rules.rules().any(|rule| rule.name() == "exec-into-pod"));
    ///
    /// // What was damaged on its way is refused.
    /// let error = RuleSet::from_bytes(&compiled[..1_000]).unwrap_err();
    /// assert!(error.to_string().starts_with("the compiled rule set is damaged: "));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_bytes(&self) -> Vec<u8> {
        let Inner {
            rules,
            filters,
            places,
            trusted_proxies,
            plan,
            // These are made again of the others.
            questions: _,
            told: _,
            whole: _,
            has_quiet: _,
            foresight: _,
        } = self.inner();
        let rules = rules.iter().map(|active| Kept {
            at: active.at,
            told: active.told,
            item: &active.rule,
        });
        let filters = filters.iter().map(|active| &active.filter);
        let correlations = plan.correlations.iter().map(|planned| Kept {
            at: planned.at,
            told: planned.told,
            item: &planned.correlation,
        });
        rule_lang::to_bytes(places, rules, filters, trusted_proxies, correlations)
    }

    /// Makes a set of the bytes that [`RuleSet::to_bytes`] gave. It finds the same as the set that they were made of.
    ///
    /// Bytes are not trusted: whatever they are, this returns a set that evaluates safely or an error, and takes memory in
    /// proportion to them and to the automata of their regular expressions, each of which has the limit that rule text
    /// has.
    ///
    /// # Errors
    /// [`FromBytesError`] when the bytes are something else, written in another version of the form, damaged, or ask for a
    /// field that this version does not know.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FromBytesError> {
        let Restored {
            sources,
            rules,
            filters,
            trusted_proxies,
            correlations,
            ..
        } = rule_lang::from_bytes(bytes)?;
        let mut inner = Inner {
            places: sources,
            trusted_proxies: trusted_proxies.into(),
            ..Inner::default()
        };
        for filter in filters {
            inner.add_filter(filter);
        }
        for Kept { at, told, item } in rules {
            inner.add_rule(at, told, item);
        }
        let correlations = correlations.into_iter().map(|kept| KeptCorrelation {
            at: kept.at,
            told: kept.told,
            correlation: kept.item,
        });
        Ok(inner.finish(correlations))
    }
}
