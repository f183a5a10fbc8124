//! Which bytes are left of eight when some are left out.

/// By a mask of eight bytes, the places of those that are not in it, and then anything.
static KEPT: [[u8; 16]; 256] = kept();

#[expect(
    clippy::indexing_slicing,
    reason = "nothing else can be done in a constant, and a wrong index does not compile"
)]
const fn kept() -> [[u8; 16]; 256] {
    let mut all = [[0; 16]; 256];
    let mut mask = 0;
    while mask < 256 {
        let (mut place, mut n) = (0, 0);
        while place < 8 {
            if mask >> place & 1 == 0 {
                all[mask][n] = place;
                n += 1;
            }
            place += 1;
        }
        mask += 1;
    }
    all
}

#[inline(always)]
pub(super) fn kept_of(mask: u8) -> &'static [u8; 16] {
    KEPT.get(usize::from(mask)).unwrap_or(&[0; 16])
}
