//! Bounds on what one record may cost.

/// Bounds on what one record may cost, each with a default that no honest record reaches.
///
/// ```
/// use audit_model::Limits;
///
/// let limits = Limits::default().with_record_bytes(1 << 20);
/// assert_eq!(limits.record_bytes(), 1_048_576);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    record_bytes: usize,
    envelope_depth: usize,
    envelope_values: usize,
    readings: usize,
    body_depth: usize,
    body_nodes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            record_bytes: 32 << 20,
            envelope_depth: 64,
            envelope_values: 1_000_000,
            readings: 16,
            body_depth: 10_000,
            body_nodes: 2_000_000,
        }
    }
}

impl Limits {
    /// Largest record in bytes; 32 MiB by default. A larger one is counted as malformed and passed over.
    ///
    /// An API server reads bodies of up to 3 MiB and writes `<` as `\u003c`, six bytes for one, so a client can cause a
    /// record of 18 MiB and the answer that comes with it.
    pub fn record_bytes(&self) -> usize {
        self.record_bytes
    }

    /// Sets [`Limits::record_bytes`].
    #[must_use]
    pub fn with_record_bytes(mut self, bytes: usize) -> Self {
        self.record_bytes = bytes;
        self
    }

    /// Deepest nesting of the envelope, bodies not counted; 64. A deeper record is malformed.
    pub fn envelope_depth(&self) -> usize {
        self.envelope_depth
    }

    /// Most values of the envelope, bodies not counted, times the readings that repeated keys make of it; 1 000 000.
    ///
    /// It bounds memory. It is far above what a client can cause through `X-Forwarded-For`, which becomes `sourceIPs`
    /// and fits into the 1 MiB of headers that Go's server reads.
    pub fn envelope_values(&self) -> usize {
        self.envelope_values
    }

    /// Most occurrences of one envelope key; 16. A record that repeats one more often is malformed.
    pub fn readings(&self) -> usize {
        self.readings
    }

    /// Deepest nesting of a body that is read, 10 000 as in Go's decoder. A deeper body stays opaque and is flagged.
    pub fn body_depth(&self) -> usize {
        self.body_depth
    }

    /// Most values of a body that is read; 2 000 000. A larger body stays opaque and is flagged.
    pub fn body_nodes(&self) -> usize {
        self.body_nodes
    }
}
