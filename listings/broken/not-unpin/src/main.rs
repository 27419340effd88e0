//! Wrong: polls a future through a pointer that does not pin it.

// ANCHOR: poll_by_hand
fn poll_by_hand() {
    let mut future = first_word();
    let mut context = Context::from_waker(Waker::noop());

    // This does not compile: nothing keeps `future` in its place.
    println!("{:?}", Pin::new(&mut future).poll(&mut context));
}
// ANCHOR_END: poll_by_hand
