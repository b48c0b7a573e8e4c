//! The words of the API server, of operating systems about the token's file, of SDKs about themselves.

use super::{TOKEN_FILE, row, row_near};
use crate::sts_errors::symptoms::Row;
use crate::sts_errors::symptoms::Symptom::*;

pub static ROWS: &[Row] = &[
    // Admission: the API server's log, or an event.
    row_near(
        WebhookFailed,
        &["failed calling webhook", "failed to call webhook", "failing open"],
        &[&["pod-identity-webhook", "pod-identity-webhook.amazonaws.com", "iam-for-pods.amazonaws.com"]],
    ),
    // The token's file.
    row(
        TokenPathEmpty,
        &[
            "from path , open : no such file",
            "open : no such file or directory",
            "no such file or directory: ''",
            "no such file or directory, open ''",
            "unable to read file at .",
            "read .: is a directory",
            "unable to read file at : ",
            "unable to read file at caused by",
        ],
    ),
    row_near(
        TokenPathNotAbsolute,
        &["must be an absolute path", "must be absolute", "not an absolute path"],
        &[TOKEN_FILE],
    ),
    row_near(TokenDenied, DENIED, &[TOKEN_FILE]),
    row_near(TokenIsDirectory, &["is a directory", "isadirectoryerror", "eisdir", "errno 21"], &[TOKEN_FILE]),
    row_near(TokenMissing, MISSING, &[TOKEN_FILE]),
    // Configuration that the SDK refuses.
    row(HalfConfigured, &["has no role arn configured", "missing required argument: role_arn"]),
    row_near(HalfConfigured, &["aws_role_arn", "role arn", "rolearn", "role_arn"], &[NOT_SET]),
    row(
        NoStsModule,
        &[
            "aws-java-sdk-sts",
            "'sts' service module must be on the class path",
            "sts module must be on the class path",
            "no role assumption callback was provided",
        ],
    ),
    row_near(
        NoStsModule,
        &["awssdk.securitytoken"],
        &[&["could not be found", "could not load", "not found", "could not be loaded"]],
    ),
    row(NoStsModule, &["no aws credentials provided by"]),
    row_near(
        NoStsModule,
        &["software.amazon.awssdk.services.sts", "com.amazonaws.services.securitytoken"],
        &[&["classnotfoundexception", "noclassdeffounderror", "no class def found"]],
    ),
    row(
        NoRegion,
        &[
            "missing region",
            "missingregion",
            "missingregionerror",
            "noregionerror",
            "must specify a region",
            "region is missing",
            "could not find region configuration",
            "unable to find a region",
            "unable to load region",
            "no region was provided",
            "no regionendpoint or serviceurl configured",
            "region not set",
            "region is not set",
            "no region configured",
            "failed to load region",
            "sts..amazonaws.com",
            "sts..amazonaws.com.cn",
            "https://sts./",
        ],
    ),
    row_near(NoRegion, &["aws_region", "aws_default_region"], &[&["missing", "required", "must be set", "not set"]]),
    row_near(NoRegion, &["missing required client configuration options"], &[&["region"]]),
    row(NoRegion, &["\"region\" configuration value is required", "no region specified", "no region found"]),
    row(PlainHttp, &["http://sts.", "http://sts-fips."]),
    // The end of the chain.
    row_near(NoCredentials, &["tokenfilewebidentitycredentials"], &[&["received undefined", "cannot read propert"]]),
    row_near(NoCredentials, &["aws_web_identity_token_file", "webidentitytokenfile"], &[NOT_SET]),
    row(
        NoCredentials,
        &[
            "unable to locate credentials",
            "nocredentialserror",
            "nocredentialproviders",
            "no valid providers in chain",
            "could not load credentials from any providers",
            "credentialsprovidererror",
            "missing credentials in config",
            "unable to load aws credentials",
            "unable to load credentials",
            "no ec2 imds role found",
            "ec2metadataerror",
            "ec2rolerequesterror",
            "failed to refresh cached credentials",
            "failed to retrieve credentials",
            "unable to get iam security credentials from ec2 instance metadata service",
            "error retrieving credentials from the instance profile metadata",
            "missingcredentialserror",
            "unable to sign request without credentials",
            "no valid credential sources",
            "no credential providers",
            "no providers in chain provided credentials",
            "the credential provider was not enabled",
            "credentialsnotloaded",
            "could not find credentials",
            "unable to find credentials",
            "failed to resolve aws credentials",
            "request is missing authentication token",
            "web identity configuration not specified",
            "valid credentials could not be sourced",
        ],
    ),
];

const NOT_SET: &[&str] = &[
    "must be set",
    "not set",
    "is missing",
    "cannot be null",
    "is null or empty",
    "is required",
    "was not provided",
    "is undefined",
    "is empty",
];

const DENIED: &[&str] = &[
    "permission denied",
    "permissiondenied",
    "permissionerror",
    "eacces",
    "errno 13",
    "accessdeniedexception: /",
    "accessdeniedexception: \\",
    "is denied",
    "unauthorizedaccessexception",
];

const MISSING: &[&str] = &[
    "no such file or directory",
    "enoent",
    "errno 2",
    "nosuchfileexception",
    "filenotfoundexception",
    "filenotfounderror",
    "could not find file",
    "could not find a part of the path",
    "cannot find the file specified",
    "cannot find the path specified",
    "file does not exist",
    "file not found",
    "not a directory",
    "failed to open stream",
];
