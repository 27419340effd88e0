//! Step 06 with a fault: the tasks borrow from the function that spawns them. Does not compile.

// ANCHOR: serve
async fn serve(listener: Async<TcpListener>) {
    // Each turn of the loop waits for the next client to connect.
    loop {
        let (stream, _) = listener.accept().await.unwrap();

        // This does not compile: the task may outlive `stream`.
        smol::spawn(handle_connection(&stream)).detach();
    }
}
// ANCHOR_END: serve

// ANCHOR: serve
async fn handle_connection(mut stream: &Async<TcpStream>) {
    // ANCHOR_END: serve
    // ...
}
