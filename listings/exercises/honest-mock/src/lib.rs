//! Exercise: this mock lies three times. Find the lies, and edit this file until `cargo test` passes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use smol::io::{AsyncRead, AsyncWrite};

/// A connection that exists only in memory.
pub struct MockTcpStream {
    /// What the client has sent and the server has not read yet.
    unread: &'static [u8],
    /// What the server has written.
    written: Vec<u8>,
    /// How many bytes one read or one write takes at most.
    piece: usize,
    /// Whether the last answer was "not yet".
    waiting: bool,
}

impl MockTcpStream {
    pub fn new(request: &'static [u8], piece: usize) -> MockTcpStream {
        MockTcpStream {
            unread: request,
            written: Vec::new(),
            piece,
            waiting: false,
        }
    }

    /// Says "not yet" every other time.
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

        // Zero bytes, when all is read, are the end of the stream.
        let length = self.piece.min(self.unread.len());
        let (piece, rest) = self.unread.split_at(length);
        let room = length.min(buffer.len());
        buffer[..room].copy_from_slice(&piece[..room]);
        self.unread = rest;
        Poll::Ready(Ok(room))
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
