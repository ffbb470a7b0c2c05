//! From any system to any other, between servers in this process: what arrives, and what is named as lost.
#![allow(clippy::unwrap_used)]

mod calendar;
mod classes;
mod contents;
mod ends;
mod foreign;
mod pairs;
mod series;
