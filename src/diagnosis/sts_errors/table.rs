//! The table: who says what in which words. All phrases are lower case, and white space in them is one space.

mod aws;
mod local;
mod network;

use super::symptoms::{Row, Symptom};

/// Every row.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    [local::ROWS, aws::ROWS, network::ROWS].into_iter().flatten()
}

const fn row(symptom: Symptom, says: &'static [&'static str]) -> Row {
    Row { symptom, says, near: &[] }
}

const fn row_near(symptom: Symptom, says: &'static [&'static str], near: &'static [&'static [&'static str]]) -> Row {
    Row { symptom, says, near }
}

/// How texts name the token's file.
const TOKEN_FILE: &[&str] = &[
    "eks.amazonaws.com/serviceaccount",
    "aws_web_identity_token_file",
    "web_identity_token_file",
    "webidentitytokenfile",
    "webidentitytoken",
    "webidentityerr",
    "webidentitytokencredentialsprovider",
    "web identity token",
    "web identity",
    "token file",
];

/// Words which show that the answer came from STS, or should have.
const WEB_IDENTITY_OR_STS: &[&str] = &[
    "assumerolewithwebidentity",
    "assume_role_with_web_identity",
    "assume-role-with-web-identity",
    "webidentityerr",
    "web identity",
    "webidentity",
    "securitytoken",
    "sts",
    "amazonsecuritytokenservice",
    "awssecuritytokenservice",
    "awssecuritytokenserviceexception",
    "assumerole",
    "getcalleridentity",
];
