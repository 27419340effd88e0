#![cfg(unix)]

use clients::{expect_one_smol_thread, in_own_process};
use futures_lite::future;

use super::*;

/// A named pipe that's there as long as this value is.
struct Pipe(PathBuf);

impl Pipe {
    fn new() -> Pipe {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::SeqCst);
        let path = env::temp_dir().join(format!("pipe-{}-{count}", process::id()));
        make_pipe(&path);
        Pipe(path)
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        fs::remove_file(&self.0).unwrap();
    }
}

#[test]
fn a_file_that_blocks_stops_every_task() {
    // It stops all tests here that have a task, too, if they share its thread.
    let test = "tests::a_file_that_blocks_stops_every_task";
    in_own_process(test, "SMOL_THREADS", "1", || {
        let pipe = Pipe::new();
        let outcome = while_it_waits(&pipe.0, std_fs(pipe.0.clone()));
        assert_eq!(outcome, "the other task stands still");
    });
}

#[test]
fn a_file_read_by_smol_fs_stops_nobody() {
    expect_one_smol_thread();
    assert_stops_nobody(smol_fs);
}

#[test]
fn a_file_read_by_unblock_stops_nobody() {
    expect_one_smol_thread();
    assert_stops_nobody(unblock);
}

/// On a busy machine, the other task may have to wait for the processor, so there are a few tries.
fn assert_stops_nobody<F: Future<Output = String> + Send + 'static>(read: fn(PathBuf) -> F) {
    let goes_on = |_| {
        let pipe = Pipe::new();
        while_it_waits(&pipe.0, read(pipe.0.clone())) == "the other task goes on"
    };
    assert!((0..5).any(goes_on));
}

#[test]
fn what_is_in_memory_is_there_at_once() {
    let page = smol::block_on(future::poll_once(in_memory()));
    assert_eq!(page, Some("there is nothing to wait for\n"));
}

/// How many threads there are that read files.
#[cfg(target_os = "linux")]
fn reading_threads() -> usize {
    let name = |entry: std::io::Result<fs::DirEntry>| {
        // It may have ended just now.
        fs::read_to_string(entry.unwrap().path().join("comm")).unwrap_or_default()
    };
    let names = fs::read_dir("/proc/self/task").unwrap().map(name);
    names.filter(|name| name.starts_with("blocking-")).count()
}

#[cfg(target_os = "linux")]
#[test]
fn each_file_that_waits_takes_a_thread_and_there_are_at_most_five_hundred() {
    const MOST: usize = 500;

    let test = "tests::each_file_that_waits_takes_a_thread_and_there_are_at_most_five_hundred";
    in_own_process(test, "SMOL_THREADS", "1", || {
        let pipe = Pipe::new();
        let read = || smol::spawn(smol_fs(pipe.0.clone()));
        let wait_for_threads = |count| {
            let begin = Instant::now();
            while reading_threads() < count {
                assert!(begin.elapsed() < clients::DEADLINE);
                thread::sleep(Duration::from_millis(1));
            }
            assert_eq!(reading_threads(), count);
        };
        let mut reading: Vec<_> = (0..20).map(|_| read()).collect();
        wait_for_threads(20);
        reading.extend((20..MOST).map(|_| read()));
        wait_for_threads(MOST);

        // Now a file that could be read at once has to wait.
        let ready = smol::spawn(smol_fs("Cargo.toml".into()));
        thread::sleep(Duration::from_millis(200));
        assert!(!ready.is_finished());
        assert_eq!(reading_threads(), MOST);

        // Whoever waits for a writer reads the end. Here, to open both ends at once waits for nobody.
        while !reading.iter().all(smol::Task::is_finished) {
            drop(OpenOptions::new().read(true).write(true).open(&pipe.0));
            thread::sleep(Duration::from_millis(1));
        }
        assert!(smol::block_on(ready).contains("files"));
        for reading in reading {
            assert_eq!(smol::block_on(reading), "");
        }
    });
}
