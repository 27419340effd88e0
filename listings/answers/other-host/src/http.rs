//! Answer: only requests for a host of ours are answered.

use std::time::SystemTime;

use httpdate::HttpDate;

/// How many bytes the head of a request may have.
const MAX_HEAD: usize = 8 * 1024;
/// How many headers it may have.
const MAX_HEADERS: usize = 64;

/// What came of a request: a number for programs, and words for us.
pub type Status = &'static str;

const BAD_REQUEST: Status = "400 Bad Request";

// ANCHOR: check_host
/// The names of our host.
const OUR_NAMES: [&str; 2] = ["127.0.0.1", "localhost"];
// ANCHOR_END: check_host

/// A request, as far as we need to know it.
#[derive(Debug)]
pub struct Request {
    /// Whether bytes follow the head that aren't another request.
    pub has_body: bool,
    /// Whether only the head of the response is wanted.
    pub is_head: bool,
    /// The path that is asked for, without a query.
    pub path: String,
    /// How many bytes the head has.
    pub length: usize,
    /// Whether the client would like to send another request.
    pub keep_alive: bool,
}

impl Request {
    /// Finds the request at the beginning of `bytes`, or `None` if its head isn't complete yet.
    pub fn parse(bytes: &[u8]) -> Result<Option<Request>, Status> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut head = httparse::Request::new(&mut headers);
        // What's wrong with a line can be said when all of it is there.
        let outcome = if bytes.trim_ascii_start().contains(&b'\n') {
            head.parse(bytes)
        } else {
            Ok(httparse::Status::Partial)
        };
        let length = match outcome {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) if bytes.len() < MAX_HEAD => return Ok(None),
            Ok(_) if head.version.is_none() => return Err("414 URI Too Long"),
            Ok(_) | Err(httparse::Error::TooManyHeaders) => {
                return Err("431 Request Header Fields Too Large");
            }
            Err(_) if is_other_version(bytes) => return Err("505 HTTP Version Not Supported"),
            Err(_) => return Err(BAD_REQUEST),
        };
        check_host(&head)?;
        Ok(Some(Request {
            has_body: has_body(&head)?,
            is_head: is_head(&head)?,
            path: path(&head)?,
            length,
            keep_alive: keep_alive(&head),
        }))
    }
}

/// The values of all headers with this name.
fn values<'a>(head: &'a httparse::Request, name: &str) -> impl Iterator<Item = &'a [u8]> {
    let headers = head.headers.iter();
    let named = headers.filter(move |header| header.name.eq_ignore_ascii_case(name));
    named.map(|header| header.value.trim_ascii())
}

/// The value of a header that may be there once, and not more often.
fn value<'a>(head: &'a httparse::Request, name: &str) -> Result<Option<&'a [u8]>, Status> {
    let mut values = values(head, name);
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        _ => Err(BAD_REQUEST),
    }
}

/// Checks that the client says once which host it wants, and that it could be one.
fn check_host(head: &httparse::Request) -> Result<(), Status> {
    let in_host = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~%:[]!$&'()*+,;=".contains(byte);
    match value(head, "Host")? {
        None if head.version == Some(0) => Ok(()),
        // ANCHOR: check_host
        Some(host) if is_ours(host) => Ok(()),
        Some(host) if host.iter().all(in_host) => Err("421 Misdirected Request"),
        _ => Err(BAD_REQUEST),
    }
}

/// Whether a host is one of ours, with or without a port.
fn is_ours(host: &[u8]) -> bool {
    let mut parts = host.splitn(2, |&byte| byte == b':');
    let name = parts.next().unwrap_or_default();
    let port = parts.next().unwrap_or_default();
    let is_name = |ours: &&str| name.eq_ignore_ascii_case(ours.as_bytes());
    OUR_NAMES.iter().any(is_name) && port.iter().all(u8::is_ascii_digit)
}
// ANCHOR_END: check_host

