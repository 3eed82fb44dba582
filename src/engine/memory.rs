//! How much memory the values of a function take while they are needed, and how much there is. Knows sizes only.

use std::fs;

use crate::types::DType;

/// What every machine has: less is not worth asking for.
const SURELY_THERE: u64 = 64 << 20;

/// The bytes of a tensor: `size of an element · Π sizes`, and the largest number where that is larger.
pub(super) fn bytes(dtype: DType, shape: &[usize]) -> u64 {
    let factor = |size: &usize| u64::try_from(*size).unwrap_or(u64::MAX);
    let element = factor(&dtype.size());
    match shape.contains(&0) {
        true => 0,
        false => shape.iter().map(factor).fold(element, u64::saturating_mul),
    }
}

/// The memory that is free, if that is known and less than what is needed.
pub(super) fn lacking(needed: u64) -> Option<u64> {
    if needed <= SURELY_THERE {
        return None;
    }
    // No allocator gives more than half of all addresses.
    let room = free().unwrap_or(i64::MAX as u64);
    (needed > room).then_some(room)
}

/// What the system has left, or what the process' group may still take, if that is less.
fn free() -> Option<u64> {
    let meminfo = fs::read_to_string("/proc/meminfo").ok()?;
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    let number = |name: &str| -> Option<u64> {
        let text = fs::read_to_string(format!("/sys/fs/cgroup/memory.{name}")).ok()?;
        text.trim().parse().ok()
    };
    let group = number("max").zip(number("current"));
    let group = group.map_or(u64::MAX, |(most, now)| most.saturating_sub(now));
    Some(kibibytes.saturating_mul(1024).min(group))
}

/// A number of bytes as people say it: `1.5 GiB`.
pub(super) fn in_words(n_bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if n_bytes == u64::MAX {
        return "more than 16 EiB".to_owned();
    }
    let mut amount = n_bytes as f64 / 1024.0;
    let mut unit = 0;
    while amount >= 1024.0 {
        amount /= 1024.0;
        unit += 1;
    }
    format!("{amount:.1} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_overflow_are_large_and_empty_ones_nothing() {
        assert_eq!(bytes(DType::F64, &[2, 3]), 48);
        assert_eq!(bytes(DType::F32, &[1 << 32, 1 << 32, 1 << 32]), u64::MAX);
        assert_eq!(bytes(DType::F32, &[1 << 32, 1 << 32, 0]), 0);
    }

    #[test]
    fn amounts_have_a_fitting_unit() {
        assert_eq!(in_words(1536), "1.5 KiB");
        assert_eq!(in_words(8 << 40), "8.0 TiB");
        assert_eq!(in_words(u64::MAX), "more than 16 EiB");
    }
}
