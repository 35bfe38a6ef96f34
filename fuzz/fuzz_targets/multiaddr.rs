//! Multiaddrs: the displayed text parses to the same address, and a peer that is split off can be appended again.
#![no_main]

use cairn_primitives::Multiaddr;
use cairn_primitives::multiaddr::MAX_LENGTH;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let address = match text.parse::<Multiaddr>() {
        Ok(address) => address,
        Err(error) => {
            assert!(error.to_string().chars().all(|letter| !letter.is_control()));
            return;
        }
    };
    let displayed = address.to_string();
    // Percent-encoding may lengthen a text.
    if displayed.len() <= MAX_LENGTH {
        assert_eq!(displayed.parse(), Ok(address.clone()));
    }
    let _ = (address.ip_range(), address.last_protocol());
    if let Some((peer, Some(front))) = address.split_peer() {
        assert_eq!(front.text_with_peer(&peer), displayed);
    }
});
