//! Migrations of local rows: numbered, forward only, never edited after a release.

use crate::sqlite::Steps;

/// Marks a SQLite file as Cairn's local rows (`PRAGMA application_id`): "CrnR".
const APPLICATION_ID: i64 = 0x4372_6e52;

/// The steps of local rows.
pub(super) const LOCAL: Steps = Steps {
    application_id: APPLICATION_ID,
    steps: STEPS,
};

const STEPS: &[&str] = &[
    include_str!("0001_pins.sql"),
    include_str!("0002_references.sql"),
    include_str!("0003_state.sql"),
    include_str!("0004_names.sql"),
    include_str!("0005_services.sql"),
];

/// The first version with references. What is older can still be read: it has none.
pub(super) const REFERENCES: i64 = 2;

/// The first version that says what the pins must be.
pub(super) const STATE: i64 = 3;

/// The first version with IPNS records. What is older can still be read: it has none.
pub(super) const NAMES: i64 = 4;

/// The first version with pins of the services. What is older can still be read: it has none.
pub(super) const SERVICES: i64 = 5;

/// The oldest version that can be read without a migration.
pub(super) const READABLE: i64 = 1;
