//! Makes the static binary, which is the one that is shipped, smaller: a program that aborts on panic needs no unwind
//! tables. The linker script works with lld and GNU ld.
#![allow(clippy::disallowed_methods, reason = "cargo talks to a build script through its environment")]

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/link");
    let features = env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
    let is_linux = env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux");
    if !is_linux || !features.split(',').any(|feature| feature == "crt-static") {
        return;
    }
    let root = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    println!("cargo::rustc-link-arg-bins=-Wl,--no-eh-frame-hdr");
    println!("cargo::rustc-link-arg-bins=-Wl,-T,{root}/src/link/no-unwind-tables.ld");
}
