//! Underneath: what a task that reads a file means for the other tasks. Needs a Unix, for the named pipe.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

fn main() {
    if !cfg!(unix) {
        return println!("There are no named pipes here.");
    }
    let path = env::temp_dir().join(format!("pipe-{}", process::id()));
    make_pipe(&path);

    println!("std::fs: {}", while_it_waits(&path, std_fs(path.clone())));
    println!("smol::fs: {}", while_it_waits(&path, smol_fs(path.clone())));
    println!("unblock: {}", while_it_waits(&path, unblock(path.clone())));
    println!("include_str!: {}", smol::block_on(in_memory()).trim());

    fs::remove_file(path).unwrap();
}

// ANCHOR: std_fs
async fn std_fs(path: PathBuf) -> String {
    // Warning: This blocks the thread, and with it every task!
    std::fs::read_to_string(path).unwrap()
}
// ANCHOR_END: std_fs

// ANCHOR: smol_fs
async fn smol_fs(path: PathBuf) -> String {
    smol::fs::read_to_string(path).await.unwrap()
}
// ANCHOR_END: smol_fs

async fn unblock(path: PathBuf) -> String {
    let read = || std::fs::read_to_string(path);
    smol::unblock(read).await.unwrap()
}

async fn in_memory() -> &'static str {
    include_str!("../hello.txt")
}

/// Makes a named pipe: a file in which there's nothing until somebody writes.
fn make_pipe(path: &Path) {
    let status = Command::new("mkfifo").arg(path).status().unwrap();
    assert!(status.success());
}

/// Lets `read` wait for the pipe at `path`, and says what becomes of another task meanwhile.
fn while_it_waits(
    path: &Path,
    read: impl Future<Output = String> + Send + 'static,
) -> &'static str {
    let turns = Arc::new(AtomicUsize::new(0));
    let _other = smol::spawn(take_turns(Arc::clone(&turns)));
    let reading = smol::spawn(read);

    // Opening one end waits until the other end is opened too.
    let mut pipe = OpenOptions::new().write(true).open(path).unwrap();
    let before = turns.load(Ordering::SeqCst);
    let begin = Instant::now();
    while turns.load(Ordering::SeqCst) == before && begin.elapsed() < Duration::from_millis(500) {
        thread::sleep(Duration::from_millis(10));
    }
    let stands_still = turns.load(Ordering::SeqCst) == before;

    pipe.write_all(b"Hello!").unwrap();
    drop(pipe);
    assert_eq!(smol::block_on(reading), "Hello!");
    match stands_still {
        true => "the other task stands still",
        false => "the other task goes on",
    }
}

async fn take_turns(turns: Arc<AtomicUsize>) {
    loop {
        turns.fetch_add(1, Ordering::SeqCst);
        smol::Timer::after(Duration::from_millis(1)).await;
    }
}

#[cfg(test)]
mod tests;
