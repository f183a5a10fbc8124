//! Any bytes through the reader to their end.

#![no_main]

mod common;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for limit in [16 << 20, 64] {
        common::read(data, limit);
    }
});
