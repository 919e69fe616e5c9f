#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| leonardo_ai_fuzz::server_url(input));
