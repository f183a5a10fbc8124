//! Packed input, marks and line ends in odd places, and files that were put together.

#![cfg(any(feature = "gzip", feature = "zstd"))]

use audit_model::Limits;

use crate::reader::{event, records};

fn lines(from: usize, to: usize) -> String {
    (from..to).map(|n| event(n) + "\n").collect()
}

fn words(from: usize, to: usize) -> String {
    let words: Vec<_> = (from..to).map(|n| format!("e{n}")).collect();
    words.join(" ")
}

#[cfg(feature = "gzip")]
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let level = flate2::Compression::default();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[cfg(feature = "gzip")]
#[test]
fn files_are_put_together() {
    let mut packed = gzip(format!("\u{feff}{}", lines(0, 3)).as_bytes());
    packed.extend(gzip(format!("\u{feff}[{}]\r\n", event(3)).as_bytes()));
    packed.extend(gzip(b"\r\n"));
    packed.extend(gzip(lines(4, 6).replace('\n', "\r\n").as_bytes()));
    let packed = gzip(&packed);
    assert_eq!(records(&packed[..], Limits::default()), words(0, 6));
}

#[cfg(feature = "zstd")]
mod zstd {
    use std::io::{self, Read};

    use audit_model::{Reader, Record};
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    fn pack(bytes: &[u8]) -> Vec<u8> {
        compress_to_vec(bytes, CompressionLevel::Fastest)
    }

    /// A source that has to be asked again before every byte.
    struct Slow<'a>(&'a [u8], bool);

    impl Read for Slow<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            self.0.read(&mut out[..1])
        }
    }

    #[test]
    fn is_unpacked_nested_and_concatenated() {
        let mut packed = pack(lines(0, 2000).as_bytes());
        // A frame that holds no data, as parallel compressors write.
        packed.extend(b"\x52\x2a\x4d\x18\x03\0\0\0abc");
        packed.extend(pack(lines(2000, 2003).as_bytes()));
        for _ in 0..4 {
            assert_eq!(records(&packed[..], Limits::default()), words(0, 2003));
            packed = pack(&packed);
        }
        assert_eq!(
            records(&packed[..], Limits::default()),
            "!the source is packed 5 times or more, over the limit of 4, at byte 0"
        );
    }

    #[cfg(feature = "gzip")]
    #[test]
    fn is_unpacked_within_gzip_and_around_it() {
        let text = lines(0, 9);
        for packed in [
            pack(&gzip(text.as_bytes())),
            gzip(&pack(text.as_bytes())),
            pack(&gzip(&pack(&gzip(text.as_bytes())))),
        ] {
            assert_eq!(records(&packed[..], Limits::default()), words(0, 9));
        }
    }

    #[test]
    fn blocks_of_one_byte_take_no_memory_at_once() {
        // One frame, a window of 128 KiB: blocks of 128 KiB of line feeds, 4 bytes each, then an event.
        let mut packed = b"\x28\xb5\x2f\xfd\x00\x38".to_vec();
        let header = |last: u32, kind: u32, size: usize| {
            let header = last | kind << 1 | u32::try_from(size).unwrap() << 3;
            header.to_le_bytes()[..3].to_vec()
        };
        for _ in 0..4000 {
            packed.extend(header(0, 1, 128 << 10));
            packed.push(b'\n');
        }
        packed.extend(header(1, 0, event(1).len()));
        packed.extend(event(1).bytes());
        assert_eq!(records(&packed[..], Limits::default()), "e1");
    }

    #[test]
    fn a_cut_end_comes_after_the_records() {
        let packed = pack(lines(0, 5000).as_bytes());
        let got = records(&packed[..packed.len() - 20], Limits::default());
        assert!(got.starts_with("e0 e1 e2 "), "{got}");
        let (last, error) = got.split_once('!').unwrap();
        assert!(error.starts_with("the source failed at byte "), "{error}");
        assert!(last.split(' ').filter(|word| word.starts_with('e')).count() > 1000);
    }

    #[test]
    fn every_cut_is_survived() {
        let packed = pack(lines(0, 3).as_bytes());
        for cut in 0..packed.len() {
            records(&packed[..cut], Limits::default());
        }
        for at in 0..packed.len() {
            let mut packed = packed.clone();
            packed[at] ^= 0x11;
            records(&packed[..], Limits::default());
        }
    }

    #[test]
    fn a_source_that_would_block_loses_nothing() {
        let packed = pack(lines(0, 20).as_bytes());
        let mut reader = Reader::new(Slow(&packed, false));
        let mut events = 0;
        loop {
            match reader.next() {
                Ok(Some(Record::Event(_))) => events += 1,
                Ok(Some(other)) => panic!("{other:?}"),
                Ok(None) => break,
                Err(error) => assert_eq!(io::Error::from(error).kind(), io::ErrorKind::WouldBlock),
            }
        }
        assert_eq!(events, 20);
    }
}
