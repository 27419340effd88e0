//! A server under test in a process of its own, which can be measured, and whose limits are its own.

use std::cell::RefCell;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};
use std::{fs, thread};

use crate::process::limit_open_files;
use crate::{DEADLINE, OwnProcess};

/// What stands before the address in the line that tells it.
const SERVES_AT: &str = "serves at ";

/// A server in a process of its own. It ends when this is dropped.
pub struct ServerProcess {
    addr: SocketAddr,
    process: OwnProcess,
    /// The lines that it has printed, as far as we have looked.
    printed: RefCell<Vec<String>>,
}

/// Runs `serve` in a process of its own, which may open no more than `open_files` files and sockets, or as many as the
/// system allows, and gives it a listener on 127.0.0.1.
///
/// `test` is the full name of the test that calls this, as for [`OwnProcess::start`]. In the process of the server this
/// does not return, so nothing that the test does before it may matter.
///
/// # Panics
///
/// If the process does not begin to serve, as when there is no test of that name.
pub fn serve_in_own_process(
    test: &str,
    open_files: usize,
    serve: impl FnOnce(TcpListener),
) -> ServerProcess {
    let process = OwnProcess::start(test, || {
        limit_open_files(open_files);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let addr = listener.local_addr().expect("a listener has an address");
        println!("\n{SERVES_AT}{addr}");
        serve(listener);
    });
    ServerProcess::new(process, SERVES_AT)
}

/// Runs a program that serves, and that says first where: `Listening on http://` and the address. It may open as many
/// files and sockets as this process may.
///
/// # Panics
///
/// If it does not say so.
pub fn serve_by(command: &mut Command) -> ServerProcess {
    ServerProcess::new(OwnProcess::run(command), "Listening on http://")
}

impl ServerProcess {
    /// A process that is about to print its address, with `words` before it.
    fn new(process: OwnProcess, words: &str) -> ServerProcess {
        let line = process.wait_for_line(words);
        let addr = line.trim_start_matches(words).parse();
        ServerProcess {
            addr: addr.expect("an address"),
            process,
            printed: RefCell::default(),
        }
    }

    /// The address the server listens at.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The lines that it has printed by now, on its standard output or error, that contain `text`.
    pub fn printed(&self, text: &str) -> usize {
        let mut lines = self.printed.borrow_mut();
        lines.extend(self.process.new_lines());
        lines.iter().filter(|line| line.contains(text)).count()
    }

    /// Waits until it has printed `count` lines that contain `text`.
    ///
    /// # Panics
    ///
    /// If it has not after [`DEADLINE`].
    pub fn wait_until_printed(&self, text: &str, count: usize) {
        self.wait_until(&format!("{count} lines with {text:?}"), |server| {
            server.printed(text) >= count
        });
    }

