//! Runs the Graph simulator by itself, to point any client at it.

fn main() {}
