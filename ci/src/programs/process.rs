//! A program that runs in the background, and what it has printed so far.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, Once, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The programs that run now: whoever interrupts us must not leave them behind.
static RUNNING: LazyLock<Mutex<BTreeSet<u32>>> = LazyLock::new(Mutex::default);

/// How a program's output is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Streams {
    /// Both streams through one pipe, so that the order is that of a terminal.
    Together,
    /// Each by itself.
    Apart,
}

/// What a program has printed.
pub struct Printed {
    /// Its output, and its errors as well if they are read together.
    pub out: Vec<u8>,
    /// Its errors, if they are read apart.
    pub errors: Vec<u8>,
    /// How many of its streams are still open: none when it has ended.
    open: usize,
    /// When it last printed something.
    last: Instant,
}

impl Printed {
    /// Whether `text` was printed to the standard output.
    pub fn says(&self, text: &str) -> bool {
        String::from_utf8_lossy(&self.out).contains(text)
    }

    /// Whether the program has ended.
    pub fn ended(&self) -> bool {
        self.open == 0
    }
}

/// What is read from a program, and word of it.
struct Output {
    printed: Mutex<Printed>,
    changed: Condvar,
}

/// A running program. It is killed, with all it has started, when this is dropped.
pub struct Process {
    child: Child,
    output: Arc<Output>,
}

impl Process {
    /// Starts `command`. Its standard input stays open and empty, like a keyboard nobody touches.
    pub fn start(mut command: Command, streams: Streams) -> io::Result<Self> {
        clean_up_when_interrupted();
        command.stdin(Stdio::piped());
        // A group of its own, so that a signal reaches the server that cargo has started.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);

        let mut readers: Vec<Box<dyn Read + Send>> = Vec::new();
        if streams == Streams::Together {
            let (reader, writer) = io::pipe()?;
            command.stdout(writer.try_clone()?).stderr(writer);
            readers.push(Box::new(reader));
        } else {
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
        }
        let mut child = {
            // Held meanwhile, so that nothing is started behind the back of whoever ends us.
            let mut running = lock(&RUNNING);
            let child = command.spawn()?;
            running.insert(child.id());
            child
        };
        // The command keeps our ends of the pipe open.
        drop(command);
        if let (Some(out), Some(errors)) = (child.stdout.take(), child.stderr.take()) {
            readers.push(Box::new(out));
            readers.push(Box::new(errors));
        }

        let output = Arc::new(Output {
            printed: Mutex::new(Printed {
                out: Vec::new(),
                errors: Vec::new(),
                open: readers.len(),
                last: Instant::now(),
            }),
            changed: Condvar::new(),
        });
        for (index, reader) in readers.into_iter().enumerate() {
            let output = Arc::clone(&output);
            thread::spawn(move || output.fill(reader, index == 1));
        }
        Ok(Self { child, output })
    }

    /// What the program has printed so far.
    pub fn printed(&self) -> MutexGuard<'_, Printed> {
        lock(&self.output.printed)
    }

    /// Waits until `done` is true of what was printed, or the program has ended.
    /// Gives false if neither happens in `limit`.
    pub fn wait_until(&self, limit: Duration, done: impl Fn(&Printed) -> bool) -> bool {
        let waiting = |printed: &mut Printed| !printed.ended() && !done(printed);
        let (_printed, result) = self
            .output
            .changed
            .wait_timeout_while(self.printed(), limit, waiting)
            .unwrap_or_else(PoisonError::into_inner);
        !result.timed_out()
    }

    /// Waits until the program has ended. Gives false if it doesn't in `limit`.
    pub fn wait(&self, limit: Duration) -> bool {
        self.wait_until(limit, |_| false)
    }

    /// Waits until the program has been quiet for `pause`: an answer has been seen by the client
    /// when the server may still be about to print a line on it.
    pub fn wait_for_quiet(&self, pause: Duration) {
        loop {
            let printed = self.printed();
            let quiet = printed.last.elapsed();
            if printed.ended() || quiet >= pause {
                return;
            }
            drop(printed);
            thread::sleep(pause - quiet);
        }
    }

    /// Does what ^C does. (On Windows, where only a console can do it, the program is ended.)
    pub fn interrupt(&self) {
        #[cfg(unix)]
        signal(self.child.id(), rustix::process::Signal::INT);
        #[cfg(not(unix))]
        kill(self.child.id());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Even if it has ended itself: something that it started may run on. Nobody has waited for it, so its number is
        // not that of another program yet.
        kill(self.child.id());
        lock(&RUNNING).remove(&self.child.id());
        // Nothing is to be done about an error.
        let _ = self.child.wait();
    }
}

impl Output {
    /// Reads to the end.
    fn fill(&self, mut reader: Box<dyn Read + Send>, errors: bool) {
        let mut buffer = [0; 4096];
        loop {
            // An error is an end as well: the other side is gone.
            let length = reader.read(&mut buffer).unwrap_or(0);
            let mut printed = lock(&self.printed);
            if length == 0 {
                printed.open -= 1;
            } else if errors {
                printed.errors.extend_from_slice(&buffer[..length]);
            } else {
                printed.out.extend_from_slice(&buffer[..length]);
            }
            printed.last = Instant::now();
            drop(printed);
            self.changed.notify_all();
            if length == 0 {
                return;
            }
        }
    }
}

/// Locks, also after a panic in another thread: what is locked here is whole at any time.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Our programs are not in our group: the ^C that ends us does not reach them by itself.
fn clean_up_when_interrupted() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Somebody else's handler is left in place.
        let _ = ctrlc::try_set_handler(|| {
            let running = lock(&RUNNING);
            for id in running.iter() {
                kill(*id);
            }
            std::process::exit(130);
        });
    });
}

/// Ends the program and all it has started.
fn kill(id: u32) {
    #[cfg(unix)]
    signal(id, rustix::process::Signal::KILL);
    #[cfg(not(unix))]
    {
        // It fails if the program has ended meanwhile, which is as good.
        let _ = Command::new("taskkill")
            .args(["/F", "/T", "/PID", &id.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
    }
}

/// Sends a signal to the group that `id` leads.
#[cfg(unix)]
fn signal(id: u32, signal: rustix::process::Signal) {
    let group = i32::try_from(id).ok().and_then(rustix::process::Pid::from_raw);
    if let Some(group) = group {
        // It fails if all of the group have ended meanwhile, which is as good.
        let _ = rustix::process::kill_process_group(group, signal);
    }
}
