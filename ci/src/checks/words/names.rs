//! What a code span names.

use std::fmt;

/// The words of the language, which nothing of ours can be called.
pub const KEYWORDS: &[&str] = &[
    "Self", "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum", "extern", "false",
    "fn", "for", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "self",
    "static", "struct", "super", "trait", "true", "type", "unsafe", "use", "where", "while",
];

/// The programs whose commands a page may name; what they are given is not looked at.
const PROGRAMS: &[&str] = &["cargo", "cd", "curl"];

/// What the names of files end in.
const FILES: &[&str] = &[".console", ".html", ".lock", ".md", ".rs", ".toml"];

/// Something in a code span that has to exist.
#[derive(Debug, PartialEq)]
pub enum Name<'a> {
    /// The prompt of a terminal: `server$`.
    Prompt(&'a str),
    /// What begins with a hyphen, as an option of curl does.
    Option(&'a str),
    /// A file: `src/main.rs`.
    File(&'a str),
    /// A word that is no name in Rust: `smol-1`, or a path that a client asks for: `/sleep`.
    Word(&'a str),
    /// A name of Rust, with the path to it: `fs::read_to_string`.
    Path(Vec<Token<'a>>),
}

impl<'a> Name<'a> {
    /// The name itself, without the path.
    pub fn last(&self) -> &'a str {
        match self {
            Name::Prompt(text) | Name::Option(text) | Name::File(text) | Name::Word(text) => text,
            Name::Path(path) => path.last().map_or("", |part| part.text),
        }
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Name::Path(path) => {
                let parts: Vec<&str> = path.iter().map(|part| part.text).collect();
                let mark = path.last().is_some_and(|part| part.is_macro);
                write!(f, "{}{}", parts.join("::"), if mark { "!" } else { "" })
            }
            name => f.write_str(name.last()),
        }
    }
}

/// What a code span names.
pub fn names(span: &str) -> Vec<Name<'_>> {
    let first = span.split_whitespace().next().unwrap_or_default();
    let is_one = first == span;
    let is_word = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if PROGRAMS.contains(&first) || !span.bytes().any(|b| b.is_ascii_alphanumeric() || b == b'/') {
        return Vec::new();
    }
    if span
        .strip_suffix('$')
        .is_some_and(|name| !name.is_empty() && is_word(name))
    {
        return vec![Name::Prompt(span)];
    }
    if span.starts_with('-') {
        return vec![Name::Option(span)];
    }
    if is_one && FILES.iter().any(|end| span.ends_with(end)) {
        return vec![Name::File(span)];
    }
    let hyphenated = span.contains('-') && span.split('-').all(|part| !part.is_empty() && is_word(part));
    if is_one && (span.starts_with('/') || hyphenated) {
        return vec![Name::Word(span)];
    }

    let mut names: Vec<Vec<Token<'_>>> = Vec::new();
    let mut end = 0;
    for token in tokens(span, false) {
        let goes_on = &span[end..token.start] == "::";
        end = token.start + token.text.len();
        match names.last_mut() {
            Some(path) if goes_on => path.push(token),
            _ => names.push(vec![token]),
        }
    }
    names
        .into_iter()
        // `T` in `Async<T>` stands for any name.
        .filter(|path| {
            !path
                .iter()
                .all(|part| part.is_placeholder() || KEYWORDS.contains(&part.text))
        })
        .map(Name::Path)
        .collect()
}

/// An identifier, and how it is used.
#[derive(Clone, Debug, PartialEq)]
pub struct Token<'a> {
    pub text: &'a str,
    /// The byte at which it starts.
    pub start: usize,
    /// As in `stream.read`.
    pub is_dotted: bool,
    /// As in `serve(..)`: called or, in a program, defined with parameters.
    pub is_called: bool,
    /// As in `ready!`.
    pub is_macro: bool,
}

impl Token<'_> {
    /// Whether it stands for any name: `T`, `_`.
    pub fn is_placeholder(&self) -> bool {
        self.text == "_" || (self.text.len() == 1 && self.text.bytes().all(|b| b.is_ascii_uppercase()))
    }
}

/// The identifiers of `text`, those in strings too. In `code`, comments are left out, and the escapes of strings.
pub fn tokens(text: &str, code: bool) -> Vec<Token<'_>> {
    let bytes = text.as_bytes();
    let byte = |at: usize| bytes.get(at).copied().unwrap_or_default();
    let is_name = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let mut tokens = Vec::new();
    let mut in_string = false;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if code => at += 2,
            // A character, or else a lifetime.
            b'\'' if code && !in_string && byte(at + 1) == b'\\' => at += 4,
            b'\'' if code && !in_string && byte(at + 2) == b'\'' => at += 3,
            b'"' if code => {
                in_string = !in_string;
                at += 1;
            }
            b'/' if code && !in_string && byte(at + 1) == b'/' => {
                while at < bytes.len() && bytes[at] != b'\n' {
                    at += 1;
                }
            }
            b if is_name(b) => {
                let start = at;
                while is_name(byte(at)) {
                    at += 1;
                }
                if !b.is_ascii_digit() {
                    let before = &bytes[..start];
                    tokens.push(Token {
                        text: &text[start..at],
                        start,
                        is_dotted: before.ends_with(b".") && !before.ends_with(b".."),
                        is_called: byte(at) == b'(' || bytes[at..].starts_with(b"::<"),
                        is_macro: byte(at) == b'!' && byte(at + 1) != b'=',
                    });
                }
            }
            _ => at += 1,
        }
    }
    tokens
}
