use super::*;
use proptest::prelude::*;

fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 24) as u8
        })
        .collect()
}

fn chunks(spec: &ChunkerSpec, frames: impl IntoIterator<Item = Bytes>) -> Vec<Bytes> {
    let mut chunker = Chunker::new(spec);
    let mut out = Vec::new();
    for frame in frames {
        chunker.push(frame, &mut |chunk| out.push(chunk));
    }
    chunker.finish(&mut |chunk| out.push(chunk));
    out
}

fn lengths(chunks: &[Bytes]) -> Vec<usize> {
    chunks.iter().map(Bytes::len).collect()
}

/// Straight from the definition: hash the window again behind every byte.
fn cuts_by_definition<H: RollingHash>(hash: &H, min: usize, max: usize, data: &[u8]) -> Vec<usize> {
    let mut lengths = Vec::new();
    let mut rest = data;
    while !rest.is_empty() {
        let length = (min..rest.len().min(max))
            .find(|&end| hash.is_cut(hash.start(&rest[end - H::WINDOW..end])))
            .unwrap_or(rest.len().min(max));
        lengths.push(length);
        rest = &rest[length..];
    }
    lengths
}

use super::rolling::RollingHash;

#[test]
fn agrees_with_the_definition() {
    let data = noise(7, 3 << 20);
    let whole = || [Bytes::from(data.clone())];
    for (min, avg, max) in [(16, 64, 300), (1000, 4096, 9000), (20_000, 65_536, 131_072)] {
        let spec = ChunkerSpec::Rabin { min, avg, max };
        assert_eq!(
            lengths(&chunks(&spec, whole())),
            cuts_by_definition(&Rabin::new(avg), min, max, &data)
        );
    }
    assert_eq!(
        lengths(&chunks(&ChunkerSpec::Buzhash, whole())),
        cuts_by_definition(&Buzhash, buzhash::MIN, buzhash::MAX, &data)
    );
}

#[test]
fn slices_a_frame_and_never_gives_an_empty_chunk() {
    let spec: ChunkerSpec = "size-10".parse().unwrap();
    assert!(chunks(&spec, []).is_empty());
    assert!(chunks(&spec, [Bytes::new(), Bytes::new()]).is_empty());
    let frame = Bytes::from(noise(1, 25));
    let out = chunks(&spec, [frame.clone()]);
    assert_eq!(lengths(&out), [10, 10, 5]);
    assert_eq!(out[1].as_ptr(), frame[10..].as_ptr());
    assert_eq!(out[2].as_ptr(), frame[20..].as_ptr());
    assert_eq!(lengths(&chunks(&spec, [frame.slice(..20)])), [10, 10]);
}

#[test]
fn starts_anew_after_the_end() {
    let data = Bytes::from(noise(3, 400_000));
    for spec in ["size-1000", "rabin-16-100-900", "buzhash"] {
        let spec = spec.parse().unwrap();
        let mut chunker = Chunker::new(&spec);
        let mut twice = Vec::new();
        for _ in 0..2 {
            chunker.push(data.clone(), &mut |chunk| twice.push(chunk));
            chunker.finish(&mut |chunk| twice.push(chunk));
        }
        let once = chunks(&spec, [data.clone()]);
        assert_eq!(twice, [once.clone(), once].concat());
    }
}

#[test]
fn constant_bytes_are_cut_somewhere() {
    for byte in [0, 0xff] {
        let data = Bytes::from(vec![byte; 2 << 20]);
        for spec in ["rabin", "buzhash", "rabin-16-32-64"] {
            let spec: ChunkerSpec = spec.parse().unwrap();
            let max = Chunker::new(&spec).cutter.max();
            assert!(
                chunks(&spec, [data.clone()])
                    .iter()
                    .all(|chunk| chunk.len() <= max)
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_split_gives_the_same_chunks(
        seed in any::<u64>(),
        length in 0usize..300_000,
        frames in prop::collection::vec(prop_oneof![0usize..40, 0usize..5000, 0usize..200_000], 0..60),
        spec in prop::sample::select(vec![
            "size-1", "size-7", "size-1000", "size-262144", "rabin-16-17-40", "rabin-100-256-700",
            "rabin-1000-8192-60000", "rabin", "buzhash",
        ]),
    ) {
        // `size-1` over everything would be all the test's time.
        let length = if spec == "size-1" { length / 100 } else { length };
        let spec: ChunkerSpec = spec.parse().unwrap();
        let data = Bytes::from(noise(seed, length));
        let mut rest = data.clone();
        let mut pieces: Vec<Bytes> = frames
            .iter()
            .map(|&take| rest.split_to(take.min(rest.len())))
            .collect();
        pieces.push(rest);
        let out = chunks(&spec, pieces);
        prop_assert_eq!(out.concat(), data.to_vec());
        prop_assert_eq!(lengths(&out), lengths(&chunks(&spec, [data])));
    }
}
