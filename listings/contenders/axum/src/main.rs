//! The reference from outside: the pages of our server, by axum.
//!
//! `axum-server [ADDR] [--threads N]`: one thread is tokio's `current_thread` runtime, more are its `multi_thread`
//! runtime. Without `--threads`, there is one for each core, as in axum's own examples.

use std::env;
use std::net::TcpListener;

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use tokio::runtime::Builder;

#[path = "../../listen.rs"]
mod listen;
#[path = "../../pages.rs"]
mod pages;

fn main() {
    let mut arguments: Vec<String> = env::args().skip(1).collect();
    let option = arguments.iter().position(|word| word == "--threads");
    let threads = option.map(|at| arguments.drain(at..).nth(1).expect("a number"));
    let threads = threads.map(|number| number.parse().expect("a number"));

    let listener = listen::listen(arguments.first().map(String::as_str));
    serve_on(threads, listener);
}

#[cfg(test)]
fn serve(listener: TcpListener) {
    serve_on(None, listener);
}

/// Serves on this many threads, or as many as there are cores.
fn serve_on(threads: Option<usize>, listener: TcpListener) {
    let mut builder = match threads {
        Some(1) => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    if let Some(threads) = threads {
        builder.worker_threads(threads);
    }
    listener.set_nonblocking(true).unwrap();
    builder.enable_all().build().unwrap().block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        axum::serve(listener, routes()).await.unwrap();
    });
}

fn routes() -> Router {
    Router::new()
        .route("/", get(async || Html(pages::HELLO)))
        .route("/sleep", get(sleep))
        .route("/compute", get(async || Html(pages::compute())))
}

async fn sleep() -> Html<&'static str> {
    tokio::time::sleep(pages::NAP).await;
    Html(pages::HELLO)
}

#[cfg(test)]
#[path = "../../tests.rs"]
mod tests;
