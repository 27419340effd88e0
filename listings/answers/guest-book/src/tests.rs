use smol::future;

use super::*;

#[test]
fn every_guest_is_in_the_book() {
    let book = guest_book();

    for name in ["Ada", "Grace"] {
        assert!(
            book.contains(name),
            "{name} is not in the book: somebody has made a future and not run it"
        );
    }
    assert_eq!(book, "Ada\nGrace\n");
}

#[test]
fn looking_for_the_pen_keeps_no_thread() {
    let mut book = String::new();

    // One poll: as far as the future gets without waiting.
    let first_answer = smol::block_on(future::poll_once(sign(&mut book, "Ada")));

    assert!(
        first_answer.is_none(),
        "`sign` kept the thread until the pen was found: which sleep does it call?"
    );
}
