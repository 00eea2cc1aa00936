//! Header values to text: encoded words (RFC 2047) as they really come, raw letters of any charset, control characters.
//!
//! Words beside each other are joined as bytes before they are decoded, because programs cut inside a letter and inside
//! a mode of ISO-2022-JP. Words glued to text, inside quotes, with spaces inside and with language tags are read too.

use super::charset;
use encoding_rs::Encoding;
use mail_parser::decoders::{
    base64::base64_decode, quoted_printable::quoted_printable_decode_char,
};

/// A piece of a header value.
enum Piece<'a> {
    Raw(&'a str),
    Word { charset: &'a str, bytes: Vec<u8> },
}

/// A header value with its raw letters decoded; encoded words stay.
///
/// First of all, because the second byte of a letter in Shift_JIS may be `\`, `|` or `@`.
pub fn raw(value: &[u8], hint: Option<&'static Encoding>) -> String {
    charset::decode(value, None, hint).text
}

/// A whole value: decoded, without control characters, on one line.
pub fn unstructured(value: &[u8], hint: Option<&'static Encoding>) -> String {
    clean(&decode(&raw(value, hint), hint))
}

/// Decodes the encoded words in a text.
pub fn decode(text: &str, hint: Option<&'static Encoding>) -> String {
    if !text.contains("=?") {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut pieces = pieces(text).into_iter().peekable();
    while let Some(piece) = pieces.next() {
        match piece {
            Piece::Raw(text) => out.push_str(text),
            Piece::Word { charset, mut bytes } => {
                while let Some(Piece::Word { bytes: more, .. }) = pieces.next_if(
                    |next| matches!(next, Piece::Word { charset: other, .. } if other.eq_ignore_ascii_case(charset)),
                ) {
                    bytes.extend(more);
                }
                let charset = charset.split('*').next().unwrap_or(charset);
                out.push_str(&charset::decode(&bytes, Some(charset), hint).text);
            }
        }
    }
    out
}

/// Cuts a value into raw text and words; white space between two words is dropped.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let marks = Marks::find(text);
    let mut pieces = Vec::new();
    let mut end = 0;
    for &begin in &marks.begins {
        if begin < end {
            continue;
        }
        let Some((word, word_end)) = word(text, begin, &marks) else {
            continue;
        };
        let between = &text[end..begin];
        let is_between_words = between.trim_ascii().is_empty() && !pieces.is_empty();
        if !is_between_words && !between.is_empty() {
            pieces.push(Piece::Raw(between));
        }
        pieces.push(word);
        end = word_end;
    }
    if end < text.len() {
        pieces.push(Piece::Raw(&text[end..]));
    }
    pieces
}

/// Where words may begin and end, looked up once: searching again for every beginning would be quadratic.
struct Marks {
    begins: Vec<usize>,
    ends: Vec<usize>,
}

impl Marks {
    fn find(text: &str) -> Self {
        let all = |mark| text.match_indices(mark).map(|(at, _)| at).collect();
        Self {
            begins: all("=?"),
            ends: all("?="),
        }
    }

    fn after(marks: &[usize], at: usize) -> Option<usize> {
        marks.get(marks.partition_point(|mark| *mark < at)).copied()
    }

    fn end_after(&self, at: usize) -> Option<usize> {
        Self::after(&self.ends, at)
    }

    /// Where a Q word ends. A question mark inside is not allowed and yet written; followed by an encoded byte, `?=3D`
    /// looks like the end, unless nothing that ends a word follows.
    fn end_of_q(&self, text: &str, from: usize) -> Option<usize> {
        let first = self.end_after(from)?;
        let after = &text.as_bytes()[first + 2..];
        if after.len() < 2 || !after[..2].iter().all(u8::is_ascii_hexdigit) {
            return Some(first);
        }
        let begin = Self::after(&self.begins, first + 2);
        match self.end_after(first + 2) {
            Some(next) if begin.is_none_or(|begin| begin + 1 >= next) => {
                let gap = &text.as_bytes()[first..next.min(first + MAX_WORD_GAP)];
                let has_space = gap.contains(&b' ');
                Some(if has_space { first } else { next })
            }
            _ => Some(first),
        }
    }
}

/// Longest name of a charset with a language tag; nothing longer is one.
const MAX_CHARSET: usize = 60;

/// How far behind a doubtful end the real one is looked for: RFC 2047 ends a word after 75 bytes.
const MAX_WORD_GAP: usize = 75;

/// Reads `=?charset?B?text?=` at a place; also returns where it ends.
fn word<'a>(text: &'a str, at: usize, marks: &Marks) -> Option<(Piece<'a>, usize)> {
    let bytes = text.as_bytes();
    let name = &bytes[at + 2..];
    let name = &name[..name.iter().take(MAX_CHARSET).position(|b| *b == b'?')?];
    if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    let encoding_at = at + 2 + name.len() + 1;
    let encoding = bytes.get(encoding_at)?.to_ascii_uppercase();
    if !matches!(encoding, b'B' | b'Q') || bytes.get(encoding_at + 1) != Some(&b'?') {
        return None;
    }
    let begin = encoding_at + 2;
    let end = if encoding == b'B' {
        marks.end_after(begin)?
    } else {
        marks.end_of_q(text, begin)?
    };
    let data = &bytes[begin..end];
    let bytes = if encoding == b'B' {
        base64(data)
    } else {
        q(data)
    };
    let charset = &text[at + 2..encoding_at - 1];
    Some((Piece::Word { charset, bytes }, end + 2))
}

/// Base64 with everything that is none left out.
pub fn base64(data: &[u8]) -> Vec<u8> {
    let clean: Vec<u8> = data
        .iter()
        .copied()
        .filter(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='))
        .collect();
    base64_decode(&clean).unwrap_or_default()
}

fn q(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len());
    let mut at = 0;
    while at < data.len() {
        match data[at..] {
            [b'=', first, second, ..] => match quoted_printable_decode_char(first, second) {
                Some(byte) => {
                    out.push(byte);
                    at += 3;
                }
                None => {
                    out.push(b'=');
                    at += 1;
                }
            },
            [b'_', ..] => {
                out.push(b' ');
                at += 1;
            }
            _ => {
                out.push(data[at]);
                at += 1;
            }
        }
    }
    out
}

/// Without control characters, and without marks that turn the direction of writing, by which a name can look like
/// another; white space of any kind becomes one space. Encoded words may hide line ends: nothing that is made from a
/// header ever contains one.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\t' | '\r' | '\n' | ' ' => {
                if !out.is_empty() && !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            letter if letter.is_control() => {}
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => {}
            letter => out.push(letter),
        }
    }
    out.truncate(out.trim_end().len());
    out
}
