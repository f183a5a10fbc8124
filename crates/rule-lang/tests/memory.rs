//! No file takes more than a hundred times the size of the largest in memory while it is compiled.
//!
//! The allocator counts per thread, so the test needs no quiet process.

#[cfg(test)]
#[expect(
    unsafe_code,
    reason = "an allocator that counts must implement `GlobalAlloc`"
)]
mod counting {
    use std::alloc::{GlobalAlloc, Layout, System};
    use std::cell::Cell;

    thread_local! {
        static HELD: Cell<isize> = const { Cell::new(0) };
        static PEAK: Cell<isize> = const { Cell::new(0) };
    }

    pub(crate) struct Counting;

    fn count(bytes: isize) {
        // A thread that is ending has no counter any more, and nothing left to count.
        let _ = HELD.try_with(|held| {
            held.set(held.get() + bytes);
            PEAK.try_with(|peak| peak.set(peak.get().max(held.get())))
        });
    }

    fn signed(size: usize) -> isize {
        isize::try_from(size).unwrap_or(isize::MAX)
    }

    // SAFETY: every call is passed on to the system's allocator as it came.
    unsafe impl GlobalAlloc for Counting {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            count(signed(layout.size()));
            // SAFETY: the caller keeps the contract of `alloc`.
            unsafe { System.alloc(layout) }
        }

        unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
            count(-signed(layout.size()));
            // SAFETY: the caller keeps the contract of `dealloc`.
            unsafe { System.dealloc(pointer, layout) }
        }

        unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
            count(signed(size) - signed(layout.size()));
            // SAFETY: the caller keeps the contract of `realloc`.
            unsafe { System.realloc(pointer, layout, size) }
        }
    }

    /// The most that the thread held at once during a call, beyond what it held before.
    pub(crate) fn peak(run: impl FnOnce()) -> usize {
        let before = HELD.with(Cell::get);
        PEAK.with(|peak| peak.set(before));
        run();
        usize::try_from(PEAK.with(Cell::get) - before).unwrap_or(0)
    }
}

#[cfg(test)]
#[path = "hostile/mod.rs"]
mod files;

#[cfg(test)]
mod tests {
    use rule_lang::{Compiler, Guard};

    use super::counting::{Counting, peak};
    use super::files;

    #[global_allocator]
    static ALLOCATOR: Counting = Counting;

    /// How many times the largest file's size a file may take: short ones too may name long lists again and again, up
    /// to limits of their own.
    const TIMES: usize = 100;
    const LARGEST: usize = 1 << 20;

    #[test]
    fn no_file_takes_more_than_a_hundred_times_the_largest() {
        let mut over = Vec::new();
        for (name, files) in files::all() {
            let size: usize = files.iter().map(|(_, text)| text.len()).sum();
            assert!(size <= LARGEST, "{name}: {size} bytes");
            let held = peak(|| {
                let mut compiler = Compiler::new();
                for (name, text) in &files {
                    compiler.add(name, text);
                }
                for rule in &compiler.finish().rules {
                    // An index of rules asks each for this.
                    Guard::of(rule.program());
                }
            });
            // An allocator that counts nothing would prove anything.
            assert!(held > size / 2, "{name}: {held} bytes");
            if held > LARGEST * TIMES {
                over.push(format!("{name}: {} times {size}", held / size));
            }
        }
        assert!(over.is_empty(), "{over:#?}");
    }
}
