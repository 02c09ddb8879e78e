//! How many threads work at a time: as many as there are turns. Who waits for another gives its turn
//! back meanwhile.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// See the module.
#[derive(Debug)]
pub struct Turns {
    free: Mutex<usize>,
    freed: Condvar,
}

/// A turn, until dropped.
#[derive(Debug)]
pub struct Turn<'t>(&'t Turns);

impl Turns {
    /// So many.
    pub fn new(turns: usize) -> Self {
        Turns { free: Mutex::new(turns.max(1)), freed: Condvar::new() }
    }

    /// As many as anybody wants.
    pub fn unlimited() -> Self {
        Turns::new(usize::MAX)
    }

    /// Waits for a turn.
    pub fn take(&self) -> Turn<'_> {
        self.wait();
        Turn(self)
    }

    /// Does what may take long without working, such as waiting. The caller has a turn; it has one
    /// again afterwards.
    pub fn without<R>(&self, wait: impl FnOnce() -> R) -> R {
        self.give_back();
        let result = wait();
        self.wait();
        result
    }

    fn wait(&self) {
        let mut free = self.lock();
        while *free == 0 {
            free = self.freed.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
    }

    fn give_back(&self) {
        *self.lock() += 1;
        self.freed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        // A number is whole at every moment.
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.give_back();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn no_more_work_at_a_time_than_there_are_turns() {
        let turns = Turns::new(2);
        let (working, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    let _turn = turns.take();
                    for _ in 0..200 {
                        let now = working.fetch_add(1, Ordering::SeqCst) + 1;
                        most.fetch_max(now, Ordering::SeqCst);
                        std::thread::yield_now();
                        working.fetch_sub(1, Ordering::SeqCst);
                        turns.without(std::thread::yield_now);
                    }
                });
            }
        });
        assert!(most.load(Ordering::SeqCst) <= 2);
        assert_eq!(*turns.lock(), 2);
    }
}
