//! Correlations and events that are made up.

use proptest::prelude::*;

use super::naive::{Asked, INNER, OBJECTS, Seen};

/// Bounds of whole numbers and of others.
const COUNTS: [&[(&str, f64)]; 6] = [
    &[("gte", 1.0)],
    &[("gte", 3.0)],
    &[("gt", 1.0)],
    &[("eq", 2.0)],
    &[("gte", 2.0), ("lt", 4.0)],
    &[("gt", 2.0), ("lte", 3.0)],
];
const MEASURES: [&[(&str, f64)]; 6] = [
    &[("gte", 3.0)],
    &[("gt", 6.5)],
    &[("lt", 0.0)],
    &[("lte", 0.5)],
    &[("eq", 3.0)],
    &[("gt", 0.0), ("lt", 3.0)],
];

fn columns() -> impl Strategy<Value = Vec<usize>> {
    prop::sample::select(vec![vec![], vec![0], vec![1], vec![0, 1]])
}

/// A correlation that takes rules of the file.
fn asked(name: &'static str, kinds: &'static [&'static str]) -> impl Strategy<Value = Asked> {
    let hold = prop::option::of((columns(), prop::sample::select(&[1_i64, 20, 90][..])));
    (
        prop::sample::select(kinds),
        columns(),
        prop::sample::select(&[1_i64, 15, 40, 200][..]),
        prop::sample::select(&[1_i64, 10, 60][..]),
        (
            prop::sample::select(&[1_usize, 50, 75, 95, 100][..]),
            0..6_usize,
        ),
        (1..4_usize, any::<bool>()),
        hold,
    )
        .prop_map(
            move |(kind, group, timespan, learning, (percentile, bounds), (n, negated), hold)| {
                let is_temporal = kind.starts_with("temporal");
                let n = if is_temporal { n.max(2) } else { n };
                let bounds = match kind {
                    "temporal" | "temporal_ordered" | "new_value" => &[],
                    "event_count" | "value_count" => COUNTS[bounds],
                    _ => MEASURES[bounds],
                };
                // What is summed up goes by columns of the group, where it has any.
                let hold = hold.map(|(by, hold)| {
                    let by: Vec<usize> = by.into_iter().filter(|at| group.contains(at)).collect();
                    (if by.is_empty() { group.clone() } else { by }, hold)
                });
                let hold = hold.filter(|(by, _)| !by.is_empty());
                Asked {
                    name,
                    kind,
                    takes: (0..n).collect(),
                    group,
                    timespan,
                    learning,
                    percentile,
                    bounds: bounds.to_vec(),
                    condition: if is_temporal && n == 2 && negated {
                        "a and not b"
                    } else {
                        ""
                    },
                    hold,
                    generate: false,
                }
            },
        )
}

/// A correlation that takes another one, by itself or beside a rule.
fn chain() -> impl Strategy<Value = Vec<Asked>> {
    let inner = asked(
        "inner",
        &["event_count", "value_count", "temporal", "value_sum"],
    );
    let outer = asked(
        "outer",
        &["event_count", "value_count", "temporal", "temporal_ordered"],
    );
    (inner, outer, any::<bool>()).prop_map(|(mut inner, mut outer, generate)| {
        outer.generate = generate;
        outer.takes = vec![INNER];
        if outer.kind.starts_with("temporal") {
            outer.takes.push(1);
        }
        outer.condition = "";
        // What it groups by or reads, the other one must group by.
        if outer.kind == "value_count" {
            inner.group = vec![0, 1];
        }
        outer.group.retain(|at| inner.group.contains(at));
        outer.hold = outer
            .hold
            .filter(|(by, _)| by.iter().all(|at| outer.group.contains(at)));
        vec![inner, outer]
    })
}

pub(super) fn correlations() -> impl Strategy<Value = Vec<Asked>> {
    let one = |kinds| asked("asked", kinds).prop_map(|asked| vec![asked]);
    prop_oneof![
        1 => one(&["event_count"]),
        1 => one(&["value_count"]),
        2 => one(&["value_sum", "value_avg", "value_median", "value_percentile"]),
        2 => one(&["temporal", "temporal_ordered"]),
        2 => one(&["new_value"]),
        2 => chain(),
    ]
}

/// Events mostly in order: times go on by little, and back by up to twice the lateness.
pub(super) fn arrived() -> impl Strategy<Value = Vec<Seen>> {
    let step = prop_oneof![6 => 0..15_i64, 1 => 15..150_i64, 2 => -50..0_i64, 1 => -130..-50_i64];
    let one = (step, 0..3_usize, 0..2_usize, 0..2_usize, 0..OBJECTS.len());
    prop::collection::vec(one, 0..50).prop_map(|steps| {
        let mut time = 1000;
        steps
            .into_iter()
            .enumerate()
            .map(|(at, (step, rule, user, namespace, object))| {
                time = (time + step).max(0);
                Seen {
                    time,
                    rule,
                    columns: [format!("u{user}"), format!("n{namespace}")],
                    object: OBJECTS[object].to_owned(),
                    ids: vec![format!("id-{at:03}")],
                }
            })
            .collect()
    })
}
