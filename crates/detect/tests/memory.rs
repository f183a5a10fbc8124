//! The state of correlations stays within its budget, as the allocator counts and not as the engine does.

#[cfg(test)]
#[expect(
    unsafe_code,
    reason = "an allocator that counts must implement `GlobalAlloc`"
)]
mod counting {
    use std::alloc::{GlobalAlloc, Layout, System};
    use std::cell::Cell;

    thread_local! {
        static LIVE: Cell<isize> = const { Cell::new(0) };
        static PEAK: Cell<isize> = const { Cell::new(0) };
    }

    pub(crate) struct Counting;

    fn add(bytes: usize, sign: isize) {
        // A thread that is ending has no counter any more, and nothing left to count.
        let _ = LIVE.try_with(|live| {
            live.set(live.get() + sign * bytes.cast_signed());
            let _ = PEAK.try_with(|peak| peak.set(peak.get().max(live.get())));
        });
    }

    // SAFETY: every call is passed on to the system's allocator as it came.
    unsafe impl GlobalAlloc for Counting {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            add(layout.size(), 1);
            // SAFETY: the caller keeps the contract of `alloc`.
            unsafe { System.alloc(layout) }
        }

        unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
            add(layout.size(), -1);
            // SAFETY: the caller keeps the contract of `dealloc`.
            unsafe { System.dealloc(pointer, layout) }
        }

        unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
            add(size, 1);
            add(layout.size(), -1);
            // SAFETY: the caller keeps the contract of `realloc`.
            unsafe { System.realloc(pointer, layout, size) }
        }
    }

    pub(crate) fn live() -> isize {
        LIVE.with(Cell::get)
    }

    /// The most bytes in use since the last call.
    pub(crate) fn peak() -> isize {
        PEAK.with(|peak| peak.replace(live()))
    }
}

#[cfg(test)]
mod tests {
    use detect::audit_model::{Event, Limits};
    use detect::{Detection, Reader, RuleSet};

    use super::counting::{Counting, live, peak};

    #[global_allocator]
    static ALLOCATOR: Counting = Counting;

    const READ: &str = "
title: Read
name: read
logsource: {product: kubernetes, service: audit}
detection: {s: {verb: get}, condition: s}
";

    fn line(n: u32, key: u32, per_second: u32) -> String {
        let (second, micros) = (n / per_second, n % per_second);
        let time = format!(
            "2026-03-14T{:02}:{:02}:{:02}.{micros:06}Z",
            second / 3600,
            second / 60 % 60,
            second % 60
        );
        format!(
            r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"7d1c0000-0000-4000-8000-{n:012x}","stage":"ResponseComplete","verb":"get","user":{{"username":"user-{key}"}},"objectRef":{{"resource":"pods","namespace":"shop","name":"{n}"}},"responseStatus":{{"code":200}},"stageTimestamp":"{time}"}}"#
        )
    }

    /// Bytes that a flood takes at most, with `n_keys` groups.
    fn flood(correlation: &str, budget: usize, n_keys: u32, per_second: u32) -> isize {
        let rules = RuleSet::builder()
            .text(
                "rules.yaml",
                format!("{READ}---\ntitle: Correlated\n{correlation}"),
            )
            .build()
            .unwrap_or_else(|error| panic!("{error:?}"));
        let mut detector = rules
            .detector()
            .with_state_bytes(budget)
            .with_max_requests(0);
        let process = |detector: &mut detect::Detector, from: u32| {
            let lines = (from..from + 100).map(|n| line(n, n % n_keys, per_second) + "\n");
            let log: String = lines.collect();
            let mut reader = Reader::new(log.as_bytes());
            while let Some(record) = reader.next().unwrap() {
                assert_eq!(detector.process(&record).count(), 0);
            }
        };
        // What a scanner keeps for its work is not state.
        process(&mut detector, 0);
        let before = live();
        peak();
        for n in 1..250 {
            process(&mut detector, 100 * n);
        }
        let evicted = detector.correlations().map(|one| one.evicted).sum::<u64>();
        assert!(evicted > 0, "there was room for all");
        let kept = detector.correlations().map(|one| one.groups).sum::<u64>();
        assert!(kept > 0, "nothing was kept");
        peak() - before
    }

    #[test]
    fn a_detection_takes_no_more_memory_than_what_it_says() {
        const MOST: isize = 4 << 10;
        let rules = RuleSet::builder().text("rules.yaml", READ).build().unwrap();
        let mut scanner = rules.scanner();
        // What looks like a credential is sought in both.
        let uri = "/api/v1/namespaces/x/secrets?token=abc";
        let line = line(1, 1, 1).replace(r#""verb""#, &format!(r#""requestURI":"{uri}","verb""#));
        let event = Event::decode(line.as_bytes(), &Limits::default()).unwrap();
        let mut most = 0;
        // Programs borrow memory for a search that the first one made.
        for _ in 0..2 {
            let hit = scanner.scan(&event).next().unwrap();
            let before = live();
            peak();
            let detection = Detection::new(&hit, &event);
            most = peak() - before;
            let shown = detection.event.unwrap().request_uri.unwrap();
            assert_eq!(shown, uri.replace("abc", "[redacted]"));
        }
        assert!(most <= MOST, "{most} bytes");
    }

    #[test]
    fn a_flood_of_keys_or_values_stays_within_the_budget_and_a_fifth() {
        const BUDGET: usize = 1 << 20;
        // The buffers of a reader, with the layouts that it learns, and of the scan of one event.
        const WORK: isize = 240 << 10;
        let groups = "group-by: [user.username], timespan: 1d";
        for (correlation, n_keys) in [
            (
                format!(
                    "correlation: {{type: event_count, rules: [read], {groups}, condition: {{gte: 50}}}}"
                ),
                u32::MAX,
            ),
            (
                format!(
                    "correlation: {{type: event_count, rules: [read], {groups}, condition: {{gte: 5000}}}}"
                ),
                5000,
            ),
            (
                format!(
                    "correlation: {{type: value_count, rules: [read], {groups}, condition: {{field: name, gte: 50000}}}}"
                ),
                40,
            ),
            (
                format!(
                    "correlation: {{type: value_sum, rules: [read], {groups}, condition: {{field: name, lt: 0}}}}"
                ),
                500,
            ),
            (
                format!(
                    "correlation: {{type: new_value, rules: [read], {groups}, learning: 1d, condition: {{field: name}}}}"
                ),
                500,
            ),
        ] {
            // Few events wait for the lateness to pass, or so many that they need room, too.
            for per_second in [20, 200] {
                let peak = flood(&correlation, BUDGET, n_keys, per_second);
                let limit = BUDGET.cast_signed() / 5 * 6 + WORK;
                assert!(peak <= limit, "{peak} of {limit}: {correlation}");
            }
        }
    }
}
