//! The table of cases.
//!
//! `case(steps, source, name)`, and then what happens: see [`Case`]. Where an RFC lets a server choose, all that it allows is
//! right here, and not only what the book's server does.

use crate::case::Case;

/// How many bytes a head may have, and how many headers.
const HEAD: usize = 8 * 1024;
const HEADERS: usize = 64;

/// The length of a body that does not come in one piece.
const LARGE: usize = 64 * 1024;

/// More than any step reads of a request that it does not want. It fits into the buffers of the systems on both sides.
const MUCH: usize = 200 * 1024;

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const GET_CLOSE: &str = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const OTHER: &str = "GET /other HTTP/1.1\r\nHost: a\r\n\r\n";

/// All cases, in the order in which a reader of the book comes to them.
pub fn cases() -> Vec<Case> {
    let parts =
        [first_steps(), others(), pieces(), deadlines(), keep_alive(), odd_heads(), bad_heads(), targets(), hosts()];
    let more = [methods(), versions(), lengths(), codings(), bodies(), limits()];
    parts.into_iter().chain(more).flatten().collect()
}

/// A head that is odd and right: the page, and the connection goes on.
fn served(source: &'static str, name: &'static str, head: impl AsRef<[u8]>) -> Case {
    Case::new(12.., source, name).send(head).gets(&[200]).kept()
}

/// A request that is refused, whereupon the server closes, since it can't know where the next one begins.
fn refused(source: &'static str, name: &'static str, request: impl AsRef<[u8]>, statuses: &'static [u16]) -> Case {
    Case::new(12.., source, name).send(request).gets(statuses).with("Connection", "close").closed()
}

/// Half a request, which is not answered, and the rest, which is.
fn waits(name: &'static str, half: &'static str, rest: &'static str) -> Case {
    Case::new(8.., "RFC 9112, 2.2", name).send(half).silence().send(rest).gets(&[200]).closed()
}

/// A POST request to `/` with these headers and this body.
fn post(headers: &str, body: &str) -> String {
    format!("POST / HTTP/1.1\r\nHost: a\r\n{headers}\r\n\r\n{body}")
}

/// A GET request to `/` with these headers.
fn get(headers: &str) -> String {
    format!("GET / HTTP/1.1\r\nHost: a\r\n{headers}\r\n\r\n")
}

#[rustfmt::skip]
fn first_steps() -> Vec<Case> {
    vec![
        Case::new(1.., "RFC 9112, 2.1", "/ is the page").send(GET_CLOSE).gets(&[200]).closed(),
        Case::new(1..=11, "the book", "A request needs no Host header yet").send("GET / HTTP/1.1\r\n\r\n").gets(&[200]).closed(),
        Case::new(1.., "RFC 9110, 15.5.5", "Any other path is not found").send("GET /other HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").gets(&[404]).closed(),
        Case::new(1.., "RFC 9110, 9.3.1", "A path that only begins like one of ours is not found").send("GET /index.html HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").gets(&[404]).closed(),
        Case::new(1.., "RFC 9112, 9.6", "A client that has finished sending still gets its page").send(GET_CLOSE).finish_sending().gets(&[200]).closed(),
        Case::new(2..=2, "the book", "Nobody is answered, as nothing runs the handler").but_not_in(&[]).send(GET).gone(),
    ]
}

