use std::iter;
use std::marker::PhantomPinned;
use std::mem;
use std::task::Poll;
use std::thread;

use super::*;

fn assert_unpin<T: Unpin>() {}

#[test]
fn a_type_is_unpin_if_all_its_fields_are() {
    assert_unpin::<Mock>();
}

/// The fields of our mock.
struct Mock {
    unread: &'static [u8],
    written: Vec<u8>,
    piece: usize,
    waiting: bool,
}

/// A mock that has to stay where it is.
struct Still {
    mock: Mock,
    _pinned: PhantomPinned,
}

/// Tells whether the type of a value is `Unpin`. The method of `Probe` itself is preferred to that of a trait, but
/// only `Unpin` types have it.
struct Probe<T>(T);

impl<T: Unpin> Probe<&T> {
    fn is_unpin(&self) -> bool {
        true
    }
}

trait Otherwise {
    fn is_unpin(&self) -> bool {
        false
    }
}

impl<T> Otherwise for Probe<&T> {}

/// A stream that has nothing to read and must not be moved.
struct StillStream {
    first_seen_at: Cell<Option<*const StillStream>>,
    _pinned: PhantomPinned,
}

impl StillStream {
    fn new() -> StillStream {
        StillStream {
            first_seen_at: Cell::new(None),
            _pinned: PhantomPinned,
        }
    }
}

impl AsyncRead for StillStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        _: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let here: *const StillStream = &*self;
        match self.first_seen_at.get() {
            None => {
                self.first_seen_at.set(Some(here));
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Some(there) => {
                assert_eq!(here, there, "the stream has been moved");
                Poll::Ready(Ok(0))
            }
        }
    }
}

#[test]
fn a_type_with_phantom_pinned_is_not_unpin() {
    let mock = Mock {
        unread: b"",
        written: Vec::new(),
        piece: 1,
        waiting: false,
    };
    assert!(Probe(&mock).is_unpin());

    let still = Still {
        mock,
        _pinned: PhantomPinned,
    };
    assert!(!Probe(&still).is_unpin());
    assert!(!Probe(&PhantomPinned).is_unpin());

    // Until it is pinned, it can be moved and taken apart like anything else.
    let Mock {
        unread,
        written,
        piece,
        waiting,
    } = still.mock;
    assert_eq!(
        (unread.len(), written.len(), piece, waiting),
        (0, 0, 1, false)
    );
}

#[test]
fn ordinary_types_are_unpin() {
    assert_unpin::<[u8; 1024]>();
    assert_unpin::<String>();
    assert_unpin::<&str>();
    assert_unpin::<Box<PhantomPinned>>();
    assert_unpin::<smol::Async<std::net::TcpStream>>();
    assert!(Probe(&String::new()).is_unpin());
}

#[test]
fn an_async_fn_gives_a_future_that_is_not_unpin() {
    assert!(!Probe(&first_word()).is_unpin());
}

#[test]
fn an_async_block_is_never_unpin() {
    assert!(!Probe(&async {}).is_unpin());
    assert!(!Probe(&async { future::yield_now().await }).is_unpin());
}

#[test]
fn a_future_written_by_hand_may_be_unpin() {
    assert!(Probe(&future::ready(1)).is_unpin());
    assert!(Probe(&future::yield_now()).is_unpin());
}

#[test]
fn a_pinning_pointer_is_unpin_whatever_it_points_to() {
    assert!(Probe(&Box::pin(first_word())).is_unpin());
    assert!(Probe(&pin!(first_word())).is_unpin());
    assert_unpin::<Pin<Box<PhantomPinned>>>();
    assert_unpin::<Pin<&mut PhantomPinned>>();
}

#[test]
fn a_future_may_hold_a_reference_into_itself() {
    let word_at = Cell::new(0);
    let mut future = pin!(async {
        let request = *b"GET / HTTP/1.1";
        let word = &request[..3];
        word_at.set(word.as_ptr().addr());

        future::yield_now().await;

        assert_eq!(word.as_ptr(), request.as_ptr());
        word.to_vec()
    });
    let mut context = Context::from_waker(Waker::noop());

    assert!(future.as_mut().poll(&mut context).is_pending());

    // The reference that the future now keeps points to a place inside the future.
    let start = ptr::from_ref(&*future).addr();
    let end = start + size_of_val(&*future);
    assert!((start..end).contains(&word_at.get()));
    assert_eq!(
        future.as_mut().poll(&mut context),
        Poll::Ready(b"GET".to_vec())
    );
}

