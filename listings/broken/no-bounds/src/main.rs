//! `on-tokio` with a fault: `serve` takes handlers of every kind. Does not compile.

// ANCHOR: serve
async fn serve<F>(listener: TcpListener, handle: impl Fn(Compat<TcpStream>) -> F) -> io::Result<()>
where
    F: Future<Output = ()>,
{
    loop {
        let (stream, _) = listener.accept().await?;
        // This does not compile: not every future may become a task.
        tokio::spawn(handle(stream.compat()));
    }
}
// ANCHOR_END: serve
