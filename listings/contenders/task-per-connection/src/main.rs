//! A task for each connection, as in `06-concurrent`: sockets that don't block, and smol's one thread.

use std::env;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use smol::Async;

use requests::Job;

#[path = "../../listen.rs"]
mod listen;
#[path = "../../requests.rs"]
mod requests;

fn main() {
    serve(listen::listen(env::args().nth(1).as_deref()));
}

fn serve(listener: TcpListener) {
    smol::block_on(async {
        let listener = Async::new(listener).unwrap();
        loop {
            match listener.accept().await {
                Ok((stream, _)) => smol::spawn(handle_connection(stream)).detach(),
                Err(error) => {
                    eprintln!("accept: {error}");
                    smol::Timer::after(Duration::from_millis(100)).await;
                }
            }
        }
    });
}

/// Answers the requests on a connection, until the client has had enough.
async fn handle_connection(mut stream: Async<TcpStream>) -> io::Result<()> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 1024];
    loop {
        while let Some(job) = Job::next(&mut bytes) {
            if let Some(nap) = job.nap() {
                smol::Timer::after(nap).await;
            }
            let (response, keep_alive) = job.response();
            stream.write_all(&response).await?;
            if !keep_alive {
                return Ok(());
            }
        }
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            length => bytes.extend_from_slice(&buffer[..length]),
        }
    }
}

#[cfg(test)]
#[path = "../../tests.rs"]
mod tests;
