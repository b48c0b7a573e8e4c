//! Tests of the whole: documents in, findings out.

mod cluster;
mod faults;
mod missing_objects;
mod webhook_pairs;
