//! What the traits promise, one promise per function.

mod counting;
mod reading;
mod writing;

pub use counting::*;
pub use reading::*;
pub use writing::*;
