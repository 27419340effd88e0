//! Step 04 with a fault: the task of each connection is dropped, which cancels it. The compiler warns.

// ANCHOR: serve
async fn serve(listener: TcpListener) {
    // Each turn of the loop waits for the next client to connect.
    for stream in listener.incoming() {
        let stream = stream.unwrap();

        // Warning: the task is dropped at once, and that cancels it.
        smol::spawn(handle_connection(stream));
    }
}
// ANCHOR_END: serve
