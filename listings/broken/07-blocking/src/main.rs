//! Step 07 with a fault that `test_slow_client` finds: the handler blocks its thread.

async fn handle_connection(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    // Wait for the client to send something, and take what fits into the buffer.
    let mut buffer = [0; 1024];
    let length = stream.read(&mut buffer).await.unwrap();
    let request = &buffer[..length];

    // ANCHOR: sleep
    if request.starts_with(b"GET /sleep HTTP/1.1\r\n") {
        // Pretend that this page takes a while to prepare.
        // Warning: this blocks the thread that every task needs.
        std::thread::sleep(Duration::from_secs(5));
    }
    // ANCHOR_END: sleep
    let (status_line, filename) = page_for(request);
    let contents = smol::fs::read_to_string(filename).await.unwrap();

    // A blank line ends the head of the response, and the page is the body.
    let response = format!("{status_line}\r\n\r\n{contents}");
    stream.write_all(response.as_bytes()).await.unwrap();
}
