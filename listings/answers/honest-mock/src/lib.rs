//! Answer: the mock is honest.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_lite::{AsyncRead, AsyncWrite};

/// A connection that exists only in memory.
pub struct MockTcpStream {
    /// What the client has sent and the server hasn't read yet.
    unread: &'static [u8],
    /// What the client does once all of that has been read.
    end: End,
    /// What the server has written.
    written: Vec<u8>,
    /// How many bytes a single read or write moves at most.
    piece: usize,
    /// Whether the last read or write had to wait.
    waiting: bool,
}

/// How the client goes on.
pub enum End {
    /// The client closes the connection.
    Close,
    /// It keeps the connection open and waits for the response, as curl does.
    Wait,
    /// It's gone, and the connection with it.
    Reset,
}

impl MockTcpStream {
    pub fn new(request: &'static [u8], end: End, piece: usize) -> MockTcpStream {
        MockTcpStream {
            unread: request,
            end,
            written: Vec::new(),
            piece,
            waiting: false,
        }
    }

    // ANCHOR: poll_ready
    /// Is pending every other time, and wakes the task at once, so that it's polled again.
    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.waiting = !self.waiting;
        if self.waiting {
            context.waker().wake_by_ref();
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    }
    // ANCHOR_END: poll_ready
}

impl AsyncRead for MockTcpStream {
    // ANCHOR: poll_read
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_ready(context));

        if self.unread.is_empty() {
            return match self.end {
                End::Close => Poll::Ready(Ok(0)),
                // Nothing more will come, and nothing will ever wake the task.
                End::Wait => Poll::Pending,
                End::Reset => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            };
        }
        let length = self.piece.min(buffer.len()).min(self.unread.len());
        let (piece, rest) = self.unread.split_at(length);
        buffer[..length].copy_from_slice(piece);
        self.unread = rest;
        Poll::Ready(Ok(length))
    }
    // ANCHOR_END: poll_read
}

impl AsyncWrite for MockTcpStream {
    // ANCHOR: poll_write
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_ready(context));

        let length = self.piece.min(buffer.len());
        self.written.extend_from_slice(&buffer[..length]);
        Poll::Ready(Ok(length))
    }
    // ANCHOR_END: poll_write

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
#[path = "../../../exercises/honest-mock/src/tests.rs"]
mod tests;
