//! What the contenders share: the heads of requests, the pages, and no input or output. They differ in how they wait.
//!
//! A stand-in until it is the module of the finished server, `listings/14-web-server/src/http.rs`.

/// The page at `/`, and at `/sleep` after a nap.
pub const HELLO: &str = include_str!("../06-concurrent/hello.html");
const NOT_FOUND: &str = include_str!("../06-concurrent/404.html");

/// The longest head of a request.
const MAX_HEAD: usize = 8 * 1024;

/// What has to be done before the response is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    None,
    /// Wait for five seconds.
    Sleep,
    /// Count primes, by [`compute`].
    Compute,
}

/// A request whose head is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// How many bytes its head has.
    pub length: usize,
    pub work: Work,
    /// Whether the client may ask again on the same connection.
    pub keep_alive: bool,
    found: bool,
}

/// Reads the request that the bytes begin with. Gives nothing while the blank line at its end is missing.
pub fn parse(bytes: &[u8]) -> Option<Request> {
    let length = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let Some(length) = length.map(|at| at + 4) else {
        let refused = Request {
            length: bytes.len(),
            work: Work::None,
            keep_alive: false,
            found: false,
        };
        return (bytes.len() > MAX_HEAD).then_some(refused);
    };
    let head = &bytes[..length];
    let (work, found) = if head.starts_with(b"GET / HTTP/1.1\r\n") {
        (Work::None, true)
    } else if head.starts_with(b"GET /sleep HTTP/1.1\r\n") {
        (Work::Sleep, true)
    } else if head.starts_with(b"GET /compute HTTP/1.1\r\n") {
        (Work::Compute, true)
    } else {
        (Work::None, false)
    };
    let mut lines = head.split(|byte| *byte == b'\n');
    let keep_alive = !lines.any(|line| line.eq_ignore_ascii_case(b"connection: close\r"));
    Some(Request {
        length,
        work,
        keep_alive,
        found,
    })
}

/// The response to a request, after its work, but for [`Work::Compute`], which is done here.
pub fn respond(request: Request) -> Vec<u8> {
    let computed;
    let (status, page) = match request {
        Request { found: false, .. } => ("404 NOT FOUND", NOT_FOUND),
        Request {
            work: Work::Compute,
            ..
        } => {
            computed = compute();
            ("200 OK", computed.as_str())
        }
        _ => ("200 OK", HELLO),
    };
    let length = page.len();
    let connection = if request.keep_alive {
        "keep-alive"
    } else {
        "close"
    };
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {length}\r\nConnection: {connection}\r\n\r\n{page}"
    )
    .into_bytes()
}

/// The page at `/compute`: some work for the processor.
pub fn compute() -> String {
    let is_prime = |number: &u32| {
        (2..)
            .take_while(|divisor| divisor * divisor <= *number)
            .all(|divisor| !number.is_multiple_of(divisor))
    };
    let limit = 200_000;
    let count = (2..limit).filter(is_prime).count();
    format!("<p>There are {count} primes below {limit}.</p>\n")
}
