//! How the system's allocator treats the pages that it has: it keeps them while there is work, and gives them back after it.

use std::time::Duration;

/// Time between two looks.
#[cfg_attr(not(all(target_os = "linux", target_env = "gnu")), allow(dead_code))]
const LOOK: Duration = Duration::from_secs(5);
/// Looks in a row that find the process idle before pages go back.
const LOOKS_AT_REST: u32 = 2;
/// Looks in a row that find pages unused before they go back, whatever the process does.
const LOOKS_UNUSED: u32 = 12;
/// Processor time between two looks, up to which the process is idle.
const REST: Duration = Duration::from_millis(250);
/// Bytes that may stay unused.
const UNUSED: usize = 64 << 20;

/// When unused pages go back to the system.
#[derive(Debug, Default)]
struct TrimPolicy {
    at_rest: u32,
    unused: u32,
}

impl TrimPolicy {
    /// Records a look: whether it is time.
    fn is_time(&mut self, unused: usize, cpu_time: Duration) -> bool {
        if unused < UNUSED {
            *self = Self::default();
            return false;
        }
        self.unused += 1;
        self.at_rest = if cpu_time <= REST { self.at_rest + 1 } else { 0 };
        let time = self.at_rest >= LOOKS_AT_REST || self.unused >= LOOKS_UNUSED;
        if time {
            *self = Self::default();
        }
        time
    }
}

/// Gives unused pages back once the process rests: more than 64 MiB of them after ten seconds of rest, or after a minute
/// throughout which they were unused. Never returns.
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

/// Other allocators decide for themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) async fn trim_when_idle() {
    std::future::pending().await
}

/// Bytes that the allocator holds and nobody uses.
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

/// Processor time that the process has used.
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
/// Bytes in flight are buffers of some hundred KiB that live for milliseconds. By default each is mapped and unmapped, or
/// trimmed from the heap at once, and its pages come fresh the next time: what a virtual machine is slowest at. With pages
/// kept, imports are up to twice as fast. Two arenas are enough for the few threads that allocate much.
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

/// Other allocators are left as they are.
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
        // It starts again, and work that uses them is not disturbed.
        for _ in 0..100 {
            assert!(!policy.is_time(UNUSED, Duration::ZERO));
            assert!(!policy.is_time(UNUSED - 1, Duration::ZERO));
        }
        let looks = (1..).find(|_| policy.is_time(UNUSED, WORK));
        assert_eq!(looks, Some(LOOKS_UNUSED));
    }
}
