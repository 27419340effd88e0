use super::*;

const HELLO: (&str, &str) = ("HTTP/1.1 200 OK", "hello.html");
const NOT_FOUND: (&str, &str) = ("HTTP/1.1 404 NOT FOUND", "404.html");

/// Ours.
fn page_for(request: &[u8]) -> (&'static str, &'static str) {
    let root = request.starts_with(b"GET / HTTP/1.1\r\n");
    let sleep = request.starts_with(b"GET /sleep HTTP/1.1\r\n");

    if root || sleep { HELLO } else { NOT_FOUND }
}

#[test]
fn the_right_one_passes() {
    assert!(is_right(page_for), "our own `page_for` is refused");
}

#[test]
fn one_that_gives_everybody_the_page_is_found() {
    let wrong: PageFor = |_| HELLO;

    assert!(!is_right(wrong), "it gives everybody the page, and passes");
}

#[test]
fn one_that_gives_the_wrong_file_is_found() {
    let wrong: PageFor = |request| (page_for(request).0, "404.html");

    assert!(!is_right(wrong), "it gives 404.html with 200, and passes");
}

#[test]
fn one_that_does_not_know_sleep_is_found() {
    let wrong: PageFor = |request| match request {
        [b'G', b'E', b'T', b' ', b'/', b's', ..] => NOT_FOUND,
        _ => page_for(request),
    };

    assert!(!is_right(wrong), "it has no page for `/sleep`, and passes");
}

#[test]
fn one_that_looks_only_at_the_beginning_of_the_path_is_found() {
    let wrong: PageFor = |request| match request.starts_with(b"GET /sleep") {
        true => HELLO,
        false => page_for(request),
    };

    assert!(
        !is_right(wrong),
        "it takes `/sleepy` for `/sleep`, and passes"
    );
}

#[test]
fn one_that_takes_nothing_for_a_request_is_found() {
    let wrong: PageFor = |request| match request.is_empty() {
        true => HELLO,
        false => page_for(request),
    };

    assert!(
        !is_right(wrong),
        "it gives the page to a client that has left without a word, and passes"
    );
}
