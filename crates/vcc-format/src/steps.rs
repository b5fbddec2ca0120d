//! How many bytes the loops over the input look at, so that a test can tell whether the time is
//! linear without a clock. Counted in this crate's own tests and in fuzz targets, nowhere else.

#[cfg(any(test, fuzzing))]
mod counter {
    use std::cell::Cell;

    thread_local! {
        static STEPS: Cell<u64> = const { Cell::new(0) };
    }

    /// Adds to the steps of this thread.
    pub fn count(bytes: usize) {
        // A look at nothing is a step as well.
        STEPS.set(STEPS.get() + 1 + bytes as u64);
    }

    /// The steps of this thread since it was asked last.
    #[must_use]
    pub fn take() -> u64 {
        STEPS.take()
    }
}

#[cfg(any(test, fuzzing))]
pub use counter::{count, take};

#[cfg(not(any(test, fuzzing)))]
#[inline(always)]
pub(crate) fn count(_: usize) {}
