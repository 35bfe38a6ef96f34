//! Tuning of the system allocator: it keeps unused pages while the process works, and returns them when it is idle.

use std::time::Duration;

/// Interval of checks.
#[cfg_attr(not(all(target_os = "linux", target_env = "gnu")), allow(dead_code))]
const LOOK: Duration = Duration::from_secs(5);
/// Consecutive checks with an idle process before pages are returned.
const LOOKS_AT_REST: u32 = 2;
/// Consecutive checks with unused pages before they are returned, idle or not.
const LOOKS_UNUSED: u32 = 12;
/// CPU time between two checks up to which the process counts as idle.
const REST: Duration = Duration::from_millis(250);
/// Unused bytes that are always kept.
const UNUSED: usize = 64 << 20;

/// Decides when unused pages are returned to the system.
#[derive(Debug, Default)]
struct TrimPolicy {
    at_rest: u32,
    unused: u32,
}

impl TrimPolicy {
    /// Records a check; returns whether to trim now.
    fn is_time(&mut self, unused: usize, cpu_time: Duration) -> bool {
        if unused < UNUSED {
            *self = Self::default();
            return false;
        }
        self.unused += 1;
        self.at_rest = if cpu_time <= REST {
            self.at_rest + 1
        } else {
            0
        };
        let time = self.at_rest >= LOOKS_AT_REST || self.unused >= LOOKS_UNUSED;
        if time {
            *self = Self::default();
        }
        time
    }
}

/// Returns unused pages when the process is idle: more than 64 MiB of them after ten idle seconds, or after they were
/// unused for a minute. Never returns.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) async fn trim_when_idle() {
    let mut policy = TrimPolicy::default();
    let mut before = cpu_time();
    loop {
        tokio::time::sleep(LOOK).await;
        let now = cpu_time();
        let unused = tokio::task::spawn_blocking(unused).await.unwrap_or(0);
        if policy.is_time(unused, now.saturating_sub(before)) {
            let _ = tokio::task::spawn_blocking(trim).await;
            tracing::debug!(unused, "unused memory was given back to the system");
        }
        before = cpu_time();
    }
}

/// Other allocators are not tuned.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) async fn trim_when_idle() {
    std::future::pending().await
}

/// Free bytes held by the allocator.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn unused() -> usize {
    #[expect(unsafe_code, reason = "mallinfo2 has no safe wrapper; it only counts")]
    let info = unsafe { libc::mallinfo2() };
    info.fordblks
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn trim() {
    #[expect(
        unsafe_code,
        reason = "malloc_trim has no safe wrapper; it touches free pages alone"
    )]
    unsafe {
        libc::malloc_trim(0);
    }
}

/// CPU time used by the process.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn cpu_time() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    #[expect(
        unsafe_code,
        reason = "clock_gettime writes the one struct that it is given"
    )]
    unsafe {
        libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time);
    }
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanos = u32::try_from(time.tv_nsec).unwrap_or(0);
    Duration::new(seconds, nanos)
}

/// Tells glibc to keep pages for reuse.
///
/// Data in flight is in buffers of some hundred KiB that live for milliseconds. By default each is mapped and
/// unmapped, or trimmed from the heap at once, so its pages are faulted in again each time, which is slow in virtual
/// machines. With pages kept, imports are up to twice as fast. Two arenas are enough for the few threads that
/// allocate much.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn keep_pages() {
    const MIB: libc::c_int = 1 << 20;
    // The call only sets numbers inside the allocator; it is made before any other thread runs.
    #[expect(unsafe_code, reason = "mallopt has no safe wrapper")]
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 32 * MIB);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 64 * MIB);
        libc::mallopt(libc::M_ARENA_MAX, 2);
    }
}

/// Other allocators are not tuned.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn keep_pages() {}

#[cfg(test)]
mod tests {
    use super::*;

    const WORK: Duration = Duration::from_secs(4);

    #[test]
    fn pages_go_back_at_rest_and_when_long_unused() {
        let mut policy = TrimPolicy::default();
        assert!(!policy.is_time(UNUSED, WORK));
        assert!(!policy.is_time(UNUSED, Duration::ZERO));
        assert!(policy.is_time(UNUSED, Duration::ZERO));
        // It starts over; pages in use are not trimmed.
        for _ in 0..100 {
            assert!(!policy.is_time(UNUSED, Duration::ZERO));
            assert!(!policy.is_time(UNUSED - 1, Duration::ZERO));
        }
        let looks = (1..).find(|_| policy.is_time(UNUSED, WORK));
        assert_eq!(looks, Some(LOOKS_UNUSED));
    }
}
