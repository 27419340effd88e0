//! Wrong: an error that lasts is tried again at once, as fast as the processor can.

// ANCHOR: serve
async fn serve(listener: Async<TcpListener>) {
    // Each turn of the loop waits for the next client to connect.
    loop {
        match listener.accept().await {
            // Give this connection a task of its own, and go straight on.
            Ok((stream, addr)) => smol::spawn(handle_and_log(stream, addr)).detach(),
            Err(error) => println!("accept: {error}"),
        }
    }
}
// ANCHOR_END: serve
