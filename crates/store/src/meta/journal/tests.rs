//! The journal on a disk that is cut, damaged and lost.

use std::sync::Arc;

use cairn_primitives::{Cid, Codec, Multihash};

use super::*;
use crate::block::disk::sim::SimDisk;
use crate::meta::{Pin, PinChange, PinMode, PinOwner};

fn pin(number: u32) -> Pin {
    Pin {
        cid: Cid::v1(Codec::RAW, Multihash::sha2_256(&number.to_le_bytes())),
        mode: if number.is_multiple_of(3) {
            PinMode::Direct
        } else {
            PinMode::Recursive
        },
        name: format!("name {number}"),
        owner: if number.is_multiple_of(5) {
            PinOwner::Services
        } else {
            PinOwner::User
        },
    }
}

fn set(number: u32) -> JournalEntry {
    JournalEntry::Pin(PinChange::Set(pin(number)))
}

fn owner() -> JournalOwner {
    JournalOwner {
        store: "store".to_owned(),
        rows: "rows".to_owned(),
    }
}

/// A journal of ten pins to which ten more were added, one by one; and the disk.
fn filled() -> (SimDisk, State) {
    let disk = SimDisk::new(1);
    let mut state = State::default();
    (0..10).for_each(|number| state.sum.add_pin(&pin(number)));
    let mut journal = Journal::create(Arc::new(disk.clone()), owner(), &state, &mut |each| {
        (0..10).for_each(|number| each(set(number)));
        Ok(())
    })
    .unwrap();
    for number in 10..20 {
        state.turn += 1;
        state.sum.add_pin(&pin(number));
        let mut changes = Vec::new();
        encode_pin(&PinChange::Set(pin(number)), &mut changes);
        journal.append(&state, &changes).unwrap();
        journal.settle().unwrap();
    }
    (disk, state)
}

#[test]
fn what_was_settled_outlives_the_machine() {
    let (disk, state) = filled();
    let disk = disk.restart();
    let told = read(&disk, None).unwrap().unwrap();
    assert_eq!((&told.owner, told.state), (&owner(), state));
    assert!(told.whole && !told.damaged);
    let pins: Vec<_> = (0..20).map(set).collect();
    assert_eq!(told.changes, pins);
    // From a turn on, only what came later.
    let told = read(&disk, Some(7)).unwrap().unwrap();
    assert!(!told.whole);
    assert_eq!(told.changes, pins[17..]);
    // It is continued, and what is taken back is not there.
    let mut journal = Journal::resume(Arc::new(disk.clone()), &told).unwrap();
    let next = State { turn: 11, ..state };
    let mut changes = Vec::new();
    encode_pin(&PinChange::Remove(pin(3).cid, PinOwner::User), &mut changes);
    for _ in 0..2 {
        journal.append(&next, &changes).unwrap();
        journal.settle().unwrap();
        assert_eq!(read(&disk, None).unwrap().unwrap().state, next);
        journal.undo();
        assert_eq!(read(&disk, None).unwrap().unwrap().state, state);
    }
}

#[test]
fn damage_is_told_and_the_rest_read() {
    let (disk, _) = filled();
    let whole = disk.contents(PATH).unwrap();
    let used = usize::try_from(read(&disk, None).unwrap().unwrap().end).unwrap();
    for at in 0..used {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        disk.tamper(PATH, Some(&bytes));
        let Some(told) = read(&disk, None).unwrap() else {
            continue;
        };
        // Whatever is read was written.
        assert!(told.damaged || told.state.turn < 10, "byte {at}");
        for change in &told.changes {
            assert!((0..20).any(|number| *change == set(number)), "byte {at}");
        }
    }
    for len in 0..used {
        disk.tamper(PATH, Some(&whole[..len]));
        if let Some(told) = read(&disk, None).unwrap() {
            assert!(told.state.turn < 10, "cut at {len}");
        }
    }
    disk.tamper(PATH, None);
    assert!(read(&disk, None).unwrap().is_none());
}

#[test]
fn the_last_root_of_the_mutable_file_system_is_told() {
    let (disk, mut state) = filled();
    let told = read(&disk, None).unwrap().unwrap();
    assert_eq!(told.mfs_root, None);
    let mut journal = Journal::resume(Arc::new(disk.clone()), &told).unwrap();
    for number in [1, 2] {
        state.turn += 1;
        let mut changes = Vec::new();
        encode_root(&pin(number).cid, &mut changes);
        journal.append(&state, &changes).unwrap();
        journal.settle().unwrap();
    }
    let disk = disk.restart();
    let told = read(&disk, Some(state.turn - 1)).unwrap().unwrap();
    assert_eq!(told.mfs_root, Some(pin(2).cid));
    assert_eq!(told.changes, [JournalEntry::MfsRoot(pin(2).cid)]);
    // From here on nothing is new, and the root is told all the same.
    let told = read(&disk, Some(state.turn)).unwrap().unwrap();
    assert_eq!(told.mfs_root, Some(pin(2).cid));
    assert_eq!(told.changes, []);
}

#[test]
fn records_of_names_are_kept() {
    use crate::meta::conformance::names::record;
    let (disk, mut state) = filled();
    let told = read(&disk, None).unwrap().unwrap();
    let mut journal = Journal::resume(Arc::new(disk.clone()), &told).unwrap();
    let records = [
        record(1, 0, "a"),
        record(2, u64::MAX, ""),
        record(1, 1, "b"),
    ];
    for record in &records {
        state.turn += 1;
        let mut changes = Vec::new();
        encode_name(record, &mut changes);
        encode_pin(&PinChange::Remove(pin(3).cid, PinOwner::User), &mut changes);
        journal.append(&state, &changes).unwrap();
        journal.settle().unwrap();
    }
    let disk = disk.restart();
    let told = read(&disk, Some(state.turn - 3)).unwrap().unwrap();
    let names: Vec<_> = told.changes.iter().step_by(2).cloned().collect();
    assert_eq!(names, records.clone().map(JournalEntry::Name));
    // They stand in a journal that is written anew.
    let mut journal = Journal::resume(Arc::new(disk.clone()), &told).unwrap();
    journal
        .rewrite(&state, &mut |each| {
            records
                .iter()
                .for_each(|record| each(JournalEntry::Name(record.clone())));
            Ok(())
        })
        .unwrap();
    let told = read(&disk.restart(), None).unwrap().unwrap();
    assert_eq!(told.changes, records.map(JournalEntry::Name));
    assert!(told.whole && !told.damaged);
}
