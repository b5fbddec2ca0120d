//! Runs of bits: of quotes in a row of CSV, of which two are one.

/// The even places of a block.
const EVEN: u64 = 0x5555_5555_5555_5555;

/// The places behind runs of an odd number of bits, the first of which may have begun in the block
/// before: `odd` says whether an odd number of its bits stand at the end of that one.
#[inline(always)]
pub(super) fn behind_odd_runs(bits: u64, odd: &mut bool) -> u64 {
    let carried = u64::from(*odd);
    let starts = bits & !(bits << 1);
    // A run that goes on begins at an even place where an even number of bits was before.
    let even = EVEN ^ carried;
    // To add its first bit to a run leaves a bit behind it.
    let behind_even = bits.wrapping_add(starts & even) & !bits;
    let (sum, goes_on) = bits.overflowing_add(starts & !even);
    *odd = goes_on;
    let behind_odd = (sum | carried) & !bits;
    (behind_even & !EVEN) | (behind_odd & EVEN)
}

/// Of each run of bits the second, the fourth and so on. The first run may go on from the block
/// before: `odd` is 1 where an odd number of its bits stands at the end of that one.
#[inline(always)]
pub(super) fn second_of_two(bits: u64, odd: u64) -> u64 {
    // To add the first bit of a run to it takes its bits away.
    let starts = bits & !(bits << 1);
    let begun_even = bits & !bits.wrapping_add(starts & (EVEN ^ odd));
    (begun_even & !EVEN) | (bits & !begun_even & EVEN)
}