/// Checks the method, and says whether it's HEAD.
fn is_head(head: &httparse::Request) -> Result<bool, Status> {
    match head.method.unwrap_or_default() {
        "GET" => Ok(false),
        "HEAD" => Ok(true),
        "POST" | "PUT" | "PATCH" | "DELETE" | "CONNECT" | "OPTIONS" | "TRACE" => {
            Err("405 Method Not Allowed")
        }
        _ => Err("501 Not Implemented"),
    }
}

/// The path in the target, which may be a whole address, as proxies get it.
fn path(head: &httparse::Request) -> Result<String, Status> {
    let target = head.path.unwrap_or_default();
    let target = match target.split_at_checked("http://".len()) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http://") => {
            let end_of_host = rest.find(['/', '?']).unwrap_or(rest.len());
            &rest[end_of_host..]
        }
        _ if target.starts_with('/') => target,
        _ => return Err(BAD_REQUEST),
    };
    let path = target.split('?').next().unwrap_or_default();
    Ok(if path.is_empty() { "/" } else { path }.to_string())
}

/// Whether a body follows the head. If that can't be said for sure, the request is refused.
fn has_body(head: &httparse::Request) -> Result<bool, Status> {
    let length = value(head, "Content-Length")?;
    let coding = value(head, "Transfer-Encoding")?.map(<[u8]>::to_ascii_lowercase);
    match (length, coding.as_deref()) {
        (None, None) => Ok(false),
        (Some(digits), None) if digits.iter().all(u8::is_ascii_digit) => {
            let length: u64 = str::from_utf8(digits)
                .unwrap_or_default()
                .parse()
                .map_err(|_| BAD_REQUEST)?;
            Ok(length > 0)
        }
        (None, Some(b"chunked")) if head.version == Some(1) => Ok(true),
        (None, Some(coding)) if head.version == Some(1) && coding.ends_with(b"chunked") => {
            Err("501 Not Implemented")
        }
        _ => Err(BAD_REQUEST),
    }
}

/// Whether the client would like to go on. Since HTTP/1.1, it does unless it says otherwise.
fn keep_alive(head: &httparse::Request) -> bool {
    let says = |option: &[u8]| {
        let mut options =
            values(head, "Connection").flat_map(|value| value.split(|&byte| byte == b','));
        options.any(|said| said.trim_ascii().eq_ignore_ascii_case(option))
    };
    !says(b"close") && (head.version == Some(1) || says(b"keep-alive"))
}

/// Whether the first line ends with a version of HTTP that isn't 1.0 or 1.1.
fn is_other_version(bytes: &[u8]) -> bool {
    let mut lines = bytes.trim_ascii_start().split(|&byte| byte == b'\n');
    let line = lines.next().unwrap_or_default().trim_ascii_end();
    let version = line.rsplit(|&byte| byte == b' ').next();
    match version.and_then(|version| version.strip_prefix(b"HTTP/")) {
        Some(b"1.0" | b"1.1") => false,
        Some([major, b'.', minor]) => major.is_ascii_digit() && minor.is_ascii_digit(),
        _ => false,
    }
}

/// The bytes of a response. The one to a HEAD request has no body, only the length of one.
pub fn response(status: Status, page: &str, is_head: bool, keep_alive: bool) -> Vec<u8> {
    let date = HttpDate::from(SystemTime::now());
    let length = page.len();
    let allow = if status.starts_with("405") {
        "Allow: GET, HEAD\r\n"
    } else {
        ""
    };
    let connection = if keep_alive { "keep-alive" } else { "close" };
    let body = if is_head { "" } else { page };
    let response = format!(
        "HTTP/1.1 {status}\r\nDate: {date}\r\nContent-Type: text/html; charset=utf-8\r\n\
         Content-Length: {length}\r\n{allow}Connection: {connection}\r\n\r\n{body}"
    );
    response.into_bytes()
}

/// A short page that says what was wrong with a request.
pub fn error_page(status: Status) -> String {
    format!("<!DOCTYPE html>\n<title>{status}</title>\n<h1>{status}</h1>\n")
}
