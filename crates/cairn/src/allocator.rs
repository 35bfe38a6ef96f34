//! How the system's allocator treats the pages that it has.

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