#[test]
fn where_a_reference_into_the_future_points_does_not_change_between_polls() {
    let word_at = Cell::new(0);
    let mut future = pin!(async {
        let request = *b"GET / HTTP/1.1";
        let word = &request[..3];
        loop {
            word_at.set(word.as_ptr().addr());
            future::yield_now().await;
        }
    });
    let mut context = Context::from_waker(Waker::noop());
    let mut poll = || -> usize {
        assert!(future.as_mut().poll(&mut context).is_pending());
        word_at.get()
    };

    let before = poll();
    assert_eq!(poll(), before);

    look_inside();
}

#[test]
fn an_address_of_ones_own_is_wrong_after_a_move() {
    let mut request = Request {
        bytes: *b"GET / HTTP/1.1",
        word: ptr::null(),
    };
    request.word = request.bytes.as_ptr();
    assert!(request.points_into_itself());

    let request = Box::new(request);

    assert!(!request.points_into_itself());
    move_it();
}

#[test]
fn a_move_takes_a_future_to_another_address() {
    let future = first_word();
    let before = ptr::from_ref(&future).addr();

    let future = Box::new(future);

    assert_ne!(ptr::from_ref(&*future).addr(), before);
}

#[test]
fn a_future_may_be_moved_before_it_is_polled() {
    let future = first_word();
    let future = vec![future].remove(0);

    let word = thread::spawn(move || smol::block_on(future))
        .join()
        .unwrap();

    assert_eq!(word, "GET");
}

#[test]
fn pin_keeps_the_future_in_the_function() {
    let mut context = Context::from_waker(Waker::noop());
    let mut future = pin!(first_word());

    assert!(future.as_mut().poll(&mut context).is_pending());
    assert_eq!(
        future.as_mut().poll(&mut context),
        Poll::Ready("GET".to_string())
    );
    poll_by_hand();
}

#[test]
fn a_boxed_future_stays_while_its_box_moves() {
    let mut context = Context::from_waker(Waker::noop());
    let mut future = Box::pin(first_word());
    assert!(future.as_mut().poll(&mut context).is_pending());
    let before = &raw const *future;

    let mut futures: Vec<_> = iter::once(future).collect();

    assert_eq!(before, &raw const *futures[0]);
    assert_eq!(
        futures[0].as_mut().poll(&mut context),
        Poll::Ready("GET".to_string())
    );
    on_the_heap();
}

#[test]
fn a_boxed_future_may_move_to_another_thread_half_way() {
    let mut future = Box::pin(first_word());
    assert!(smol::block_on(future::poll_once(&mut future)).is_none());

    let word = thread::spawn(move || smol::block_on(future))
        .join()
        .unwrap();

    assert_eq!(word, "GET");
}

#[test]
fn await_pins_for_us() {
    assert_eq!(smol::block_on(async { first_word().await }), "GET");
}

#[test]
fn an_unpin_value_comes_out_of_its_pin() {
    let mut word = String::from("GET");

    let pinned = Pin::new(&mut word);
    let moved = mem::take(pinned.get_mut());

    assert_eq!(moved, "GET");
    assert_eq!(word, "");
}

#[test]
fn read_pins_the_stream_because_it_is_unpin() {
    let mut request: &[u8] = b"GET /";
    let mut buffer = [0; 3];

    let length = smol::block_on(read_by_hand(&mut request, &mut buffer)).unwrap();

    assert_eq!(length, 3);
    assert_eq!(&buffer, b"GET");
    assert_eq!(request, b" /");
}

#[test]
fn a_pinned_stream_can_be_read_whether_unpin_or_not() {
    assert!(!Probe(&StillStream::new()).is_unpin());
    let mut buffer = [0; 3];

    let mut stream = pin!(StillStream::new());
    let length = smol::block_on(stream.read(&mut buffer)).unwrap();
    assert_eq!(length, 0);

    let mut stream = Box::pin(StillStream::new());
    let length = smol::block_on(read_by_hand(&mut stream, &mut buffer)).unwrap();
    assert_eq!(length, 0);
}

#[test]
fn a_function_that_pins_needs_no_unpin() {
    let request: &[u8] = b"GET /";
    assert_eq!(smol::block_on(read_from_any(request)).unwrap(), 5);
    assert_eq!(
        smol::block_on(read_from_any(StillStream::new())).unwrap(),
        0
    );
}
