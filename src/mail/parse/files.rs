//! Files in a mail: names for those without, and whether a password keeps virus checks out (PPAP).

use super::params;

/// A name for a file that has none.
pub fn default_name(content_type: &str, number: usize) -> String {
    let ending = match content_type {
        "text/plain" => "txt",
        "text/html" => "html",
        "text/calendar" => "ics",
        "text/csv" => "csv",
        "text/vcard" | "text/x-vcard" | "text/directory" => "vcf",
        "image/jpeg" | "image/jpg" | "image/pjpeg" => "jpg",
        "image/png" => "png",
        "image/gif" => "gif",
        "image/tiff" => "tif",
        "image/heic" => "heic",
        "application/pdf" => "pdf",
        "application/zip" | "application/x-zip-compressed" => "zip",
        "application/msword" => "doc",
        "application/vnd.ms-excel" => "xls",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => "docx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => "xlsx",
        "application/ms-tnef" | "application/vnd.ms-tnef" => return "winmail.dat".into(),
        "application/pkcs7-signature" | "application/x-pkcs7-signature" => {
            return "smime.p7s".into();
        }
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => return "smime.p7m".into(),
        "application/pgp-signature" => return "signature.asc".into(),
        "message/rfc822" | "message/global" => "eml",
        _ => "bin",
    };
    format!("attachment-{number}.{ending}")
}

/// A name for a mail in the mail: its subject.
pub fn mail_name(subject: &str, number: usize) -> String {
    params::tidy_filename(&format!("{subject}.eml"))
        .filter(|name| name != ".eml" && !subject.is_empty())
        .unwrap_or_else(|| default_name("message/rfc822", number))
}

/// Whether a file is locked with a password. Nothing is opened or unpacked: only the marks are read that tell a program
/// to ask for the password.
pub fn is_encrypted(bytes: &[u8]) -> bool {
    is_encrypted_zip(bytes)
        || is_encrypted_office(bytes)
        || is_encrypted_pdf(bytes)
        || is_encrypted_7z(bytes)
        || is_encrypted_rar(bytes)
}

/// Entries of an archive that are looked at: one locked file is enough, and the first usually tells.
const MAX_ENTRIES: usize = 10_000;

fn u16_at(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes = bytes.get(at..at + 2)?;
    Some(usize::from(u16::from_le_bytes([bytes[0], bytes[1]])))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes = bytes.get(at..at + 4)?;
    usize::try_from(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])).ok()
}

/// Bit 0 of an entry's flags (APPNOTE 4.4.4), in the first entry and in the directory at the end.
fn is_encrypted_zip(bytes: &[u8]) -> bool {
    if bytes.starts_with(b"PK\x03\x04") && u16_at(bytes, 6).is_some_and(|flags| flags & 1 == 1) {
        return true;
    }
    directory_is_encrypted(bytes).unwrap_or(false)
}

fn directory_is_encrypted(bytes: &[u8]) -> Option<bool> {
    // The end record has 22 bytes and a comment of up to 64 kB.
    let tail = bytes.len().saturating_sub(22 + 0xffff);
    let end = tail + bytes[tail..].windows(4).rposition(|w| w == b"PK\x05\x06")?;
    // Self-extracting archives have a program in front: offsets count from the first entry, not from the beginning.
    let size = u32_at(bytes, end + 12)?;
    let mut at = end.checked_sub(size)?;
    for _ in 0..MAX_ENTRIES {
        if bytes.get(at..at + 4)? != b"PK\x01\x02" {
            return Some(false);
        }
        if u16_at(bytes, at + 8)? & 1 == 1 {
            return Some(true);
        }
        at += 46 + u16_at(bytes, at + 28)? + u16_at(bytes, at + 30)? + u16_at(bytes, at + 32)?;
    }
    Some(false)
}

/// Word, Excel and PowerPoint with a password: a compound file with a stream `EncryptedPackage` ([MS-OFFCRYPTO]).
fn is_encrypted_office(bytes: &[u8]) -> bool {
    const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
    let name: Vec<u8> = "EncryptedPackage"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    bytes.starts_with(COMPOUND) && contains(bytes, &name)
}

/// `/Encrypt` in the trailer (ISO 32000, 7.6), followed by a reference or a dictionary.
fn is_encrypted_pdf(bytes: &[u8]) -> bool {
    const MARK: &[u8] = b"/Encrypt";
    let head = &bytes[..bytes.len().min(1024)];
    contains(head, b"%PDF-")
        && bytes.windows(MARK.len()).enumerate().any(|(at, window)| {
            window == MARK
                && matches!(
                    bytes.get(at + MARK.len()),
                    Some(b' ' | b'\r' | b'\n' | b'\t' | b'<')
                )
        })
}

/// The coder AES-256 in the header at the end; where names are locked too, the header is packed but names its coder.
fn is_encrypted_7z(bytes: &[u8]) -> bool {
    let tail = &bytes[bytes.len().saturating_sub(4096)..];
    bytes.starts_with(b"7z\xbc\xaf\x27\x1c") && contains(tail, b"\x06\xf1\x07\x01")
}

fn is_encrypted_rar(bytes: &[u8]) -> bool {
    if let Some(rest) = bytes.strip_prefix(b"Rar!\x1a\x07\x01\x00") {
        // RAR 5: checksum, size, type; type 4 is the header of encryption.
        return rest.get(5) == Some(&4);
    }
    if let Some(rest) = bytes.strip_prefix(b"Rar!\x1a\x07\x00") {
        // RAR 4: the archive's flag 0x80 (names locked), the first file's flag 4.
        let is_names = u16_at(rest, 3).is_some_and(|flags| flags & 0x80 != 0);
        let size = u16_at(rest, 5).unwrap_or(13);
        let is_file = rest.get(size + 2) == Some(&0x74)
            && u16_at(rest, size + 3).is_some_and(|flags| flags & 4 != 0);
        return is_names || is_file;
    }
    false
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}
