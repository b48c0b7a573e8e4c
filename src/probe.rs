//! What can be seen of a pod. [`subject`] says whose view is taken, [`collect`] is the only I/O, [`evidence`] is what
//! it brings.

pub mod collect;
pub mod evidence;
pub mod sdks;
pub mod subject;
