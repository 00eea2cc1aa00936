//! Bytes to text, as mail from Japan needs it.
//!
//! A label is a hint, not the truth: mail says `iso-2022-jp` and is UTF-8, says nothing and is ISO-2022-JP, says
//! `us-ascii` and is CP932. What the bytes themselves show counts first:
//!
//! 1. escape sequences of ISO-2022-JP (every byte is ASCII, so this goes before UTF-8),
//! 2. valid UTF-8,
//! 3. the label, where it decodes without a fault,
//! 4. statistics (chardetng, told that the mail is Japanese), the hint from other parts of the mail before that.
//!
//! `encoding_rs` decodes; our own is only what WHATWG leaves out and mail has: the relatives of ISO-2022-JP with
//! half-width kana by SO and SI, JIS X 0212, and pictures of mobile carriers.

use super::limits;
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{
    EUC_JP, Encoding, ISO_2022_JP, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252,
};

const ESC: u8 = 0x1b;
const SHIFT_OUT: u8 = 0x0e;
const SHIFT_IN: u8 = 0x0f;

/// What stands for a letter that no table has (a carrier's picture): the mark that Japanese printers use for it.
const GETA: char = '〓';

/// Text, and what is known of how it was written.
#[derive(Debug, Clone)]
pub struct Decoded {
    /// The text.
    pub text: String,
    /// For guessing other parts of the same mail; none for ASCII.
    pub encoding: Option<&'static Encoding>,
    /// Some letters could not be read.
    pub damaged: bool,
}

impl Decoded {
    fn of(text: String, encoding: Option<&'static Encoding>, damaged: bool) -> Self {
        Self {
            text,
            encoding,
            damaged,
        }
    }
}

/// What a label stands for.
enum Label {
    /// The family of ISO-2022-JP.
    Jis,
    Known(&'static Encoding),
    /// Bytes over 127 contradict it.
    Ascii,
    /// UTF-7 and the like, which `encoding_rs` leaves out on purpose.
    Rare(fn(&[u8]) -> String),
    Unknown,
}

impl Label {
    fn read(label: &str) -> Self {
        let label: String = label
            .trim_matches(|c: char| !c.is_ascii_alphanumeric())
            .chars()
            .take(60)
            .map(|c| match c {
                '_' | ' ' => '-',
                c => c.to_ascii_lowercase(),
            })
            .collect();
        match label.as_str() {
            "" | "unknown-8bit" | "unknown" | "x-unknown" | "default" | "8bit" | "binary" => {
                Self::Unknown
            }
            "us-ascii" | "ascii" | "ansi-x3.4-1968" | "iso646-us" | "7bit" => Self::Ascii,
            "jis" | "junet" | "cp50220" | "cp50221" | "cp50222" | "csiso2022jp2" => Self::Jis,
            label if label.starts_with("iso-2022-jp") || label.starts_with("iso2022jp") => {
                Self::Jis
            }
            "cp932" | "ms932" | "cp943" | "cp943c" | "ibm-943" | "ibm943" | "x-ms-cp932"
            | "windows-932" | "windows31j" | "x-windows-31j" | "cswindows31j" | "shiftjis"
            | "x-shift-jis" | "s-jis" | "shift-jis-2004" | "shift-jisx0213" | "mskanji"
            | "x-sjis-jp" | "sjis-win" | "cp932-docomo" => Self::Known(SHIFT_JIS),
            "eucjp" | "ujis" | "cp51932" | "cp20932" | "eucjp-win" | "eucjp-ms" | "euc-jp-ms"
            | "eucjpms" | "euc-jisx0213" | "euc-jis-2004" => Self::Known(EUC_JP),
            "utf8" | "utf-8n" | "utf8n" | "utf8mb4" | "unicode-1-1-utf-8" | "cp65001" => {
                Self::Known(UTF_8)
            }
            "utf-16" => Self::Known(UTF_16BE),
            label => Self::other(label),
        }
    }

