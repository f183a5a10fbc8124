//! What every target holds the reader to: no panic, true places, every record counted, and events that are written as
//! they were read.

use audit_model::{Event, Limits, Reader, Record};

/// Reads to the end; returns how many records there were.
pub fn read(data: &[u8], limit: usize) -> u64 {
    let limits = Limits::default();
    let mut reader = Reader::new(data).with_limits(limits.with_record_bytes(limit));
    let mut written = Vec::new();
    let mut last = 0;
    let mut n_records = 0;
    // The one error of bytes in memory is a compressed stream.
    while let Ok(Some(record)) = reader.next() {
        n_records += 1;
        let (offset, raw) = match record {
            Record::Event(record) | Record::Partial(record) => {
                let place = (record.offset(), record.raw());
                let event = record.into_event();
                // What a source says apart from the event (its level, where it came from) is not in the event's text.
                if event.source.is_none() {
                    written.clear();
                    event.write_json(&mut written);
                    let mut again = Vec::new();
                    Event::decode_fragment(&written, &limits)
                        .expect("what is written can be read")
                        .write_json(&mut again);
                    assert_eq!(again, written);
                }
                place
            }
            Record::Skipped(record) => (record.offset(), record.raw()),
            Record::Malformed(record) => {
                assert!(record.error.offset() <= data.len() as u64);
                (record.offset(), record.raw())
            }
            _ => continue,
        };
        let start = usize::try_from(offset).expect("offsets fit into memory");
        // Records of one wrapper stand where it stands.
        assert!(start >= last, "records go back");
        last = start;
        assert!(data.get(start..).is_some_and(|rest| rest.starts_with(raw)));
    }
    let counters = reader.counters();
    assert_eq!(
        n_records,
        counters.events + counters.partial + counters.skipped + counters.malformed
    );
    n_records
}
