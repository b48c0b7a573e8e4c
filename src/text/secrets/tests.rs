//! Values in every form in which an answer may echo them.

use super::*;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const KEY: &str = "kZ3vQ8mWbT1xN7rLpY5sD2/G9hJ4cV6aE0uI+RoX";
const PASSWORD: &str = "hunter-42";

fn secrets() -> Secrets {
    let secrets = Secrets::default();
    [KEY, PASSWORD].into_iter().for_each(|value| secrets.keep(value));
    secrets
}

fn in_hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn escaped(text: &str, escape: fn(u8) -> String) -> String {
    let escape = |byte: u8| if byte.is_ascii_alphanumeric() { char::from(byte).into() } else { escape(byte) };
    text.bytes().map(escape).collect()
}

/// The text in every form in which an answer may hold it.
fn forms(text: &str) -> Vec<(&'static str, String)> {
    let lines = text.as_bytes().chunks(7).map(|line| String::from_utf8_lossy(line)).collect::<Vec<_>>();
    let every = |escape: fn(u8) -> String| text.bytes().map(escape).collect::<String>();
    vec![
        ("plain", text.to_owned()),
        ("lines", lines.join("\r\n  ")),
        ("letters", text.chars().flat_map(|c| [c, ' ']).collect()),
        ("escaped newlines", lines.join("\\n")),
        ("upper case", text.to_uppercase()),
        ("lower case", text.to_lowercase()),
        ("URL", escaped(text, |byte| format!("%{byte:02X}"))),
        ("URL twice", escaped(text, |byte| format!("%25{byte:02x}"))),
        ("URL, every byte", every(|byte| format!("%{byte:02x}"))),
        ("HTML", escaped(text, |byte| format!("&#{byte};"))),
        ("HTML, every byte", every(|byte| format!("&#x{byte:X};"))),
        ("HTML, names", text.replace('/', "&sol;").replace('+', "&plus;")),
        ("JSON", text.replace('/', "\\/")),
        ("JSON, every byte", every(|byte| format!("\\u{byte:04x}"))),
        ("hex", in_hex(text)),
        ("HEX", in_hex(text).to_uppercase()),
        (
            "hex with spaces",
            in_hex(text).as_bytes().chunks(2).flat_map(|pair| [pair[0], pair[1], b' ']).map(char::from).collect(),
        ),
        ("hex behind a hexadecimal letter", format!("a{}", in_hex(text))),
        ("base64", STANDARD.encode(text)),
        ("base64url", URL_SAFE_NO_PAD.encode(text)),
        ("base64 in URL-encoding", STANDARD.encode(text).replace('+', "%2B").replace('=', "%3D")),
        ("base64 of base64", STANDARD.encode(STANDARD.encode(text))),
    ]
}

/// What is left of a text from which `secret` should be gone.
fn shows(shown: &str, form: &str) -> bool {
    let long = form
        .as_bytes()
        .windows(form.len().min(16))
        .any(|piece| shown.as_bytes().windows(piece.len()).any(|window| window == piece));
    long || !shown.contains(HIDDEN)
}

#[test]
fn a_secret_is_hidden_in_every_form() {
    let secrets = secrets();
    for secret in [KEY, PASSWORD] {
        for (name, form) in forms(secret) {
            let shown = secrets.foreign(&format!("the value '{form}' is wrong, see {form}."), 2_000);
            assert!(!shows(&shown, &form), "{name} of {secret}: {shown}");
            assert!(shown.starts_with("the value '") && shown.contains("' is wrong, see "), "{name}: {shown}");
        }
        // In base64 it may stand at any place of a group of three bytes, as in that of a whole request.
        for shift in 0..4 {
            let request = format!("{}host:sts\nx-amz-security-token:{secret}\n\nhost", "a".repeat(shift));
            let encoded = STANDARD.encode(&request);
            let shown = secrets.foreign(&format!("canonical request {encoded}"), 2_000);
            let around = &STANDARD.encode(&request[..shift + 30])[..38];
            assert!(shown.contains(HIDDEN) && shown.contains(around), "{secret} {shift}: {shown}");
        }
    }
}

#[test]
fn sixteen_characters_of_a_long_value_are_hidden_and_no_fewer() {
    let secrets = secrets();
    for (text, shown) in [
        (&KEY[KEY.len() - 16..], HIDDEN),
        (&KEY[..16], HIDDEN),
        (&KEY[9..25], HIDDEN),
        (&KEY[9..24], &KEY[9..24]),
        (&KEY[KEY.len() - 15..], &KEY[KEY.len() - 15..]),
        (&PASSWORD[1..], &PASSWORD[1..]),
    ] {
        assert_eq!(secrets.foreign(text, 100), shown);
    }
    assert_eq!(secrets.foreign(&format!("{KEY}{KEY}"), 100), format!("{HIDDEN}{HIDDEN}"));
}

