//! Makes endpoints fail, and runs die, at a chosen moment.
//!
//! [`Faulty`] wraps a connector, a source or a destination. It asks two things at every call: [`Faults`], which errors a
//! run shall meet and survive, and a [`Schedule`], which counts the calls of a whole run and kills it at one of them.
//!
//! ```
//! use std::sync::Arc;
//!
//! use mailmove_core::{Destination, Format, Item, Kind, Mark, Recovery, Spool, Write};
//! use mailmove_testkit::{Fault, Faults, Faulty, MemoryMailbox, Method, Schedule};
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let mailbox = MemoryMailbox::new();
//! let faults = Faults::new();
//! faults.at(Method::Write, 1, Fault::answer_lost());
//! let destination = Faulty::new(mailbox.destination(), &faults, &Schedule::new());
//!
//! let body = Spool::new(1 << 20).body("Subject: hello\r\n\r\n")?;
//! let item = Item::new("1", Kind::Mail, Format::RFC5322, body);
//! let verdicts = destination.write(&mailbox.inbox(), &[Write::Create { item, mark: Mark::new("m") }]).await;
//! assert_eq!(verdicts[0].as_ref().unwrap_err().recovery(), Recovery::Locate);
//! assert_eq!(mailbox.items(&mailbox.inbox()).len(), 1);
//! # Ok::<(), mailmove_core::Error>(()) }).unwrap();
//! ```

mod faults;
mod schedule;
mod wrapper;

pub use faults::{Fault, Faults, Method, Rest};
pub use schedule::{Schedule, When};
pub use wrapper::Faulty;
