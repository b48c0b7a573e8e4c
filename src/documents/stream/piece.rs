//! The pieces of a text.

use serde_json::Value;

/// The size limit of a document in bytes; lists may be of any length. etcd limits an object, and thereby the output of
/// kubectl for it, to 1.5 MiB ("System limits" of etcd's documentation).
pub(super) const MAX_BYTES: usize = 8 << 20;

/// A part of a text.
#[cfg_attr(test, derive(Clone))]
#[derive(Debug, PartialEq)]
pub(in crate::documents) enum Piece {
    Document(Value),
    /// A list begins, with what precedes its items. The items follow as documents.
    List(Value),
    /// The list ends: the list without its items, or `None` after a fault.
    ListEnd(Option<Value>),
    /// An error of kubectl or aws.
    Error(String),
    /// Why a part of the text is not a document.
    Fault(String),
}

/// Whether a list is one document ([`Lists::Whole`]) or a [`Piece::List`] with its items.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::documents) enum Lists {
    Apart,
    Whole,
}
