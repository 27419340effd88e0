//! The book, what its reader has at each point, and the pages made of both. What checks them is the program in `checks/`.

// The launcher, `cargo book` itself, is built without any library, this one included.
#![cfg(feature = "pages")]

pub mod finding;
pub mod manuscript;
pub mod page;
pub mod reader;
#[cfg(any(test, feature = "checks"))]
#[path = "../tests/small_book/mod.rs"]
pub mod testing;
