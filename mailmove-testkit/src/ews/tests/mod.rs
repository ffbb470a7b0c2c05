//! Dialogues over real sockets, written out as a client would have them.
