//! Changes of directories, held against what Kubo's code for them gives, step by step: `directories.txt` names how sizes are
//! estimated (0 by links, 1 by the block), the fanout, the change, and then the CID and the bytes of all blocks.

use cairn_dag::mfs::{CopyOptions, Settings};
use cairn_primitives::unixfs::directory::{Sharding, SizeEstimation};

use super::{Fs, path};

struct Steps {
    fs: Fs,
    wanted: std::str::Lines<'static>,
    prefix: String,
}

impl Steps {
    async fn add(&mut self, number: u8, what: u8) {
        let made = self.fs.dag.raw(&[what]);
        let at = path(&format!("/d/file {number:03}"));
        let from = format!("/ipfs/{}", made.cid);
        let options = CopyOptions::default();
        self.fs.mfs.cp(&from, &at, &options).await.unwrap();
        self.check(&format!("add {number}")).await;
    }

    async fn remove(&mut self, number: u8) {
        self.fs.rm(&format!("/d/file {number:03}")).await.unwrap();
        self.check(&format!("rm {number}")).await;
    }

    async fn check(&mut self, what: &str) {
        let stat = self.fs.stat("/d").await.unwrap();
        let given = format!(
            "{} {what} {} {}",
            self.prefix, stat.cid, stat.cumulative_size
        );
        assert_eq!(Some(given.as_str()), self.wanted.next());
    }
}

#[tokio::test]
async fn directories_grow_and_shrink_as_in_kubo() {
    let mut wanted = include_str!("directories.txt").lines();
    for (number, estimation) in [(0, SizeEstimation::Links), (1, SizeEstimation::Block)] {
        for fanout in [8, 256] {
            let mut settings = Settings::new().unwrap();
            settings.format.sharding = Sharding {
                threshold: 2_000,
                fanout,
                estimation,
                ..Sharding::default()
            };
            let fs = Fs::with(settings).await;
            fs.mkdir("/d").await.unwrap();
            let mut steps = Steps {
                fs,
                wanted,
                prefix: format!("{number} {fanout}"),
            };
            for number in 0..70 {
                steps.add(number, number).await;
            }
            for number in 0..60 {
                steps.remove(number).await;
            }
            for number in 0..60 {
                steps.add(number, number + 1).await;
            }
            for number in (65..70).rev().chain((0..60).rev()) {
                steps.remove(number).await;
            }
            wanted = steps.wanted;
        }
    }
    assert_eq!(wanted.next(), None);
}
