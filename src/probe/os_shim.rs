//! The SDK's loaders with the subject's variables and files instead of this process's. The SDK offers that for its own
//! tests only (`test-util` of aws-config, `os_shim_internal` of aws-types) and may change it at any time. Therefore no
//! other file uses it, and `Cargo.toml` holds both crates to one minor version.

use aws_config::profile::{ProfileFileLoadError, ProfileSet};
use aws_config::{BehaviorVersion, ConfigLoader};
use aws_types::os_shim_internal::{Env, Fs};
use std::collections::HashMap;
use std::ffi::OsString;

/// Contents by the paths under which the SDK asks for them.
pub(super) type Files = HashMap<OsString, Vec<u8>>;

pub(super) fn loader(variables: &[(&str, &str)], files: &Files) -> ConfigLoader {
    aws_config::defaults(BehaviorVersion::latest()).env(Env::from_slice(variables)).fs(Fs::from_raw_map(files.clone()))
}

/// # Errors
/// A file cannot be parsed; the error's text may hold lines of it.
pub(super) async fn profiles(variables: &[(&str, &str)], files: &Files) -> Result<ProfileSet, ProfileFileLoadError> {
    let (env, fs) = (Env::from_slice(variables), Fs::from_raw_map(files.clone()));
    aws_config::profile::load(&fs, &env, &Default::default(), None).await
}
