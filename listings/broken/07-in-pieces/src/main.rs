//! Step 07, with a test that its handler fails: the request comes five bytes at a time.

#[cfg(test)]
mod tests {
    // ANCHOR: in_pieces
    #[test]
    fn test_handle_connection_in_pieces() {
        check_handle_connection(5);
    }
    // ANCHOR_END: in_pieces
}
