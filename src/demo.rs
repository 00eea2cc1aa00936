//! Demonstration data, filled in through the domain.

use crate::serve::Opened;

/// Fills an empty database; says who can sign in.
///
/// # Errors
/// A sentence for the operator.
pub async fn fill(_opened: &Opened) -> Result<String, String> {
    Ok(String::new())
}
