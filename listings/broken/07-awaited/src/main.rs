//! Step 07 with a fault that `test_silent_client` finds: the handler is awaited in the loop.

// ANCHOR: serve
async fn serve(listener: Async<TcpListener>) {
    // Each turn of the loop waits for the next client to connect.
    loop {
        let (stream, _) = listener.accept().await.unwrap();

        // Warning: this is not concurrent! The next client waits.
        handle_connection(stream).await;
    }
}
// ANCHOR_END: serve
