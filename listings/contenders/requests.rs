//! What the contenders do with requests, which is what the finished server does. They differ in how they wait.

use std::mem;
use std::time::Duration;

use http::{Request, Status};

#[path = "../14-web-server/src/http.rs"]
mod http;
#[path = "pages.rs"]
mod pages;

const NOT_FOUND: &str = include_str!("../14-web-server/404.html");

/// A request that has come, or what is wrong with it.
pub struct Job(Result<Request, Status>);

impl Job {
    /// Takes the first request from `bytes`, if its head is complete.
    pub fn next(bytes: &mut Vec<u8>) -> Option<Job> {
        let request = Request::parse(bytes).transpose()?;
        match &request {
            Ok(request) => drop(bytes.drain(..request.length)),
            Err(_) => drop(mem::take(bytes)),
        }
        Some(Job(request))
    }

    /// How long to wait before the response, if it is for the page that takes a while.
    pub fn nap(&self) -> Option<Duration> {
        let request = self.0.as_ref().ok()?;
        (request.path == "/sleep").then_some(pages::NAP)
    }

    /// The response, and whether the client may ask again on the same connection. What is to be computed is computed now.
    pub fn response(&self) -> (Vec<u8>, bool) {
        let (status, page) = match &self.0 {
            Err(status) => (*status, http::error_page(status)),
            Ok(request) => match request.path.as_str() {
                "/compute" => ("200 OK", pages::compute().to_string()),
                "/" | "/sleep" => ("200 OK", pages::HELLO.to_string()),
                _ => ("404 Not Found", NOT_FOUND.to_string()),
            },
        };
        let request = self.0.as_ref();
        let is_head = request.is_ok_and(|request| request.is_head);
        let keep_alive = request.is_ok_and(|request| request.keep_alive && !request.has_body);
        let response = http::response(status, &page, is_head, keep_alive);
        (response, keep_alive)
    }
}
