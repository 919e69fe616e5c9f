#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| leonardo_ai_fuzz::error_body(input));
