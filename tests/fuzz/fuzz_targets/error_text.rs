#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| irsa_probe::inputs::error_text(bytes));
