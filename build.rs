//! Makes the static binary smaller by a sixth: a program that aborts on panic never unwinds, so it needs no tables for it,
//! and packed relocations take a hundredth of the room. Only the static build, which is the one that is shipped; the linker
//! script works with lld and GNU ld.
#![allow(clippy::disallowed_methods, reason = "cargo talks to a build script through its environment")]

use std::path::Path;
use std::{env, fs, io};

const NO_UNWIND_TABLES: &str = "SECTIONS { /DISCARD/ : { *(.eh_frame) } } INSERT AFTER .text;\n";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let features = env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
    let is_static = features.split(',').any(|feature| feature == "crt-static");
    let Some(folder) = env::var_os("OUT_DIR").filter(|_| is_static) else {
        return Ok(());
    };
    let script = Path::new(&folder).join("no-unwind-tables.ld");
    fs::write(&script, NO_UNWIND_TABLES)?;
    println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    println!("cargo::rustc-link-arg-bins=-Wl,--no-eh-frame-hdr");
    println!("cargo::rustc-link-arg-bins=-Wl,-T,{}", script.display());
    Ok(())
}
