//! Many mailboxes: one project, one file, one process.
//!
//! A [`Batch`] takes jobs from code or from a [`Sheet`], and passes over them: [`Pass::Verify`], [`Pass::Trial`],
//! [`Pass::Full`] and others. Each mailbox stands somewhere ([`State`]); every step is kept in the file that is also the
//! ledger, so that a process that dies goes on where it was.
//!
//! Users can be asked for credentials: the flags say so, [`Batch::start`] makes a [`CredentialRequest`],
//! [`Batch::submit`] takes the answer, tries it, and lets the mailbox go on. What they answer is kept in a
//! [`SecretStore`], never in the ledger.

mod builder;
mod clock;
mod controls;
mod event;
mod item;
mod notify;
mod outcome;
mod pass;
mod preflight;
mod project;
mod report;
mod requests;
mod run;
mod secrets;
mod server;
pub mod sheet;
mod state;
mod turn;

pub use builder::BatchBuilder;
pub use clock::Clock;
pub use event::{BatchEvent, BatchObserver};
pub use item::{BatchItem, BatchJob};
pub use notify::{About, Notice, Notifier, REQUEST_SUBJECT, Recipient, Words};
pub use pass::{ItemProblem, Pass, PassReport, Point, Why};
pub use preflight::Preflight;
pub use project::{Batch, Selection};
pub use report::{BatchReport, MailboxReport};
pub use requests::{CredentialRequest, Started};
pub use run::Summary;
pub use secrets::{MemorySecrets, SealedSecrets, SealingKey, SecretStore, StoredCredentials, StoredSecret};
pub use server::Server;
pub use sheet::{Column, DomainRewrite, Issue, Sheet, SheetErrors, SheetOptions, SheetRow};
pub use state::State;
