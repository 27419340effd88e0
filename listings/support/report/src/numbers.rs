//! Numbers as people read them. A no-break space parts one from its unit.

/// A whole number, with commas: `10,000`.
pub fn count(number: f64) -> String {
    let digits = format!("{number:.0}");
    let comma = |(index, digit): (usize, char)| {
        let comma = index > 0 && (digits.len() - index).is_multiple_of(3);
        [comma.then_some(','), Some(digit)].into_iter().flatten()
    };
    digits.chars().enumerate().flat_map(comma).collect()
}

/// A number in two digits, which is all that measurements like these are good for: `9.7`, `97`, `970`.
pub fn figure(number: f64) -> String {
    let unit = 10_f64.powf(number.abs().max(0.1).log10().floor() - 1.0);
    let rounded = (number / unit).round() * unit;
    if rounded < 9.95 { format!("{rounded:.1}") } else { count(rounded) }
}

/// A rate, in thousands: `161,000`.
pub fn rounded(rate: f64) -> String {
    count((rate / 1000.0).round() * 1000.0)
}

/// A time that is given in microseconds.
pub fn time(micros: f64) -> String {
    match micros {
        ..995.0 => format!("{}\u{a0}µs", figure(micros)),
        ..995_000.0 => format!("{}\u{a0}ms", figure(micros / 1e3)),
        _ => format!("{}\u{a0}s", figure(micros / 1e6)),
    }
}

pub fn at_least((micros, is_open): (f64, bool)) -> String {
    if is_open { format!(">\u{a0}{}", time(micros)) } else { time(micros) }
}

/// Memory that is given in kibibytes.
pub fn memory(kibibytes: f64) -> String {
    match kibibytes * 1024.0 {
        bytes @ ..995e6 => format!("{}\u{a0}MB", figure(bytes / 1e6)),
        bytes => format!("{}\u{a0}GB", figure(bytes / 1e9)),
    }
}
