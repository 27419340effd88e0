//! A browser that opens a folder of HTML, and a script of ours in it that says what it sees.
//!
//! The script is in a page beside those of the folder, served from the same address: it opens them in frames and looks
//! into them. That takes a browser and nothing else. Of the libraries that drive one from outside, one takes minutes to
//! compile and the other the network.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::programs::process::{Process, Streams};

/// The variable that names a browser; set to nothing, it says that there is none.
const VARIABLE: &str = "CHROME";

/// What Chromium and its kin are called where programs are looked for by name.
const NAMES: &[&str] = &[
    // Before Chromium, which on Ubuntu sees temporary files of its own only.
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "chromium",
    "chromium-browser",
];

/// Where they are elsewhere.
const PLACES: &[&str] = &[
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
];

/// The page that runs the script, the script, what it is asked, and where it says what it has seen.
const PAGE: &str = "__look.html";
const SCRIPT: &str = "__look.js";
const QUESTION: &str = "__look.json";
const ANSWER: &str = "__seen";

/// How long the script may take. It takes seconds; the rest is for a machine with more to do.
const LIMIT: Duration = Duration::from_secs(120);

/// The browser that `CHROME` names, or else one that is where they are; nothing if there is none.
pub fn find() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(VARIABLE) {
        return Some(PathBuf::from(named)).filter(|path| !path.as_os_str().is_empty());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let named = NAMES
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    named
        .chain(PLACES.iter().map(PathBuf::from))
        .find(|path| path.is_file())
}

