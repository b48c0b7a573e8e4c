//! The ways in which something that sits where STS should be can answer wrongly.

use super::answer::{Answer, StsError, http_date};
use super::connection::Connection;
use super::echo::{Echo, Place};
use super::pod_identity;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{Error, Result, Write};
use std::str::FromStr;
use std::time::Duration;

/// More than any client should take, so that "endless" ends in a test that fails.
const ENDLESS: usize = 64 * 1024 * 1024;

/// How long a server that hangs does so.
const HANG: Duration = Duration::from_secs(120);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misbehaviour {
    /// The right answer, late.
    Delay(Duration),
    /// No answer.
    Hang,
    /// The connection ends where the answer should begin.
    Close,
    /// The same with RST.
    Reset,
    /// Bytes that are not HTTP.
    NotHttp,
    CutInHeaders,
    CutInBody,
    EndlessHeaders,
    EndlessBody,
    /// Declares more than comes, then closes.
    ContentLengthTooLong,
    /// Declares less than comes.
    ContentLengthTooShort,
    /// Declares something that is not a number.
    ContentLengthMalformed,
    /// A captive portal's page, with status 200.
    Html,
    Json,
    /// 200 without a body.
    Empty,
    /// 302 to this place.
    Redirect(String),
    /// The right answer, packed without having been asked to.
    Gzip,
    /// A gateway's bare status, such as 502, with a page of HTML.
    Status(u16),
    /// S3's answer to a request that was meant for STS.
    S3,
    /// STS's own refusal.
    Refuse(StsError),
    /// That of the agent of EKS Pod Identity.
    RefuseAsAgent(pod_identity::Refusal),
    /// The XML ends within the credentials, and the length says that this is all.
    TruncatedCredentials,
    /// 200 and STS's envelope, but nothing in it.
    NoCredentials,
    /// The expiry is no date.
    MalformedExpiration,
    /// GetCallerIdentity names the role of a node.
    OtherCaller,
    /// What the stand-in has received, somewhere in its answer.
    Echo(Echo),
    /// The right answer by a clock that is this many seconds ahead.
    SkewedDate(i64),
}

impl Misbehaviour {
    /// Every name that [`Misbehaviour::from_str`] takes, for `--help`.
    pub const NAMES: &[&str] = &[
        "delay:MILLISECONDS",
        "hang",
        "close",
        "reset",
        "not-http",
        "cut-in-headers",
        "cut-in-body",
        "endless-headers",
        "endless-body",
        "content-length-too-long",
        "content-length-too-short",
        "content-length-malformed",
        "html",
        "json",
        "empty",
        "redirect:URL",
        "gzip",
        "status:CODE",
        "s3",
        "truncated-credentials",
        "no-credentials",
        "malformed-expiration",
        "other-caller",
        "skewed-date:SECONDS",
    ];

    /// Whether credentials that stand in the right answer are given out.
    pub fn is_a_success(&self) -> bool {
        matches!(self, Self::Echo(Echo { place: Place::Success, .. }))
    }

