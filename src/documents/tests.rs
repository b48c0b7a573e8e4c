//! Tests of the whole: text in, documents out.

mod kinds;
