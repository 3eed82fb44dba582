//! Which processor a thread is on, and moving off one. Linux at times wakes a worker on the processor of whoever woke it, though
//! another is free, and two threads that take turns in short waits look too fresh to be moved: they may share a processor for
//! seconds, at half speed or much worse. Pinning would cure that and harm everyone else on the machine; so a worker that wakes
//! beside its waker steps aside, and stays free to be moved. Elsewhere nothing here does anything.

#[cfg(target_os = "linux")]
mod system {
    /// One bit a processor, as many as the C library's own type has.
    pub(super) type Mask = [u64; 16];

    unsafe extern "C" {
        pub(super) safe fn sched_getcpu() -> i32;
        fn sched_getaffinity(thread: i32, size: usize, mask: *mut Mask) -> i32;
        fn sched_setaffinity(thread: i32, size: usize, mask: *const Mask) -> i32;
    }

    /// The processors this thread may use.
    pub(super) fn allowed() -> Option<Mask> {
        let mut mask = Mask::default();
        // SAFETY: the call writes at most the mask it is given.
        let result = unsafe { sched_getaffinity(0, size_of::<Mask>(), &raw mut mask) };
        (result == 0).then_some(mask)
    }

    /// Restricts this thread to some processors, which moves it there at once.
    pub(super) fn allow(mask: &Mask) {
        // SAFETY: the call reads the mask it is given. Where it fails, the thread stays where it is.
        unsafe { sched_setaffinity(0, size_of::<Mask>(), mask) };
    }
}

/// The processor this thread is on; negative where that is unknown.
#[cfg(target_os = "linux")]
pub(super) fn here() -> i32 {
    system::sched_getcpu()
}

/// Moves this thread to another processor, if it may use one.
#[cfg(target_os = "linux")]
pub(super) fn leave(place: i32) {
    let (Ok(place), Some(allowed)) = (usize::try_from(place), system::allowed()) else {
        return;
    };
    let mut others = allowed;
    if let Some(word) = others.get_mut(place / 64) {
        *word &= !(1 << (place % 64));
    }
    if others.iter().any(|word| *word != 0) {
        system::allow(&others);
        system::allow(&allowed);
    }
}

/// Not known here.
#[cfg(not(target_os = "linux"))]
pub(super) fn here() -> i32 {
    -1
}

/// Not possible here.
#[cfg(not(target_os = "linux"))]
pub(super) fn leave(_: i32) {}