    /// Sends what such a server sends where `right` would be right. `Some` is the connection that can be used again.
    pub fn send(
        &self,
        right: Answer,
        received: &[String],
        now: i64,
        mut connection: Connection,
    ) -> Result<Option<Connection>> {
        let whole = match self {
            Self::Delay(duration) => {
                std::thread::sleep(*duration);
                right
            }
            Self::Hang => {
                std::thread::sleep(HANG);
                return Ok(None);
            }
            Self::Close => {
                connection.close();
                return Ok(None);
            }
            Self::Reset => {
                connection.reset()?;
                return Ok(None);
            }
            Self::Html => portal(200),
            Self::Status(status) => portal(*status),
            Self::Json => Answer::new(200, "application/json", r#"{"message":"ok"}"#),
            Self::Empty => Answer::new(200, "text/plain", ""),
            Self::Redirect(to) => Answer::new(302, "text/html", "<a href=\"/\">Found</a>").header("Location", to),
            Self::Gzip => {
                let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
                gzip.write_all(&right.body)?;
                Answer { body: gzip.finish()?, ..right }.header("Content-Encoding", "gzip")
            }
            Self::S3 => Answer::new(
                405,
                "application/xml",
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>MethodNotAllowed</Code><Message>The \
                 specified method is not allowed against this resource.</Message><Method>POST</Method>\
                 <ResourceType>SERVICE</ResourceType><RequestId>7C0E9F3B1A2D4E5F</RequestId></Error>",
            )
            .header("Server", "AmazonS3"),
            Self::Refuse(refusal) => Answer::refusal(refusal, &super::caller_identity::request_id()),
            Self::RefuseAsAgent(refusal) => refusal.answer(),
            Self::TruncatedCredentials => edited(right, |xml| cut_behind(xml, "<SecretAccessKey>")),
            Self::NoCredentials => edited(right, |xml| {
                let (head, rest) = xml.split_once("Result>").unwrap_or((xml, ""));
                let tail = rest.rsplit_once("</").and_then(|(rest, _)| rest.rsplit_once("  <ResponseMetadata>"));
                let name = head.rsplit_once('<').map_or("", |(_, name)| name);
                let metadata = tail.map_or("", |(_, metadata)| metadata);
                format!("{head}Result></{name}Result><ResponseMetadata>{metadata}</{name}Response>")
            }),
            Self::MalformedExpiration => edited(right, |xml| with_text(xml, "Expiration", "in an hour or so")),
            Self::OtherCaller => edited(right, |xml| {
                with_text(xml, "Arn", "arn:aws:sts::111122223333:assumed-role/eks-node/i-0abcd1234ef567890")
            }),
            Self::Echo(echo) => echo.answer(received, right),
            Self::SkewedDate(ahead) => right.header("Date", http_date(now + ahead)),
            _ => {
                self.break_off(&right.complete(now), &mut connection)?;
                connection.close();
                return Ok(None);
            }
        };
        let whole = whole.complete(now);
        connection.write_all(&[whole.head().into_bytes(), whole.body].concat())?;
        Ok(Some(connection))
    }

    /// Answers that are no whole HTTP answer; the connection ends behind them.
    fn break_off(&self, right: &Answer, connection: &mut Connection) -> Result<()> {
        let (head, body) = (right.head(), &right.body);
        let with_length = |length: String| right.clone().header("Content-Length", length).head();
        match self {
            Self::CutInHeaders => connection.write_all(&head.as_bytes()[..head.len() / 2]),
            Self::CutInBody => connection.write_all(&[head.as_bytes(), &body[..body.len() / 2]].concat()),
            Self::ContentLengthTooLong => {
                connection.write_all(&[with_length((body.len() + 100).to_string()).as_bytes(), body].concat())
            }
            Self::ContentLengthTooShort => {
                connection.write_all(&[with_length((body.len() / 2).to_string()).as_bytes(), body].concat())
            }
            Self::ContentLengthMalformed => {
                connection.write_all(&[with_length("a few".to_owned()).as_bytes(), body].concat())
            }
            Self::EndlessHeaders => {
                connection.write_all(head.trim_end().as_bytes())?;
                repeat(connection, b"\r\nX-Filler: and another one, and another one, and another one")
            }
            Self::EndlessBody => {
                let open = head.replace("Content-Length", "X-Length");
                connection.write_all(open.as_bytes())?;
                repeat(connection, b"<!-- and so on, and so on, and so on -->\n")
            }
            _ => connection.write_all(b"\x16\x03\x01 220 mail.example.com ESMTP ready\r\n\r\n"),
        }
    }
}

fn repeat(connection: &mut Connection, bytes: &[u8]) -> Result<()> {
    let block = bytes.repeat(200);
    (0..ENDLESS / block.len()).try_for_each(|_| connection.write_all(&block))
}

fn portal(status: u16) -> Answer {
    let page = "<!DOCTYPE html>\n<html><head><title>Sign in to the network</title></head>\
                <body><form action=\"/login\">Please sign in</form></body></html>\n";
    Answer::new(status, "text/html; charset=utf-8", page).header("Server", "squid/5.7")
}

fn edited(answer: Answer, edit: impl FnOnce(&str) -> String) -> Answer {
    let body = edit(&String::from_utf8_lossy(&answer.body)).into_bytes();
    Answer { body, ..answer }
}

fn with_text(xml: &str, element: &str, text: &str) -> String {
    let (head, rest) = xml.split_once(&format!("<{element}>")).unwrap_or((xml, ""));
    let tail = rest.split_once('<').map_or("", |(_, tail)| tail);
    format!("{head}<{element}>{text}<{tail}")
}

fn cut_behind(xml: &str, tag: &str) -> String {
    xml.find(tag).map_or(xml, |at| &xml[..at + tag.len()]).to_owned()
}

impl FromStr for Misbehaviour {
    type Err = Error;

    /// One of [`Misbehaviour::NAMES`], the code of an STS error, or such an error in full ([`StsError::stated`]).
    fn from_str(text: &str) -> Result<Self> {
        if let Some(refusal) = StsError::stated(text) {
            return Ok(Self::Refuse(refusal));
        }
        let (name, argument) = text.split_once(':').unwrap_or((text, ""));
        let number =
            || argument.parse::<i64>().map_err(|_| Error::other(format!("{name} needs a number behind a colon")));
        Ok(match name {
            "delay" => Self::Delay(Duration::from_millis(number()?.unsigned_abs())),
            "hang" => Self::Hang,
            "close" => Self::Close,
            "reset" => Self::Reset,
            "not-http" => Self::NotHttp,
            "cut-in-headers" => Self::CutInHeaders,
            "cut-in-body" => Self::CutInBody,
            "endless-headers" => Self::EndlessHeaders,
            "endless-body" => Self::EndlessBody,
            "content-length-too-long" => Self::ContentLengthTooLong,
            "content-length-too-short" => Self::ContentLengthTooShort,
            "content-length-malformed" => Self::ContentLengthMalformed,
            "html" => Self::Html,
            "json" => Self::Json,
            "empty" => Self::Empty,
            "redirect" => Self::Redirect(argument.to_owned()),
            "gzip" => Self::Gzip,
            "status" => Self::Status(number()?.clamp(200, 599).unsigned_abs() as u16),
            "s3" => Self::S3,
            "truncated-credentials" => Self::TruncatedCredentials,
            "no-credentials" => Self::NoCredentials,
            "malformed-expiration" => Self::MalformedExpiration,
            "other-caller" => Self::OtherCaller,
            "skewed-date" => Self::SkewedDate(number()?),
            _ => match (StsError::named(name), pod_identity::Refusal::named(name)) {
                (Some(refusal), _) => Self::Refuse(refusal),
                (None, Some(refusal)) => Self::RefuseAsAgent(refusal),
                (None, None) => return Err(Error::other(format!("there is no misbehaviour named {name:?}"))),
            },
        })
    }
}
