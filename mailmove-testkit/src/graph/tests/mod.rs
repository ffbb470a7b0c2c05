//! The server from a client's side.

mod client;
mod mail;

use client::Client;
