//! Any bytes through the reader to their end: no panic, true places, and events that are written as they were read.

#![no_main]

use audit_model::{Event, Limits, Reader, Record};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for limit in [16 << 20, 64] {
        read(data, limit);
    }
});

fn read(data: &[u8], limit: usize) {
    let limits = Limits::default();
    let mut reader = Reader::new(data).with_limits(limits.with_record_bytes(limit));
    let mut written = Vec::new();
    let mut end = 0;
    // The one error of bytes in memory is a compressed stream.
    while let Ok(Some(record)) = reader.next() {
        let (offset, raw) = match &record {
            Record::Event(record) => {
                written.clear();
                record.event.write_json(&mut written);
                let again =
                    Event::decode_fragment(&written, &limits).expect("what is written can be read");
                assert_eq!(again, record.event);
                (record.offset(), record.raw())
            }
            Record::Skipped(record) => (record.offset(), record.raw()),
            Record::Malformed(record) => {
                assert!(record.error.offset() <= data.len() as u64);
                (record.offset(), record.raw())
            }
            _ => continue,
        };
        let start = usize::try_from(offset).expect("offsets fit into memory");
        assert!(start >= end, "records overlap");
        end = start + raw.len();
        assert_eq!(data.get(start..end), Some(raw));
    }
}
