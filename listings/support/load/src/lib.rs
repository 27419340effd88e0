//! Load for a server: many clients in one process, on one thread, as tasks on smol.
//!
//! - [`Load::run`]: clients that ask again and again, on a connection that they keep open or on a new one each time.
//! - [`Load::burst`]: many requests at once, and when each was answered.
//! - [`Load::probe`]: one request every so often, whatever has become of those before: the delay of a normal client.
//! - [`Crowd`]: clients that connect and say nothing.
//!
//! What is wrong with a server is counted, and no error. Nothing takes longer than it was told to.

mod client;
mod crowd;

pub use crowd::Crowd;

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use smol::{LocalExecutor, Timer};

use client::{Answer, Client};

/// How long a client waits after an error before it tries again.
const BACK_OFF: Duration = Duration::from_millis(10);

/// What is asked, of which server.
#[derive(Clone, Debug)]
pub struct Load {
    pub addr: SocketAddr,
    /// `/`, `/sleep`.
    pub path: String,
}

/// What became of the requests.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How long each request took that was answered: in the order of the answers, or sorted if it says so.
    pub answered: Vec<Duration>,
    /// How long each has waited by the end that was not answered.
    pub waiting: Vec<Duration>,
    /// Requests that failed: no connection, an end before the end of the answer, or a status other than 200.
    pub errors: u64,
    /// The last of the errors.
    pub last_error: Option<String>,
    /// How long it took.
    pub time: Duration,
}

impl Report {
    /// Answers a second.
    pub fn rate(&self) -> f64 {
        self.answered.len() as f64 / self.time.as_secs_f64()
    }

    /// How long this share of the requests took at most, of those that were answered and those that still wait: half
    /// of them for 0.5, the median. Nothing if there were none.
    ///
    /// The second value says whether that is only a lower bound, because of those that still wait.
    pub fn percentile(&self, share: f64) -> Option<(Duration, bool)> {
        let mut all = [&self.answered[..], &self.waiting].concat();
        let place = (share * all.len().checked_sub(1)? as f64).round() as usize;
        let (_, least, _) = all.select_nth_unstable(place);
        let least = *least;
        // At most, those that wait take for ever.
        let sooner = self.answered.iter().filter(|time| **time <= least).count();
        Some((least, sooner <= place))
    }
}

impl Load {
    /// Asks on `connections` connections at once for `time`, one request after the other on each. If `keep_open`, a
    /// connection is for as many requests as it lasts, and all are made before time begins to count; otherwise each
    /// request has its own.
    pub fn run(&self, connections: usize, keep_open: bool, time: Duration) -> Report {
        let executor = LocalExecutor::new();
        let report = Rc::new(RefCell::new(Report::default()));
        let again = Client::new(self.addr, &self.path, keep_open);
        smol::block_on(executor.run(async {
            let mut streams = Vec::new();
            if keep_open {
                // What can't be connected now is tried again by its client.
                for _ in 0..connections {
                    streams.push(within(time, again.connect()).await.and_then(Result::ok));
                }
            }
            streams.resize_with(connections, || None);
            let start = Instant::now();
            for mut stream in streams {
                let (again, report) = (again.clone(), report.clone());
                let ask_for_ever = async move {
                    loop {
                        let answer = again.ask(&mut stream).await;
                        let failed = answer.is_err();
                        report.borrow_mut().add(answer);
                        if failed {
                            Timer::after(BACK_OFF).await;
                        }
                    }
                };
                executor.spawn(ask_for_ever).detach();
            }
            Timer::at(start + time).await;
            report.borrow_mut().time = start.elapsed();
        }));
        report.take()
    }

    /// Sends `count` requests at once, each on a connection of its own, and waits for `time` at most. Answers are timed
    /// from the beginning of the whole, and so sorted.
    pub fn burst(&self, count: usize, time: Duration) -> Report {
        self.open_loop(count, Duration::ZERO, time)
    }

    /// Sends a request on a new connection every `interval`, `count` times, and waits for `time` from the beginning at
    /// most. Answers are timed each from its connection.
    pub fn probe(&self, count: usize, interval: Duration, time: Duration) -> Report {
        self.open_loop(count, interval, time)
    }

    /// Sends requests at moments that don't depend on the answers to those before.
    fn open_loop(&self, count: usize, interval: Duration, time: Duration) -> Report {
        let executor = LocalExecutor::new();
        let report = Rc::new(RefCell::new(Report::default()));
        let begun = Rc::new(RefCell::new(vec![None; count]));
        let client = Client::new(self.addr, &self.path, false);
        let start = Instant::now();
        smol::block_on(executor.run(within(time, async {
            let mut tasks = Vec::new();
            for index in 0..count {
                let at = start + interval * index as u32;
                if !interval.is_zero() {
                    Timer::at(at).await;
                }
                let (client, report, begun) = (client.clone(), report.clone(), begun.clone());
                // A probe that we send late has waited for us, so it counts from when it should have been sent.
                begun.borrow_mut()[index] = Some(at);
                tasks.push(executor.spawn(async move {
                    let answer = client.ask(&mut None).await;
                    begun.borrow_mut()[index] = None;
                    report.borrow_mut().add(answer.map(|_| at.elapsed()));
                }));
            }
            for task in tasks {
                task.await;
            }
        })));
        drop(executor);
        let mut report = report.take();
        report.waiting = begun
            .take()
            .into_iter()
            .flatten()
            .map(|at| at.elapsed())
            .collect();
        report.time = start.elapsed();
        report
    }
}

impl Report {
    fn add(&mut self, answer: Answer) {
        match answer {
            Ok(time) => self.answered.push(time),
            Err(error) => {
                self.errors += 1;
                self.last_error = Some(error.to_string());
            }
        }
    }
}

/// The output of `work`, if it has one within `time`.
async fn within<T>(time: Duration, work: impl Future<Output = T>) -> Option<T> {
    let time_is_up = async {
        Timer::after(time).await;
        None
    };
    futures_lite::future::or(async { Some(work.await) }, time_is_up).await
}

#[cfg(test)]
mod tests;
