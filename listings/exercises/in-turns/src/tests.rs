use std::cell::RefCell;
use std::future::poll_fn;
use std::task::Poll;

use super::*;

/// Yields once.
async fn pause() {
    let mut paused = false;
    poll_fn(|_| {
        if paused {
            return Poll::Ready(());
        }
        paused = true;
        Poll::Pending
    })
    .await;
}

/// Writes its name down in each of its turns.
async fn visit(name: &str, turns: usize, visits: &RefCell<String>) {
    let name = name.to_string();
    // It refers to a part of this very future, which must not be moved once it has begun.
    let first_letter = &name[..1];
    for turn in 1..=turns {
        if turn > 1 {
            pause().await;
        }
        visits.borrow_mut().push_str(first_letter);
    }
}

#[test]
fn each_future_gets_one_poll_in_a_round() {
    let visits = RefCell::default();

    run_in_turns(vec![
        visit("Ada", 1, &visits),
        visit("Barbara", 3, &visits),
        visit("Clara", 2, &visits),
    ]);

    // The first is done after the first round, the third after the second.
    assert_eq!(
        visits.into_inner(),
        "ABCBCB",
        "A, B and C want 1, 3 and 2 turns: ABC, then BC, then B"
    );
}

#[test]
fn no_futures_are_no_trouble() {
    run_in_turns(Vec::<std::future::Ready<()>>::new());
}
