//! Answers that hold what the stand-in has been sent and has given out: in one place, in one encoding.

use super::answer::{Answer, escaped};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// Where an answer can hold text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Code,
    Message,
    RequestId,
    /// The page of a portal, its `Server` and its `Content-Type`.
    Page,
    Json,
    CutOff,
    Location,
    ContentEncoding,
    /// The code of XML that is not STS's.
    OtherXml,
    /// A success: names of the session in it.
    Success,
    /// Of the issuer's documents.
    Issuer,
    JwksUri,
    KeyId,
}

impl Place {
    pub const OF_STS: [Place; 10] = [
        Place::Code,
        Place::Message,
        Place::RequestId,
        Place::Page,
        Place::Json,
        Place::CutOff,
        Place::Location,
        Place::ContentEncoding,
        Place::OtherXml,
        Place::Success,
    ];
    pub const OF_ISSUER: [Place; 3] = [Place::Issuer, Place::JwksUri, Place::KeyId];
}

/// How an answer may write what it echoes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Plain,
    Lines,
    UpperCase,
    LowerCase,
    Url,
    UrlTwice,
    Html,
    HtmlHex,
    Json,
    JsonEveryByte,
    Hex,
    Base64,
    Base64Url,
    /// The last 16 characters.
    Tail,
}

impl Form {
    pub const ALL: [Form; 14] = [
        Form::Plain,
        Form::Lines,
        Form::UpperCase,
        Form::LowerCase,
        Form::Url,
        Form::UrlTwice,
        Form::Html,
        Form::HtmlHex,
        Form::Json,
        Form::JsonEveryByte,
        Form::Hex,
        Form::Base64,
        Form::Base64Url,
        Form::Tail,
    ];

    pub fn of(self, text: &str) -> String {
        let each = |write: &dyn Fn(u8) -> String| text.bytes().map(write).collect::<String>();
        let escape = |write: &dyn Fn(u8) -> String| {
            each(&|byte| if byte.is_ascii_alphanumeric() { char::from(byte).into() } else { write(byte) })
        };
        match self {
            Form::Plain => text.to_owned(),
            Form::Lines => text.chars().enumerate().fold(String::new(), |lines, (place, c)| {
                if place % 11 == 10 { format!("{lines}{c}\n ") } else { format!("{lines}{c}") }
            }),
            Form::UpperCase => text.to_uppercase(),
            Form::LowerCase => text.to_lowercase(),
            Form::Url => escape(&|byte| format!("%{byte:02X}")),
            Form::UrlTwice => escape(&|byte| format!("%25{byte:02X}")),
            Form::Html => escape(&|byte| format!("&#{byte};")),
            Form::HtmlHex => each(&|byte| format!("&#x{byte:02x};")),
            Form::Json => text.replace('/', "\\/").replace('"', "\\\""),
            Form::JsonEveryByte => each(&|byte| format!("\\u{byte:04x}")),
            Form::Hex => each(&|byte| format!("{byte:02x}")),
            Form::Base64 => STANDARD.encode(text),
            Form::Base64Url => URL_SAFE_NO_PAD.encode(text),
            Form::Tail => text[text.len().saturating_sub(16)..].to_owned(),
        }
    }
}

/// A way to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Echo {
    pub place: Place,
    pub form: Form,
}

impl Echo {
    /// Says what was `received` where `right` would be right. The form is of each by itself and of all together.
    pub fn answer(self, received: &[String], right: Answer) -> Answer {
        let each: Vec<String> = received.iter().map(|text| self.form.of(text)).collect();
        let text = format!("{} {}", each.join(" "), self.form.of(&received.join("\n")));
        let line = text.replace('\n', " ");
        let refusal = |code: &str, message: &str, id: &str| {
            let xml = format!(
                "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  <Error>\n    \
                 <Type>Sender</Type>\n    <Code>{}</Code>\n    <Message>{}</Message>\n  </Error>\n</ErrorResponse>\n",
                escaped(code),
                escaped(message)
            );
            Answer::new(403, "text/xml", xml).header("x-amzn-requestid", id)
        };
        let page = |status| Answer::new(status, "text/html", format!("<html><body>{text}</body></html>"));
        let known = "SignatureDoesNotMatch";
        match self.place {
            Place::Code => refusal(&line, "see the code", "1"),
            Place::Message => refusal(known, &format!("The Canonical String should have been '{text}'"), "1"),
            Place::RequestId => refusal(known, "see the request id", &line),
            Place::Page => page(403).header("Server", &line).header("Content-Type", format!("text/html; v={line}")),
            Place::Json => Answer::new(403, "application/json", serde_json::json!({"message": text}).to_string()),
            Place::CutOff => Answer::new(403, "text/xml", format!("<ErrorResponse><Error><Message>{}", escaped(&text))),
            Place::Location => {
                let host = line.replace(|c: char| !c.is_ascii_alphanumeric() && c != '-', ".");
                page(302).header("Location", format!("https://{host}/"))
            }
            Place::ContentEncoding => right.header("Content-Encoding", &line),
            Place::OtherXml => {
                let xml = format!("<Error><Code>{0}</Code><Message>{0}</Message></Error>", escaped(&text));
                Answer::new(405, "application/xml", xml).header("Server", "AmazonS3")
            }
            Place::Success => {
                let body = String::from_utf8_lossy(&right.body).into_owned();
                let named = ["Arn", "UserId", "AssumedRoleId"].iter().fold(body, |body, name| {
                    body.replace(&format!("</{name}>"), &format!("/{}</{name}>", escaped(&text)))
                });
                Answer { body: named.into_bytes(), ..right }
            }
            Place::Issuer | Place::JwksUri | Place::KeyId => self.document(&text, right),
        }
    }

    fn document(self, text: &str, right: Answer) -> Answer {
        let mut document: serde_json::Value = serde_json::from_slice(&right.body).unwrap_or_default();
        let value = match self.place {
            Place::Issuer => document.get_mut("issuer"),
            Place::JwksUri => document.get_mut("jwks_uri"),
            _ => document.pointer_mut("/keys/0/kid"),
        };
        if let Some(value) = value {
            *value = format!("https://{text}").into();
        }
        Answer { body: document.to_string().into_bytes(), ..right }
    }
}
