//! The server from a client's side.

mod calendar;
mod client;
mod directory;
mod large;
mod mail;
mod wall;

use client::Client;
