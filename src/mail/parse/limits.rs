//! How much of a mail is read.
//!
//! A mail that passes one of the first limits is refused as a whole ([`super::TooMuch`]): it is kept as it came and a
//! person looks at it. Where a shortened reading is still useful, it is shortened and a warning says so.

use super::TooMuch;

/// Multiparts and mails inside each other. Real mail: a signed reply with inline pictures inside a forwarded mail
/// needs seven. Every level reads its part once more, so that this also bounds the time.
pub const MAX_DEPTH: usize = 20;

/// Parts of one mail, multiparts and mails inside it included. A digest of a list has some hundred.
pub const MAX_PARTS: usize = 1000;

/// Header fields of one part. Long ways through relays with signatures add up to about two hundred.
pub const MAX_HEADERS: usize = 1000;

/// Bytes of the header of one part. Large enough for some ten thousand recipients, which happens by mistake.
pub const MAX_HEADER_BYTES: usize = 1 << 20;

/// Bytes of all decoded parts together. Base64 makes a mail larger than what is in it, so that an honest mail of the
/// size that providers take (25 to 40 MB) stays far below; encoded mails in encoded mails do not.
pub const MAX_DECODED_BYTES: usize = 128 << 20;

/// Files of one mail.
pub const MAX_ATTACHMENTS: usize = 200;

/// Recipients that are kept; the rest is in the mail itself.
pub const MAX_ADDRESSES: usize = 500;

/// References that are kept: the first, which began the conversation, and the newest.
pub const MAX_REFERENCES: usize = 100;

/// Bytes of a Message-ID that are kept apart; longer ones are no help in finding anything.
pub const MAX_MESSAGE_ID: usize = 900;

/// Characters of a subject, a name or a file name that are kept.
pub const MAX_SUBJECT: usize = 1000;
/// See [`MAX_SUBJECT`].
pub const MAX_NAME: usize = 300;
/// Most file systems take 255 bytes; Japanese letters have three.
pub const MAX_FILENAME: usize = 80;

/// Bytes of an address: RFC 5321 allows 254, and some systems put long keys into the local part.
pub const MAX_ADDRESS: usize = 500;

/// Bytes of text that are kept: a thousand pages. What is beyond is a file that was pasted.
pub const MAX_TEXT: usize = 2 << 20;

/// Lines of the body in which a delivery report in a mail system's own words is looked for.
pub const MAX_REPORT_LINES: usize = 2000;

/// Recipients of a delivery report.
pub const MAX_FAILED: usize = 100;

/// Bytes of a diagnostic that are kept.
pub const MAX_DIAGNOSTIC: usize = 1000;

/// Bytes of HTML, written anew, that go through the libraries for HTML, all pages of a mail together: half a million
/// letters without styles. They take about a second per megabyte of the worst there is, the rest of the parser a tenth.
pub const MAX_PAGES: usize = 512 << 10;

/// What may still be made of a mail.
#[derive(Debug)]
pub struct Budget {
    bytes: usize,
    parts: usize,
    /// Bytes of HTML, see [`MAX_PAGES`].
    pub pages: usize,
}

impl Budget {
    /// For one mail.
    pub fn new() -> Self {
        Self {
            bytes: MAX_DECODED_BYTES,
            parts: MAX_PARTS,
            pages: MAX_PAGES,
        }
    }

    /// Takes the bytes of a decoded part.
    pub fn take_bytes(&mut self, bytes: usize) -> Result<(), TooMuch> {
        self.bytes = self
            .bytes
            .checked_sub(bytes)
            .ok_or(TooMuch("decoded parts are too large"))?;
        Ok(())
    }

    /// Takes a part.
    pub fn take_part(&mut self) -> Result<(), TooMuch> {
        self.parts = self.parts.checked_sub(1).ok_or(TooMuch("too many parts"))?;
        Ok(())
    }
}

/// The beginning of a text, cut between characters.
pub fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// The first characters of a text.
pub fn cut_chars(text: &str, chars: usize) -> &str {
    text.char_indices()
        .nth(chars)
        .map_or(text, |(at, _)| &text[..at])
}

/// The beginning of bytes.
pub fn cut_bytes(bytes: &[u8], length: usize) -> &[u8] {
    &bytes[..bytes.len().min(length)]
}