    fn other(label: &str) -> Self {
        // Some tables spell their labels with underscores, `shift_jis` and `ks_c_5601-1987` among them.
        let known = Encoding::for_label_no_replacement(label.as_bytes())
            .or_else(|| Encoding::for_label_no_replacement(label.replacen('-', "_", 1).as_bytes()))
            .or_else(|| Encoding::for_label_no_replacement(label.replace('-', "_").as_bytes()));
        match known {
            Some(encoding) if encoding == ISO_2022_JP => Self::Jis,
            Some(encoding) => Self::Known(encoding),
            None => mail_parser::decoders::charsets::map::charset_decoder(label.as_bytes())
                .map_or(Self::Unknown, Self::Rare),
        }
    }
}

/// Decodes text.
///
/// `hint` is what other parts of the same mail were written in.
pub fn decode(bytes: &[u8], label: Option<&str>, hint: Option<&'static Encoding>) -> Decoded {
    let label = label.map_or(Label::Unknown, Label::read);
    if let Label::Known(encoding) = label
        && (encoding == UTF_16BE || encoding == UTF_16LE)
    {
        return decode_utf16(bytes, encoding);
    }
    if has_jis_escape(bytes) || matches!(label, Label::Jis) && has_shift_out(bytes) {
        return decode_jis(bytes, hint);
    }
    match label {
        Label::Rare(decoder) => {
            let text = decoder(bytes);
            let damaged = text.contains('\u{fffd}');
            return Decoded::of(text, None, damaged);
        }
        Label::Known(encoding) if encoding != UTF_8 && !bytes.is_ascii() => {
            if let Some(decoded) = decode_labelled(bytes, encoding) {
                return decoded;
            }
        }
        _ => {}
    }
    match std::str::from_utf8(bytes) {
        // What the label says cannot be, and nothing says what it is instead.
        Err(_) if matches!(label, Label::Jis) && is_stray(bytes) => {
            Decoded::of(String::from_utf8_lossy(bytes).into_owned(), None, true)
        }
        Ok(text) => {
            let encoding = (!bytes.is_ascii()).then_some(UTF_8);
            Decoded::of(text.to_owned(), encoding, false)
        }
        Err(error) if is_cut_utf8(bytes, &error) => {
            let text = String::from_utf8_lossy(bytes).into_owned();
            Decoded::of(text, Some(UTF_8), true)
        }
        Err(_) => guess(bytes, hint),
    }
}

/// Follows the label unless the bytes say otherwise.
fn decode_labelled(bytes: &[u8], encoding: &'static Encoding) -> Option<Decoded> {
    if is_surely_utf8(bytes, encoding) {
        return None;
    }
    // Every byte is a letter in these, so that "decodes without a fault" says nothing.
    if encoding.is_single_byte()
        && let Some(decoded) = japanese_under_western_label(bytes)
    {
        return Some(decoded);
    }
    let (text, damaged) = encoding.decode_without_bom_handling(bytes);
    (!damaged).then(|| Decoded::of(text.into_owned(), Some(encoding), false))
}

/// Valid UTF-8 that is not valid by accident: kana of half width in Shift_JIS, and some pairs of EUC, look like
/// letters of two bytes, but nothing real looks like a row of letters of three.
fn is_surely_utf8(bytes: &[u8], label: &'static Encoding) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| {
        label.is_single_byte() || text.chars().any(|letter| letter.len_utf8() >= 3)
    })
}

/// Shift_JIS or EUC-JP that somebody called Latin: their kana are pairs of bytes that no Western text has.
fn japanese_under_western_label(bytes: &[u8]) -> Option<Decoded> {
    let pairs = |found: fn(u8, u8) -> bool| bytes.windows(2).filter(|p| found(p[0], p[1])).count();
    let shift_jis = pairs(|a, b| {
        a == 0x82 && (0x9f..=0xf1).contains(&b) || a == 0x83 && (0x40..=0x96).contains(&b)
    });
    let euc = pairs(|a, b| (a == 0xa4 || a == 0xa5) && (0xa1..=0xf6).contains(&b));
    let encoding = match (shift_jis, euc) {
        (s, e) if s >= 2 && s > e => SHIFT_JIS,
        (s, e) if e >= 2 && e > s => EUC_JP,
        _ => return None,
    };
    let (text, damaged) = encoding.decode_without_bom_handling(bytes);
    (!damaged).then(|| Decoded::of(text.into_owned(), Some(encoding), false))
}

