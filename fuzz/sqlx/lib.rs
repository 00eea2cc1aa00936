//! `#[derive(sqlx::Type)]` that derives nothing.

use proc_macro::TokenStream;

/// Nothing.
#[proc_macro_derive(Type, attributes(sqlx))]
pub fn derive_nothing(_: TokenStream) -> TokenStream {
    TokenStream::new()
}
