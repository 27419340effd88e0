//! What runs programs: cargo, the reader's projects, and the commands of transcripts.

use std::sync::Mutex;
use std::thread;

pub mod cargo;
pub mod libtest;
pub mod normalise;
pub mod process;
pub mod session;
pub mod transcript;
pub mod workshop;

/// How many of the programs that `side_by_side` runs may run at once. Most of their time, they wait; but with all of them
/// at once, a test that waits for another program's answer may wait too long.
const AT_ONCE: usize = 16;

/// Does `work` for all items, several at a time. What it gives is in their order.
pub fn side_by_side<I: Send, T: Send>(items: Vec<I>, work: impl Fn(I) -> T + Sync) -> Vec<T> {
    let items = Mutex::new(items.into_iter().enumerate());
    let next = || items.lock().expect("nothing panics with it").next();
    let worker = || std::iter::from_fn(next).map(|(index, item)| (index, work(item))).collect::<Vec<_>>();
    let mut results: Vec<(usize, T)> = thread::scope(|scope| {
        let running: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(worker)).collect();
        running.into_iter().flat_map(|thread| thread.join().expect("a panic is printed already")).collect()
    });
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}
