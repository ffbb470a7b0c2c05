//! An Exchange Online in the same process, as far as Microsoft Graph goes.
