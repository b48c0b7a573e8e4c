//! Makes the static binary, which is the one that is shipped, smaller on disk and in memory. A program that aborts on panic
//! needs no unwind tables, and packed relocations take a hundredth of the room: a sixth of the file. Functions that a
//! healthy look runs lie side by side: a quarter of the resident memory, as the kernel maps 64 KiB around each page that is
//! touched. The linker scripts work with lld and GNU ld.
#![allow(clippy::disallowed_methods, reason = "cargo talks to a build script through its environment")]

use std::env;

/// `.ci/hot-functions` writes the second one, by the linker's map.
const LINKER_SCRIPTS: [&str; 2] = ["src/link/no-unwind-tables.ld", "src/link/hot-functions.ld"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/link");
    let features = env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
    if !features.split(',').any(|feature| feature == "crt-static") {
        return;
    }
    println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    println!("cargo::rustc-link-arg-bins=-Wl,--no-eh-frame-hdr");
    let root = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    println!("cargo::rustc-link-arg-bins=-Wl,-Map={}/map", env::var("OUT_DIR").unwrap_or_default());
    for script in LINKER_SCRIPTS {
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{root}/{script}");
    }
}
