//! The time by STS's clock in its error texts, for answers whose `Date` header is missing or not its own.

use crate::text::timestamp::Timestamp;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

/// STS's clock, out of ExpiredTokenException ("Token expired: current date/time 1731098245 must be before ...") or
/// SignatureDoesNotMatch ("... 20220127T014428Z (20220127T015928Z - 15 min.)": the time in parentheses is STS's).
pub(crate) fn time_in(message: &str) -> Option<Timestamp> {
    if let Some((_, rest)) = message.split_once("current date/time") {
        let word = rest.split_whitespace().next()?;
        let seconds = word.parse().ok().map(Timestamp);
        return seconds.or_else(|| Some(Timestamp(DateTime::from_str(word, Format::DateTime).ok()?.secs())));
    }
    let (_, rest) = message.rsplit_once('(')?;
    let (time, rest) = rest.split_once(' ')?;
    rest.contains("15 min").then(|| basic(time)).flatten()
}

/// `20220127T015928Z`, the basic form of ISO 8601.
fn basic(time: &str) -> Option<Timestamp> {
    let digits = |from, to| time.get(from..to);
    let extended = format!(
        "{}-{}-{}T{}:{}:{}Z",
        digits(0, 4)?,
        digits(4, 6)?,
        digits(6, 8)?,
        digits(9, 11)?,
        digits(11, 13)?,
        digits(13, 15)?
    );
    Some(Timestamp(DateTime::from_str(&extended, Format::DateTime).ok()?.secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_with_a_time_is_understood() {
        for (message, told) in [
            (
                "Token expired: current date/time 1731098245 must be before the expiration date/time 1731095240",
                Some(1_731_098_245),
            ),
            (
                "Token expired: current date/time 1626191469 must be before the expiration date/time1626191469",
                Some(1_626_191_469),
            ),
            (
                "Signature expired: 20220127T001427Z is now earlier than 20220127T014428Z (20220127T015928Z - 15 min.)",
                Some(1_643_248_768),
            ),
            (
                "Signature not yet current: 20210112T194419Z is still later than 20210112T072625Z (20210112T071125Z + 15 min.)",
                Some(1_610_435_485),
            ),
            (
                "The token is expired: current date/time 2024-02-10T08:38:55.284028Z must be before x",
                Some(1_707_554_335),
            ),
            ("Token too old: 441398", None),
            ("current date/time", None),
            ("(20220127 - 15 min.)", None),
            ("(ééééééééééééééé - 15 min.)", None),
            ("", None),
        ] {
            assert_eq!(time_in(message), told.map(Timestamp), "{message}");
        }
    }
}