/// UTF-8 with some faults, as where a program cut it at a number of bytes: far more good letters than faults.
fn is_cut_utf8(bytes: &[u8], first: &std::str::Utf8Error) -> bool {
    if first.error_len().is_none() {
        return first.valid_up_to() > 0 && !bytes[..first.valid_up_to()].is_ascii();
    }
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| c.len_utf8() >= 3).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good > bad * 4
}

/// Bytes that statistics are made of: more do not change them, and take time.
const GUESSED_BYTES: usize = 128 << 10;

fn guess(bytes: &[u8], hint: Option<&'static Encoding>) -> Decoded {
    if is_stray(bytes) {
        let (text, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
        return Decoded::of(text.into_owned(), Some(WINDOWS_1252), false);
    }
    if let Some(hint) = hint.filter(|hint| !hint.is_single_byte() && *hint != UTF_8) {
        let (text, damaged) = hint.decode_without_bom_handling(bytes);
        if !damaged {
            return Decoded::of(text.into_owned(), Some(hint), false);
        }
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(limits::cut_bytes(bytes, GUESSED_BYTES), true);
    let guessed = detector.guess(Some(b"jp"), Utf8Detection::Allow);
    for encoding in [guessed, SHIFT_JIS, EUC_JP] {
        let (text, damaged) = encoding.decode_without_bom_handling(bytes);
        if !damaged {
            return Decoded::of(text.into_owned(), Some(encoding), false);
        }
    }
    let mostly = if guessed.is_single_byte() {
        WINDOWS_1252
    } else {
        guessed
    };
    let (text, _) = mostly.decode_without_bom_handling(bytes);
    Decoded::of(text.into_owned(), Some(mostly), true)
}

/// A byte or two over 127 inside of Latin words: no Japanese stands so.
fn is_stray(bytes: &[u8]) -> bool {
    let strays: Vec<usize> = (0..bytes.len())
        .filter(|at| !bytes[*at].is_ascii())
        .take(3)
        .collect();
    let is_letter = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphabetic);
    strays.len() <= 2
        && strays
            .iter()
            .all(|at| *at > 0 && is_letter(at - 1) && is_letter(at + 1))
}

fn decode_utf16(bytes: &[u8], encoding: &'static Encoding) -> Decoded {
    // A mark at the beginning knows better, and so do zeros: ASCII in little endian has them at odd places.
    let zeros_at = |odd: usize| {
        bytes
            .iter()
            .skip(odd)
            .step_by(2)
            .take(512)
            .filter(|b| **b == 0)
            .count()
    };
    let encoding = if zeros_at(1) > zeros_at(0) {
        UTF_16LE
    } else {
        encoding
    };
    let (text, encoding, damaged) = encoding.decode(bytes);
    Decoded::of(text.into_owned(), Some(encoding), damaged)
}

/// Which letters ISO-2022-JP is in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// ASCII, and JIS X 0201 Roman: mail programs of Japan use both alike, and addresses of web pages have `~` in it.
    Ascii,
    Kana,
    /// JIS X 0208, with the rows of NEC and IBM.
    Kanji,
    /// JIS X 0212.
    MoreKanji,
}

/// An escape sequence: its length and what it switches to; none where it only announces.
fn escape(rest: &[u8]) -> Option<(usize, Option<Mode>)> {
    match rest {
        [ESC, b'$', b'@' | b'B', ..] => Some((3, Some(Mode::Kanji))),
        [ESC, b'$', b'(', b'@' | b'B' | b'O' | b'Q', ..] => Some((4, Some(Mode::Kanji))),
        [ESC, b'$', b'(', b'D' | b'P', ..] => Some((4, Some(Mode::MoreKanji))),
        [ESC, b'(', b'B' | b'J' | b'H', ..] => Some((3, Some(Mode::Ascii))),
        [ESC, b'(', b'I', ..] => Some((3, Some(Mode::Kana))),
        [ESC, b'&', b'@', ..] => Some((3, None)),
        _ => None,
    }
}

