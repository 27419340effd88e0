//! The moves of a case: what the client does, and what the server should do next.

use std::fmt;
use std::time::{Duration, Instant};

use crate::connection::{Connection, End};

/// How long we watch a server that should not answer yet. Too short a time can overlook an answer, and never makes one up.
const MOMENT: Duration = Duration::from_millis(150);

/// What lies between two bytes of a client that drips.
const PAUSE: Duration = Duration::from_millis(50);

/// Asked at the end on a connection that should still be open. Its answer is the next, so there was no other before it.
const LAST: &[u8] = b"GET /last HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n";

/// How a server did not do what a case expects. Each is a few words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What it should have done at that point.
    pub expected: String,
    /// What it did.
    pub came: String,
}

/// One move, of the client or of the server.
pub enum Move {
    /// The client sends this.
    Send(Vec<u8>),
    /// It ends its half of the connection.
    FinishSending,
    /// The server says nothing yet.
    Silence,
    /// The client sends a letter now and then, until the server says something or hangs up.
    Drip,
    /// The server answers.
    Answer(Expected),
    /// It has sent nothing else, and keeps the connection or does not.
    Ends(Last),
}

/// A response that should come.
pub struct Expected {
    /// Any of these statuses.
    pub statuses: &'static [u16],
    /// Whether it is one to a HEAD request.
    pub to_head: bool,
    /// Whether the server may as well say nothing.
    pub is_optional: bool,
    /// Headers that it must have, each with a part of its value.
    pub headers: Vec<(&'static str, &'static str)>,
}

/// What becomes of the connection, after which there must have been no other answer.
#[derive(Clone, Copy)]
pub enum Last {
    /// It takes another request.
    Kept,
    /// It is closed in good order.
    Closed,
    /// It is closed or reset.
    Gone,
    /// Any of these.
    KeptOrClosed,
}

impl Move {
    /// Makes the move, or waits for the server to make it; the server should have done so before `until`.
    ///
    /// # Errors
    ///
    /// If the server does something else.
    pub fn play(&self, connection: &mut Connection, until: Instant) -> Result<(), Failure> {
        match self {
            Move::Send(bytes) => connection.send(bytes),
            Move::FinishSending => connection.finish_sending(),
            Move::Silence if connection.is_silent_for(MOMENT) => {}
            Move::Silence => return Err(failure("no answer yet", one_answer(connection))),
            Move::Drip => {
                while connection.is_silent_for(PAUSE) {
                    if Instant::now() > until {
                        return Err(failure("the server's patience to end", "no end of it"));
                    }
                    connection.send(b"a");
                }
            }
            Move::Answer(expected) => expected.check(connection)?,
            Move::Ends(last) => last.check(connection)?,
        }
        Ok(())
    }
}

impl Expected {
    fn check(&self, connection: &mut Connection) -> Result<(), Failure> {
        if self.is_optional && connection.end().is_ok() {
            return Ok(());
        }
        let answer = connection.answer(self.to_head).map_err(|came| failure(self, came))?;
        if !self.statuses.contains(&answer.status) {
            return Err(failure(self, answer));
        }
        let contains = |value: &str, part: &str| value.to_ascii_lowercase().contains(&part.to_ascii_lowercase());
        for (name, part) in &self.headers {
            if !answer.header(&name.to_ascii_lowercase()).is_some_and(|value| contains(value, part)) {
                return Err(failure(self, format!("{answer}, without that")));
            }
        }
        match answer.status == 200 && !self.to_head && answer.body.is_empty() {
            true => Err(failure("a page", format!("{answer}, without a body"))),
            false => Ok(()),
        }
    }
}

impl Last {
    fn check(self, connection: &mut Connection) -> Result<(), Failure> {
        match self {
            Last::Closed => match connection.end() {
                Ok(End::Closed) => Ok(()),
                Ok(End::Reset) => Err(failure("the connection closed in good order", "a reset")),
                Err(came) => Err(failure("the connection closed", came)),
            },
            Last::Gone => connection.end().map(drop).map_err(|came| failure("the connection closed", came)),
            Last::Kept | Last::KeptOrClosed => {
                connection.send(LAST);
                if matches!(self, Last::KeptOrClosed) && connection.end().is_ok() {
                    return Ok(());
                }
                let expected = "the connection kept, and 404 for the next request";
                match connection.answer(false) {
                    Ok(answer) if answer.status == 404 => Last::Gone.check(connection),
                    Ok(answer) => Err(failure(expected, answer)),
                    Err(came) => Err(failure(expected, came)),
                }
            }
        }
    }
}

/// What was expected, and what came.
pub fn failure(expected: impl ToString, came: impl ToString) -> Failure {
    Failure { expected: expected.to_string(), came: came.to_string() }
}

/// The answer that came though none should have, in words.
fn one_answer(connection: &mut Connection) -> String {
    connection.answer(false).map_or_else(|came| came, |answer| answer.to_string())
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let statuses: Vec<_> = self.statuses.iter().map(u16::to_string).collect();
        f.write_str(&statuses.join(" or "))?;
        self.headers.iter().try_for_each(|(name, part)| write!(f, ", with {name}: {part}"))
    }
}
