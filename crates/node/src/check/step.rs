//! The steps of a check.

use cairn_primitives::keys::PeerId;

/// What a step looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepKind {
    /// Whether the content is stored here.
    Stored,
    /// Whether others find its providers.
    Announced,
    /// Whether others can connect to this node.
    Reachable,
    /// Whether a provider can be connected to.
    Connected,
    /// Whether a provider offers the block.
    Offered,
    /// All in all: whether others can fetch the content. The last step.
    Result,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It holds.
    Ok,
    /// It does not hold.
    Failed,
    /// It could not be found out.
    Unknown,
    /// It does not matter: content of others need not be stored here.
    Skipped,
}

/// A step of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// What it looks at.
    pub kind: StepKind,
    /// How it ended.
    pub outcome: Outcome,
    /// The peer that it is about.
    pub peer: Option<PeerId>,
    /// What was found.
    pub text: String,
    /// What to do; empty if nothing is to be done or known. Commands in it are in backticks, without the program's name.
    pub hint: String,
}

impl Step {
    pub(super) fn new(kind: StepKind, outcome: Outcome, text: impl Into<String>) -> Self {
        Self {
            kind,
            outcome,
            peer: None,
            text: text.into(),
            hint: String::new(),
        }
    }

    pub(super) fn with_hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: hint.into(),
            ..self
        }
    }

    pub(super) fn of_peer(self, peer: &PeerId) -> Self {
        Self {
            peer: Some(peer.clone()),
            ..self
        }
    }
}
