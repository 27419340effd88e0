//! What a future loses when it is dropped half-way, and two ways to lose nothing.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::pin::pin;
use std::time::Duration;

use futures_lite::io::BufReader;
use futures_lite::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncWriteExt, future};
use smol::Async;

fn main() -> io::Result<()> {
    smol::block_on(async {
        let head = reads_anew(slow_client().await?, say_so).await?;
        println!("reads anew:   {:?}\n", String::from_utf8_lossy(&head));

        let head = keeps_the_bytes(slow_client().await?, say_so).await?;
        println!("keeps bytes:  {:?}\n", String::from_utf8_lossy(&head));

        let head = keeps_the_future(slow_client().await?, say_so).await?;
        println!("keeps future: {:?}", String::from_utf8_lossy(&head));
        Ok(())
    })
}

fn say_so() {
    println!("still waiting for the request");
}

/// Our side of a connection to a client that pauses in the middle of its request.
async fn slow_client() -> io::Result<Async<TcpStream>> {
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0))?;
    let mut client = Async::<TcpStream>::connect(listener.get_ref().local_addr()?).await?;
    let (stream, _) = listener.accept().await?;
    client.write_all(b"GET / HT").await?;
    smol::spawn(async move {
        smol::Timer::after(SECOND * 3 / 2).await;
        client.write_all(b"TP/1.1\r\n\r\n").await
    })
    .detach();
    Ok(stream)
}

const SECOND: Duration = Duration::from_secs(1);

/// Nothing, after a second.
async fn a_second<T>() -> Option<T> {
    smol::Timer::after(SECOND).await;
    None
}

/// Reads a request up to the blank line that ends its head.
async fn read_head(stream: impl AsyncRead + Unpin) -> io::Result<Vec<u8>> {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    read_rest(&mut reader, &mut head).await?;
    Ok(head)
}

/// Reads what is missing from `head`.
async fn read_rest(reader: &mut (impl AsyncBufRead + Unpin), head: &mut Vec<u8>) -> io::Result<()> {
    while !head.ends_with(b"\r\n\r\n") {
        if reader.read_until(b'\n', head).await? == 0 {
            return Err(io::Error::other("the request has no end"));
        }
    }
    Ok(())
}

// ANCHOR: reads_anew
async fn reads_anew(
    mut stream: impl AsyncRead + Unpin,
    still_waiting: impl Fn(),
) -> io::Result<Vec<u8>> {
    loop {
        // Wrong: what `read_head` has read goes when its future does.
        let reading = async { Some(read_head(&mut stream).await) };
        match future::or(reading, a_second()).await {
            Some(head) => return head,
            None => still_waiting(),
        }
    }
}
// ANCHOR_END: reads_anew

// ANCHOR: keeps_the_bytes
async fn keeps_the_bytes(
    stream: impl AsyncRead + Unpin,
    still_waiting: impl Fn(),
) -> io::Result<Vec<u8>> {
    // These are ours. The future borrows them, and may go.
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let reading = async { Some(read_rest(&mut reader, &mut head).await) };
        match future::or(reading, a_second()).await {
            Some(outcome) => {
                outcome?;
                return Ok(head);
            }
            None => still_waiting(),
        }
    }
}
// ANCHOR_END: keeps_the_bytes

// ANCHOR: keeps_the_future
async fn keeps_the_future(
    stream: impl AsyncRead + Unpin,
    still_waiting: impl Fn(),
) -> io::Result<Vec<u8>> {
    // The future is ours. Each race borrows it, and drops the reference.
    let mut reading = pin!(read_head(stream));
    loop {
        let reading = async { Some(reading.as_mut().await) };
        match future::or(reading, a_second()).await {
            Some(head) => return head,
            None => still_waiting(),
        }
    }
}
// ANCHOR_END: keeps_the_future

#[cfg(test)]
mod tests;
