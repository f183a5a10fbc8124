//! Bytes of the decompressed stream, a window at a time.

use std::io::{self, Read};

use memchr::memchr;

use crate::error::{ReadError, ReadKind};
#[cfg(feature = "zstd")]
use crate::read::zstd::Zstd;

/// Smallest free space that is read into.
const CHUNK: usize = 64 << 10;
const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// How often what is packed may be packed again. Rotated logs that were packed again have two layers.
#[cfg(any(feature = "gzip", feature = "zstd"))]
const MAX_LAYERS: usize = 4;

/// How a source is packed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Packing {
    Gzip,
    Zstd,
}

/// A source and the window of its bytes that are not consumed yet.
pub(crate) struct Input<R> {
    source: Layer<R>,
    sniffed: bool,
    /// How many layers were found.
    #[cfg(any(feature = "gzip", feature = "zstd"))]
    depth: usize,
    /// Why the stream ended, if not because its source did.
    pub(crate) failed: Option<ReadError>,
    ended: bool,
    pub(crate) buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Offset in the stream of the first byte of `buffer`.
    base: u64,
    /// Offset up to which no line feed stands, from the window's start.
    searched: u64,
}

/// The source, or what it holds packed.
struct Layer<R> {
    /// Bytes that were read to see what the source is.
    seen: Vec<u8>,
    inner: Inner<R>,
}

enum Inner<R> {
    Plain(R),
    #[cfg(feature = "gzip")]
    Gzip(Box<flate2::read::MultiGzDecoder<Layer<R>>>),
    #[cfg(feature = "zstd")]
    Zstd(Box<Zstd<Layer<R>>>),
    /// A layer on its way into another one.
    #[cfg(any(feature = "gzip", feature = "zstd"))]
    Gone,
}

impl<R: Read> Read for Inner<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(source) => source.read(out),
            #[cfg(feature = "gzip")]
            Self::Gzip(decoder) => decoder.read(out),
            #[cfg(feature = "zstd")]
            Self::Zstd(decoder) => decoder.read(out),
            #[cfg(any(feature = "gzip", feature = "zstd"))]
            Self::Gone => Ok(0),
        }
    }
}

impl<R: Read> Read for Layer<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if !self.seen.is_empty() {
            let count = self.seen.as_slice().read(out)?;
            self.seen.drain(..count);
            return Ok(count);
        }
        self.inner.read(out)
    }
}

impl<R: Read> Layer<R> {
    /// How the source is packed, by the number it begins with (RFC 1952, RFC 8878).
    fn packing(&mut self) -> io::Result<Option<Packing>> {
        loop {
            if self.seen == GZIP {
                return Ok(Some(Packing::Gzip));
            }
            if self.seen == ZSTD {
                return Ok(Some(Packing::Zstd));
            }
            let mut byte = [0];
            let may_be = GZIP.starts_with(&self.seen) || ZSTD.starts_with(&self.seen);
            if !may_be || self.inner.read(&mut byte)? == 0 {
                return Ok(None);
            }
            self.seen.extend(byte);
        }
    }
}

impl<R: Read> Input<R> {
    pub(crate) fn new(source: R) -> Self {
        Self {
            source: Layer {
                seen: Vec::new(),
                inner: Inner::Plain(source),
            },
            sniffed: false,
            #[cfg(any(feature = "gzip", feature = "zstd"))]
            depth: 0,
            failed: None,
            ended: false,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            base: 0,
            searched: 0,
        }
    }

    /// The bytes that are there and not consumed.
    pub(crate) fn window(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Where the window begins in the buffer.
    pub(crate) fn start(&self) -> usize {
        self.start
    }

    /// Where the window begins in the stream.
    pub(crate) fn offset(&self) -> u64 {
        self.base + self.start as u64
    }

    /// Whether no more bytes will come.
    pub(crate) fn ended(&self) -> bool {
        self.ended
    }

    /// Passes over the first bytes of the window. They stay in the buffer until it is filled again.
    pub(crate) fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
    }

