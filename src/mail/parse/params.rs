//! Content-Type and Content-Disposition: a word and parameters (RFC 2045, RFC 2231), and file names in every form that
//! mail programs write.

use super::{
    charset,
    limits::{MAX_FILENAME, cut_bytes, cut_chars},
    words,
};
use encoding_rs::Encoding;

/// More parameters than this have no meaning.
const MAX_PARAMETERS: usize = 200;

/// Bytes of a value that are read.
const MAX_VALUE: usize = 64 << 10;

/// A value such as `text/plain; charset="utf-8"`.
#[derive(Debug, Default)]
pub struct Value {
    /// What stands before the first semicolon, in small letters.
    pub word: String,
    /// Names in small letters, as written, with values without quotes.
    parameters: Vec<(String, String)>,
}

impl Value {
    /// Reads a header value. Raw letters are decoded first: in Shift_JIS the second byte of 表 is a backslash.
    pub fn read(value: &[u8], hint: Option<&'static Encoding>) -> Self {
        let text = words::raw(cut_bytes(value, MAX_VALUE), hint);
        let (word, mut rest) = split_parameter(&text);
        let word = word.trim().trim_matches('"').to_lowercase();
        let mut parameters = Vec::new();
        while !rest.is_empty() && parameters.len() < MAX_PARAMETERS {
            let (part, after) = split_parameter(rest);
            rest = after;
            if let Some((name, value)) = part.split_once('=') {
                parameters.push((name.trim().to_lowercase(), unquote(value.trim())));
            }
        }
        let word = word
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned();
        Self { word, parameters }
    }

    /// A plain parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }

    /// A parameter in RFC 2231's form (`name*`, `name*0*`, `name*0`), decoded; none where it is not written so.
    fn extended(&self, name: &str, hint: Option<&'static Encoding>) -> Option<String> {
        let mut pieces: Vec<(usize, bool, &str)> = self
            .parameters
            .iter()
            .filter_map(|(found, value)| {
                let suffix = found.strip_prefix(name)?.strip_prefix('*')?;
                let (number, is_encoded) = match suffix.strip_suffix('*') {
                    Some(number) => (number, true),
                    None => (suffix, suffix.is_empty()),
                };
                let number = if number.is_empty() {
                    0
                } else {
                    number.trim().parse().ok()?
                };
                Some((number, is_encoded, value.as_str()))
            })
            .collect();
        pieces.sort_by_key(|(number, ..)| *number);
        pieces.dedup_by_key(|(number, ..)| *number);
        let (_, is_first_encoded, first) = *pieces.first()?;
        let mut label = None;
        let mut bytes = Vec::new();
        let mut skip = 0;
        // charset'language'text; some programs leave that away.
        if is_first_encoded && first.matches('\'').count() >= 2 {
            let charset = first.split('\'').next().unwrap_or_default();
            label = Some(charset);
            let language = first[charset.len() + 1..].split('\'').next();
            skip = charset.len() + 1 + language.map_or(0, str::len) + 1;
        }
        for (at, (_, is_encoded, value)) in pieces.iter().enumerate() {
            let value = if at == 0 { &value[skip..] } else { value };
            if *is_encoded {
                bytes.extend(percent_decode(value));
            } else {
                bytes.extend(value.as_bytes());
            }
        }
        let text = charset::decode(&bytes, label, hint).text;
        // Outlook and others put encoded words into the pieces.
        Some(words::decode(&text, hint))
    }

    fn decoded(&self, name: &str, hint: Option<&'static Encoding>) -> Option<String> {
        let value = self.get(name)?;
        let decoded = words::decode(value, hint);
        if decoded != value || !value.contains('%') {
            return Some(decoded);
        }
        // Browsers and scripts escape as RFC 2231 does, but under the plain name.
        let bytes = percent_decode(value);
        let is_escaped = !bytes.is_ascii() && std::str::from_utf8(&bytes).is_ok();
        Some(if is_escaped {
            charset::decode(&bytes, None, hint).text
        } else {
            decoded
        })
    }
}

