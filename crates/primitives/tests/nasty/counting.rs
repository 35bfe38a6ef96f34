//! An allocator that counts.

#![allow(
    unsafe_code,
    reason = "an allocator cannot be written without; it only counts and forwards"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Forgets the peak so far; returns the bytes held now.
pub(crate) fn restart() -> usize {
    let held = HELD.load(Ordering::SeqCst);
    PEAK.store(held, Ordering::SeqCst);
    held
}

/// Maximum number of bytes held at one time since the last [`restart`].
pub(crate) fn peak() -> usize {
    PEAK.load(Ordering::SeqCst)
}

fn count(added: usize) {
    let held = HELD.fetch_add(added, Ordering::SeqCst) + added;
    PEAK.fetch_max(held, Ordering::SeqCst);
}

// SAFETY: every call is forwarded to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::SeqCst);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Both may be held for a moment.
        count(size);
        HELD.fetch_sub(layout.size(), Ordering::SeqCst);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(place, layout, size) }
    }
}