    /// Waits until `condition` holds.
    ///
    /// # Panics
    ///
    /// If it does not after [`DEADLINE`].
    pub fn wait_until(&self, what: &str, condition: impl Fn(&ServerProcess) -> bool) {
        let start = Instant::now();
        while !condition(self) {
            assert!(start.elapsed() < DEADLINE, "still not: {what}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Presses Ctrl-C: sends it the signal that a terminal sends then.
    #[cfg(unix)]
    pub fn interrupt(&self) {
        self.process.signal(rustix::process::Signal::INT);
    }

    /// Asks it to end, as `kill` does, and a system that shuts down.
    #[cfg(unix)]
    pub fn terminate(&self) {
        self.process.signal(rustix::process::Signal::TERM);
    }

    /// How it ended; nothing if it still runs.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.process.ended()
    }

    /// Waits until it ends, and has printed all that it does.
    ///
    /// # Panics
    ///
    /// If it still runs after [`DEADLINE`].
    pub fn wait_until_ended(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.ended() {
                self.printed.get_mut().extend(self.process.last_lines());
                return status;
            }
            assert!(start.elapsed() < DEADLINE, "it still runs");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// How many files and sockets it has open. Linux only.
    ///
    /// # Panics
    ///
    /// Where the system does not say.
    pub fn open_files(&self) -> usize {
        let folder = format!("/proc/{}/fd", self.process.id());
        fs::read_dir(folder).expect("a process that runs").count()
    }

    /// How long it has kept a processor busy: a multiple of ten milliseconds. Linux only.
    ///
    /// # Panics
    ///
    /// Where the system does not say.
    pub fn processor_time(&self) -> Duration {
        let stat = self.proc("stat");
        // The name of the program, which is in parentheses, may contain anything. Behind it, the 12th and the 13th field
        // count hundredths of a second, in the program and in the system on its behalf.
        let (_, fields) = stat.rsplit_once(')').expect("a name in parentheses");
        let fields = fields.split_whitespace().skip(11).take(2);
        let ticks = fields.map(|field| field.parse::<u64>().expect("a number"));
        Duration::from_millis(10 * ticks.sum::<u64>())
    }

    /// How many bytes of memory it has in use. Linux only.
    ///
    /// # Panics
    ///
    /// Where the system does not say.
    pub fn memory(&self) -> usize {
        let status = self.proc("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes = line.expect("a line on memory").trim();
        let kibibytes: usize = kibibytes.trim_end_matches(" kB").parse().expect("a number");
        1024 * kibibytes
    }

    fn proc(&self, file: &str) -> String {
        let path = format!("/proc/{}/{file}", self.process.id());
        fs::read_to_string(path).expect("a process that runs")
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;
    use crate::{Client, NoReply};

    #[test]
    fn it_serves_and_prints_until_it_ends() {
        let test = "server_process::tests::it_serves_and_prints_until_it_ends";
        let mut server = serve_in_own_process(test, 100, |listener| {
            drop(listener.accept().unwrap());
            println!("one is gone");
        });

        let client = Client::connect(server.addr());
        assert_eq!(client.read_reply(), Err(NoReply::Empty));
        server.wait_until_printed("one is gone", 1);
        assert!(server.wait_until_ended().success());
    }

    #[test]
    #[cfg(unix)]
    fn it_takes_signals() {
        let test = "server_process::tests::it_takes_signals";
        let serve = || {
            serve_in_own_process(test, 100, |_listener| {
                loop {
                    thread::park();
                }
            })
        };
        let (mut interrupted, mut terminated) = (serve(), serve());

        interrupted.interrupt();
        terminated.terminate();

        assert!(!interrupted.wait_until_ended().success());
        assert!(!terminated.wait_until_ended().success());
    }

    #[test]
    #[cfg(unix)]
    fn it_has_a_limit_of_open_files_of_its_own() {
        let test = "server_process::tests::it_has_a_limit_of_open_files_of_its_own";
        let mut server = serve_in_own_process(test, 20, |listener| {
            let _streams: Vec<_> = listener.incoming().map(Result::unwrap).collect();
        });

        // It may end before all have come.
        let connect = |_| TcpStream::connect(server.addr()).ok();
        let _clients: Vec<_> = (0..20).map_while(connect).collect();
        assert!(!server.wait_until_ended().success());
        assert_eq!(server.printed("Too many open files"), 1);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn it_can_be_measured() {
        let test = "server_process::tests::it_can_be_measured";
        let server = serve_in_own_process(test, 100, |listener| {
            let (_stream, _) = listener.accept().unwrap();
            let memory = vec![1_u8; 50 << 20];
            println!("has {} bytes", memory.len());
            loop {
                std::hint::spin_loop();
            }
        });
        let (files, memory) = (server.open_files(), server.memory());
        assert!(server.processor_time() < Duration::from_secs(1));

        let _client = Client::connect(server.addr());

        server.wait_until_printed("has", 1);
        assert_eq!(server.open_files(), files + 1);
        assert!(server.memory() > memory + (40 << 20));
        server.wait_until("some time", |server| {
            server.processor_time() >= Duration::from_millis(50)
        });
    }
}