#[rustfmt::skip]
fn others() -> Vec<Case> {
    vec![
        Case::new(4.., "the book", "A client that waits for /sleep does not hold up the next").but_not_in(&[5]).beside(1, "GET /sleep HTTP/1.1\r\nHost: a\r\n\r\n").send(GET_CLOSE).gets(&[200]),
        Case::new(4.., "the book", "A client that resets its connection does not harm the next").but_not_in(&[5]).after_reset("").send(GET_CLOSE).gets(&[200]),
        Case::new(4.., "the book", "A client that resets its connection after asking does not harm the next").but_not_in(&[5]).after_reset(GET).send(GET_CLOSE).gets(&[200]),
        Case::new(6.., "the book", "A silent client does not hold up the next").beside(1, "").send(GET_CLOSE).gets(&[200]),
        Case::new(6.., "the book", "Fifty silent clients do not hold up the next").beside(50, "").send(GET_CLOSE).gets(&[200]),
        Case::new(6.., "the book", "Ten clients that wait for /sleep do not hold up the next").beside(10, "GET /sleep HTTP/1.1\r\nHost: a\r\n\r\n").send(GET_CLOSE).gets(&[200]),
        Case::new(8.., "the book", "A client that stops in its request does not hold up the next").beside(1, "GET / HT").send(GET_CLOSE).gets(&[200]),
    ]
}

