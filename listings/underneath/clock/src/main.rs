//! Underneath: a clock and an accept loop on the same thread. `cargo run -- blocking`, or `-- async`.

use std::env;
use std::net::TcpListener;
use std::time::Duration;

use futures_lite::future;
use smol::Async;

// ANCHOR: main
fn main() {
    let listener = TcpListener::bind("127.0.0.1:7878").unwrap();

    let kind = env::args().nth(1).expect("say `blocking` or `async`");
    run(&kind, listener);
}

fn run(kind: &str, listener: TcpListener) {
    println!("Listening on http://{}", listener.local_addr().unwrap());

    // Runs both, until one of them completes.
    smol::block_on(future::or(clock(), async {
        match kind {
            "blocking" => accept_blocking(listener).await,
            _ => accept_async(listener).await,
        }
    }));
}
// ANCHOR_END: main

// ANCHOR: clock
async fn clock() {
    for second in 1..=3 {
        smol::Timer::after(Duration::from_secs(1)).await;
        println!("tick {second}");
    }
}
// ANCHOR_END: clock

// ANCHOR: accept_blocking
async fn accept_blocking(listener: TcpListener) {
    let mut clients = Vec::new();
    loop {
        clients.push(listener.accept().unwrap());
        println!("a client has connected");
    }
}
// ANCHOR_END: accept_blocking

// ANCHOR: accept_async
async fn accept_async(listener: TcpListener) {
    let listener = Async::new(listener).unwrap();
    let mut clients = Vec::new();
    loop {
        clients.push(listener.accept().await.unwrap());
        println!("a client has connected");
    }
}
// ANCHOR_END: accept_async

#[cfg(test)]
mod tests;
