#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| parley_hostile::h264_packets(data));
