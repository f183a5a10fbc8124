//! What the engine tells of the same events, in one process and in shards.

use detect::{Correlator, Detection, Detector, Hit, Reader, RuleSet};

use super::naive::{Seen, Told};

pub(super) fn lines(arrived: &[Seen]) -> Vec<String> {
    let verbs = ["get", "list", "watch"];
    arrived
        .iter()
        .map(|seen| {
            let (second, verb, name) = (seen.time, verbs[seen.rule], &seen.object);
            let [user, namespace] = &seen.columns;
            let time = format!(
                "2026-03-14T{:02}:{:02}:{:02}.000000Z",
                second / 3600,
                second / 60 % 60,
                second % 60
            );
            format!(
                r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"{}","stage":"ResponseComplete","verb":"{verb}","user":{{"username":"{user}"}},"objectRef":{{"resource":"pods","namespace":"{namespace}","name":"{name}"}},"responseStatus":{{"code":200}},"stageTimestamp":"{time}"}}"#,
                seen.ids[0]
            )
        })
        .collect()
}

/// What a hit tells, if it is of a correlation: rules that it does not take are told by themselves.
fn told_by(hit: &Hit<'_>) -> Option<Told> {
    let found = Detection::without_event(hit).correlation?;
    let second = |time: &str| {
        let part = |range: std::ops::Range<usize>| time.get(range).unwrap().parse::<i64>().unwrap();
        part(11..13) * 3600 + part(14..16) * 60 + part(17..19)
    };
    Some((
        hit.rule().name().to_owned(),
        found
            .group
            .iter()
            .map(|group| group.value.clone())
            .collect(),
        found.summary,
        found.count,
        found.events,
        found.value.map(|value| value.to_string()),
        second(&found.first),
        second(&found.last),
    ))
}

fn process(detector: &mut Detector, lines: &[String], told: &mut Vec<Told>) {
    let log = lines.join("\n");
    let mut reader = Reader::new(log.as_bytes());
    while let Some(record) = reader.next().unwrap() {
        told.extend(detector.process(&record).filter_map(|hit| told_by(&hit)));
    }
}

/// One process; at `cut` its state is written and taken up by another.
pub(super) fn alone(rules: &RuleSet, lines: &[String], cut: Option<usize>) -> Vec<Told> {
    let mut told = Vec::new();
    let mut detector = rules.detector();
    let (before, after) = lines.split_at(cut.unwrap_or(0).min(lines.len()));
    process(&mut detector, before, &mut told);
    if cut.is_some() {
        let snapshot = detector.snapshot();
        detector = rules.detector();
        assert!(detector.restore(&snapshot).unwrap().reset.is_empty());
    }
    process(&mut detector, after, &mut told);
    told.extend(detector.finish().filter_map(|hit| told_by(&hit)));
    told.sort();
    told
}

/// So many owners of groups, each of which is killed and taken up again at `cut`.
pub(super) fn sharded(rules: &RuleSet, lines: &[String], n: usize, cut: usize) -> Vec<Told> {
    let mut told = Vec::new();
    let mut matcher = rules.detector().forwarding();
    let mut shards: Vec<Correlator> = (0..n).map(|_| rules.correlator()).collect();
    for (at, line) in lines.iter().enumerate() {
        let mut reader = Reader::new(line.as_bytes());
        while let Some(record) = reader.next().unwrap() {
            let told = matcher.process(&record).filter_map(|hit| told_by(&hit));
            assert_eq!(told.count(), 0);
        }
        for signal in matcher.signals() {
            let shard = usize::try_from(signal.partition_key() % n as u64).unwrap();
            assert!(shards[shard].push(signal));
        }
        let watermarks: Vec<_> = matcher.watermarks().collect();
        for shard in &mut shards {
            for watermark in &watermarks {
                told.extend(shard.advance(watermark).filter_map(|hit| told_by(&hit)));
            }
            if at == cut {
                let snapshot = shard.snapshot();
                *shard = rules.correlator();
                shard.restore(&snapshot).unwrap();
            }
        }
    }
    for shard in &mut shards {
        told.extend(shard.finish().filter_map(|hit| told_by(&hit)));
    }
    told.sort();
    told
}
