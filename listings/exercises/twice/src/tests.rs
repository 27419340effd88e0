use futures_lite::{AsyncReadExt, AsyncWriteExt, future::or};
use smol::Task;
use smol::channel::Sender;

use super::*;

const AN_HOUR: Duration = Duration::from_secs(60 * 60);

/// No test is over because of a deadline of the server.
const PATIENT: Limits = Limits {
    connections: 10,
    head: AN_HOUR,
    response: AN_HOUR,
    drain: AN_HOUR,
};

/// A server that a test can send signals to, and its clients.
struct Server {
    task: Task<()>,
    signals: Sender<()>,
    /// This one is in the middle of its request.
    busy: Async<TcpStream>,
    /// This one has been answered, and may ask again.
    idle: Async<TcpStream>,
}

impl Server {
    async fn start() -> Server {
        let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).unwrap();
        let addr = listener.get_ref().local_addr().unwrap();
        let (signals, receiver) = channel::unbounded();
        let task = smol::spawn(serve_until(listener, PATIENT, Box::pin(receiver)));

        let mut busy = Async::<TcpStream>::connect(addr).await.unwrap();
        busy.write_all(b"GET / HT").await.unwrap();
        let mut idle = Async::<TcpStream>::connect(addr).await.unwrap();
        let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        idle.write_all(request).await.unwrap();
        // The second has an answer, so both have been let in.
        let response = in_time(idle.read(&mut [0; 4096])).await;
        assert!(response.is_some(), "without a signal, it doesn't serve");

        Server {
            task,
            signals,
            busy,
            idle,
        }
    }

    fn signal(&self) {
        self.signals.try_send(()).expect("nobody waits for signals");
    }

    /// Waits until the server hangs up on the idle client, and so has seen a signal.
    async fn goodbye(&mut self) {
        let goodbye = in_time(self.idle.read_to_end(&mut Vec::new())).await;
        assert!(goodbye.is_some(), "a signal, and an idle client may stay");
    }
}

/// What `future` gives, or nothing if it takes far longer than it should.
async fn in_time<T>(future: impl Future<Output = T>) -> Option<T> {
    let in_time = async { Some(future.await) };
    let too_late = async {
        smol::Timer::after(Duration::from_secs(4)).await;
        None
    };
    or(in_time, too_late).await
}

#[test]
fn a_second_signal_ends_the_server_at_once() {
    smol::block_on(async {
        let mut server = Server::start().await;
        server.signal();
        server.goodbye().await;

        server.signal();

        let ended = in_time(server.task).await;
        assert!(
            ended.is_some(),
            "a second signal, and the server still waits for its last client"
        );
        drop(server.busy);
    });
}

#[test]
fn the_second_signal_may_come_right_after_the_first() {
    smol::block_on(async {
        let server = Server::start().await;
        server.signal();
        server.signal();

        let ended = in_time(server.task).await;
        assert!(
            ended.is_some(),
            "two signals in a row, and the server still waits for its last client"
        );
        drop(server.busy);
    });
}

#[test]
fn after_one_signal_the_last_client_gets_its_answer() {
    smol::block_on(async {
        let mut server = Server::start().await;
        server.signal();
        server.goodbye().await;
        assert!(!server.task.is_finished(), "it ends at the first signal");

        server.busy.write_all(b"TP/1.0\r\n\r\n").await.unwrap();

        let mut response = String::new();
        let answered = in_time(server.busy.read_to_string(&mut response)).await;
        assert!(answered.is_some(), "the last client waits for its answer");
        assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
        let ended = in_time(server.task).await;
        assert!(ended.is_some(), "it waits for a second signal");
    });
}
