//! The structure of a mail: parts inside parts, and their transfer encodings.
//!
//! Our own and not `mail-parser`'s, which the rest builds on, for three reasons that were measured with 0.11.9: it looks
//! for every boundary to the end of the whole mail (20,000 parts with boundaries that never come, 1.1 MB, took 13
//! seconds), it nests without a limit (a mail of 60 MB overflows the stack, which ends the process), and it takes a
//! boundary that begins with another one for that other one. Here a part is looked at once per level, and levels,
//! parts, fields and decoded bytes are counted.

use super::{
    TooMuch, header,
    header::Header,
    limits::{Budget, MAX_DEPTH},
    params::Value,
    words,
};
use std::borrow::Cow;

/// A part of a mail, or the mail itself.
#[derive(Debug)]
pub struct Part<'a> {
    pub header: Header<'a>,
    /// Content-Type; `text/plain` where none is told.
    pub content_type: Value,
    pub disposition: Value,
    /// As it stands, still encoded.
    pub body: &'a [u8],
    pub content: Content<'a>,
}

/// What is inside a part.
#[derive(Debug)]
pub enum Content<'a> {
    /// Text or a file.
    Leaf,
    Multipart(Vec<Part<'a>>),
    /// A mail in the mail; none of it where it is encoded (then its decoded bytes are to be read).
    Message(Option<Box<Part<'a>>>),
}

impl<'a> Part<'a> {
    /// Reads a mail or a part.
    ///
    /// # Errors
    /// [`TooMuch`]
    pub fn read(raw: &'a [u8], budget: &mut Budget) -> Result<Self, TooMuch> {
        read(raw, "text/plain", 0, budget)
    }

    /// `type/subtype` in small letters.
    pub fn kind(&self) -> &str {
        &self.content_type.word
    }

    /// The parts directly inside a multipart.
    pub fn children(&self) -> &[Part<'a>] {
        match &self.content {
            Content::Multipart(children) => children,
            _ => &[],
        }
    }

    /// Bytes without transfer encoding.
    ///
    /// # Errors
    /// [`TooMuch`] where the mail's decoded parts together are too large.
    pub fn bytes(&self, budget: &mut Budget) -> Result<Cow<'a, [u8]>, TooMuch> {
        let encoding = transfer_encoding(&self.header);
        let bytes = match encoding.as_str() {
            "base64" => words::base64(self.body).into(),
            "quoted-printable" => quoted_printable(self.body).into(),
            "x-uuencode" | "uuencode" | "x-uue" | "uue" => uudecode(self.body).into(),
            _ => Cow::Borrowed(self.body),
        };
        budget.take_bytes(bytes.len())?;
        Ok(bytes)
    }

    /// This part and all inside it in their order, mails in the mail left out.
    pub fn walk<'p>(&'p self, found: &mut dyn FnMut(&'p Part<'a>)) {
        found(self);
        for child in self.children() {
            child.walk(found);
        }
    }
}

fn transfer_encoding(header: &Header<'_>) -> String {
    header
        .word("content-transfer-encoding")
        .unwrap_or_default()
        .trim_matches(['"', '\'', ';', ' '])
        .to_owned()
}

fn read<'a>(
    raw: &'a [u8],
    default_kind: &str,
    depth: usize,
    budget: &mut Budget,
) -> Result<Part<'a>, TooMuch> {
    if depth > MAX_DEPTH {
        return Err(TooMuch("parts are nested too deeply"));
    }
    budget.take_part()?;
    let (header, body) = header::split(raw)?;
    let read_value = |name| Value::read(header.get(name).unwrap_or_default(), None);
    let mut content_type = read_value("content-type");
    if !content_type.word.contains('/') {
        content_type.word = default_type(&content_type.word, default_kind).into();
    }
    let disposition = read_value("content-disposition");
    let content = content(&header, &content_type, body, depth, budget)?;
    if matches!(content, Content::Leaf) && content_type.word.starts_with("multipart/") {
        // A multipart without parts: what is there is for people to read.
        content_type.word = "text/plain".into();
    }
    Ok(Part {
        header,
        content_type,
        disposition,
        body,
        content,
    })
}

/// `Content-Type: text`, as programs before MIME wrote it, is text; without any, the parent decides.
fn default_type<'k>(word: &str, default_kind: &'k str) -> &'k str {
    match word {
        "" | "text" | "plain" => default_kind,
        _ => "application/octet-stream",
    }
}

fn content<'a>(
    header: &Header<'a>,
    content_type: &Value,
    body: &'a [u8],
    depth: usize,
    budget: &mut Budget,
) -> Result<Content<'a>, TooMuch> {
    let kind = content_type.word.as_str();
    if let Some(subtype) = kind.strip_prefix("multipart/") {
        let default_kind = if subtype == "digest" {
            "message/rfc822"
        } else {
            "text/plain"
        };
        let children = split(body, content_type.get("boundary"))
            .into_iter()
            .map(|raw| read(raw, default_kind, depth + 1, budget))
            .collect::<Result<Vec<_>, _>>()?;
        return Ok(if children.is_empty() {
            Content::Leaf
        } else {
            Content::Multipart(children)
        });
    }
    if is_message(kind) {
        let is_encoded = matches!(
            transfer_encoding(header).as_str(),
            "base64" | "quoted-printable"
        );
        // RFC 2046 forbids to encode it; programs say so and do not do it, too.
        if is_encoded && !looks_like_header(body) {
            return Ok(Content::Message(None));
        }
        let message = read(body, "text/plain", depth + 1, budget)?;
        return Ok(Content::Message(Some(Box::new(message))));
    }
    Ok(Content::Leaf)
}

