//! What can be seen of a pod. [`subject`] says whose view is taken, [`collect`] is the only I/O, [`evidence`] is what
//! it brings.

#[cfg(target_os = "linux")]
pub mod collect;
pub mod evidence;
pub(crate) mod jwt;
mod os_shim;
pub(crate) mod profile;
#[cfg_attr(not(target_os = "linux"), path = "probe/rootfs_laptop.rs")]
pub(crate) mod rootfs;
pub mod sdks;
#[cfg(target_os = "linux")]
pub mod subject;
pub mod variables;
