//! A contender that runs, in a process of its own.

use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Signal, set_parent_process_death_signal};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::contenders::Program;

/// How long a server may take until it listens.
const START: Duration = Duration::from_secs(5);

/// A server. It ends when this is dropped, or when we end, by whatever.
pub struct Server {
    pub addr: SocketAddr,
    child: Child,
    /// The last line that it has printed as an error.
    last_line: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

/// What a process holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    pub memory_kib: u64,
    pub address_space_kib: u64,
    pub threads: u64,
    pub open_files: u64,
}

impl Server {
    /// Starts the program on a free port, and waits until it listens.
    ///
    /// # Errors
    ///
    /// If it can't be started, or does not listen.
    pub fn start(program: &Program) -> io::Result<Server> {
        let mut server = Server::start_once(program);
        for _ in 0..3 {
            match server {
                // The port was free when we asked. If somebody took it before the server did, there are others.
                Err(error) if error.kind() == io::ErrorKind::Other => {
                    server = Server::start_once(program);
                }
                _ => break,
            }
        }
        server
    }

    fn start_once(program: &Program) -> io::Result<Server> {
        let addr = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let mut child = command(program, addr)?.spawn()?;
        let last_line = Arc::<Mutex<String>>::default();
        let (errors, line) = (child.stderr.take(), last_line.clone());
        let reader = thread::spawn(move || keep_last_line(errors, &line));
        let mut server = Server {
            addr,
            child,
            last_line,
            reader: Some(reader),
        };
        server.wait_until_it_listens()?;
        Ok(server)
    }

    fn wait_until_it_listens(&mut self) -> io::Result<()> {
        let start = Instant::now();
        while TcpStream::connect(self.addr).is_err() {
            if let Some(end) = self.end() {
                return Err(io::Error::other(format!("it {end}")));
            }
            if start.elapsed() > START {
                let kind = io::ErrorKind::TimedOut;
                return Err(io::Error::new(
                    kind,
                    format!("it does not listen within {START:?}"),
                ));
            }
            thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }

    /// How it ended; nothing if it still runs.
    pub fn end(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok()??;
        // Its errors end with it.
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        Some(format!("ended with {status}{}", self.last_words()))
    }

    /// The last line that it has printed as an error, if there is one, behind a colon.
    pub fn last_words(&self) -> String {
        let line = self
            .last_line
            .lock()
            .map_or_else(|_| String::new(), |line| line.clone());
        if line.is_empty() {
            line
        } else {
            format!(": {line}")
        }
    }

    /// What it holds now; nothing if it has ended.
    pub fn sample(&self) -> Option<Sample> {
        let status = fs::read_to_string(self.proc("status")).ok()?;
        let number = |start: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(start))?;
            line.split_whitespace().next()?.parse().ok()
        };
        Some(Sample {
            memory_kib: number("VmRSS:")?,
            address_space_kib: number("VmSize:")?,
            threads: number("Threads:")?,
            open_files: self.open_files()?,
        })
    }

    /// How many files and sockets it has open.
    pub fn open_files(&self) -> Option<u64> {
        // Where this is the size of the folder, it needs not be read.
        match fs::metadata(self.proc("fd")).ok()?.len() {
            0 => Some(fs::read_dir(self.proc("fd")).ok()?.count() as u64),
            size => Some(size),
        }
    }

    /// How long it has kept processors busy, itself and the system for it, in hundredths of a second.
    pub fn processor_time(&self) -> Option<Duration> {
        let stat = fs::read_to_string(self.proc("stat")).ok()?;
        // The name of the program, in parentheses, may contain anything. The 12th and 13th field behind it are the times.
        let (_, fields) = stat.rsplit_once(')')?;
        let fields = fields.split_whitespace().skip(11).take(2);
        let ticks = fields.map_while(|field| field.parse::<u64>().ok());
        Some(Duration::from_millis(10 * ticks.sum::<u64>()))
    }

    fn proc(&self, file: &str) -> String {
        format!("/proc/{}/{file}", self.child.id())
    }
}

/// How the program is started, to listen at this address.
fn command(program: &Program, addr: SocketAddr) -> io::Result<Command> {
    let contender = program.contender;
    let cores = contender.is_on_one_core.then(one_core).transpose()?;
    let mut command = Command::new(&program.path);
    command
        .arg(addr.to_string())
        .args(contender.arguments)
        // Its last line is to be what went wrong.
        .env("RUST_BACKTRACE", "0")
        .current_dir(&program.folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    // SAFETY: between fork and exec there are two system calls, and nothing is allocated.
    unsafe {
        command.pre_exec(move || {
            if let Some(cores) = &cores {
                sched_setaffinity(None, cores)?;
            }
            Ok(set_parent_process_death_signal(Some(Signal::KILL))?)
        });
    }
    Ok(command)
}

/// Reads what a server prints as errors, to the end, and keeps the last line that says something.
fn keep_last_line(errors: Option<impl Read>, last_line: &Mutex<String>) {
    let errors = errors.into_iter().map(BufReader::new);
    for line in errors.flat_map(BufRead::lines).map_while(Result::ok) {
        // What comes behind the error is advice on how to see more.
        if line.is_empty() || line.starts_with("note: ") {
            continue;
        }
        if let Ok(mut last_line) = last_line.lock() {
            *last_line = line;
        }
    }
}

/// The last of the cores that we may use.
fn one_core() -> io::Result<CpuSet> {
    let all = sched_getaffinity(None)?;
    let last = (0..CpuSet::MAX_CPU).rfind(|core| all.is_set(*core));
    let mut one = CpuSet::new();
    one.set(last.unwrap_or_default());
    Ok(one)
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}
