//! The module of requests and responses, by itself.

pub mod http;

#[cfg(test)]
mod tests;
