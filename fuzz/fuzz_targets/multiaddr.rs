//! Multiaddrs: what is shown is read as the same address, and a peer that is split off can be put back.
#![no_main]

use cairn_primitives::Multiaddr;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let address = match text.parse::<Multiaddr>() {
        Ok(address) => address,
        Err(error) => {
            assert!(error.to_string().chars().all(|letter| !letter.is_control()));
            return;
        }
    };
    assert_eq!(address.as_str().parse(), Ok(address.clone()));
    let _ = address.ip_range();
    if let Some((peer, Some(front))) = address.split_peer() {
        assert_eq!(front.with_peer(&peer), address);
    }
});
