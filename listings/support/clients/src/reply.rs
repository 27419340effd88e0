//! What comes back from a server, and the ways in which nothing comes back.

use std::io::{self, ErrorKind};

/// A response, taken apart at its first blank line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The number in the status line, such as 200 or 404.
    pub status: u16,
    /// The status line and the headers, without the blank line that ends them.
    pub head: String,
    /// All that follows the blank line, up to the end of the connection.
    pub body: String,
}

/// Why a client got no complete response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoReply {
    /// There was no connection: nobody listens at the address.
    Refused,
    /// The server closed the connection in good order without sending a byte.
    Empty,
    /// The connection was reset before the server had sent a byte.
    Reset,
    /// The server sent these bytes, and then either reset the connection or closed it without having sent a
    /// status line and a blank line.
    Incomplete(Vec<u8>),
}

impl Reply {
    /// Takes what has come so far, and gives the reply once its body is as long as its `Content-Length` says.
    pub(crate) fn whole(bytes: &[u8]) -> Option<Reply> {
        let head_length = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
        let head = str::from_utf8(&bytes[..head_length]).ok()?;
        let mut lines = head.lines();
        let length = lines.find_map(|line| line.strip_prefix("Content-Length: "))?;
        let length: usize = length.parse().ok()?;
        if bytes.len() < head_length + length {
            return None;
        }
        parse(bytes)
    }

    /// Takes all that came over a connection and how it ended (`Ok` is the end of the stream), and gives the
    /// reply it amounts to. Panics on an error that is no reset, and on text that is not UTF-8.
    pub(crate) fn from_end_of_stream(
        bytes: Vec<u8>,
        end: io::Result<()>,
    ) -> Result<Reply, NoReply> {
        match end {
            Ok(()) if bytes.is_empty() => return Err(NoReply::Empty),
            Ok(()) => {}
            Err(error) if is_reset(&error) && bytes.is_empty() => return Err(NoReply::Reset),
            Err(error) if is_reset(&error) => return Err(NoReply::Incomplete(bytes)),
            Err(error) => panic!("reading the reply failed: {error}"),
        }
        parse(&bytes).ok_or(NoReply::Incomplete(bytes))
    }
}

/// Takes a whole response; gives `None` where it has no blank line or no status line.
fn parse(bytes: &[u8]) -> Option<Reply> {
    let text = str::from_utf8(bytes).expect("the pages of the listings are UTF-8");
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    Some(Reply {
        status,
        head: head.to_string(),
        body: body.to_string(),
    })
}

/// Whether the error says that the other side has thrown the connection away. Systems have two words for it.
fn is_reset(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reset() -> io::Result<()> {
        Err(ErrorKind::ConnectionReset.into())
    }

    #[test]
    fn a_reply_is_split_at_its_first_blank_line() {
        let bytes = b"HTTP/1.1 404 NOT FOUND\r\nA: b\r\n\r\none\r\n\r\ntwo".to_vec();
        let reply = Reply::from_end_of_stream(bytes, Ok(())).unwrap();

        assert_eq!(reply.status, 404);
        assert_eq!(reply.head, "HTTP/1.1 404 NOT FOUND\r\nA: b");
        assert_eq!(reply.body, "one\r\n\r\ntwo");
    }

    #[test]
    fn nothing_at_all_is_empty_or_a_reset() {
        let empty = Reply::from_end_of_stream(Vec::new(), Ok(()));
        assert_eq!(empty, Err(NoReply::Empty));

        let reset = Reply::from_end_of_stream(Vec::new(), reset());
        assert_eq!(reset, Err(NoReply::Reset));
    }

    #[test]
    fn a_reply_that_is_cut_off_keeps_what_came() {
        let whole = b"HTTP/1.1 200 OK\r\n\r\nhello".to_vec();
        let cut = Reply::from_end_of_stream(whole.clone(), reset());
        assert_eq!(cut, Err(NoReply::Incomplete(whole)));

        let head = b"HTTP/1.1 200 OK\r\n".to_vec();
        let ended = Reply::from_end_of_stream(head.clone(), Ok(()));
        assert_eq!(ended, Err(NoReply::Incomplete(head)));
    }

    #[test]
    fn a_reply_without_a_status_line_is_incomplete() {
        let bytes = b"hello\r\n\r\n".to_vec();
        let reply = Reply::from_end_of_stream(bytes.clone(), Ok(()));
        assert_eq!(reply, Err(NoReply::Incomplete(bytes)));
    }
}
