//! Names and types of files: as they are stored, and as they are told to a browser.
//!
//! A name comes from a stranger's mail or a colleague's disk. It is never a path of ours (the bytes stand under their
//! digest), but it is shown and offered for saving, so it must not lead out of a folder, hide its ending or break a
//! header. Japanese stays Japanese.

use crate::text::clean;
use std::fmt::Write;

/// Longest name, in characters. The column takes 255; a cut one keeps its ending.
const MAX_NAME: usize = 200;

/// Longest ending that is kept when a name is cut.
const MAX_ENDING: usize = 20;

/// For a file whose name has nothing to show.
const UNNAMED: &str = "添付ファイル";

/// What a type may be told to a browser as: documents that it shows or saves, none that it runs. Everything else is
/// bytes.
const SAFE_TYPES: &[&str] = &[
    "application/msword",
    "application/pdf",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/zip",
    "image/gif",
    "image/heic",
    "image/jpeg",
    "image/png",
    "image/tiff",
    "image/webp",
    "text/csv",
    "text/plain",
];

/// How a browser treats a file that it shows all the same: nothing in it runs, loads, sends or is framed.
pub(crate) const SANDBOX: &str =
    "sandbox; default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Of a file about which nothing is known.
pub(super) const BYTES: &str = "application/octet-stream";

/// The name as it is stored: without folders, control characters, and characters that reorder others.
pub(super) fn filename(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let shown: String = last.chars().filter(|&c| !is_forbidden(c)).collect();
    let composed = clean::compose(&shown);
    // Windows drops dots and spaces at the end, and with them what was behind the ending before.
    let trimmed = composed.trim_matches(|c: char| c.is_whitespace() || c == '.');
    // A leading dot is a name of its own (.gitignore); two lead out of the folder.
    let has_dot = composed.trim_start().starts_with('.') && !composed.contains("..");
    if trimmed
        .chars()
        .all(|c| c.is_whitespace() || clean::is_invisible(c))
    {
        return UNNAMED.into();
    }
    cut(&match has_dot {
        true => format!(".{trimmed}"),
        false => trimmed.to_owned(),
    })
}

fn is_forbidden(c: char) -> bool {
    c.is_control()
        || clean::is_line_break(c)
        || clean::reorders(c)
        || clean::is_noncharacter(c)
        // Marks of direction, and spaces without width.
        || matches!(c, '\u{061C}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{FEFF}')
}

fn cut(name: &str) -> String {
    let length = name.chars().count();
    if length <= MAX_NAME {
        return name.to_owned();
    }
    let ending = match name.rfind('.') {
        Some(at) if name[at..].chars().count() <= MAX_ENDING => &name[at..],
        _ => "",
    };
    let room = MAX_NAME - ending.chars().count();
    name.chars().take(room).chain(ending.chars()).collect()
}

/// The type as it is stored: `type/subtype` in small letters, without parameters.
pub(super) fn content_type(text: &str) -> String {
    let essence = text.split(';').next().unwrap_or_default().trim();
    let is_token = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    match essence.split_once('/') {
        Some((kind, subtype)) if is_token(kind) && is_token(subtype) && essence.len() <= 255 => {
            essence.to_ascii_lowercase()
        }
        _ => BYTES.into(),
    }
}

/// The type as a browser is told it.
pub(super) fn served_type(stored: &str) -> &'static str {
    SAFE_TYPES
        .iter()
        .find(|safe| **safe == stored)
        .copied()
        .unwrap_or(BYTES)
}

/// `Content-Disposition` of a download: never inline. The name comes in both forms, plain for old clients and
/// percent-encoded UTF-8 (RFC 6266, RFC 8187) for the others.
pub fn disposition(filename: &str) -> String {
    let mut value = String::from("attachment; filename=\"");
    value.extend(filename.chars().map(|c| match c {
        '"' | '\\' | '%' => '_',
        ' '..='~' => c,
        _ => '_',
    }));
    value.push_str("\"; filename*=UTF-8''");
    for byte in filename.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                value.push(byte.into())
            }
            _ => write!(value, "%{byte:02X}").expect("a String takes everything"),
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_cleaned_and_stay_japanese() {
        for (given, stored) in [
            ("在宅勤務規程（案）.docx", "在宅勤務規程（案）.docx"),
            ("C:\\Users\\山田\\見積書.xlsx", "見積書.xlsx"),
            ("../../etc/passwd", "passwd"),
            ("..", UNNAMED),
            (".", UNNAMED),
            ("", UNNAMED),
            ("\u{3000} \t", UNNAMED),
            ("\u{200B}\u{202E}", UNNAMED),
            ("/", UNNAMED),
            (".gitignore", ".gitignore"),
            ("..gitignore", "gitignore"),
            ("a.txt. . ", "a.txt"),
            ("請求書\u{202E}fdp.exe", "請求書fdp.exe"),
            ("a\r\nSet-Cookie: x.txt", "aSet-Cookie: x.txt"),
            ("a\0b.txt", "ab.txt"),
            // As macOS writes it.
            ("か\u{3099}い.pdf", "がい.pdf"),
            ("<script>alert(1)<", "<script>alert(1)<"),
            ("髙橋\u{FA11}.pdf", "髙橋\u{FA11}.pdf"),
            ("葛\u{E0100}城.pdf", "葛\u{E0100}城.pdf"),
        ] {
            assert_eq!(filename(given), stored, "{given:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_ending() {
        let name = filename(&format!("{}.pdf", "長".repeat(300)));
        assert_eq!(name.chars().count(), MAX_NAME);
        assert!(name.ends_with("長.pdf"));
        assert_eq!(filename(&"長".repeat(300)).chars().count(), MAX_NAME);
    }

    #[test]
    fn types_are_told_only_where_they_are_harmless() {
        for (given, stored, served) in [
            (
                "Application/PDF; name=x",
                "application/pdf",
                "application/pdf",
            ),
            ("text/html", "text/html", BYTES),
            ("image/svg+xml", "image/svg+xml", BYTES),
            ("application/xhtml+xml", "application/xhtml+xml", BYTES),
            ("message/rfc822", "message/rfc822", BYTES),
            ("text/plain\r\nX-Evil: 1", BYTES, BYTES),
            ("pdf", BYTES, BYTES),
            ("", BYTES, BYTES),
        ] {
            assert_eq!(content_type(given), stored, "{given}");
            assert_eq!(served_type(&content_type(given)), served, "{given}");
        }
    }

    #[test]
    fn dispositions() {
        assert_eq!(
            disposition("規程 a\"b%41.pdf"),
            "attachment; filename=\"__ a_b_41.pdf\"; filename*=UTF-8''%E8%A6%8F%E7%A8%8B%20a%22b%2541.pdf"
        );
    }

    proptest! {
        #[test]
        fn every_name_is_harmless(given in prop_oneof![".*", "[./\\\\a あ\u{202E}\u{1}]*"]) {
            let name = filename(&given);
            prop_assert!(!name.is_empty() && name.chars().count() <= MAX_NAME);
            let breaks_out = name.contains(['/', '\\', '\0', '\n', '\r', '\u{202E}']);
            prop_assert!(!breaks_out);
            prop_assert!(name != "." && name != "..");
            prop_assert_eq!(filename(&name), name.clone());
            let header = disposition(&name);
            prop_assert!(header.bytes().all(|b| (b' '..=b'~').contains(&b)));
            prop_assert_eq!(header.matches('"').count(), 2);
        }
    }
}