/// The name of a file, from the disposition and the content type: `filename*`, `filename`, `name*`, `name`, the first
/// that is not empty. Cleaned, see [`tidy_filename`].
pub fn filename(
    disposition: &Value,
    content_type: &Value,
    hint: Option<&'static Encoding>,
) -> Option<String> {
    [(disposition, "filename"), (content_type, "name")]
        .into_iter()
        .flat_map(|(value, name)| [value.extended(name, hint), value.decoded(name, hint)])
        .flatten()
        .find_map(|name| tidy_filename(&name))
}

/// A file name without path and control characters, not too long; none where nothing is left.
///
/// A slash is a path only where it begins one: people name files `2026/11/22議事録.docx`.
pub fn tidy_filename(name: &str) -> Option<String> {
    let name = words::clean(name);
    let name = name.trim_matches(['"', ' ']);
    let is_path = name.starts_with('/')
        || name.starts_with("./")
        || name.contains("../")
        || name.contains('\\')
        || name.as_bytes().get(1) == Some(&b':');
    let name = if is_path {
        name.rsplit(['/', '\\', ':']).next().unwrap_or(name)
    } else {
        name
    };
    let name: String = name
        .chars()
        .map(|c| match c {
            '/' | '\\' => '_',
            c => c,
        })
        .collect();
    let name = name
        .trim_matches(|c: char| c == '.' && name.chars().all(|c| c == '.'))
        .trim();
    (!name.is_empty()).then(|| shorten(name))
}

/// Keeps the ending, by which people and programs know what it is.
fn shorten(name: &str) -> String {
    if name.chars().count() <= MAX_FILENAME {
        return name.to_owned();
    }
    let ending = name
        .rsplit_once('.')
        .map(|(_, ending)| ending)
        .filter(|ending| !ending.is_empty() && ending.len() <= 8);
    match ending {
        Some(ending) => {
            let stem = cut_chars(name, MAX_FILENAME - 1 - ending.chars().count());
            format!("{stem}.{ending}")
        }
        None => cut_chars(name, MAX_FILENAME).to_owned(),
    }
}

/// Up to the next semicolon outside of quotes, and what follows it.
fn split_parameter(text: &str) -> (&str, &str) {
    let mut is_quoted = false;
    let mut is_escaped = false;
    for (at, letter) in text.char_indices() {
        match letter {
            _ if is_escaped => is_escaped = false,
            // Only before a quote or another backslash; `C:\dir\` is written as well.
            '\\' if is_quoted => {
                is_escaped = matches!(text.as_bytes().get(at + 1), Some(b'"' | b'\\'))
                    && !ends_value(&text[at + 2..]);
            }
            '"' => is_quoted = !is_quoted,
            ';' if !is_quoted => return (&text[..at], &text[at + 1..]),
            _ => {}
        }
    }
    // A quote that nobody closed hides every parameter behind it.
    if is_quoted && let Some((part, rest)) = text.split_once(';') {
        return (part, rest);
    }
    (text, "")
}

/// Whether a value is over here, so that a quote before it is its end.
fn ends_value(rest: &str) -> bool {
    let rest = rest.trim_start();
    rest.is_empty() || rest.starts_with(';')
}

fn unquote(value: &str) -> String {
    let Some(inside) = value.strip_prefix('"') else {
        return value.trim_end_matches('"').to_owned();
    };
    let mut out = String::with_capacity(inside.len());
    let mut letters = inside.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next_if(|next| matches!(next, '"' | '\\')) {
                Some('"') if letters.peek().is_none() => out.push('\\'),
                Some(next) => out.push(next),
                None => out.push('\\'),
            },
            // Quotes in the middle: `""name""`, or words that were quoted one by one.
            '"' => {}
            letter => out.push(letter),
        }
    }
    out
}

fn percent_decode(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let byte = match bytes[at..] {
            [b'%', first, second, ..] => {
                mail_parser::decoders::quoted_printable::quoted_printable_decode_char(first, second)
            }
            _ => None,
        };
        match byte {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    out
}
