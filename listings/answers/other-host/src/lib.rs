//! The module of requests and responses, by itself.

pub mod http;

#[cfg(test)]
#[path = "../../../exercises/other-host/src/tests.rs"]
mod tests;
