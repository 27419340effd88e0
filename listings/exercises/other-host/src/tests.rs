use super::http::Request;

/// What becomes of a request for `host`: the error's status, if it is one.
fn ask_for(host: &str) -> Option<&'static str> {
    let head = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
    match Request::parse(head.as_bytes()) {
        Ok(request) => {
            assert!(request.is_some(), "this head is complete: {head:?}");
            None
        }
        Err(status) => Some(status),
    }
}

fn assert_ours(host: &str) {
    assert_eq!(ask_for(host), None, "`{host}` is ours");
}

fn assert_misdirected(host: &str) {
    let status = Some("421 Misdirected Request");
    assert_eq!(ask_for(host), status, "`{host}` isn't ours");
}

#[test]
fn our_names_are_ours() {
    assert_ours("127.0.0.1");
    assert_ours("localhost");
}

#[test]
fn capitals_make_no_difference() {
    assert_ours("LocalHost");
    assert_ours("LOCALHOST:7878");
}

#[test]
fn a_port_may_follow() {
    assert_ours("127.0.0.1:7878");
    assert_ours("localhost:80");
    // Odd, and allowed.
    assert_ours("localhost:");
}

#[test]
fn other_hosts_are_misdirected() {
    assert_misdirected("example.org");
    assert_misdirected("example.org:7878");
    assert_misdirected("127.0.0.2");
}

#[test]
fn a_part_of_a_name_is_another_name() {
    assert_misdirected("localhost.example.org");
    assert_misdirected("not-localhost");
    assert_misdirected("local");
    assert_misdirected("");
}

#[test]
fn what_follows_is_a_number() {
    assert_misdirected("localhost:example.org");
    assert_misdirected("localhost:80:80");
}

#[test]
fn a_bad_host_is_still_a_bad_request() {
    let status = Some("400 Bad Request");
    assert_eq!(ask_for("local host"), status, "no host has a space in it");
    assert_eq!(ask_for("a\r\nHost: b"), status, "these are two hosts");
}

#[test]
fn no_host_at_all_is_as_before() {
    let head = b"GET / HTTP/1.0\r\n\r\n";
    let is_ok = Request::parse(head).is_ok();
    assert!(is_ok, "HTTP/1.0 asks for no host");

    let head = b"GET / HTTP/1.1\r\n\r\n";
    let status = Request::parse(head).err();
    assert_eq!(status, Some("400 Bad Request"), "HTTP/1.1 asks for one");
}
