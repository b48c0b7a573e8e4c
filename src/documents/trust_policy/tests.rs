//! Tests of the whole: policy and token in, decision and correction out.

mod correction;
mod needed;
mod operators;
mod properties;
mod verdicts;
