//! Underneath: the same two waits on threads, and on three executors of smol.

use std::rc::Rc;
use std::sync::{self, Arc};
use std::thread;

use futures_lite::future;
use smol::lock::Barrier;
use smol::{Executor, LocalExecutor, channel};

fn main() {
    two_threads();
    global_executor();
    own_executor(thread::available_parallelism().map_or(1, |cores| cores.get()));
    local_executor();
    println!("Each pair has met.");
}

// ANCHOR: two_threads
fn two_threads() {
    let barrier = sync::Barrier::new(2);

    thread::scope(|scope| {
        scope.spawn(|| barrier.wait());
        scope.spawn(|| barrier.wait());
    });
}
// ANCHOR_END: two_threads

// ANCHOR: global_executor
fn global_executor() {
    let barrier = Arc::new(Barrier::new(2));

    let first = smol::spawn(meet(Arc::clone(&barrier)));
    let second = smol::spawn(meet(barrier));

    smol::block_on(future::zip(first, second));
}

async fn meet(barrier: Arc<Barrier>) {
    barrier.wait().await;
}
// ANCHOR_END: global_executor

// ANCHOR: own_executor
fn own_executor(threads: usize) {
    let barrier = Barrier::new(2);
    let executor = Executor::new();
    let (running, stopped) = channel::bounded::<()>(1);

    thread::scope(|scope| {
        for _ in 0..threads {
            // Each thread runs tasks until `running` is dropped.
            scope.spawn(|| smol::block_on(executor.run(stopped.recv())));
        }

        let first = executor.spawn(barrier.wait());
        let second = executor.spawn(barrier.wait());
        smol::block_on(future::zip(first, second));
        drop(running);
    });
}
// ANCHOR_END: own_executor

// ANCHOR: local_executor
fn local_executor() {
    let executor = LocalExecutor::new();
    let barrier = Rc::new(Barrier::new(2));

    let first = executor.spawn(meet_here(Rc::clone(&barrier)));
    let second = executor.spawn(meet_here(barrier));

    smol::block_on(executor.run(future::zip(first, second)));
}

async fn meet_here(barrier: Rc<Barrier>) {
    barrier.wait().await;
}
// ANCHOR_END: local_executor

#[cfg(test)]
mod tests;