#[test]
fn what_is_short_or_common_hides_nothing_else() {
    let secrets = Secrets::default();
    for value in ["a", "", "admin", "hunter2", "identity", "password", "endpoints", PASSWORD] {
        secrets.keep(value);
    }
    secrets.keep_whole("payments-checkout-service:pw");
    for text in [
        "the identity of admin has a password for both endpoints",
        // Part of another word.
        "arn:aws:iam::111122223333:role/hunter-421",
        "system:serviceaccount:payments:payments-checkout-service",
    ] {
        assert_eq!(secrets.foreign(text, 100), text);
    }
    assert_eq!(secrets.foreign("payments-checkout-service:pw", 100), HIDDEN);
    // A report's own words and keys.
    let report = format!("{{\"{PASSWORD}\":1}}");
    assert_eq!(secrets.hide_in(report.clone(), Notation::Json), report);
}

/// A report's words are searched once each.
#[test]
fn an_encoded_secret_is_hidden_wherever_it_occurs() {
    let secrets = secrets();
    let encoded = STANDARD.encode(KEY);
    for (notation, report) in [
        (Notation::Text, format!("the answer {encoded} is not {encoded}, see {encoded}")),
        (Notation::Json, format!("{{\"a\":\"{encoded}\",\"b\":[\"{encoded}\",\"x {encoded}\"]}}")),
        (Notation::Html, format!("<p>{encoded}</p><p title=\"{encoded}\">{encoded}</p>")),
    ] {
        let hidden = secrets.hide_in(report, notation);
        assert!(!hidden.contains(&encoded[4..]) && hidden.matches(HIDDEN).count() == 3, "{hidden}");
    }
}

#[test]
fn json_and_html_stay_whole() {
    let secrets = secrets();
    // The letter behind the backslash is the one that stands before in the secret.
    let secret = "AAAAnBBBBBBBBBBBBBBBBbDDDDDDDDDDDDDDDDDD";
    secrets.keep(secret);
    for split in ["n\nBBBBBBBBBBBBBBBBbD", "\u{b}DDDDDDDDDDDDDDDDDD", "\"nBBBBBBBBBBBBBBBBb\"", "&nBBBBBBBBBBBBBBBBb"] {
        let json = serde_json::to_string(&[split]).unwrap_or_default();
        let hidden = secrets.hide_in(json, Notation::Json);
        let read: Vec<String> = serde_json::from_str(&hidden).unwrap_or_else(|error| panic!("{error}: {hidden}"));
        assert!(read[0].contains(HIDDEN) && !read[0].contains("BBBB") && !read[0].contains("DDDD"), "{read:?}");
    }
    let html = format!("<p>&amp;{}</p>", secret.replace('A', "&#65;"));
    assert_eq!(secrets.hide_in(html, Notation::Html), format!("<p>&amp;{HIDDEN}</p>"));
}

#[test]
fn a_url_gives_its_password_in_every_form_that_is_sent() {
    let secrets = Secrets::default();
    for url in ["http://me:p%40ssw0rd!@proxy:3128", "user:pw@host", "https://host/path"] {
        secrets.keep_url(url);
    }
    for (text, shown) in [
        ("p@ssw0rd! p%40ssw0rd!", format!("{HIDDEN} {HIDDEN}")),
        ("Basic bWU6cEBzc3cwcmQh", format!("Basic {HIDDEN}")),
        ("Basic dXNlcjpwdw==", format!("Basic {HIDDEN}")),
        ("user pw me host", "user pw me host".to_owned()),
    ] {
        assert_eq!(secrets.foreign(text, 100), shown);
    }
}

#[test]
fn of_a_token_file_only_tokens_are_secret() {
    let secrets = Secrets::default();
    secrets.keep_tokens("\u{feff}eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl \r\n");
    let path = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token";
    secrets.keep_tokens(path);
    secrets.keep_tokens("<html>arn:aws:iam::111122223333:role/checkout</html>");
    for text in [path, "arn:aws:iam::111122223333:role/checkout"] {
        assert_eq!(secrets.foreign(text, 100), text);
    }
    for text in ["EYJZDWIIOIJHIN0.C2LNBMF0DXJL", "c2lnbmF0dXJl"] {
        assert_eq!(secrets.foreign(text, 100), HIDDEN);
    }
}

#[test]
fn a_sidecar_holds_no_more_for_a_token_that_changes_all_the_time() {
    let secrets = secrets();
    let token = |number: u32| format!("opaque-token-number-{number:08}-of-many");
    (0..10_000).for_each(|number| secrets.keep_tokens(&token(number)));
    assert_eq!(secrets.held().values.len(), MOST);
    for held in [KEY, &token(9_999)] {
        assert_eq!(secrets.foreign(held, 100), HIDDEN);
    }
}

/// What a hostile server may send takes no more than a moment.
#[test]
fn the_work_is_linear_in_the_text() {
    let secrets = secrets();
    for piece in ["a", &KEY[..15], "&#", "%25", "4a4a", "\\u"] {
        let text = piece.repeat((1 << 20) / piece.len());
        assert!(secrets.foreign(&text, 100).chars().count() == 100, "{piece}");
    }
}
