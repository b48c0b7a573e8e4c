//! Points in time as JWT, STS and this project count them, and how people say spans of time.

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use std::fmt;

/// Whole seconds since 1970-01-01T00:00:00Z (`NumericDate` of RFC 7519).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Seconds from `earlier` to `self`; negative if `self` comes first. Saturates.
    pub fn since(self, earlier: Timestamp) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// From RFC 3339, with any offset from UTC.
    pub fn parse(text: &str) -> Option<Timestamp> {
        DateTime::from_str(text, Format::DateTimeWithOffset).ok().map(|time| Timestamp(time.secs()))
    }

    pub fn plus(self, seconds: i64) -> Timestamp {
        Timestamp(self.0.saturating_add(seconds))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC; a number out of its range (a hostile claim) is shown as the number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DateTime::from_secs(self.0).fmt(Format::DateTime) {
            Ok(text) => f.write_str(&text),
            Err(_) => write!(f, "@{}", self.0),
        }
    }
}

/// A span as people say it: `23 h 12 min`, `4 min 5 s`, `7 s`. The sign is dropped.
pub fn span(seconds: i64) -> String {
    let seconds = seconds.unsigned_abs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600, seconds / 60);
    let two = |large, large_unit, small, small_unit| match small {
        0 => format!("{large} {large_unit}"),
        _ => format!("{large} {large_unit} {small} {small_unit}"),
    };
    if days >= 3 {
        two(days, "d", hours % 24, "h")
    } else if hours > 0 {
        two(hours, "h", minutes % 60, "min")
    } else if minutes > 0 {
        two(minutes, "min", seconds % 60, "s")
    } else {
        format!("{seconds} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_said_in_two_units() {
        for (seconds, said) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (245, "4 min 5 s"),
            (83_520, "23 h 12 min"),
            (172_800, "48 h"),
            (86_400 * 3 + 3_600, "3 d 1 h"),
            (-90, "1 min 30 s"),
        ] {
            assert_eq!(span(seconds), said);
        }
    }

    #[test]
    fn timestamps_are_rfc_3339_and_survive_any_number() {
        assert_eq!(Timestamp(1_795_395_600).to_string(), "2026-11-23T01:00:00Z");
        assert_eq!(Timestamp(i64::MAX).to_string(), format!("@{}", i64::MAX));
        assert_eq!(Timestamp(i64::MAX).since(Timestamp(-1)), i64::MAX);
    }
}
