//! Why two modifiers do not go together, and what to write.

use super::table::Modifier;

/// What to write in place of two modifiers that do not go together.
pub(super) fn reason(a: Modifier, b: Modifier) -> &'static str {
    use Modifier::{All, Base64, Base64Offset, Cased, Cidr, Exists, Expand, FieldRef, Re};
    let either = |modifier| a == modifier || b == modifier;
    let any = |is: fn(Modifier) -> bool| is(a) || is(b);
    let both = |is: fn(Modifier) -> bool| is(a) && is(b);
    if either(Exists) {
        "`exists` stands alone: it asks whether there is a value, whichever"
    } else if either(Cidr) {
        "`cidr` asks whether an address is in a network: write `cidr` alone and the network as the value, such as `10.0.0.0/8`"
    } else if either(Re) && either(Expand) {
        "a list of texts is no regular expression"
    } else if either(Re) && either(Cased) {
        "a regular expression is case-sensitive unless `i` follows"
    } else if any(is_flag) {
        "`i`, `m` and `s` are options of `re`; other texts are compared without regard to case, unless `cased` follows"
    } else if both(is_time) {
        "write a second selection for the other part and join both by `and`"
    } else if either(All) {
        "leave `all` out: a field has one number"
    } else if any(is_time) {
        "a part of a date is a number: it equals one or compares with `lt`, `lte`, `gt`, `gte`"
    } else if either(FieldRef) {
        "the value of `fieldref` is the name of a field, whose text is compared as it is: `neq`, `contains`, `startswith`, `endswith` and `cased` go with it"
    } else if both(|m| m.charset().is_some()) {
        "a text is written in one way"
    } else if either(Base64) && either(Base64Offset) {
        "`base64` is the whole value, `base64offset` the value in the middle of others"
    } else if any(encodes) {
        "a value is written in another way only to be compared as text"
    } else if either(Re) {
        "a regular expression is found anywhere in the text; `^` and `$` bind it to the ends"
    } else if both(compares) {
        "for a range write a second selection and join both by `and`"
    } else if any(compares) {
        "numbers are compared as numbers: leave the other modifier out"
    } else {
        "write one of them, or wildcards in the value"
    }
}

fn is_flag(modifier: Modifier) -> bool {
    matches!(modifier, Modifier::I | Modifier::M | Modifier::S)
}

fn is_time(modifier: Modifier) -> bool {
    modifier.time().is_some()
}

fn encodes(modifier: Modifier) -> bool {
    matches!(
        modifier,
        Modifier::Base64 | Modifier::Base64Offset | Modifier::Windash
    ) || modifier.charset().is_some()
}

fn compares(modifier: Modifier) -> bool {
    matches!(
        modifier,
        Modifier::Lt | Modifier::Lte | Modifier::Gt | Modifier::Gte
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modifier::table::TABLE;

    /// What is said of the pairs that do not go together.
    #[test]
    fn every_pair_that_does_not_go_together_has_help_of_its_own() {
        let sides = [Modifier::Contains, Modifier::StartsWith, Modifier::EndsWith];
        for row in TABLE {
            for other in TABLE {
                let goes = row.with.contains(&other.modifier) || other.with.contains(&row.modifier);
                if goes || row.modifier == other.modifier {
                    continue;
                }
                let help = reason(row.modifier, other.modifier);
                assert_eq!(help, reason(other.modifier, row.modifier));
                // The last help is for the sides of a text alone.
                assert_eq!(
                    help == "write one of them, or wildcards in the value",
                    sides.contains(&row.modifier) && sides.contains(&other.modifier),
                    "{} {}",
                    row.name,
                    other.name
                );
            }
        }
    }
}
