//! The connection as octets: lines and literals in, text and bodies out.

mod delay;
mod input;
mod output;

pub(crate) use delay::delayed;
pub(crate) use input::{Input, Line};
pub(crate) use output::Output;

use tokio::io::{AsyncRead, AsyncWrite};

/// Anything octets go through.
pub(crate) trait Transport: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Transport for T {}

/// A connection, encrypted or not.
pub(crate) type Stream = Box<dyn Transport>;

/// The connection is over, or has to be ended now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gone;