    /// Where the first line of the window ends; `None` if that is not known yet.
    pub(crate) fn line_end(&mut self) -> Option<usize> {
        let offset = self.offset();
        let from = usize::try_from(self.searched.saturating_sub(offset)).unwrap_or_default();
        let found =
            memchr(b'\n', self.window().get(from..).unwrap_or_default()).map(|at| from + at);
        self.searched = offset + found.unwrap_or(self.end - self.start) as u64;
        found
    }

    /// Notes that no line feed stands within the first bytes of the window.
    pub(crate) fn note_line(&mut self, length: usize) {
        self.searched = self.offset() + length as u64;
    }

    /// Whether a line feed may stand within the first bytes of the window.
    pub(crate) fn line_feed_within(&self, count: usize) -> bool {
        self.offset() + count as u64 > self.searched
    }

    /// Reads more bytes to the end of the window; false if there are none.
    ///
    /// A source that only has to be asked again gives an error here. One that is broken ends the stream instead, so
    /// that what arrived before is read first; the reason is left in `failed`.
    pub(crate) fn fill(&mut self) -> Result<bool, ReadError> {
        if self.ended {
            return Ok(false);
        }
        if let Err(error) = self.sniff() {
            return self.give_up(error);
        }
        if self.ended {
            return Ok(false);
        }
        self.make_room();
        loop {
            let room = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.source.read(room) {
                Ok(0) => {
                    self.ended = true;
                    return Ok(false);
                }
                Ok(count) => {
                    self.end = (self.end + count).min(self.buffer.len());
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return self.give_up(error),
            }
        }
    }

    fn give_up(&mut self, error: io::Error) -> Result<bool, ReadError> {
        let again = matches!(
            error.kind(),
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
        );
        let error = ReadError::new(ReadKind::Io(error), self.base + self.end as u64);
        if again {
            return Err(error);
        }
        self.fail(error);
        Ok(false)
    }

    fn fail(&mut self, error: ReadError) {
        self.ended = true;
        self.failed = Some(error);
    }

    fn make_room(&mut self) {
        if self.buffer.len() - self.end >= CHUNK {
            return;
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.base += self.start as u64;
            self.end -= self.start;
            self.start = 0;
        }
        // Grown while more than half is in use, so that moving the rest costs no more than reading it did.
        if self.end > self.buffer.len() / 2 || self.buffer.len() - self.end < CHUNK {
            self.buffer
                .resize((self.buffer.len() * 2).max(4 * CHUNK), 0);
        }
    }

    /// Finds out how the source is packed, and what in it is.
    fn sniff(&mut self) -> io::Result<()> {
        while !self.sniffed {
            let packing = retry(|| self.source.packing())?;
            self.sniffed = match packing {
                None => true,
                Some(packing) => !self.unpack(packing),
            };
        }
        Ok(())
    }

    /// Puts a decoder around the source; false if the stream ends here instead.
    fn unpack(&mut self, packing: Packing) -> bool {
        let disabled = match packing {
            Packing::Gzip if !cfg!(feature = "gzip") => Some(ReadKind::Disabled("gzip")),
            Packing::Zstd if !cfg!(feature = "zstd") => Some(ReadKind::Disabled("zstd")),
            _ => None,
        };
        if let Some(kind) = disabled {
            self.fail(ReadError::new(kind, 0));
            return false;
        }
        #[cfg(any(feature = "gzip", feature = "zstd"))]
        {
            self.depth += 1;
            if self.depth > MAX_LAYERS {
                let kind = ReadKind::Layers {
                    limit: MAX_LAYERS,
                    actual: self.depth,
                };
                self.fail(ReadError::new(kind, 0));
                return false;
            }
            let gone = Layer {
                seen: Vec::new(),
                inner: Inner::Gone,
            };
            let outer = std::mem::replace(&mut self.source, gone);
            self.source.inner = match packing {
                #[cfg(feature = "gzip")]
                Packing::Gzip => Inner::Gzip(Box::new(flate2::read::MultiGzDecoder::new(outer))),
                #[cfg(feature = "zstd")]
                Packing::Zstd => Inner::Zstd(Box::new(Zstd::new(outer))),
                #[cfg(not(all(feature = "gzip", feature = "zstd")))]
                _ => outer.inner,
            };
        }
        true
    }
}

fn retry<T>(mut read: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match read() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
