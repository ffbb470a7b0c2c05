use super::*;
/// x
#[derive(Debug)]
pub struct MemoryLedger;
