//! Answer: `is_right` finds each wrong `page_for`.

/// A function like our `page_for`: from a request to a status line and the name of a file.
pub type PageFor = fn(&[u8]) -> (&'static str, &'static str);

// ANCHOR: is_right
/// Whether `page_for` does what ours does: 200 and `hello.html` for `/` and for `/sleep`, and for anything else 404
/// and `404.html`.
pub fn is_right(page_for: PageFor) -> bool {
    let hello = ("HTTP/1.1 200 OK", "hello.html");
    let not_found = ("HTTP/1.1 404 NOT FOUND", "404.html");

    page_for(b"GET / HTTP/1.1\r\n\r\n") == hello
        && page_for(b"GET /sleep HTTP/1.1\r\n\r\n") == hello
        && page_for(b"GET /sleepy HTTP/1.1\r\n\r\n") == not_found
        && page_for(b"GET /other HTTP/1.1\r\n\r\n") == not_found
        && page_for(b"") == not_found
}
// ANCHOR_END: is_right

#[cfg(test)]
mod tests;
