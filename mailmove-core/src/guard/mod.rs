//! In the making.
/// x
pub struct Guard;
/// x
pub struct Call;