#[rustfmt::skip]
fn pieces() -> Vec<Case> {
    vec![
        waits("The method in two pieces", "G", "ET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
        waits("The space after the method in the first piece", "GET ", "/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
        waits("The target without what follows", "GET /", " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
        waits("The space after the target in the first piece", "GET / ", "HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
        waits("The version in two pieces", "GET / HTTP", "/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
        waits("The request line without its end", "GET / HTTP/1.1", "\r\nHost: a\r\nConnection: close\r\n\r\n"),
        waits("The end of the request line in two pieces", "GET / HTTP/1.1\r", "\nHost: a\r\nConnection: close\r\n\r\n"),
        waits("The request line alone", "GET / HTTP/1.1\r\n", "Host: a\r\nConnection: close\r\n\r\n"),
        waits("A header's name in two pieces", "GET / HTTP/1.1\r\nHo", "st: a\r\nConnection: close\r\n\r\n"),
        waits("A header without its value", "GET / HTTP/1.1\r\nHost:", " a\r\nConnection: close\r\n\r\n"),
        waits("A header's value in two pieces", "GET / HTTP/1.1\r\nHost: a", "b\r\nConnection: close\r\n\r\n"),
        waits("The end of a header in two pieces", "GET / HTTP/1.1\r\nHost: a\r", "\nConnection: close\r\n\r\n"),
        waits("Headers without the blank line", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n", "\r\n"),
        waits("The blank line in two pieces", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r", "\n"),
        GET_CLOSE.bytes().fold(Case::new(8.., "RFC 9112, 2.2", "A request byte by byte"), |case, byte| case.send([byte])).gets(&[200]).closed(),
        Case::new(8.., "RFC 9112, 2.2", "A head of 7 KiB").send(get(&format!("Connection: close\r\nA: {}", "a".repeat(7 * 1024)))).gets(&[200]).closed(),
        Case::new(8.., "RFC 9112, 2.2", "A client that leaves without a word is not answered").finish_sending().closed(),
        Case::new(8.., "RFC 9112, 8", "A client that leaves in its request does not get the page").send("GET / HTTP/1.1\r\nHost: a\r\n").finish_sending().may_get(&[400, 408]).closed(),
        Case::new(8.., "RFC 9112, 6.2", "The answer says how long the page is").send(GET_CLOSE).gets(&[200]).with("Content-Length", "").closed(),
        Case::new(8.., "RFC 9112, 9.6", "The answer says that the connection ends").send(GET_CLOSE).gets(&[200]).with("Connection", "close").closed(),
        Case::new(8..=11, "RFC 9112, 2.3", "A head of more than 8 KiB is not answered").send(get(&"A: aaaaaa\r\n".repeat(1000))).gone(),
    ]
}

#[rustfmt::skip]
fn deadlines() -> Vec<Case> {
    vec![
        Case::new(10.., "RFC 9112, 9.5", "A silent client is hung up on after a while").slow().closed(),
        Case::new(10..=11, "RFC 9112, 9.5", "A client that stops in its request is hung up on").slow().send("GET / HTTP/1.1\r\n").closed(),
        Case::new(10.., "RFC 9112, 9.5", "A client that sends a byte now and then is hung up on all the same").slow().send("GET / HTTP/1.1\r\nHost: a\r\nA: ").drip().may_get(&[408]).gone(),
        Case::new(12.., "RFC 9110, 15.5.9", "A client that stops in its request is told so").slow().send("GET / HTTP/1.1\r\n").gets(&[408]).with("Connection", "close").closed(),
        Case::new(12.., "RFC 9110, 15.5.9", "A client that stops in its second request is told so").slow().send(GET).gets(&[200]).send("GET / HT").gets(&[408]).closed(),
        Case::new(12.., "RFC 9112, 9.5", "An idle client is hung up on without a word").slow().send(GET).gets(&[200]).closed(),
    ]
}

#[rustfmt::skip]
fn keep_alive() -> Vec<Case> {
    vec![
        Case::new(12.., "RFC 9112, 9.3", "A second request on the connection").send(GET).gets(&[200]).send(GET).gets(&[200]).kept(),
        Case::new(12.., "RFC 9112, 9.3", "A page that is not there does not end the connection").send(OTHER).gets(&[404]).kept(),
        Case::new(12.., "RFC 9112, 9.3.2", "Three requests at once are answered in their order").send([GET, OTHER, GET].concat()).gets(&[200]).gets(&[404]).gets(&[200]).kept(),
        Case::new(12.., "RFC 9112, 9.3.2", "Fifty requests at once").send(GET.repeat(50)).gets_all(&[200], 50).kept(),
        Case::new(12.., "RFC 9112, 9.3.2", "A request and a half, and then the rest").send([GET, "GET /oth"].concat()).gets(&[200]).silence().send("er HTTP/1.1\r\nHost: a\r\n\r\n").gets(&[404]).kept(),
        Case::new(12.., "RFC 9112, 2.2", "Empty lines between two requests").send([GET, "\r\n\r\n", OTHER].concat()).gets(&[200]).gets(&[404]).kept(),
        Case::new(12.., "RFC 9112, 9.6", "What follows a request with Connection: close is not answered").send([GET_CLOSE, OTHER].concat()).gets(&[200]).with("Connection", "close").closed(),
        Case::new(12.., "RFC 9110, 7.6.1", "Connection: CLOSE, in capitals").send(get("CONNECTION: CLOSE")).gets(&[200]).closed(),
        Case::new(12.., "RFC 9110, 7.6.1", "Connection: close as one of several").send(get("Connection: foo, close")).gets(&[200]).closed(),
        Case::new(12.., "RFC 9110, 7.6.1", "Connection: close in the second Connection header").send(get("Connection: foo\r\nConnection: close")).gets(&[200]).closed(),
        Case::new(12.., "RFC 9112, 9.3", "A bad request after a good one").send([GET, "?\r\n\r\n"].concat()).gets(&[200]).gets(&[400]).closed(),
        Case::new(12.., "RFC 9112, 9.3.2", "What follows a bad request is not answered").send(["?\r\n\r\n", GET].concat()).gets(&[400]).closed(),
        Case::new(12.., "RFC 9112, 9.6", "Two requests from a client that has finished sending").send([GET, OTHER].concat()).finish_sending().gets(&[200]).gets(&[404]).closed(),
        Case::new(12.., "RFC 9112, 9.3", "HTTP/1.0 ends after one request").send("GET / HTTP/1.0\r\n\r\n").gets(&[200]).closed(),
        Case::new(12.., "RFC 9112, C.2.2", "HTTP/1.0 with keep-alive goes on, and the answer says so").send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").gets(&[200]).with("Connection", "keep-alive").kept(),
        Case::new(12.., "RFC 9110, 6.6.1", "The answer has a date").send(GET).gets(&[200]).with("Date", " GMT").kept(),
        Case::new(12.., "RFC 9110, 8.3", "The answer says what kind of text the page is").send(GET).gets(&[200]).with("Content-Type", "text/html").kept(),
    ]
}

#[rustfmt::skip]
fn odd_heads() -> Vec<Case> {
    vec![
        served("RFC 9110, 5.1", "Names in any case, a tab before the value", "GET / HTTP/1.1\r\nhoSt:\ta\r\n\r\n"),
        served("RFC 9112, 5", "No space before the value", "GET / HTTP/1.1\r\nHost:a\r\n\r\n"),
        served("RFC 9112, 5", "Spaces on both sides of the value", "GET / HTTP/1.1\r\nHost: \t a \t \r\n\r\n"),
        served("RFC 9110, 5.5", "A header without a value", get("Empty:")),
        served("RFC 9110, 5.5", "A header of spaces", get("Empty:   ")),
        served("RFC 9110, 5.6.2", "Every character that a name can have", get("!#$%&'*+-.^_`|~09azAZ: a")),
        served("RFC 9110, 5.5", "Bytes beyond ASCII in a value", b"GET / HTTP/1.1\r\nHost: a\r\nA: \xc3\xa4\xff\r\n\r\n"),
        served("RFC 9110, 5.3", "The same header many times", get(&["Accept: */*"; 20].join("\r\n"))),
        served("RFC 9112, 2.2", "An empty line before the request", format!("\r\n{GET}")),
        served("RFC 9112, 2.2", "Lines that end without a carriage return", "GET / HTTP/1.1\nHost: a\n\n"),
        Case::new(12.., "RFC 9110, 10.1.1", "Expect: 100-continue without a body").send(get("Expect: 100-continue")).gets(&[100, 200]),
        served("RFC 9110, 7.8", "An upgrade that is not wanted", get("Connection: Upgrade\r\nUpgrade: h2c")),
    ]
}

#[rustfmt::skip]
fn bad_heads() -> Vec<Case> {
    vec![
        refused("RFC 9112, 3", "Words that are no request", "hello\r\n\r\n", &[400]),
        refused("RFC 9112, 3", "A request line of one word too many", "Extra lineGET / HTTP/1.1\r\nHost: a\r\n\r\n", &[400]),
        refused("RFC 9112, 3", "Two spaces after the method", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", &[400]),
        refused("RFC 9112, 3", "A space before the method", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", &[400]),
        refused("RFC 9110, 9.1", "A method with a character that it can't have", "G@T / HTTP/1.1\r\nHost: a\r\n\r\n", &[400]),
        refused("RFC 9112, 2.2", "A carriage return in place of a line end", "GET / HTTP/1.1\rHost: a\r\n\r\n", &[400]),
        refused("RFC 9112, 2.2", "A carriage return before a name", "GET / HTTP/1.1\r\nHost: a\r\n\rA: b\r\n\r\n", &[400]),
        refused("RFC 9112, 2.2", "A carriage return in a value", get("A: b\rc"), &[400]),
        refused("RFC 9110, 5.5", "A zero byte in a value", get("A: \0"), &[400]),
        refused("RFC 9110, 5.5", "A control character in a value", get("A: b\x07"), &[400]),
        refused("RFC 9110, 5.1", "Brackets in a name", get("A[]: b"), &[400]),
        refused("RFC 9110, 5.1", "A space in a name", get("A b: c"), &[400]),
        refused("RFC 9112, 5.1", "A space before the colon", get("A : b"), &[400]),
        refused("RFC 9110, 5.1", "A header without a name", get(": a"), &[400]),
        refused("RFC 9112, 5", "A header without a colon", get("A"), &[400]),
        refused("RFC 9112, 5.2", "A header that goes on in the next line", get("A: b\r\n c"), &[400]),
        refused("RFC 9112, 2.2", "A space before the first header", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", &[400]),
        refused("RFC 9112, 9.6", "A bad request with a large body, which is answered before the end", format!("?\r\n\r\n{}", "a".repeat(MUCH)), &[400]),
    ]
}

#[rustfmt::skip]
fn targets() -> Vec<Case> {
    vec![
        served("RFC 9112, 3.2.1", "A query", "GET /?a=b HTTP/1.1\r\nHost: a\r\n\r\n"),
        served("RFC 9112, 3.2.1", "An empty query", "GET /? HTTP/1.1\r\nHost: a\r\n\r\n"),
        served("RFC 9112, 3.2.2", "A whole URL", "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        served("RFC 9112, 3.2.2", "A whole URL of another host than the header's", "GET http://other.example:80/?q HTTP/1.1\r\nHost: a\r\n\r\n"),
        Case::new(12.., "RFC 9112, 3.2.2", "A whole URL of no page").send("GET http://a/other HTTP/1.1\r\nHost: a\r\n\r\n").gets(&[404]).kept(),
        refused("RFC 9112, 3.2", "No target", "GET HTTP/1.1\r\nHost: a\r\n\r\n", &[400]),
        refused("RFC 9112, 3.2", "A target with a space", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", &[400]),
        refused("RFC 9112, 3.2", "A target with a zero byte", "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", &[400]),
        refused("RFC 9112, 3.2.1", "A target without a slash", "GET other HTTP/1.1\r\nHost: a\r\n\r\n", &[400]),
        refused("RFC 9112, 3.2.4", "A star for another method than OPTIONS", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", &[400]),
        refused("RFC 9112, 3.2.3", "A host and port for another method than CONNECT", "GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", &[400]),
    ]
}

#[rustfmt::skip]
fn hosts() -> Vec<Case> {
    vec![
        served("RFC 9110, 7.2", "A host with a port", "GET / HTTP/1.1\r\nHost: localhost:7878\r\n\r\n"),
        served("RFC 9110, 7.2", "A host that is an IPv6 address", "GET / HTTP/1.1\r\nHost: [::1]:7878\r\n\r\n"),
        refused("RFC 9112, 3.2", "No host", "GET / HTTP/1.1\r\n\r\n", &[400]),
        refused("RFC 9112, 3.2", "Two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", &[400]),
        refused("RFC 9112, 3.2", "Twice the same host", "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", &[400]),
        refused("RFC 9112, 3.2", "A host with a space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", &[400]),
        refused("RFC 9112, 3.2", "A host with a slash", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", &[400]),
        refused("RFC 9112, 3.2", "No host, but a whole URL", "GET http://a/ HTTP/1.1\r\n\r\n", &[400]),
    ]
}

#[rustfmt::skip]
fn methods() -> Vec<Case> {
    let not_allowed = |name, request: &str| Case::new(12.., "RFC 9110, 15.5.6", name).send(request).gets(&[405]).with("Allow", "GET").with("Allow", "HEAD");
    vec![
        Case::new(12.., "RFC 9110, 9.3.2", "HEAD has no body").send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").gets_head(&[200]).kept(),
        Case::new(12.., "RFC 9110, 8.6", "HEAD says how long the page is").send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").gets_head(&[200]).with("Content-Length", "").kept(),
        Case::new(12.., "RFC 9110, 9.3.2", "HEAD of no page").send("HEAD /other HTTP/1.1\r\nHost: a\r\n\r\n").gets_head(&[404]).kept(),
        Case::new(12.., "RFC 9110, 9.3.2", "HEAD and GET at once").send(["HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", GET].concat()).gets_head(&[200]).gets(&[200]).kept(),
        Case::new(12.., "RFC 9110, 9.3.2", "The answer to a bad HEAD request has no body either").send("HEAD / HTTP/1.1\r\n\r\n").gets_head(&[400]).closed(),
        Case::new(12.., "RFC 9110, 9.3.2", "Nor has the answer to one after an empty line").send("\r\nHEAD / HTTP/1.1\r\n\r\n").gets_head(&[400]).closed(),
        not_allowed("POST is not allowed", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").kept_or_closed(),
        not_allowed("PUT is not allowed", "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").kept_or_closed(),
        not_allowed("PATCH is not allowed", "PATCH / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").kept_or_closed(),
        not_allowed("DELETE is not allowed", "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n").kept_or_closed(),
        not_allowed("OPTIONS is not allowed", "OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n").kept_or_closed(),
        not_allowed("TRACE is not allowed", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n").kept_or_closed(),
        Case::new(12.., "RFC 9110, 9.3.7", "OPTIONS with a star is no bad request").send("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").gets(&[200, 204, 404, 405]).kept_or_closed(),
        Case::new(12.., "RFC 9110, 9.3.6", "CONNECT does not make this server a proxy").send("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n").gets(&[400, 404, 405, 501]).kept_or_closed(),
        Case::new(12.., "RFC 9110, 15.5.5", "POST to no page is not found, or not allowed").send("POST /other HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").gets(&[404, 405]).kept_or_closed(),
        Case::new(12.., "RFC 9110, 9.1", "A method that nobody knows").send("BREW / HTTP/1.1\r\nHost: a\r\n\r\n").gets(&[405, 501]).kept_or_closed(),
        Case::new(12.., "RFC 9110, 9.1", "get is not GET").send("get / HTTP/1.1\r\nHost: a\r\n\r\n").gets(&[400, 405, 501]).kept_or_closed(),
    ]
}

#[rustfmt::skip]
fn versions() -> Vec<Case> {
    vec![
        Case::new(12.., "RFC 9112, 3.2", "HTTP/1.0 needs no host").send("GET / HTTP/1.0\r\n\r\n").gets(&[200]).closed(),
        refused("RFC 9110, 15.6.6", "HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", &[400, 505]),
        refused("RFC 9110, 15.6.6", "HTTP/9.9", "GET / HTTP/9.9\r\nHost: a\r\n\r\n", &[400, 505]),
        refused("RFC 9110, 15.6.6", "HTTP/0.9 with a number", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", &[400, 505]),
        Case::new(12.., "RFC 9110, 2.5", "HTTP/1.2 may be treated as 1.1").send("GET / HTTP/1.2\r\nHost: a\r\n\r\n").gets(&[200, 400, 505]).kept_or_closed(),
        refused("RFC 9112, 3", "No version", "GET /\r\n\r\n", &[400]),
        refused("RFC 9112, 3", "No version after the space", "GET / \r\nHost: a\r\n\r\n", &[400]),
        refused("RFC 9112, 2.3", "http/1.1 in small letters", "GET / http/1.1\r\nHost: a\r\n\r\n", &[400]),
        refused("RFC 9112, 2.3", "HTTP/1.1x", "GET / HTTP/1.1x\r\nHost: a\r\n\r\n", &[400]),
        refused("RFC 9112, 2.3", "HTTP/11", "GET / HTTP/11\r\nHost: a\r\n\r\n", &[400]),
        refused("RFC 9112, 2.3", "HTTP/1,1", "GET / HTTP/1,1\r\nHost: a\r\n\r\n", &[400]),
    ]
}

#[rustfmt::skip]
fn lengths() -> Vec<Case> {
    vec![
        refused("RFC 9110, 8.6", "A length that is a word", post("Content-Length: abc", ""), &[400]),
        refused("RFC 9110, 8.6", "A length without a number", post("Content-Length:", ""), &[400]),
        refused("RFC 9110, 8.6", "A length with a plus", post("Content-Length: +5", "hello"), &[400]),
        refused("RFC 9110, 8.6", "A length below zero", post("Content-Length: -5", "hello"), &[400]),
        refused("RFC 9110, 8.6", "A length in hexadecimal", post("Content-Length: 0x5", "hello"), &[400]),
        refused("RFC 9110, 8.6", "A length with a fraction", post("Content-Length: 5.0", "hello"), &[400]),
        refused("RFC 9110, 8.6", "A length of two words", post("Content-Length: 5 5", "hello"), &[400]),
        refused("RFC 9110, 8.6", "A length that is too large for 64 bits", post("Content-Length: 18446744073709551621", "hello"), &[400]),
        refused("RFC 9110, 8.6", "A list of two lengths", post("Content-Length: 5, 6", "hello"), &[400]),
        refused("RFC 9112, 6.3", "Two lengths", post("Content-Length: 5\r\nContent-Length: 6", "hello!"), &[400]),
        refused("RFC 9112, 6.3", "Two lengths, one in small letters", post("Content-Length: 0\r\ncontent-length: 32", OTHER), &[400]),
        Case::new(12.., "RFC 9110, 8.6", "A list of twice the same length").send(post("Content-Length: 5, 5", "hello")).gets(&[400, 405]).kept_or_closed(),
        Case::new(12.., "RFC 9112, 6.3", "Twice the same length").send(post("Content-Length: 5\r\nContent-Length: 5", "hello")).gets(&[400, 405]).kept_or_closed(),
        refused("RFC 9112, 6.3", "A space before the colon of the length", post("Content-Length : 5", "hello"), &[400]),
        refused("RFC 9110, 8.6", "A bad length in a GET request", get("Content-Length: abc"), &[400]),
        Case::new(12.., "RFC 9110, 8.6", "A length with zeros in front is that length").send(post("Content-Length: 005", "hello")).gets(&[405]).kept_or_closed(),
    ]
}

#[rustfmt::skip]
fn codings() -> Vec<Case> {
    let chunked = "5\r\nhello\r\n0\r\n\r\n";
    let smuggled = format!("0\r\n\r\n{OTHER}");
    vec![
        Case::new(12.., "RFC 9112, 6.1", "A length and a coding: no request of two ends").send(post(&format!("Content-Length: {}\r\nTransfer-Encoding: chunked", smuggled.len()), &smuggled)).gets(&[400, 405]).closed(),
        Case::new(12.., "RFC 9112, 6.1", "A coding and a length: no request of two ends").send(post("Transfer-Encoding: chunked\r\nContent-Length: 3", &smuggled)).gets(&[400, 405]).closed(),
        Case::new(12.., "RFC 9112, 6.1", "A coding in HTTP/1.0").send(format!("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n{smuggled}")).gets(&[400, 405]).closed(),
        refused("RFC 9112, 6.1", "gzip and then chunked", post("Transfer-Encoding: gzip, chunked", chunked), &[400, 501]),
        refused("RFC 9112, 6.3", "gzip alone: the body has no end", post("Transfer-Encoding: gzip", chunked), &[400]),
        refused("RFC 9112, 6.3", "chunked and then gzip: the body has no end", post("Transfer-Encoding: chunked, gzip", chunked), &[400]),
        refused("RFC 9112, 6.1", "chunked twice", post("Transfer-Encoding: chunked, chunked", chunked), &[400, 501]),
        refused("RFC 9112, 6.1", "Two headers of codings", post("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", chunked), &[400, 501]),
        refused("RFC 9112, 7", "xchunked", post("Transfer-Encoding: xchunked", chunked), &[400, 501]),
        refused("RFC 9112, 7", "\"chunked\" in quotes", post("Transfer-Encoding: \"chunked\"", chunked), &[400, 501]),
        refused("RFC 9112, 7", "identity", post("Transfer-Encoding: identity", chunked), &[400, 501]),
        refused("RFC 9112, 7", "A coding without a name", post("Transfer-Encoding:", chunked), &[400, 501]),
        refused("RFC 9110, 5.5", "A vertical tab before chunked", post("Transfer-Encoding: \x0bchunked", chunked), &[400]),
        refused("RFC 9112, 5.1", "A space before the colon of the coding", post("Transfer-Encoding : chunked", chunked), &[400]),
        refused("RFC 9112, 5.2", "A coding in the next line", post("Transfer-Encoding:\r\n chunked", chunked), &[400]),
    ]
}

#[rustfmt::skip]
fn bodies() -> Vec<Case> {
    let length = |length: usize| format!("Content-Length: {length}");
    let chunked = format!("{:x}\r\n{OTHER}\r\n0\r\n\r\n", OTHER.len());
    let large = OTHER.repeat(1 + LARGE / OTHER.len());
    vec![
        Case::new(12.., "RFC 9112, 6.3", "A body is no request").send(post("Content-Length: 5", "hello")).gets(&[405]).kept_or_closed(),
        Case::new(12.., "RFC 9110, 9.3.1", "The body of a GET request is no request").send(get("Content-Length: 5") + "hello").gets(&[200, 400, 413]).kept_or_closed(),
        Case::new(12.., "RFC 9112, 6.3", "A body that looks like a request is no request").send(post(&length(OTHER.len()), OTHER)).gets(&[405]).kept_or_closed(),
        Case::new(12.., "RFC 9112, 6.3", "A body and the next request in pieces").send(post("Content-Length: 5", "he")).send(["llo", GET].concat()).gets(&[405]).may_get(&[200]).kept_or_closed(),
        Case::new(12.., "RFC 9112, 6.3", "A body of 64 KiB is no request").send(post(&length(LARGE), &"a".repeat(LARGE))).gets(&[405, 413]).kept_or_closed(),
        Case::new(12.., "RFC 9112, 9.6", "A larger body is no request, and its sender reads the answer").send(post(&length(large.len()), &large)).gets(&[405, 413]).kept_or_closed(),
        Case::new(12.., "RFC 9112, 9.6", "A body of 200 KiB does not cost its sender the answer").send(post(&length(MUCH), &"a".repeat(MUCH))).gets(&[405, 413]).kept_or_closed(),
        Case::new(12.., "RFC 9112, 6.3", "A length beyond all bounds is only a length").send(post("Content-Length: 18446744073709551615", "hello")).gets(&[400, 405, 413]).closed(),
        Case::new(12.., "RFC 9112, 7.1", "A chunked body is no request").send(post("Transfer-Encoding: chunked", &chunked)).gets(&[405, 411]).kept_or_closed(),
        Case::new(12.., "RFC 9112, 7.1", "CHUNKED, in capitals").send(post("Transfer-Encoding: CHUNKED", &chunked)).gets(&[405, 411]).kept_or_closed(),
        Case::new(12.., "RFC 9112, 7.1", "The chunked body of a GET request is no request").send(get("Transfer-Encoding: chunked") + &chunked).gets(&[200, 411]).kept_or_closed(),
        Case::new(12.., "RFC 9110, 10.1.1", "Expect: 100-continue is answered, though the body does not come").send(post("Content-Length: 5\r\nExpect: 100-continue", "")).gets(&[100, 405, 417]),
    ]
}

#[rustfmt::skip]
fn limits() -> Vec<Case> {
    let headers = |count: usize| format!("{}Host: a\r\n\r\n", "A: b\r\n".repeat(count - 1));
    let padded = |length: usize| get(&format!("A: {}", "a".repeat(length - get("A: ").len())));
    let target = |length: usize| format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(length));
    vec![
        Case::new(8..=11, "the book", "A head of exactly 8 KiB").send(padded(HEAD)).gets(&[200]).closed(),
        served("the book", "A head of exactly 8 KiB, and the connection goes on", padded(HEAD)),
        refused("RFC 6585, 5", "A head of one byte more", padded(HEAD + 1), &[431]),
        refused("RFC 6585, 5", "A head of 200 KiB, whose sender reads the answer", padded(MUCH), &[431]),
        served("the book", "Sixty-four headers", format!("GET / HTTP/1.1\r\n{}", headers(HEADERS))),
        refused("RFC 6585, 5", "Sixty-five headers", format!("GET / HTTP/1.1\r\n{}", headers(HEADERS + 1)), &[431]),
        Case::new(12.., "RFC 9112, 3", "A target of 8000 bytes is only not found").send(target(8000)).gets(&[404]).kept(),
        refused("RFC 9110, 15.5.15", "A target of more than 8 KiB", target(HEAD), &[414]),
        refused("RFC 9110, 15.5.15", "A target of 200 KiB, whose sender reads the answer", target(MUCH), &[414]),
    ]
}
