//! The behaviour lists of the contract, against servers of several kinds.

#![allow(clippy::unwrap_used)]

mod common;

use common::Imap;
use mailmove_testkit::conformance;
use mailmove_testkit::imap::{Capability, ImapServerBuilder, Refusal};

/// Everything that is not needed is not there.
fn bare(server: ImapServerBuilder) -> ImapServerBuilder {
    server.only(&[]).taciturn()
}

/// As many old servers are: a prefix, a dot, nothing for speed.
fn old(server: ImapServerBuilder) -> ImapServerBuilder {
    server.only(&[Capability::Namespace, Capability::UidPlus, Capability::Children]).prefix("INBOX.").delimiter('.')
}

/// As Gmail and others are: mod-sequences without QRESYNC, LITERAL- and no MULTIAPPEND.
fn between(server: ImapServerBuilder) -> ImapServerBuilder {
    server
        .without(Capability::Qresync)
        .without(Capability::MultiAppend)
        .without(Capability::LiteralPlus)
        .with(Capability::LiteralMinus)
        .with(Capability::ObjectId)
}

/// As Cyrus is: changes 8-bit headers, refuses NUL and bare line ends.
fn strict(server: ImapServerBuilder) -> ImapServerBuilder {
    server
        .wildcard_names()
        .greeting("Cyrus IMAP ready")
        .munge_headers()
        .refuse(Refusal::nul())
        .refuse(Refusal::bare_lf())
        .append_limit(2 << 20)
}

/// As Dovecot is: answers of several commands between each other, HIGHESTMODSEQ late, short bodies as strings.
fn lively(server: ImapServerBuilder) -> ImapServerBuilder {
    server.overlapping_answers().modseq_after_select().quote_short_bodies().only_keywords(&["$Forwarded", "Work"])
}

conformance!(full, Imap::like(|server| server.with(Capability::ObjectId)));
conformance!(without_extensions, Imap::like(bare));
conformance!(old_with_prefix, Imap { build: old, prefix: "INBOX.", delimiter: '.' });
conformance!(without_qresync, Imap::like(between));
conformance!(strict_about_bytes, Imap::like(strict));
conformance!(lively_answers, Imap::like(lively));
