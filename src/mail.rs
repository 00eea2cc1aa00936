//! Mail, in both directions, below the slices: what the process is told about it, the signed addresses, and pure
//! reading and writing of messages.
//!
//! [`crate::intake`] takes mail in and places it, [`crate::messages`] sends it. Here is what both need: [`parse`] makes
//! something readable out of whatever arrives, [`token`] signs the addresses and Message-IDs by which an answer finds
//! its case, [`compose`] writes what goes out, [`smtp`] hands it over.

pub mod compose;
pub mod parse;
pub mod smtp;
pub mod token;

use crate::text::EmailAddress;
use std::sync::Arc;
use token::MailKey;

/// What the whole process knows about mail.
#[derive(Clone, Debug)]
pub struct MailIdentity {
    /// The office's own address: sender of what does not come from a mailbox.
    pub from: EmailAddress,
    /// Domain of Message-IDs.
    pub domain: String,
    /// Signs Message-IDs and plus-addresses.
    pub key: MailKey,
    /// Where people reach the program, for links in mails.
    pub public_url: String,
}

impl MailIdentity {
    /// For tests and for a process that was told nothing: addresses that exist nowhere (RFC 2606).
    pub fn example() -> Arc<Self> {
        Arc::new(Self {
            from: EmailAddress::parse("sodan@madoguchi.example").expect("an address"),
            domain: "madoguchi.example".into(),
            key: MailKey::new(b"a key for tests and demonstrations, nothing else"),
            public_url: "http://127.0.0.1:8080".into(),
        })
    }
}
