//! Exercise: `is_right` lets a wrong `page_for` pass. Edit it until `cargo test` passes.

/// A function like our `page_for`: from a request to a status line and the name of a file.
pub type PageFor = fn(&[u8]) -> (&'static str, &'static str);

/// Whether `page_for` does what ours does: 200 and `hello.html` for `/` and for `/sleep`, and for anything else 404
/// and `404.html`.
pub fn is_right(page_for: PageFor) -> bool {
    // This asks for too little, and looks at too little of what it gets.
    let (status_line, _) = page_for(b"GET / HTTP/1.1\r\n\r\n");
    status_line == "HTTP/1.1 200 OK"
}

#[cfg(test)]
mod tests;
