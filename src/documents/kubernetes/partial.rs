//! Fields that are read only in part.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

/// The presence of a field, whatever its value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Present;

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Present)
    }
}

/// The items of a list that matter, without spare memory.
pub(super) fn kept<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
    matters: impl Fn(&T) -> bool,
) -> Result<Vec<T>, D::Error> {
    let mut items = Option::<Vec<T>>::deserialize(deserializer)?.unwrap_or_default();
    items.retain(matters);
    items.shrink_to_fit();
    Ok(items)
}
