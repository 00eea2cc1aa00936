//! The header of a mail or a part: fields as bytes, found by name. Decoding them is [`super::words`].
//!
//! Lenient as in [`split`]: mbox lines before it, lines that are no field between its fields, a missing empty line at
//! its end, and white space before the colon are all real.

use super::{
    TooMuch,
    limits::{MAX_HEADER_BYTES, MAX_HEADERS},
};
use std::borrow::Cow;

/// A header field.
#[derive(Debug)]
struct Field<'a> {
    /// In small letters.
    name: String,
    /// Without line ends; white space of folding is kept.
    value: Cow<'a, [u8]>,
}

/// The fields in their order.
#[derive(Debug, Default)]
pub struct Header<'a>(Vec<Field<'a>>);

impl Header<'_> {
    /// The first field of a name (in small letters).
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.0
            .iter()
            .find(|field| field.name == name)
            .map(|field| &*field.value)
    }

    /// All fields of a name (in small letters).
    pub fn all<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
        self.0
            .iter()
            .filter(move |field| field.name == name)
            .map(|field| &*field.value)
    }

    /// Whether a field is there.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The first field of a name as it stands, in small letters and without white space around it: for fields that
    /// machines write.
    pub fn word(&self, name: &str) -> Option<String> {
        self.get(name)
            .map(|value| String::from_utf8_lossy(value).trim().to_lowercase())
    }

    /// Names of all fields, in small letters.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|field| field.name.as_str())
    }
}

/// A line without its end, and what follows.
pub fn line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (line, rest) = match bytes.iter().position(|b| *b == b'\n') {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (bytes, &[][..]),
    };
    let end = line
        .iter()
        .rposition(|b| *b != b'\r')
        .map_or(0, |at| at + 1);
    (&line[..end], rest)
}

/// Where the name of a field ends, if the line begins one.
fn field_name(line: &[u8]) -> Option<usize> {
    let colon = line.iter().take(200).position(|b| *b == b':')?;
    let name = line[..colon].trim_ascii_end();
    let is_name = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    is_name.then_some(colon)
}

/// Splits a header from what follows it.
///
/// # Errors
/// [`TooMuch`] where it has too many fields or bytes.
pub fn split(bytes: &[u8]) -> Result<(Header<'_>, &[u8]), TooMuch> {
    let mut fields: Vec<Field<'_>> = Vec::new();
    let mut rest = skip_mbox_line(bytes);
    let begin = rest.len();
    loop {
        if begin - rest.len() > MAX_HEADER_BYTES || fields.len() > MAX_HEADERS {
            return Err(TooMuch("the header is too long"));
        }
        let (current, after) = line(rest);
        if current.is_empty() {
            // An empty first line: a part without a header.
            return Ok((Header(fields), after));
        }
        if matches!(current[0], b' ' | b'\t') {
            if let Some(field) = fields.last_mut() {
                field.value.to_mut().extend_from_slice(current);
            } else if !current.trim_ascii().is_empty() {
                return Ok((Header(fields), rest));
            }
        } else if let Some(colon) = field_name(current) {
            fields.push(Field {
                name: String::from_utf8_lossy(current[..colon].trim_ascii_end()).to_lowercase(),
                value: Cow::Borrowed(&current[colon + 1..]),
            });
        } else if !is_junk(current, after) {
            return Ok((Header(fields), rest));
        }
        if after.is_empty() {
            return Ok((Header(fields), after));
        }
        rest = after;
    }
}

/// A line that is no field, but stands between fields; otherwise the body begins without an empty line before it.
fn is_junk(current: &[u8], after: &[u8]) -> bool {
    let (next, _) = line(after);
    !current.starts_with(b"--") && field_name(next).is_some()
}

/// `From sender date`, as mailbox files begin a mail, sometimes quoted.
fn skip_mbox_line(bytes: &[u8]) -> &[u8] {
    let (first, rest) = line(bytes);
    if first.starts_with(b"From ") || first.starts_with(b">From ") {
        rest
    } else {
        bytes
    }
}
