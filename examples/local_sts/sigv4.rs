//! AWS Signature Version 4, as a server verifies it.
//!
//! Source: IAM User Guide, "Create a signed AWS API request".

use super::answer::{StsError, iso_date};
use super::request::Request;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use ring::{digest, hmac};

/// STS takes a request's time to be right within this.
const TOLERANCE: i64 = 15 * 60;

/// The `Authorization` header, taken apart.
pub struct Authorization {
    pub access_key_id: String,
    /// `YYYYMMDD`
    date: String,
    region: String,
    service: String,
    signed_headers: Vec<String>,
    signature: String,
}

impl Authorization {
    pub fn of(request: &Request) -> Result<Self, StsError> {
        let header = request.header("authorization").ok_or_else(|| {
            StsError::new(403, "MissingAuthenticationToken", "Request is missing Authentication Token")
        })?;
        Self::parse(header).ok_or_else(|| {
            let message = "Authorization header requires 'Credential' parameter. Authorization header requires \
                           'Signature' parameter. Authorization header requires 'SignedHeaders' parameter.";
            StsError::new(400, "IncompleteSignature", message)
        })
    }

    fn parse(header: &str) -> Option<Self> {
        let fields = header.strip_prefix("AWS4-HMAC-SHA256 ")?;
        let field = |name: &str| {
            fields.split(',').find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
        };
        let credential = field("Credential")?;
        let [access_key_id, date, region, service, "aws4_request"] = credential.split('/').collect::<Vec<_>>()[..]
        else {
            return None;
        };
        Some(Self {
            access_key_id: access_key_id.to_owned(),
            date: date.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
            signed_headers: field("SignedHeaders")?.split(';').map(str::to_owned).collect(),
            signature: field("Signature")?,
        })
    }

    /// Whether `secret` signed this request, for this place and time.
    pub fn verify(&self, request: &Request, secret: &str, now: i64, region: Option<&str>) -> Result<(), StsError> {
        if self.service != "sts" {
            return Err(StsError::signature("Credential should be scoped to correct service: 'sts'. "));
        }
        if region.is_some_and(|region| region != self.region) {
            return Err(StsError::signature("Credential should be scoped to a valid region. "));
        }
        let time = request.header("x-amz-date").unwrap_or_default();
        self.verify_time(time, now)?;
        let must = ["host", "x-amz-date", "x-amz-security-token"];
        let unsigned = must.iter().any(|name| !self.signed_headers.iter().any(|signed| signed == name));
        let expected = self.signature_with(request, secret, time);
        if unsigned || expected != self.signature {
            return Err(StsError::signature(
                "The request signature we calculated does not match the signature you provided. Check your AWS \
                 Secret Access Key and signing method. Consult the service documentation for details.",
            ));
        }
        Ok(())
    }

    fn verify_time(&self, time: &str, now: i64) -> Result<(), StsError> {
        let Some(signed_at) = seconds(time) else {
            return Err(StsError::new(
                400,
                "IncompleteSignature",
                "Date must be in ISO-8601 'basic format'. See http://en.wikipedia.org/wiki/ISO_8601",
            ));
        };
        let server = compact(now);
        if signed_at < now - TOLERANCE {
            let limit = compact(now - TOLERANCE);
            return Err(StsError::signature(format!(
                "Signature expired: {time} is now earlier than {limit} ({server} - 15 min.)"
            )));
        }
        if signed_at > now + TOLERANCE {
            let limit = compact(now + TOLERANCE);
            return Err(StsError::signature(format!(
                "Signature not yet current: {time} is still later than {limit} ({server} + 15 min.)"
            )));
        }
        match time.starts_with(&self.date) {
            true => Ok(()),
            false => Err(StsError::signature(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP",
            )),
        }
    }

    fn signature_with(&self, request: &Request, secret: &str, time: &str) -> String {
        let (date, region, service) = (&self.date, &self.region, &self.service);
        let to_sign = format!(
            "AWS4-HMAC-SHA256\n{time}\n{date}/{region}/{service}/aws4_request\n{}",
            sha256(self.canonical_request(request).as_bytes())
        );
        let key = [date, region, service, "aws4_request"]
            .into_iter()
            .fold(format!("AWS4{secret}").into_bytes(), |key, part| mac(&key, part.as_bytes()));
        hex(&mac(&key, to_sign.as_bytes()))
    }

    fn canonical_request(&self, request: &Request) -> String {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let mut query: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
        query.sort_unstable();
        let headers: String = self.signed_headers.iter().map(|name| canonical_header(request, name)).collect();
        format!(
            "{}\n{path}\n{}\n{headers}\n{}\n{}",
            request.method,
            query.join("&"),
            self.signed_headers.join(";"),
            sha256(&request.body)
        )
    }
}

/// `name:value`, the values of equal names joined, runs of spaces as one.
fn canonical_header(request: &Request, name: &str) -> String {
    let values: Vec<String> = request
        .headers
        .iter()
        .filter(|(key, _)| key == name)
        .map(|(_, value)| value.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    format!("{name}:{}\n", values.join(","))
}

/// `20261122T010203Z`
fn compact(seconds: i64) -> String {
    iso_date(seconds).replace(['-', ':'], "")
}

fn seconds(compact: &str) -> Option<i64> {
    let (date, time) = compact.split_once('T')?;
    let pair = |text: &str, at: usize| text.get(at..at + 2).map(str::to_owned);
    let date = format!("{}-{}-{}", date.get(..4)?, pair(date, 4)?, pair(date, 6)?);
    let iso = format!("{date}T{}:{}:{}Z", pair(time, 0)?, pair(time, 2)?, pair(time, 4)?);
    DateTime::from_str(&iso, Format::DateTime).ok().map(|time| time.secs())
}

fn mac(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().to_vec()
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
