//! The server under a client of few words.
