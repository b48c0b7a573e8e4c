//! Faults in the text of a variable's value.

use hyper::Uri;

/// What is wrong with the text of a value, whatever the variable means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    NotUnicode,
    Empty,
    /// Only white space.
    Blank,
    /// The quotes of a shell or YAML file became part of the value.
    Quoted,
    /// A Secret made from a file ends like this.
    TrailingNewline,
    SurroundingSpace,
    /// Of a variable that names a proxy.
    NotAProxy,
}

impl Flaw {
    pub fn of(value: &str) -> Option<Flaw> {
        let trimmed = value.trim();
        let quoted = |quote| trimmed.len() >= 2 && trimmed.starts_with(quote) && trimmed.ends_with(quote);
        if value.is_empty() {
            Some(Flaw::Empty)
        } else if trimmed.is_empty() {
            Some(Flaw::Blank)
        } else if quoted('"') || quoted('\'') {
            Some(Flaw::Quoted)
        } else if value.ends_with(['\n', '\r']) {
            Some(Flaw::TrailingNewline)
        } else if trimmed.len() != value.len() {
            Some(Flaw::SurroundingSpace)
        } else {
            None
        }
    }

    /// A proxy that no client can use: of an unknown protocol, or with a password whose special characters end the
    /// host.
    pub fn of_proxy(value: &str) -> Option<Flaw> {
        const SCHEMES: [&str; 6] = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"];
        let is_proxy = |url: &Uri| {
            let authority = url.authority().map(|authority| authority.as_str()).unwrap_or_default();
            let host = authority.rsplit('@').next().unwrap_or_default();
            let port = host.rsplit_once(':').map(|(_, port)| port).filter(|port| !port.ends_with(']'));
            !host.is_empty()
                && url.scheme_str().is_none_or(|scheme| SCHEMES.contains(&scheme))
                && port.is_none_or(|port| port.parse::<u16>().is_ok())
        };
        (!value.parse::<Uri>().is_ok_and(|url| is_proxy(&url))).then_some(Flaw::NotAProxy)
    }

    /// The flaw in words that follow "is".
    pub fn in_words(self) -> &'static str {
        match self {
            Flaw::NotUnicode => "not valid UTF-8",
            Flaw::Empty => "set but empty",
            Flaw::Blank => "set to white space only",
            Flaw::Quoted => "wrapped in quotes that are part of the value",
            Flaw::TrailingNewline => "followed by a newline that is part of the value",
            Flaw::NotAProxy => "not the URL of a proxy",
            Flaw::SurroundingSpace => "surrounded by white space that is part of the value",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_flaw_is_recognised() {
        for (value, flaw) in [
            ("arn:aws:iam::111122223333:role/a", None),
            ("", Some(Flaw::Empty)),
            (" \t\n", Some(Flaw::Blank)),
            ("\"arn\"", Some(Flaw::Quoted)),
            ("'arn'\n", Some(Flaw::Quoted)),
            ("arn\n", Some(Flaw::TrailingNewline)),
            ("arn\r\n", Some(Flaw::TrailingNewline)),
            (" arn", Some(Flaw::SurroundingSpace)),
            ("\"", None),
        ] {
            assert_eq!(Flaw::of(value), flaw, "{value:?}");
        }
    }
}
