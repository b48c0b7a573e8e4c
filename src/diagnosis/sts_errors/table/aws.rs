//! AWS's own words.

use super::{TOKEN_FILE, WEB_IDENTITY_OR_STS, row, row_near};
use crate::diagnosis::sts_errors::symptoms::Row;
use crate::diagnosis::sts_errors::symptoms::Symptom::*;

pub static ROWS: &[Row] = &[
    // AssumeRoleWithWebIdentity: the trust policy's family.
    row_near(
        ExplicitDeny,
        &["explicit deny", "explicitly denied", "no vpc endpoint policy allows", "no resource control policy allows"],
        &[WEB_IDENTITY],
    ),
    row(
        NotAuthorized,
        &[
            "not authorized to perform sts:assumerolewithwebidentity",
            "not authorized to perform: sts:assumerolewithwebidentity",
            "not authorised to perform sts:assumerolewithwebidentity",
        ],
    ),
    row_near(NotAuthorized, WEB_IDENTITY_CALL, &[&["accessdenied"]]),
    row_near(Forbidden, WEB_IDENTITY_CALL, &[&["403", "forbidden", "access denied"]]),
    row(PodIdentity, &["eks does not have permissions to assume the associated role", "169.254.170.23"]),
    // The identity provider's family.
    row(
        NoProvider,
        &[
            "no openidconnect provider found",
            "no openid connect provider found",
            "no oidc provider found",
            "openidconnect provider not found",
            "openid connect provider not found",
            "oidc provider not found",
        ],
    ),
    row_near(
        NoProvider,
        &["oidc provider", "openid connect provider", "openidconnect provider", "oidc identity provider"],
        &[&["not found", "does not exist", "nosuchentity", "cannot be found", "couldn't find", "could not find"]],
    ),
    row(WrongAudience, &["incorrect token audience", "more than one audience while authorized party is not present"]),
    row(NoAudience, &["missing a required claim"]),
    row_near(Thumbprint, &["thumbprint"], &[&["match", "doesn't match", "does not match", "mismatch"]]),
    row_near(
        NoVerificationKey,
        &["verification key"],
        &[&["couldn't retrieve", "could not retrieve", "unable to retrieve", "failed to retrieve", "can't retrieve"]],
    ),
    row(
        IdpSilent,
        &[
            "idpcommunicationerror",
            "idpcommunicationerrorexception",
            "asked to verify the incoming identity token could not be reached",
        ],
    ),
    row(IdpRejected, &["idprejectedclaim", "idprejectedclaimexception", "idp) reported that authentication failed"]),
    // The token's own time.
    row(
        TokenExpired,
        &[
            "token too old",
            "must be before the expiration date",
            "web identity token has expired",
            "web identity token that was passed is expired",
        ],
    ),
    row_near(
        TokenExpired,
        &["expiredtokenexception", "expiredidtokenexception", "token expired", "token is expired"],
        &[WEB_IDENTITY],
    ),
    row(
        TokenRejected,
        &[
            "invalididentitytoken",
            "invalididentitytokenexception",
            "token provided could not be validated",
            "token that was passed could not be validated",
        ],
    ),
    // The request: refused by STS or by the SDK's own validation.
    row(BadRoleArn, &["request arn is invalid", "is not a valid role arn", "invalid role arn"]),
    row_near(BadRoleArn, &["rolearn", "role_arn", "role-arn"], &[INVALID]),
    row_near(BadSessionName, &["rolesessionname", "role_session_name", "role-session-name"], &[INVALID]),
    row_near(BadToken, &["webidentitytoken", "web_identity_token", "web-identity-token"], &[INVALID]),
    row_near(BadToken, &["is empty", "empty token", "file is empty", "zero length"], &[TOKEN_FILE]),
    row(BadToken, &["id token provided is not a valid jwt", "not a valid jwt", "invalid jwt", "jwt malformed"]),
    row(TooLong, &["exceeds the maxsessionduration", "exceeds the 1 hour session limit"]),
    row_near(TooLong, &["durationseconds", "duration_seconds", "duration-seconds"], &[INVALID]),
    row_near(
        RequestRejected,
        &["validationerror", "validationexception", "invalidparametervalue"],
        &[WEB_IDENTITY_OR_STS],
    ),
    row(RequestRejected, &["could not be sourced by the sts web identity provider", "sts_web_identity_source_failure"]),
    // STS itself.
    row(RegionDisabled, &["regiondisabledexception", "regiondisabled", "sts is not activated"]),
    row(
        Throttled,
        &[
            "rate exceeded",
            "throttlingexception",
            "requestlimitexceeded",
            "toomanyrequestsexception",
            "code>throttling</code",
            "(throttling)",
            "throttling:",
            "errors::throttling",
        ],
    ),
    row_near(Throttled, &["throttling", "throttled", "too many requests"], &[WEB_IDENTITY_OR_STS]),
    row(
        PackedPolicy,
        &["packedpolicytoolarge", "packedpolicytoolargeexception", "packed size of session tags", "total packed size"],
    ),
    row_near(
        ServerError,
        &[
            "internalfailure",
            "internalerror",
            "internal error",
            "internal server error",
            "serviceunavailable",
            "service unavailable",
            "bad gateway",
            "gateway timeout",
            "statuscode: 500",
            "statuscode: 502",
            "statuscode: 503",
            "statuscode: 504",
            "status code: 500",
            "status code: 502",
            "status code: 503",
            "status code: 504",
        ],
        &[WEB_IDENTITY_OR_STS],
    ),
    // Calls signed with the session, or with other credentials.
    row(
        ClockSkew,
        &[
            "signature not yet current",
            "signature expired",
            "requesttimetooskewed",
            "difference between the request time and the current time is too large",
        ],
    ),
    row(
        SessionExpired,
        &[
            "security token included in the request is expired",
            "provided token has expired",
            "expiredtoken",
            "requestexpired",
        ],
    ),
    row(SessionExpired, &["expiredtokenexception", "security token expired"]),
    row(
        SessionRefused,
        &[
            "invalidclienttokenid",
            "unrecognizedclientexception",
            "security token included in the request is invalid",
            "provided token is malformed or otherwise invalid",
            "not able to validate the provided access credentials",
        ],
    ),
    row(KeysRefused, &["invalidaccesskeyid", "aws access key id you provided does not exist"]),
    row(KeysRefused, &["request signature we calculated does not match"]),
    row(WrongScope, &["credential should be scoped to a valid region", "authorizationheadermalformed"]),
    row(
        SecondHopDenied,
        &[
            "not authorized to perform: sts:assumerole",
            "not authorized to perform sts:assumerole",
            "not authorized to perform: sts:tagsession",
        ],
    ),
    row_near(
        SecondHopDenied,
        &[
            "calling the assumerole operation",
            "sts: assumerole",
            "sts/assumerole",
            "sts:assumerole",
            "action=assumerole",
            "operation: assumerole",
            "operation\": \"assumerole\"",
            "operation\":\"assumerole\"",
            "eventname\": \"assumerole\"",
            "eventname\":\"assumerole\"",
        ],
        &[&["accessdenied"]],
    ),
    row_near(
        CallerDenied,
        &["is not authorized to perform", "not authorized to perform"],
        &[&["assumed-role/", "user: arn:", "user/", ":user/"]],
    ),
    // Somebody answered who is not STS.
    row_near(
        NotSts,
        &[
            "methodnotallowed",
            "method not allowed",
            "405",
            "invalid xml received",
            "unable to parse response",
            "failed to unmarshal error message",
            "serializationerror",
            "deserialization failed",
            "failed to decode response body",
            "invalid character '<' looking for beginning of value",
            "unexpected token <",
            "unexpected token '<'",
            "unsupported protocol scheme",
            "invalid endpoint",
            "relative url without a base",
            "could not find operation",
            "invalidaction",
            "unknownoperationexception",
        ],
        &[WEB_IDENTITY_OR_STS],
    ),
];

/// How texts name the call that IRSA makes.
const WEB_IDENTITY: &[&str] = &[
    "assumerolewithwebidentity",
    "assume_role_with_web_identity",
    "assume-role-with-web-identity",
    "assume role with web identity",
    "webidentityerr",
    "web identity",
    "with oidc",
];

/// Words of STS and of the SDKs' own validation for a parameter that cannot be.
const INVALID: &[&str] = &[
    "failed to satisfy constraint",
    "validation error detected",
    "validation errors detected",
    "parameter validation failed",
    "invalid length for parameter",
    "invalid type for parameter",
    "valid min length",
    "minimum field size",
    "invalidparameter",
    "missing required parameter",
    "missing required field",
    "missingrequiredparameter",
    "missing required key",
    "must be a string",
    "must not be null",
    "must not be empty",
];

/// Names of the call alone.
const WEB_IDENTITY_CALL: &[&str] = &[
    "assumerolewithwebidentity",
    "assume_role_with_web_identity",
    "assume-role-with-web-identity",
    "webidentityerr",
    "with web identity",
    "with oidc",
];
