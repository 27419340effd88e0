//! The picture of executor, future, reactor and operating system, and of the waker between them.

use super::Generated;
use super::svg::Svg;

/// The file, without its folder and its ending.
pub const NAME: &str = "reactor";

/// A box: left, top, width, height.
type Area = [i32; 4];

const EXECUTOR: Area = [10, 10, 130, 88];
const FUTURE: Area = [260, 10, 130, 88];
const REACTOR: Area = [260, 158, 130, 56];
const SYSTEM: Area = [260, 274, 130, 40];
const WAKER: Area = [30, 168, 90, 36];

/// Draws it. What it shows is proved by the tests that the page cites.
pub fn figure() -> Generated {
    let mut svg = Svg::new(
        NAME,
        324,
        "How a future that waits for a socket comes to be polled again",
        "Four boxes, and a waker between two of them. \
         1: the executor polls the future. \
         2: the future hands its socket and the waker to the reactor, and answers Pending to the executor. \
         3: the operating system tells the reactor, on the thread async-io, that the socket is ready. \
         4: the reactor wakes: it calls the waker, which belongs to the executor. \
         5: the executor polls the future again.",
    );
    for (area, name, below) in [
        (EXECUTOR, "executor", "polls"),
        (FUTURE, "future", "accept()"),
        (REACTOR, "reactor", "thread async-io"),
        (SYSTEM, "operating system", ""),
    ] {
        let [x, y, width, height] = area;
        let (middle, centre) = (x + width / 2, y + height / 2);
        svg.rectangle(area, 4, "line");
        match below {
            "" => svg.text(middle, centre + 5, "strong", name),
            below => {
                svg.text(middle, centre - 4, "strong", name);
                svg.text(middle, centre + 14, "", below);
            }
        }
    }
    svg.rectangle(WAKER, 18, "filled");
    svg.text(75, 191, "strong", "waker");

    svg.arrow([140, 34], [260, 34], "");
    svg.text(200, 28, "", "1 poll");
    svg.arrow([260, 60], [140, 60], "dashed");
    svg.text(200, 54, "", "Pending");
    svg.arrow([140, 86], [260, 86], "");
    svg.text(200, 80, "", "5 poll again");
    svg.arrow([325, 98], [325, 158], "");
    svg.text(318, 133, "end", "2 socket, waker");
    svg.arrow([325, 274], [325, 214], "");
    svg.text(318, 249, "end", "3 ready");
    svg.arrow([260, 186], [120, 186], "");
    svg.text(190, 180, "", "4 wake");
    svg.arrow([75, 168], [75, 98], "");
    svg.finish()
}
