use super::*;

/// Any port that is free.
fn any() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// An address that is taken for as long as its listener is kept.
fn taken() -> (SocketAddr, TcpListener) {
    let listener = TcpListener::bind(any()).unwrap();
    (listener.local_addr().unwrap(), listener)
}

fn is_loopback(listener: &Async<TcpListener>) -> bool {
    let addr = listener.get_ref().local_addr();
    addr.is_ok_and(|addr| addr.ip().is_loopback())
}

#[test]
fn an_address_is_listened_at_as_before() {
    match bind("127.0.0.1:0") {
        Ok(listener) => assert!(is_loopback(&listener)),
        Err(error) => panic!("an address is refused: {error}"),
    }
}

#[test]
fn a_name_leads_to_an_address() {
    match bind("localhost:0") {
        Ok(listener) => assert!(is_loopback(&listener)),
        Err(error) => panic!("a name is refused: {error}"),
    }
}

#[test]
fn if_an_address_is_taken_the_next_is_tried() {
    let (first, _first) = taken();
    let (second, _second) = taken();

    match listen(&[first, second, any()]) {
        Ok(listener) => assert!(is_loopback(&listener)),
        Err(error) => panic!("the third address is free, and the error is: {error}"),
    }
}

#[test]
fn the_first_that_works_is_enough() {
    let (last, _last) = taken();

    match listen(&[any(), last]) {
        Ok(listener) => assert!(is_loopback(&listener)),
        Err(error) => panic!("the first address is free, and the error is: {error}"),
    }
}

#[test]
fn if_none_works_that_is_an_error() {
    let (first, _first) = taken();
    let (second, _second) = taken();

    assert!(listen(&[first, second]).is_err(), "both are taken");
}

#[test]
fn an_error_is_a_line_that_says_what_it_is_about() {
    let (addr, _listener) = taken();
    // A name without a port, and a port that can't be: neither has to be looked up anywhere.
    for name in ["no such name", "localhost:99999", &addr.to_string()] {
        match bind(name) {
            Ok(_) => panic!("`{name}` can't be listened at, and it is"),
            Err(error) => {
                assert!(error.contains(name), "`{name}` isn't named: {error}");
                assert_eq!(error.lines().count(), 1, "not one line: {error}");
            }
        }
    }
}
