//! What the job costs at least: two calls over one connection, without an SDK, an async runtime or a check of anything
//! that could be wrong. It trusts every answer; nobody should use it for more than comparing.

use ring::{digest, hmac};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::env;
use std::fs;
use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::TcpStream;
use std::sync::Arc;

pub fn run() -> Result<()> {
    let variable = |name| env::var(name).map_err(Error::other);
    let url = variable("AWS_ENDPOINT_URL_STS")?;
    let region = variable("AWS_REGION")?;
    let role = variable("AWS_ROLE_ARN")?;
    let token = fs::read_to_string(variable("AWS_WEB_IDENTITY_TOKEN_FILE")?)?;
    let (scheme, host) = url.split_once("://").ok_or(ErrorKind::InvalidInput)?;
    let mut stream = connect(scheme, host)?;

    let role = role.replace(':', "%3A").replace('/', "%2F");
    let body = format!(
        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn={role}&RoleSessionName=floor&WebIdentityToken={token}"
    );
    let session = post(&mut stream, host, "", &body)?;
    let part = |name| element(&session, name);
    let body = "Action=GetCallerIdentity&Version=2011-06-15";
    let headers = signed(host, &region, part("AccessKeyId")?, part("SecretAccessKey")?, part("SessionToken")?, body);
    let caller = post(&mut stream, host, &headers, body)?;
    println!("{}", element(&caller, "Arn")?);
    Ok(())
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

fn connect(scheme: &str, host: &str) -> Result<Box<dyn Stream>> {
    let stream = TcpStream::connect(host)?;
    stream.set_nodelay(true)?;
    if scheme == "http" {
        return Ok(Box::new(stream));
    }
    let mut roots = RootCertStore::empty();
    let bundle = env::var("AWS_CA_BUNDLE").map_err(Error::other)?;
    for certificate in CertificateDer::pem_file_iter(bundle).map_err(Error::other)? {
        roots.add(certificate.map_err(Error::other)?).map_err(Error::other)?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = host.split(':').next().unwrap_or(host).to_owned();
    let name = ServerName::try_from(name).map_err(Error::other)?;
    let session = ClientConnection::new(Arc::new(config), name).map_err(Error::other)?;
    Ok(Box::new(StreamOwned::new(session, stream)))
}

fn post(stream: &mut Box<dyn Stream>, host: &str, headers: &str, body: &str) -> Result<String> {
    let length = body.len();
    let request = format!(
        "POST / HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    let mut chunk = [0; 8192];
    loop {
        let read = stream.read(&mut chunk)?;
        answer.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&answer);
        let complete = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length =
                head.split_once("Content-Length: ").map_or("", |(_, rest)| rest.split("\r\n").next().unwrap_or(rest));
            length.parse() == Ok(body.len())
        });
        if complete {
            return Ok(text.into_owned());
        }
        if read == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    }
}

fn element<'a>(xml: &'a str, name: &str) -> Result<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>")).ok_or(ErrorKind::InvalidData)?;
    Ok(rest.split_once('<').ok_or(ErrorKind::InvalidData)?.0)
}

/// The headers of a request signed with Signature Version 4.
fn signed(host: &str, region: &str, id: &str, secret: &str, token: &str, body: &str) -> String {
    let time = aws_smithy_types::DateTime::from(std::time::SystemTime::now());
    let seconds = aws_smithy_types::DateTime::from_secs(time.secs());
    let iso = seconds.fmt(aws_smithy_types::date_time::Format::DateTime).unwrap_or_default();
    let time = iso.replace(['-', ':'], "");
    let date = &time[..8];
    let names = "host;x-amz-date;x-amz-security-token";
    let canonical =
        format!("POST\n/\n\nhost:{host}\nx-amz-date:{time}\nx-amz-security-token:{token}\n\n{names}\n{}", sha256(body));
    let scope = format!("{date}/{region}/sts/aws4_request");
    let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", sha256(&canonical));
    let mac =
        |key: &[u8], text: &str| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec();
    let key = [date, region, "sts", "aws4_request"]
        .iter()
        .fold(format!("AWS4{secret}").into_bytes(), |key, part| mac(&key, part));
    let signature = hex(&mac(&key, &to_sign));
    format!(
        "x-amz-date: {time}\r\nx-amz-security-token: {token}\r\nauthorization: AWS4-HMAC-SHA256 \
         Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}\r\n"
    )
}

fn sha256(text: &str) -> String {
    hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
