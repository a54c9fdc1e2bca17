//! What a command does to the service.

/// The effect of a command on the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Changes nothing (`reads`).
    Reads,
    /// May change things (no key).
    Changes,
    /// The operator has to confirm it (`dangerous`).
    Dangerous,
}

impl Effect {
    /// The word help shows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reads => "reads",
            Self::Changes => "changes",
            Self::Dangerous => "dangerous",
        }
    }
}
