//! Step 06 with a fault: the tasks share a counter that must stay on one thread. Does not compile.

use std::cell::Cell;
use std::net::{TcpListener, TcpStream};
use std::rc::Rc;
use std::time::Duration;

use smol::Async;
use smol::io::{AsyncReadExt, AsyncWriteExt};

fn main() {
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 7878)).unwrap();
    let addr = listener.get_ref().local_addr().unwrap();
    println!("Listening on http://{addr}");

    smol::block_on(serve(listener));
}

// ANCHOR: serve
async fn serve(listener: Async<TcpListener>) {
    let served = Rc::new(Cell::new(0));

    // Each turn of the loop waits for the next connection.
    loop {
        let (stream, _) = listener.accept().await.unwrap();

        // This does not compile: an `Rc` must stay on its thread.
        smol::spawn(handle_connection(stream, served.clone())).detach();
    }
}
// ANCHOR_END: serve

async fn handle_connection(mut stream: Async<TcpStream>, served: Rc<Cell<u64>>) {
    // Wait until the client has sent something, and take up to 1024 bytes of it.
    let mut buffer = [0; 1024];
    let length = stream.read(&mut buffer).await.unwrap();
    let request = &buffer[..length];

    let (status_line, filename) = if request.starts_with(b"GET / HTTP/1.1\r\n") {
        ("HTTP/1.1 200 OK", "hello.html")
    } else if request.starts_with(b"GET /sleep HTTP/1.1\r\n") {
        // Stand in for a page that takes long to prepare.
        smol::Timer::after(Duration::from_secs(5)).await;
        ("HTTP/1.1 200 OK", "hello.html")
    } else {
        ("HTTP/1.1 404 NOT FOUND", "404.html")
    };
    let contents = smol::fs::read_to_string(filename).await.unwrap();

    // A blank line ends the head of the response; the page is its body.
    let response = format!("{status_line}\r\n\r\n{contents}");
    stream.write_all(response.as_bytes()).await.unwrap();
    served.set(served.get() + 1);
}
