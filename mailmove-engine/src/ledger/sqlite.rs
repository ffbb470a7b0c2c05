/// x
#[derive(Debug)]
pub struct SqliteLedger;
