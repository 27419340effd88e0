//! Step 06 with a fault: the tasks share a counter that must stay on one thread. Does not compile.

use std::cell::Cell;
use std::net::{TcpListener, TcpStream};
use std::rc::Rc;
use std::time::Duration;

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use smol::Async;

// ANCHOR: serve
async fn serve(listener: Async<TcpListener>) {
    let served = Rc::new(Cell::new(0));

    // Each turn of the loop waits for the next client to connect.
    loop {
        let (stream, _) = listener.accept().await.unwrap();

        // This does not compile: an `Rc` has to stay on its thread.
        smol::spawn(handle_connection(stream, served.clone())).detach();
    }
}
// ANCHOR_END: serve

// ANCHOR: count
async fn handle_connection(mut stream: Async<TcpStream>, served: Rc<Cell<u64>>) {
    // ANCHOR_END: count
    // ...
    // ANCHOR: count
    served.set(served.get() + 1);
}
// ANCHOR_END: count
