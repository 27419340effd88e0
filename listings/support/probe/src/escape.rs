//! Bytes as a reader can see them.

/// How many characters of what was sent or came are shown.
const SHOWN: usize = 90;

/// The bytes in one line and in quotes, with what can't be printed escaped. Only both ends of what is long.
pub fn escape(bytes: &[u8]) -> String {
    let text = bytes.escape_ascii().to_string();
    match text.len() {
        0..=SHOWN => format!("\"{text}\""),
        length => format!("\"{}...{}\"", &text[..SHOWN * 2 / 3], &text[length - SHOWN / 3..]),
    }
}