fn has_jis_escape(bytes: &[u8]) -> bool {
    positions(bytes, ESC).any(|at| {
        matches!(escape(&bytes[at..]), Some((_, Some(mode))) if mode != Mode::Ascii || bytes[at + 2] == b'J')
    })
}

fn has_shift_out(bytes: &[u8]) -> bool {
    positions(bytes, SHIFT_OUT).next().is_some()
}

fn positions(bytes: &[u8], wanted: u8) -> impl Iterator<Item = usize> {
    bytes
        .iter()
        .enumerate()
        .filter(move |(_, byte)| **byte == wanted)
        .map(|(at, _)| at)
}

/// Reads the whole family of ISO-2022-JP: runs between escape sequences become EUC-JP, which has the same tables.
/// A line's end goes back to ASCII (RFC 1468), also where a program forgot to say so.
fn decode_jis(bytes: &[u8], hint: Option<&'static Encoding>) -> Decoded {
    let mut out = String::with_capacity(bytes.len());
    let mut damaged = false;
    let mut mode = Mode::Ascii;
    let mut before_shift = Mode::Ascii;
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        match rest[0] {
            ESC => match escape(rest) {
                Some((length, to)) => {
                    mode = to.unwrap_or(mode);
                    at += length;
                }
                None => at += skip_carrier_picture(rest, &mut out),
            },
            SHIFT_OUT => {
                before_shift = mode;
                mode = Mode::Kana;
                at += 1;
            }
            SHIFT_IN => {
                mode = before_shift;
                at += 1;
            }
            b'\r' | b'\n' => {
                mode = Mode::Ascii;
                before_shift = Mode::Ascii;
                out.push(rest[0].into());
                at += 1;
            }
            _ => {
                let length = rest
                    .iter()
                    .position(|b| matches!(b, &ESC | &SHIFT_OUT | &SHIFT_IN | b'\r' | b'\n'))
                    .unwrap_or(rest.len());
                damaged |= push_run(&rest[..length], mode, hint, &mut out);
                at += length;
            }
        }
    }
    Decoded::of(out, Some(ISO_2022_JP), damaged)
}

/// SoftBank wrote pictures as ESC $ letter code… SI. Returns how many bytes it was.
fn skip_carrier_picture(rest: &[u8], out: &mut String) -> usize {
    if let [ESC, b'$', b'E' | b'F' | b'G' | b'O' | b'P' | b'Q', ..] = rest
        && let Some(length) = rest.iter().take(64).position(|b| *b == SHIFT_IN)
    {
        out.push(GETA);
        return length + 1;
    }
    1
}

/// A run without escape sequences; true where letters were lost.
fn push_run(run: &[u8], mode: Mode, hint: Option<&'static Encoding>, out: &mut String) -> bool {
    if mode == Mode::Ascii && run.is_ascii() {
        out.extend(run.iter().map(|b| char::from(*b)));
        return false;
    }
    // Bytes over 127 are no ISO-2022-JP in any mode: somebody glued texts together.
    if mode == Mode::Ascii || !run.is_ascii() {
        let decoded = decode(run, None, hint);
        out.push_str(&decoded.text);
        return decoded.damaged;
    }
    let mut euc = Vec::with_capacity(run.len() * 2);
    let mut bytes = run.iter().copied().peekable();
    while let Some(first) = bytes.next() {
        let high = |byte: u8| byte | 0x80;
        match mode {
            _ if !(0x21..=0x7e).contains(&first) => euc.push(first),
            Mode::Kana => euc.extend([0x8e, high(first)]),
            Mode::Kanji | Mode::MoreKanji => match bytes.next_if(|b| (0x21..=0x7e).contains(b)) {
                Some(second) => {
                    if mode == Mode::MoreKanji {
                        euc.push(0x8f);
                    }
                    euc.extend([high(first), high(second)]);
                }
                None => euc.push(first),
            },
            Mode::Ascii => euc.push(first),
        }
    }
    let (text, _) = EUC_JP.decode_without_bom_handling(&euc);
    out.extend(text.chars().map(|c| if c == '\u{fffd}' { GETA } else { c }));
    false
}
