//! Wrong: waits for an end that a client which waits for its page doesn't send.

async fn handle_connection(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    // ANCHOR: read
    // Read all that the client sends.
    let mut request = Vec::new();
    stream.read_to_end(&mut request).await.unwrap();

    if request.starts_with(b"GET /sleep HTTP/1.1\r\n") {
        // ANCHOR_END: read
        // Pretend that this page takes a while to prepare.
        smol::Timer::after(Duration::from_secs(5)).await;
    }
    // ANCHOR: read
    let (status_line, filename) = page_for(&request);
    // ANCHOR_END: read
    let contents = smol::fs::read_to_string(filename).await.unwrap();

    // A blank line ends the head of the response, and the page is the body.
    let response = format!("{status_line}\r\n\r\n{contents}");
    stream.write_all(response.as_bytes()).await.unwrap();
}
