//! A connection on sockets that block, for the contenders that are made of threads.

use std::io::{self, prelude::*};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use super::requests::Job;

/// Answers the requests on a connection, until the client has had enough.
pub fn handle_connection(mut stream: TcpStream) -> io::Result<()> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 1024];
    loop {
        while let Some(job) = Job::next(&mut bytes) {
            if let Some(nap) = job.nap() {
                thread::sleep(nap);
            }
            let (response, keep_alive) = job.response();
            stream.write_all(&response)?;
            if !keep_alive {
                return Ok(());
            }
        }
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            length => bytes.extend_from_slice(&buffer[..length]),
        }
    }
}

/// After an error of `accept`: there may be no descriptors left, and only a client that leaves can change that.
pub fn back_off(error: &io::Error) {
    eprintln!("accept: {error}");
    thread::sleep(Duration::from_millis(100));
}
