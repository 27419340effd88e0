//! A case: what is sent to a server, and what it should do.

use std::net::SocketAddr;
use std::ops::{Bound, RangeBounds};
use std::time::{Duration, Instant};

use crate::connection::Connection;
use crate::escape::escape;
use crate::moves::{Expected, Failure, Last, Move, failure};

/// Something a server should do, from some step of the book on.
pub struct Case {
    /// A sentence for the reader.
    pub name: &'static str,
    /// Where it is written, such as `RFC 9112, 2.2`, or what it is a matter of.
    pub source: &'static str,
    /// Whether it waits for a deadline of the server, which is ten seconds.
    pub is_slow: bool,
    steps: (Bound<u8>, Bound<u8>),
    except: &'static [u8],
    beside: Option<Beside>,
    moves: Vec<Move>,
}

/// How long to wait for a server.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For an answer.
    pub answer: Duration,
    /// For one of its deadlines.
    pub deadline: Duration,
}

/// Clients beside the one that the case is about.
struct Beside {
    count: usize,
    sends: &'static str,
    /// Whether they throw their connections away. Otherwise they wait, and must still be waiting at the end.
    resets: bool,
}

impl Case {
    /// A case for the steps in `steps`. None is for step 02, which answers nobody, but those that begin with it.
    pub fn new(steps: impl RangeBounds<u8>, source: &'static str, name: &'static str) -> Case {
        let steps = (steps.start_bound().cloned(), steps.end_bound().cloned());
        let except: &[u8] = if steps.contains(&1) { &[2] } else { &[] };
        let (is_slow, beside, moves) = (false, None, Vec::new());
        Case { name, source, is_slow, steps, except, beside, moves }
    }

    /// A step in between is left out: it does not do what the one before did.
    pub fn but_not_in(mut self, steps: &'static [u8]) -> Case {
        self.except = steps;
        self
    }

    /// The client waits for a deadline of the server.
    pub fn slow(mut self) -> Case {
        self.is_slow = true;
        self
    }

    /// Other clients come first, send this, and wait for as long as the case takes.
    pub fn beside(mut self, count: usize, sends: &'static str) -> Case {
        self.beside = Some(Beside { count, sends, resets: false });
        self
    }

    /// Another client comes first, sends this, and resets its connection.
    pub fn after_reset(mut self, sends: &'static str) -> Case {
        self.beside = Some(Beside { count: 1, sends, resets: true });
        self
    }

    /// The client sends this.
    pub fn send(self, bytes: impl AsRef<[u8]>) -> Case {
        self.then(Move::Send(bytes.as_ref().to_vec()))
    }

    /// The client ends its half of the connection.
    pub fn finish_sending(self) -> Case {
        self.then(Move::FinishSending)
    }

    /// The server sends nothing yet.
    pub fn silence(self) -> Case {
        self.then(Move::Silence)
    }

    /// The client sends one letter after the other, until the server says something or hangs up.
    pub fn drip(self) -> Case {
        self.then(Move::Drip)
    }

    /// The server answers with one of these.
    pub fn gets(self, statuses: &'static [u16]) -> Case {
        self.then(Move::Answer(Expected { statuses, to_head: false, is_optional: false, headers: Vec::new() }))
    }

    /// The server answers `count` requests, each with one of these.
    pub fn gets_all(self, statuses: &'static [u16], count: usize) -> Case {
        (0..count).fold(self, |case, _| case.gets(statuses))
    }

    /// The server answers a HEAD request.
    pub fn gets_head(self, statuses: &'static [u16]) -> Case {
        self.then(Move::Answer(Expected { statuses, to_head: true, is_optional: false, headers: Vec::new() }))
    }

    /// The server answers with one of these, or not at all.
    pub fn may_get(self, statuses: &'static [u16]) -> Case {
        self.then(Move::Answer(Expected { statuses, to_head: false, is_optional: true, headers: Vec::new() }))
    }

    /// The answer has this header, and `part` in its value.
    pub fn with(mut self, name: &'static str, part: &'static str) -> Case {
        if let Some(Move::Answer(expected)) = self.moves.last_mut() {
            expected.headers.push((name, part));
        }
        self
    }

    /// The server then takes another request, and has answered no other before.
    pub fn kept(self) -> Case {
        self.then(Move::Ends(Last::Kept))
    }

    /// The server then closes the connection in good order, and has sent nothing else.
    pub fn closed(self) -> Case {
        self.then(Move::Ends(Last::Closed))
    }

    /// The server then closes or resets the connection, and has sent nothing else.
    pub fn gone(self) -> Case {
        self.then(Move::Ends(Last::Gone))
    }

    /// The server then takes another request or closes, and has answered no other before.
    pub fn kept_or_closed(self) -> Case {
        self.then(Move::Ends(Last::KeptOrClosed))
    }

    /// Whether a client resets its connection.
    pub fn resets(&self) -> bool {
        self.beside.as_ref().is_some_and(|beside| beside.resets)
    }

    /// Whether the server of that step must pass.
    pub fn is_for(&self, step: u8) -> bool {
        self.steps.contains(&step) && !self.except.contains(&step)
    }

    /// The step after `step` at which it must pass, if there is one up to `last`.
    pub fn comes_in(&self, step: u8, last: u8) -> Option<u8> {
        (step + 1..=last).find(|step| self.is_for(*step))
    }

    /// All that its client sends, to show.
    pub fn sent(&self) -> String {
        let sent = self.moves.iter().filter_map(|part| match part {
            Move::Send(bytes) => Some(bytes.as_slice()),
            _ => None,
        });
        escape(&sent.collect::<Vec<_>>().concat())
    }

    /// Plays it against a server.
    ///
    /// # Errors
    ///
    /// If the server does something else than expected; the rest is not played then.
    pub fn play(&self, addr: SocketAddr, patience: Patience) -> Result<(), Failure> {
        let wait = if self.is_slow { patience.deadline } else { patience.answer };
        let open = || Connection::open(addr, wait).map_err(|error| failure("a connection", error));
        let mut others = Vec::new();
        if let Some(beside) = &self.beside {
            for _ in 0..beside.count {
                let mut other = open()?;
                other.send(beside.sends.as_bytes());
                match beside.resets {
                    true => other.reset(),
                    false => others.push(other),
                }
            }
        }
        let mut connection = open()?;
        for part in &self.moves {
            part.play(&mut connection, Instant::now() + wait)?;
        }
        match others.iter_mut().all(|other| other.is_silent_for(Duration::from_millis(1))) {
            true => Ok(()),
            false => Err(failure("an answer while the other client waits", "one only after the other had waited")),
        }
    }

    fn then(mut self, part: Move) -> Case {
        self.moves.push(part);
        self
    }
}
