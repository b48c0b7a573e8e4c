//! Three-valued logic: some condition keys have values that only AWS or the workload knows.

/// Whether something holds; `Unknown` says why that cannot be decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    Yes,
    No,
    Unknown(String),
}

impl Truth {
    pub(super) fn of(holds: bool) -> Truth {
        if holds { Truth::Yes } else { Truth::No }
    }

    /// Yes if one is yes, whatever else is unknown.
    pub(super) fn any(truths: impl Iterator<Item = Truth>) -> Truth {
        Self::first_of(truths, Truth::Yes, Truth::No)
    }

    /// No if one is no, whatever else is unknown.
    pub(super) fn all(truths: impl Iterator<Item = Truth>) -> Truth {
        Self::first_of(truths, Truth::No, Truth::Yes)
    }

    fn first_of(truths: impl Iterator<Item = Truth>, decides: Truth, otherwise: Truth) -> Truth {
        let mut result = otherwise;
        for truth in truths {
            if truth == decides {
                return decides;
            }
            if let Truth::Unknown(_) = truth {
                result = truth;
            }
        }
        result
    }
}
