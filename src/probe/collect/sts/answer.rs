//! Tells what an answer is that was no success: STS's own refusal, something else's answer, or none.

use super::no_answer;
use crate::probe::collect::transport::{Answer, End, Log};
use crate::probe::evidence::{CallFault, Operation, StsError, UnexpectedKind, UnexpectedResponse};
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

/// AWS's texts are short; anything longer is not worth a reader's time.
const MAX_MESSAGE_CHARS: usize = 1_000;

/// What an SDK error stands for. Its `Debug` and its sources are never printed: they can hold the whole request, and
/// with that the token.
pub(super) fn fault<E: ProvideErrorMetadata>(
    operation: Operation,
    log: &Log,
    error: &SdkError<E, HttpResponse>,
    out_of_time: bool,
) -> CallFault {
    let Some(answer) = &log.answer else {
        return no_answer(operation, log, out_of_time);
    };
    let service_error = error.as_service_error();
    let code = service_error.and_then(ProvideErrorMetadata::code).map(str::trim).filter(|code| !code.is_empty());
    match code {
        Some(code) if answer.end == End::Whole && is_error_response(&answer.body) => {
            let message = service_error.and_then(ProvideErrorMetadata::message).unwrap_or_default();
            CallFault::Refused(StsError {
                operation,
                status: answer.status,
                code: answer.secrets.foreign(code, 80),
                message: answer.secrets.foreign(message, MAX_MESSAGE_CHARS),
                request_id: answer.header("x-amzn-requestid").filter(|id| !id.is_empty()),
                attempts: log.attempts,
            })
        }
        _ => unexpected(operation, log, answer, unreadable(operation, answer).unwrap_or_else(|| kind(answer))),
    }
}

/// What the SDK cannot read in a success of STS, if it is one. Of all that it reads, only the time has a form.
fn unreadable(operation: Operation, answer: &Answer) -> Option<UnexpectedKind> {
    let body = String::from_utf8_lossy(&answer.body);
    let is_success = matches!(kind(answer), UnexpectedKind::OtherXml { .. })
        && root(&body).rsplit(':').next() == Some(&format!("{}Response", operation.name()));
    let expiration = body.split_once("<Expiration>").and_then(|(_, rest)| rest.split_once("</Expiration>"));
    let is_time = expiration.is_none_or(|(time, _)| DateTime::from_str(time.trim(), Format::DateTime).is_ok());
    is_success.then_some(UnexpectedKind::Unreadable { what: if is_time { "XML" } else { "expiration" } })
}

/// A success that lacks `missing`.
pub(super) fn incomplete(operation: Operation, log: &Log, missing: &'static str) -> CallFault {
    let Some(answer) = &log.answer else {
        return no_answer(operation, log, false);
    };
    let closing = format!("</{}Response>", operation.name());
    let kind = match kind(answer) {
        UnexpectedKind::OtherXml { .. } if !contains(&answer.body, closing.as_bytes()) => UnexpectedKind::CutOff,
        UnexpectedKind::OtherXml { .. } => UnexpectedKind::Incomplete { missing },
        other => other,
    };
    unexpected(operation, log, answer, kind)
}

fn unexpected(operation: Operation, log: &Log, answer: &Answer, kind: UnexpectedKind) -> CallFault {
    CallFault::NotSts(UnexpectedResponse {
        operation,
        status: answer.status,
        content_type: answer.header("content-type"),
        server: answer.header("server"),
        kind,
        attempts: log.attempts,
    })
}

/// What the answer is, by its headers and how it begins.
pub(in crate::probe::collect) fn kind(answer: &Answer) -> UnexpectedKind {
    let body = answer.body.trim_ascii_start();
    let start = String::from_utf8_lossy(&body[..body.len().min(256)]).to_ascii_lowercase();
    let is_type =
        |name: &str| answer.header("content-type").is_some_and(|kind| kind.to_ascii_lowercase().contains(name));
    if answer.end == End::TooLong {
        UnexpectedKind::TooLong
    } else if (300..400).contains(&answer.status) {
        let target = answer.header("location").and_then(|to| to.parse::<hyper::Uri>().ok());
        UnexpectedKind::Redirect { to: target.and_then(|url| Some(answer.secrets.foreign(url.host()?, 120))) }
    } else if let Some(encoding) = answer.header("content-encoding").filter(|name| name != "identity") {
        UnexpectedKind::Encoded { encoding }
    } else if answer.end == End::CutOff {
        UnexpectedKind::CutOff
    } else if body.is_empty() {
        UnexpectedKind::Empty
    } else if start.starts_with("<!doctype html") || start.starts_with("<html") || is_type("text/html") {
        UnexpectedKind::Html
    } else if start.starts_with(['{', '[']) {
        UnexpectedKind::Json
    } else if start.starts_with('<') {
        xml(answer)
    } else {
        UnexpectedKind::Unknown
    }
}

/// XML that ends before its outermost element does is cut off, whoever wrote it.
fn xml(answer: &Answer) -> UnexpectedKind {
    let text = String::from_utf8_lossy(&answer.body);
    if !text.trim_end().ends_with(&format!("</{}>", root(&text))) {
        return UnexpectedKind::CutOff;
    }
    let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    // Broken XML may have any element here, also the one that holds the secret access key.
    let code = code.map(|(code, _)| code.trim()).filter(|code| is_error_code(code));
    UnexpectedKind::OtherXml { code: code.map(|code| answer.secrets.foreign(code, 80)) }
}

/// One word, as every error code of AWS is.
fn is_error_code(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-:#".contains(&byte))
}

/// The outermost element's name.
fn root(xml: &str) -> &str {
    let tag = xml.split('<').find(|tag| tag.starts_with(|c: char| c.is_ascii_alphabetic())).unwrap_or_default();
    tag.split(|c: char| c.is_whitespace() || c == '>' || c == '/').next().unwrap_or_default()
}

/// The envelope of the AWS query protocol, by its local name; S3 and others answer with a bare `<Error>`.
fn is_error_response(body: &[u8]) -> bool {
    contains(body, b"<ErrorResponse") || contains(body, b":ErrorResponse")
}

fn contains(body: &[u8], text: &[u8]) -> bool {
    body.windows(text.len()).any(|window| window == text)
}
