//! The behaviour lists of the contract, against servers of each version and by each way into a mailbox.
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;
mod harness;

use harness::Exchange;
use mailmove_core::Access;
use mailmove_testkit::ews::Version;

mailmove_testkit::conformance!(newest, Exchange::new(Version::Exchange2016));
mailmove_testkit::conformance!(exchange_2013, Exchange::new(Version::Exchange2013));
mailmove_testkit::conformance!(exchange_2010_sp1, Exchange::new(Version::Exchange2010Sp1));
mailmove_testkit::conformance!(exchange_2007_sp1, Exchange::new(Version::Exchange2007Sp1));
mailmove_testkit::conformance!(impersonation, Exchange::new(Version::Online).opened_by(Access::Impersonate));
mailmove_testkit::conformance!(delegation, Exchange::new(Version::Exchange2010Sp2).opened_by(Access::Delegate));
mailmove_testkit::conformance!(small_pages, Exchange::new(Version::Exchange2016).with_pages_of(3));
