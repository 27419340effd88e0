//! What runs programs: cargo, the reader's projects, and the commands of transcripts.

use std::thread;

pub mod cargo;
pub mod libtest;
pub mod normalise;
pub mod process;
pub mod session;
pub mod transcript;
pub mod workshop;

/// Does `work` for all items at once: most of their time, the programs that it runs wait.
pub fn side_by_side<I: Send, T: Send>(items: Vec<I>, work: impl Fn(I) -> T + Sync) -> Vec<T> {
    let work = &work;
    thread::scope(|scope| {
        let running: Vec<_> = items.into_iter().map(|item| scope.spawn(move || work(item))).collect();
        running.into_iter().map(|thread| thread.join().expect("a panic is printed already")).collect()
    })
}
