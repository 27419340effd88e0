//! A program that runs in the background, and what it has printed so far.

use std::io::{self, PipeReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

#[derive(Default)]
pub struct Printed {
    pub out: Vec<u8>,
    pub errors: Vec<u8>,
    /// How many of its streams have come to their end: of two, once it has ended.
    closed: usize,
}

impl Printed {
    pub fn says(&self, text: &str) -> bool {
        String::from_utf8_lossy(&self.out).contains(text)
    }
}

/// A running program. It is killed, with all it has started, when this is dropped.
pub struct Process {
    child: Child,
    output: Arc<(Mutex<Printed>, Condvar)>,
}

impl Process {
    /// Starts `command`, with an input that stays open and empty, like a keyboard that is not touched. What it prints as
    /// errors is in its output too, in the order of a terminal, or `apart`.
    pub fn start(mut command: Command, apart: bool) -> io::Result<Self> {
        signals::detach(&mut command);
        let (out, writer) = io::pipe()?;
        let (errors, error_writer) = io::pipe()?;
        command.stdin(Stdio::piped()).stderr(if apart { error_writer } else { writer.try_clone()? }).stdout(writer);
        let process = Self { child: command.spawn()?, output: Arc::default() };
        for (mut reader, is_errors) in [(out, false), (errors, true)] {
            let output = Arc::clone(&process.output);
            thread::spawn(move || while read(&mut reader, &output, is_errors) {});
        }
        Ok(process)
    }

    pub fn printed(&self) -> MutexGuard<'_, Printed> {
        self.output.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `done` is true of what was printed, or the program has ended. Gives false if neither is so in `limit`.
    pub fn wait_until(&self, limit: Duration, done: impl Fn(&Printed) -> bool) -> bool {
        let waiting = |printed: &mut Printed| printed.closed < 2 && !done(printed);
        let result = self.output.1.wait_timeout_while(self.printed(), limit, waiting);
        !result.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    pub fn interrupt(&self) {
        signals::end(self.child.id(), true);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Even if it has ended itself: something that it started may still run. We have not waited for it yet, so its
        // number is not that of another program.
        signals::end(self.child.id(), false);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads more of what a program prints. Gives whether there was more.
fn read(reader: &mut PipeReader, (printed, changed): &(Mutex<Printed>, Condvar), is_errors: bool) -> bool {
    let mut buffer = [0; 4096];
    // An error is an end as well: the other side is gone.
    let length = reader.read(&mut buffer).unwrap_or(0);
    let mut printed = printed.lock().unwrap_or_else(PoisonError::into_inner);
    let text = if is_errors { &mut printed.errors } else { &mut printed.out };
    text.extend_from_slice(&buffer[..length]);
    printed.closed += usize::from(length == 0);
    changed.notify_all();
    length > 0
}

#[cfg(unix)]
mod signals {
    use rustix::process::{Pid, Signal, kill_process_group};
    use std::os::unix::process::CommandExt;

    /// Gives the program a group of its own, which all it starts is in, and the default reaction to signals, some of
    /// which we may have been started to ignore. On Linux, it ends with the thread that starts it, also by an interrupt.
    pub fn detach(command: &mut super::Command) {
        let reset = || {
            for signal in [libc::SIGINT, libc::SIGQUIT, libc::SIGHUP, libc::SIGTERM] {
                // SAFETY: `signal` may be called between fork and exec, and the default is always a valid reaction.
                unsafe { libc::signal(signal, libc::SIG_DFL) };
            }
            #[cfg(target_os = "linux")]
            rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
            Ok(())
        };
        // SAFETY: the closure makes nothing but system calls.
        unsafe { command.process_group(0).pre_exec(reset) };
    }

    /// Interrupts the group that `id` leads, or kills it. It fails if all of it have ended, which is as good.
    pub fn end(id: u32, gently: bool) {
        let signal = if gently { Signal::INT } else { Signal::KILL };
        let _ = Pid::from_raw(id.cast_signed()).map(|group| kill_process_group(group, signal));
    }
}

#[cfg(not(unix))]
mod signals {
    pub fn detach(_: &mut super::Command) {}
    pub fn end(_: u32, _: bool) {}
}