/// Runs `script` in the browser `program`, beside the pages in `folder`. The script fetches `question`, which is JSON,
/// from `__look.json`, and posts its answer to `__seen`: that is what this gives.
///
/// Refuses a browser that does not start, that ends without an answer, or that does not answer in time.
pub fn ask(program: &Path, folder: &Path, script: &str, question: &str) -> Result<String> {
    let (answer, answers) = mpsc::channel();
    let server = Server::start(Site {
        folder: folder.to_owned(),
        script: script.to_owned(),
        question: question.to_owned(),
        answer,
    })?;
    let profile = tempfile::tempdir().context("cannot make a temporary folder")?;
    let mut command = Command::new(program);
    command
        .args(["--headless", "--disable-gpu", "--no-first-run", "--disable-extensions"])
        // The sandbox is against pages that one does not know; root and containers often have none.
        .args(["--no-sandbox", "--disable-dev-shm-usage"])
        .args(["--disable-background-networking", "--disable-component-update"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        // What it leaves lying about goes with its profile.
        .env("TMPDIR", profile.path())
        .arg("--window-size=1300,1000")
        .arg(format!("http://{}/{PAGE}", server.address));
    let browser =
        Process::start(command, Streams::Together).with_context(|| format!("{} does not start", program.display()))?;
    let answer = wait(&browser, &answers);
    // Asked to, it ends what it has started. If it does not, it is ended with all that.
    browser.interrupt();
    browser.wait(Duration::from_secs(5));
    answer
}

/// Waits for the answer, and no longer than the browser runs.
fn wait(browser: &Process, answers: &Receiver<String>) -> Result<String> {
    let start = Instant::now();
    while start.elapsed() < LIMIT {
        match answers.recv_timeout(Duration::from_millis(100)) {
            Ok(answer) => return Ok(answer),
            Err(RecvTimeoutError::Timeout) if !browser.printed().ended() => {}
            Err(_) => {
                let printed = String::from_utf8_lossy(&browser.printed().out).into_owned();
                bail!("the browser has ended without an answer: {}", printed.trim_end());
            }
        }
    }
    bail!("the browser has not answered in {} s", LIMIT.as_secs())
}

/// What the browser gets, and where its answer goes.
struct Site {
    folder: PathBuf,
    script: String,
    question: String,
    answer: Sender<String>,
}

/// A server of a [`Site`], on a port of its own. It ends when this is dropped.
struct Server {
    address: SocketAddr,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn start(site: Site) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("cannot serve the book to the browser")?;
        let address = listener.local_addr()?;
        let over = Arc::new(AtomicBool::new(false));
        let (site, over_too) = (Arc::new(site), Arc::clone(&over));
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if over_too.load(Ordering::SeqCst) {
                    return;
                }
                let site = Arc::clone(&site);
                // A thread for each: a browser opens connections in advance and says nothing on them. What goes wrong
                // on one is the browser's to try again.
                thread::spawn(move || stream.and_then(|stream| site.handle(&stream)));
            }
        });
        Ok(Self {
            address,
            over,
            thread: Some(thread),
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // One more connection, so that it sees this. If there can be none, it has ended.
        if TcpStream::connect(self.address).is_ok()
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}

impl Site {
    /// Answers one request.
    fn handle(&self, stream: &TcpStream) -> io::Result<()> {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let target = line.split_whitespace().nth(1).unwrap_or("/").to_owned();
        let path = target.split(['?', '#']).next().unwrap_or_default();
        let mut length = 0;
        while line.trim_end() != "" {
            line.clear();
            reader.read_line(&mut line)?;
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;

        let content = match path.trim_start_matches('/') {
            PAGE => {
                Some(format!("<!DOCTYPE html><meta charset=\"utf-8\"><script src=\"{SCRIPT}\"></script>").into_bytes())
            }
            SCRIPT => Some(self.script.clone().into_bytes()),
            QUESTION => Some(self.question.clone().into_bytes()),
            ANSWER => {
                // Nobody waits for a second answer.
                let _ = self.answer.send(String::from_utf8_lossy(&body).into_owned());
                Some(Vec::new())
            }
            // Whoever is on this machine can ask, and gets nothing from outside of the folder.
            path => {
                let is_below = |part| matches!(part, Component::Normal(_));
                let path = Path::new(path);
                path.components()
                    .all(is_below)
                    .then(|| fs::read(self.folder.join(path)).ok())
                    .flatten()
            }
        };
        let status = if content.is_some() { "200 OK" } else { "404 Not Found" };
        let content = content.unwrap_or_default();
        let mut stream = stream;
        write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            content_type(path),
            content.len()
        )?;
        stream.write_all(&content)
    }
}

/// What kind of file a browser must be told that `path` is.
fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html",
        Some("css") => "text/css",
        Some("js") => "text/javascript",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever a server sends back for `request`.
    fn answered(server: &Server, request: &str) -> String {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn the_site_has_the_folder_and_the_script_and_takes_the_answer() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("book");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("a.css"), "p {}").unwrap();
        fs::write(root.path().join("c.css"), "p {}").unwrap();
        let (answer, answers) = mpsc::channel();
        let server = Server::start(Site {
            folder,
            script: "look()".to_owned(),
            question: "[]".to_owned(),
            answer,
        })
        .unwrap();
        let silent = TcpStream::connect(server.address).unwrap();
        let style = answered(&server, "GET /a.css?x HTTP/1.1\r\nHost: a\r\n\r\n");
        assert!(
            style.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/css\r\n"),
            "{style}"
        );
        assert!(style.ends_with("\r\n\r\np {}"), "{style}");
        assert!(answered(&server, "GET /__look.html HTTP/1.1\r\n\r\n").contains("src=\"__look.js\""));
        assert!(answered(&server, "GET /__look.js HTTP/1.1\r\n\r\n").ends_with("look()"));
        for missing in ["/b.css", "/../c.css"] {
            let answer = answered(&server, &format!("GET {missing} HTTP/1.1\r\n\r\n"));
            assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
        }
        answered(&server, "POST /__seen HTTP/1.1\r\ncontent-length: 4\r\n\r\nseen");
        assert_eq!(answers.recv().unwrap(), "seen");
        drop((silent, server));
    }

    #[test]
    fn a_browser_that_is_not_there_or_says_nothing_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let missing = ask(&folder.path().join("none"), folder.path(), "", "[]").unwrap_err();
        assert!(format!("{missing:#}").contains("does not start"), "{missing:#}");
        // It ends at once, whatever it is told.
        let rustc = Path::new("rustc");
        let silent = ask(rustc, folder.path(), "", "[]").unwrap_err();
        assert!(
            format!("{silent:#}").contains("has ended without an answer"),
            "{silent:#}"
        );
    }
}