fn is_message(kind: &str) -> bool {
    matches!(kind, "message/rfc822" | "message/global")
}

fn looks_like_header(body: &[u8]) -> bool {
    let (first, _) = header::line(body.trim_ascii_start());
    first.iter().take(80).any(|b| *b == b':')
}

/// Cuts a multipart's body at its boundary.
fn split<'a>(body: &'a [u8], boundary: Option<&str>) -> Vec<&'a [u8]> {
    let told = boundary.map(str::as_bytes).filter(|b| !b.is_empty());
    if let Some(boundary) = told {
        let parts = split_at(body, boundary);
        if !parts.is_empty() {
            return parts;
        }
    }
    // No boundary, or one that never comes: the first line that looks like one.
    guess_boundary(body).map_or_else(Vec::new, |boundary| split_at(body, boundary))
}

fn split_at<'a>(body: &'a [u8], boundary: &[u8]) -> Vec<&'a [u8]> {
    let boundary = boundary.trim_ascii_end();
    let mut parts = Vec::new();
    let mut begin = None;
    let mut at = 0;
    while at < body.len() {
        let (line, rest) = header::line(&body[at..]);
        let next = body.len() - rest.len();
        if let Some(is_last) = boundary_line(line, boundary) {
            if let Some(begin) = begin {
                parts.push(without_line_end(&body[begin..at]));
            }
            begin = (!is_last).then_some(next);
        }
        at = next;
    }
    // Cut off, or the last boundary is missing.
    if let Some(begin) = begin
        && begin < body.len()
    {
        parts.push(&body[begin..]);
    }
    parts
}

/// Whether a line is the boundary, and then whether it is the last.
fn boundary_line(line: &[u8], boundary: &[u8]) -> Option<bool> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary)?;
    let rest = rest.trim_ascii_end();
    match rest {
        b"" => Some(false),
        b"--" => Some(true),
        _ => None,
    }
}

/// The line end before a boundary belongs to the boundary.
fn without_line_end(part: &[u8]) -> &[u8] {
    let part = part.strip_suffix(b"\n").unwrap_or(part);
    part.strip_suffix(b"\r").unwrap_or(part)
}

fn guess_boundary(body: &[u8]) -> Option<&[u8]> {
    let mut rest = body;
    while !rest.is_empty() {
        let (line, after) = header::line(rest);
        let line = line.trim_ascii_end();
        if let Some(boundary) = line.strip_prefix(b"--")
            && (8..=200).contains(&boundary.len())
            && boundary.iter().all(u8::is_ascii_graphic)
            && boundary.iter().any(u8::is_ascii_alphanumeric)
            && header::split(after).is_ok_and(|(header, _)| header.has("content-type"))
        {
            return Some(boundary);
        }
        rest = after;
    }
    None
}

/// Quoted-printable; what is none stays as it is (`mail-parser` would give up).
fn quoted_printable(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    while !rest.is_empty() {
        let (line, after) = header::line(rest);
        let line_end = &rest[line.len()..rest.len() - after.len()];
        let line = line.trim_ascii_end();
        let (line, is_soft) = match line.strip_suffix(b"=") {
            Some(line) => (line, true),
            None => (line, false),
        };
        decode_line(line, &mut out);
        if !is_soft {
            out.extend(line_end);
        }
        rest = after;
    }
    out
}

fn decode_line(line: &[u8], out: &mut Vec<u8>) {
    let mut at = 0;
    while at < line.len() {
        let decoded = match line[at..] {
            [b'=', first, second, ..] => {
                mail_parser::decoders::quoted_printable::quoted_printable_decode_char(first, second)
            }
            _ => None,
        };
        out.push(decoded.unwrap_or(line[at]));
        at += if decoded.is_some() { 3 } else { 1 };
    }
}

/// Unix-to-Unix encoding, from `begin` to `end`.
fn uudecode(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() / 4 * 3);
    let mut rest = body;
    let mut has_begun = false;
    while !rest.is_empty() {
        let (line, after) = header::line(rest);
        rest = after;
        if !has_begun {
            has_begun = line.starts_with(b"begin ");
            continue;
        }
        if line == b"end" || line.is_empty() {
            break;
        }
        let six = |at: usize| (line.get(at).copied().unwrap_or(b' ').wrapping_sub(32)) & 63;
        let end = out.len() + usize::from(six(0));
        for at in (1..line.len()).step_by(4) {
            let [a, b, c, d] = [six(at), six(at + 1), six(at + 2), six(at + 3)];
            out.extend([a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
        }
        out.truncate(end);
    }
    out
}
