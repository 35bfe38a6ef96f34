//! Archives for tests, also for those of the library.

/// An entry: name, kind, content or target.
pub(crate) type Entry<'a> = (&'a [u8], u8, &'a [u8]);

/// An archive written by hand, so that it may hold what no tool would write.
pub(crate) fn archive(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, kind, content) in entries {
        let link = *kind == b'2';
        let mut block = [0_u8; 512];
        block[..name.len()].copy_from_slice(name);
        block[100..107].copy_from_slice(if *kind == b'5' {
            b"0000750"
        } else {
            b"0000640"
        });
        let size = if link { 0 } else { content.len() };
        block[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
        block[136..147].copy_from_slice(b"00000001000");
        block[148..156].copy_from_slice(b"        ");
        block[156] = *kind;
        if link {
            block[157..157 + content.len()].copy_from_slice(content);
        }
        block[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        out.extend_from_slice(&block);
        if !link {
            out.extend_from_slice(content);
            out.resize(out.len().next_multiple_of(512), 0);
        }
    }
    out.extend_from_slice(&[0; 1024]);
    out
}
