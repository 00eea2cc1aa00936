//! Offers.
use crate::{access::Actor, error::Result, store::Store};
/// Expires offers.
pub async fn expire_due(_store: &Store, _system: &Actor) -> Result<()> {
    Ok(())
}
