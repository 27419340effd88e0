use std::io::{Read, Write};

use super::*;

fn address(last: u8) -> IpAddr {
    IpAddr::from([10, 0, 0, last])
}

fn take_all(shares: &Arc<Shares>, address: IpAddr) -> Vec<Share> {
    let all = (0..FAIR_SHARE).map(|_| shares.take(address));
    all.collect::<Option<_>>().expect("less than its share")
}

#[test]
fn an_address_has_its_share_and_not_more() {
    let shares = Arc::new(Shares::default());
    let _all = take_all(&shares, address(1));
    assert!(shares.take(address(1)).is_none(), "more than its share");
}

#[test]
fn each_address_has_a_share_of_its_own() {
    let shares = Arc::new(Shares::default());
    let _first = take_all(&shares, address(1));
    let _second = take_all(&shares, address(2));
}

#[test]
fn what_is_dropped_can_be_taken_again() {
    let shares = Arc::new(Shares::default());
    let mut all = take_all(&shares, address(1));
    all.pop();
    all.push(shares.take(address(1)).expect("one was given back"));
    assert!(shares.take(address(1)).is_none(), "only one was");

    drop(all);
    let _all = take_all(&shares, address(1));
}

#[test]
fn an_address_that_has_left_takes_no_memory() {
    let shares = Arc::new(Shares::default());
    for last in 0..=255 {
        drop(shares.take(address(last)));
    }
    assert_eq!(shares.connections.lock().unwrap().len(), 0);
}

#[test]
fn the_server_hangs_up_on_who_has_its_share_and_answers_when_one_has_left() {
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).unwrap();
    let addr = listener.get_ref().local_addr().unwrap();
    smol::spawn(serve(listener, LIMITS)).detach();
    let ask = || {
        let mut client = TcpStream::connect(addr).unwrap();
        let deadline = Duration::from_secs(10);
        client.set_read_timeout(Some(deadline)).unwrap();
        let mut response = String::new();
        // A server that hangs up may do so before it has read this.
        let _ = client.write_all(b"GET / HTTP/1.1\r\n\r\n");
        let _ = client.read_to_string(&mut response);
        response
    };

    let mut silent: Vec<_> = (0..FAIR_SHARE)
        .map(|_| TcpStream::connect(addr).unwrap())
        .collect();
    assert_eq!(ask(), "", "more than its share");

    silent.pop();
    // It takes a moment until the server notices.
    let answered = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        ask().starts_with("HTTP/1.1 200 OK\r\n")
    });
    assert!(answered, "the share of who has left is not given back");
}
