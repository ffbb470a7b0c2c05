//! The behaviour lists of the contract, against servers of each version and by each way into a mailbox.
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;
mod harness;

use common::By;
use harness::Zimbra;
use mailmove_testkit::zimbra::Version;

mailmove_testkit::conformance!(newest, Zimbra::new(Version::Zimbra10));
mailmove_testkit::conformance!(zimbra_9, Zimbra::new(Version::Zimbra9));
mailmove_testkit::conformance!(zimbra_88, Zimbra::new(Version::Zimbra88));
mailmove_testkit::conformance!(zimbra_8, Zimbra::new(Version::Zimbra8));
mailmove_testkit::conformance!(zimbra_7, Zimbra::new(Version::Zimbra7));
mailmove_testkit::conformance!(zimbra_6, Zimbra::new(Version::Zimbra6));
mailmove_testkit::conformance!(carbonio, Zimbra::new(Version::Carbonio));
mailmove_testkit::conformance!(administrator, Zimbra::new(Version::Zimbra10).opened_by(By::Administrator));
mailmove_testkit::conformance!(preauthentication, Zimbra::new(Version::Zimbra88).opened_by(By::Key));
mailmove_testkit::conformance!(small_pages, Zimbra::new(Version::Zimbra10).with_pages_of(3));
mailmove_testkit::conformance!(behind_a_proxy, Zimbra::new(Version::Zimbra9).behind_a_proxy());
mailmove_testkit::conformance!(item_by_item, Zimbra::new(Version::Zimbra10).item_by_item());
