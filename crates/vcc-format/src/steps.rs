//! Counts the work of a reader. Only tests and fuzz targets do, so it costs nothing elsewhere.

/// Adds to the steps of this thread. A step is the work for one byte.
#[inline(always)]
pub(crate) fn count(steps: usize) {
    #[cfg(any(test, fuzzing))]
    STEPS.with(|sum| sum.set(sum.get() + steps as u64));
    #[cfg(not(any(test, fuzzing)))]
    let _ = steps;
}

#[cfg(any(test, fuzzing))]
thread_local! {
    static STEPS: core::cell::Cell<u64> = const { core::cell::Cell::new(0) };
}

/// The steps since the last call.
#[cfg(any(test, fuzzing))]
#[must_use]
#[allow(unreachable_pub, reason = "the fuzz target asks as well")]
pub fn taken() -> u64 {
    STEPS.take()
}
