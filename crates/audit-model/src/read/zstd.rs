//! Zstandard (RFC 8878): frames one after the other, those to be skipped included.

use std::io::{self, Read};

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// Longest header of a frame.
const FRAME_HEADER: usize = 18;
const BLOCK_HEADER: usize = 3;
const CHECKSUM: usize = 4;
/// The last block of a frame, with nothing in it, and as much as a checksum takes.
const END: &[u8] = &[1, 0, 0, 0, 0, 0, 0];
/// Smallest piece that is asked of the source.
const CHUNK: usize = 16 << 10;

/// What comes next in the packed bytes.
enum Next {
    Frame,
    /// A block, of a frame that ends in a checksum or does not.
    Block {
        checksum: bool,
    },
    /// So many bytes of a frame that holds no data.
    Skipped(usize),
}

/// Unpacks a source block by block, so that memory is bounded by the window of its frames (at most 128 MiB).
///
/// A source that has to be asked again, or ends too early, costs nothing that arrived before.
pub(crate) struct Zstd<R> {
    source: R,
    packed: Vec<u8>,
    start: usize,
    ended: bool,
    decoder: FrameDecoder,
    next: Next,
    /// Why nothing more comes, once all that was unpacked is taken.
    failed: Option<io::Error>,
}

impl<R: Read> Zstd<R> {
    pub(crate) fn new(source: R) -> Self {
        Self {
            source,
            packed: Vec::new(),
            start: 0,
            ended: false,
            decoder: FrameDecoder::new(),
            next: Next::Frame,
            failed: None,
        }
    }

    fn rest(&self) -> &[u8] {
        self.packed.get(self.start..).unwrap_or_default()
    }

    /// Reads until so many bytes are there; false if the source ends before.
    fn need(&mut self, count: usize) -> io::Result<bool> {
        while self.rest().len() < count && !self.ended {
            self.packed.drain(..self.start);
            self.start = 0;
            let length = self.packed.len();
            self.packed
                .resize(length + CHUNK.max(count.saturating_sub(length)), 0);
            let room = self.packed.get_mut(length..).unwrap_or_default();
            let read = self.source.read(room);
            let count = read.as_ref().map_or(0, |count| *count);
            self.packed.truncate(length + count);
            self.ended = read? == 0;
        }
        Ok(self.rest().len() >= count)
    }

    /// Takes one step; false at the end.
    fn step(&mut self) -> io::Result<bool> {
        match self.next {
            Next::Frame => self.frame(),
            Next::Block { checksum } => self.block(checksum).map(|()| true),
            Next::Skipped(length) => {
                self.need(1)?;
                let skipped = length.min(self.rest().len());
                self.start += skipped;
                self.next = match length - skipped {
                    0 => Next::Frame,
                    left => Next::Skipped(left),
                };
                if skipped == 0 && length > 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                Ok(true)
            }
        }
    }

    fn frame(&mut self) -> io::Result<bool> {
        self.need(FRAME_HEADER)?;
        let rest = self.rest();
        if rest.is_empty() {
            return Ok(false);
        }
        // `0x184D2A5?`, then the length.
        if let Some(([low, 0x2a, 0x4d, 0x18, size @ ..], _)) = rest.split_first_chunk::<8>()
            && low & 0xf0 == 0x50
        {
            let length = u32::from_le_bytes(*size);
            self.next = Next::Skipped(usize::try_from(length).unwrap_or(usize::MAX));
            self.start += 8;
            return Ok(true);
        }
        let checksum = rest.get(4).is_some_and(|descriptor| descriptor & 4 != 0);
        let mut left = self.packed.get(self.start..).unwrap_or_default();
        self.decoder.init(&mut left).map_err(io::Error::other)?;
        let left = left.len();
        self.start = self.packed.len() - left;
        self.next = Next::Block { checksum };
        Ok(true)
    }

    fn block(&mut self, checksum: bool) -> io::Result<()> {
        let mut whole = self.need(BLOCK_HEADER)?;
        let mut last = false;
        if whole && let Some((header, _)) = self.rest().split_first_chunk::<3>() {
            let [a, b, c] = *header;
            let header = u32::from_le_bytes([a, b, c, 0]);
            last = header & 1 == 1;
            // A block of one repeated byte gives the length that it unpacks to.
            let size = if header >> 1 & 3 == 1 { 1 } else { header >> 3 };
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            let tail = if last && checksum { CHECKSUM } else { 0 };
            whole = self.need(BLOCK_HEADER.saturating_add(size).saturating_add(tail))?;
        }
        if !whole {
            // The decoder holds back what later blocks may repeat, until the frame ends.
            self.failed = Some(io::ErrorKind::UnexpectedEof.into());
            self.start = self.packed.len();
            self.next = Next::Frame;
            return self.decode(END).map(|_| ());
        }
        let rest = self.packed.split_off(self.start);
        let left = self.decode(&rest);
        self.packed = rest;
        self.start = self.packed.len() - left?;
        if last {
            self.next = Next::Frame;
        }
        Ok(())
    }

    /// Unpacks the block that bytes begin with; how many bytes are left.
    fn decode(&mut self, mut bytes: &[u8]) -> io::Result<usize> {
        self.decoder
            .decode_blocks(&mut bytes, BlockDecodingStrategy::UptoBlocks(1))
            .map_err(io::Error::other)?;
        Ok(bytes.len())
    }
}

impl<R: Read> Read for Zstd<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            if self.decoder.can_collect() > 0 {
                return self.decoder.read(out);
            }
            if let Some(error) = self.failed.take() {
                return Err(error);
            }
            if !self.step()? {
                return Ok(0);
            }
        }
    }
}
