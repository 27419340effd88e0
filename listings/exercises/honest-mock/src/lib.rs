//! Exercise: this mock lies three times. Find the lies, and edit this file until `cargo test` passes.

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

    /// Is pending every other time.
    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<()> {
        self.waiting = !self.waiting;
        if self.waiting {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    }
}

impl AsyncRead for MockTcpStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_ready(context));

        if self.unread.is_empty() {
            return match self.end {
                End::Close | End::Wait => Poll::Ready(Ok(0)),
                End::Reset => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            };
        }
        let length = self.piece.min(buffer.len()).min(self.unread.len());
        let (piece, rest) = self.unread.split_at(length);
        buffer[..length].copy_from_slice(piece);
        self.unread = rest;
        Poll::Ready(Ok(length))
    }
}

impl AsyncWrite for MockTcpStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_ready(context));

        let length = self.piece.min(buffer.len());
        self.written.extend_from_slice(&buffer[..length]);
        Poll::Ready(Ok(buffer.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests;
