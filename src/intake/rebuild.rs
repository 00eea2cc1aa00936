//! A message out of the parts that a provider made of it, where it does not give the message itself.
//!
//! What comes out is RFC 5322 again: the headers as far as they are known, every text with the character set that the
//! provider says it has, every file. The same parts give the same bytes, so that a repetition is recognised.

use base64::{Engine, prelude::BASE64_STANDARD};
use std::fmt::Write;

/// All contents are base64, which has no `_`: this stands in none of them.
const BOUNDARY: &str = "=_madoguchi_rebuilt";

/// What the rebuilt message says of itself and the original's headers must not say.
const OWN: &[&str] = &[
    "content-type",
    "content-transfer-encoding",
    "content-disposition",
    "content-id",
    "content-description",
    "content-length",
    "mime-version",
];

/// A message being put together.
#[derive(Default)]
pub(super) struct Rebuilt {
    headers: Vec<u8>,
    names: Vec<String>,
    bodies: Vec<Text>,
    files: Vec<File>,
}

struct Text {
    subtype: &'static str,
    charset: String,
    bytes: Vec<u8>,
}

/// A file of the message.
pub(super) struct File {
    /// As the provider has it; a line break or so in it is dropped.
    pub filename: String,
    /// `type/subtype`; anything that is not is taken as bytes.
    pub content_type: String,
    /// Named by the HTML where the file is shown inside it.
    pub content_id: Option<String>,
    /// Decoded.
    pub bytes: Vec<u8>,
}

impl Rebuilt {
    /// Takes over a block of headers as it stood in the message, in whatever character set.
    pub fn header_block(&mut self, block: &[u8]) {
        let mut is_kept = false;
        for line in block.split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let is_folded = matches!(line.first(), Some(b' ' | b'\t'));
            if !is_folded {
                let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
                let name = String::from_utf8_lossy(name)
                    .trim_end()
                    .to_ascii_lowercase();
                is_kept = line.contains(&b':') && is_name(&name) && !OWN.contains(&&*name);
                if is_kept {
                    self.names.push(name);
                }
            }
            if is_kept && !line.is_empty() {
                self.headers.extend_from_slice(line);
                self.headers.extend_from_slice(b"\r\n");
            }
        }
    }

    /// Adds a header, encoded where it has to be (RFC 2047).
    pub fn header(&mut self, name: &str, value: &str) {
        let key = name.to_ascii_lowercase();
        if !is_name(&key) || OWN.contains(&&*key) {
            return;
        }
        self.names.push(key);
        let line = format!("{name}: {}\r\n", encoded(value));
        self.headers.extend_from_slice(line.as_bytes());
    }

    /// Adds a header unless there is one.
    pub fn header_if_missing(&mut self, name: &str, value: &str) {
        let key = name.to_ascii_lowercase();
        if !value.is_empty() && !self.names.contains(&key) {
            self.header(name, value);
        }
    }

    /// Adds the text (`plain`) or the HTML (`html`), in the character set that the provider says.
    pub fn body(&mut self, subtype: &'static str, charset: &str, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let is_charset = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:+".contains(&byte);
        let charset = match charset {
            "" => "utf-8",
            name if name.len() <= 60 && name.bytes().all(is_charset) => name,
            _ => "utf-8",
        };
        self.bodies.push(Text {
            subtype,
            charset: charset.to_owned(),
            bytes: bytes.to_vec(),
        });
    }

    /// Adds a file.
    pub fn file(&mut self, file: File) {
        self.files.push(file);
    }

    /// The message.
    pub fn finish(self) -> Vec<u8> {
        let mut mail = self.headers;
        let mut text = String::new();
        text += "MIME-Version: 1.0\r\n";
        let inner = format!("{BOUNDARY}_text");
        let _ = write!(
            text,
            "Content-Type: multipart/mixed; boundary=\"{BOUNDARY}\"\r\n\r\n--{BOUNDARY}\r\nContent-Type: multipart/alternative; boundary=\"{inner}\"\r\n\r\n"
        );
        for body in self.bodies {
            let kind = format!("text/{}; charset=\"{}\"", body.subtype, body.charset);
            part(&mut text, &inner, &kind, "", &body.bytes);
        }
        let _ = write!(text, "--{inner}--\r\n");
        for file in self.files {
            let (kind, more) = file.head();
            part(&mut text, BOUNDARY, &kind, &more, &file.bytes);
        }
        let _ = write!(text, "--{BOUNDARY}--\r\n");
        mail.extend_from_slice(text.as_bytes());
        mail
    }
}

impl File {
    /// Its content type, and further headers. Both ways to write the name, because readers know one or the other.
    fn head(&self) -> (String, String) {
        let name: String = self
            .filename
            .chars()
            .filter(|letter| !letter.is_control())
            .take(255)
            .collect();
        let kind = self
            .content_type
            .split(';')
            .next()
            .map(str::trim)
            .filter(|kind| is_content_type(kind))
            .unwrap_or("application/octet-stream");
        let mut more = String::from("Content-Disposition: attachment");
        if !name.is_empty() {
            let _ = write!(more, ";\r\n filename*=utf-8''{}", percent_encoded(&name));
        }
        more += "\r\n";
        if let Some(id) = &self.content_id {
            let id: String = id
                .chars()
                .filter(char::is_ascii_graphic)
                .take(250)
                .collect();
            let _ = write!(more, "Content-ID: <{}>\r\n", id.trim_matches(['<', '>']));
        }
        (kind.to_owned(), more)
    }
}

fn part(text: &mut String, boundary: &str, kind: &str, more: &str, bytes: &[u8]) {
    let _ = write!(
        text,
        "--{boundary}\r\nContent-Type: {kind}\r\n{more}Content-Transfer-Encoding: base64\r\n\r\n"
    );
    let encoded = BASE64_STANDARD.encode(bytes);
    for start in (0..encoded.len()).step_by(76) {
        *text += &encoded[start..encoded.len().min(start + 76)];
        *text += "\r\n";
    }
}

/// RFC 5322, 3.6.8.
fn is_name(name: &str) -> bool {
    (1..=100).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b':')
}

fn is_content_type(kind: &str) -> bool {
    let is_token = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    kind.len() <= 127
        && kind.split_once('/').is_some_and(|(kind, subtype)| {
            // A container cannot be base64: it is kept as a file.
            is_token(kind) && is_token(subtype) && kind != "multipart" && kind != "message"
        })
}

/// RFC 5987: what is not plainly harmless is written `%XX`.
fn percent_encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// The value with encoded words for the runs of words that need them; addresses between them stay readable. Line breaks
/// become spaces: they would begin another header.
fn encoded(value: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut run: Vec<&str> = Vec::new();
    let end_run = |run: &mut Vec<&str>, lines: &mut Vec<String>| {
        if !run.is_empty() {
            encode_run(&run.join(" "), lines);
            run.clear();
        }
    };
    let words = value
        .split(|letter: char| letter.is_control() || letter == ' ')
        .filter(|word| !word.is_empty());
    for word in words {
        // Too long for a line (RFC 5322, 2.1.1), or looking like an encoded word by chance: encoded as well.
        if word.is_ascii() && word.len() <= 900 {
            end_run(&mut run, &mut lines);
            lines.push(word.to_owned());
        } else {
            run.push(word);
        }
    }
    end_run(&mut run, &mut lines);
    let mut folded = String::new();
    let mut column = 40;
    for word in lines {
        if !folded.is_empty() {
            if column + word.len() > 76 {
                folded += "\r\n";
                column = 0;
            }
            folded.push(' ');
        }
        column += word.len() + 1;
        folded += &word;
    }
    folded
}

/// Encoded words of at most 75 characters (RFC 2047, 2), none of which splits a character.
fn encode_run(text: &str, lines: &mut Vec<String>) {
    let text = text.replace('"', "");
    let mut chunk = String::new();
    for letter in text.chars() {
        if chunk.len() + letter.len_utf8() > 45 {
            lines.push(format!("=?utf-8?B?{}?=", BASE64_STANDARD.encode(&chunk)));
            chunk.clear();
        }
        chunk.push(letter);
    }
    if !chunk.is_empty() {
        lines.push(format!("=?utf-8?B?{}?=", BASE64_STANDARD.encode(&chunk)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mail_parser::{MessageParser, MimeHeaders};
    use proptest::prelude::*;

    #[test]
    fn a_rebuilt_message_reads_as_its_parts() {
        let mut rebuilt = Rebuilt::default();
        rebuilt.header_block(
            b"Message-ID: <1@example.jp>\r\nX-Folded: a\r\n b\r\nContent-Type: text/plain;\r\n charset=x\r\nno header\r\n",
        );
        rebuilt.header("From", "\"工藤 和子\" <kudo@example.jp>, b@example.jp");
        rebuilt.header("Subject", &"在宅勤務の導入について".repeat(20));
        rebuilt.header("X-Injected", "a\r\nBcc: b@example.jp");
        rebuilt.header("Bad Name", "x");
        rebuilt.header_if_missing("subject", "another");
        rebuilt.header_if_missing("Date", "Tue, 24 Nov 2026 10:00:00 +0900");
        // 日本 in Shift_JIS.
        rebuilt.body("plain", "shift_jis", b"\x93\xfa\x96{");
        rebuilt.body("html", "x\"; y", "<p>日本</p>".as_bytes());
        rebuilt.file(File {
            filename: "見積\r\n書.pdf".into(),
            content_type: "application/pdf; name=x".into(),
            content_id: Some("<1>".into()),
            bytes: vec![0, 1, 255],
        });
        rebuilt.file(File {
            filename: String::new(),
            content_type: "multipart/mixed".into(),
            content_id: None,
            bytes: b"x".to_vec(),
        });
        let mail = rebuilt.finish();
        assert!(mail.is_ascii());
        assert!(mail.split(|b| *b == b'\n').all(|line| line.len() <= 998));
        let read = MessageParser::default().parse(&mail).unwrap();
        assert_eq!(read.message_id(), Some("1@example.jp"));
        assert_eq!(read.header_raw("X-Folded").map(str::trim), Some("a\r\n b"));
        let from = read.from().unwrap().as_list().unwrap();
        assert_eq!(from[0].name(), Some("工藤 和子"));
        assert_eq!(from[0].address(), Some("kudo@example.jp"));
        assert_eq!(from[1].address(), Some("b@example.jp"));
        let subject = "在宅勤務の導入について".repeat(20);
        assert_eq!(read.subject(), Some(subject.as_str()));
        assert!(read.bcc().is_none());
        assert_eq!(read.body_text(0).as_deref(), Some("日本"));
        assert_eq!(read.body_html(0).as_deref(), Some("<p>日本</p>"));
        let file = read.attachment(0).unwrap();
        assert_eq!(file.attachment_name(), Some("見積書.pdf"));
        assert_eq!(file.contents(), [0, 1, 255]);
        assert_eq!(file.content_id(), Some("1"));
        let file = read.attachment(1).unwrap();
        assert_eq!(file.contents(), b"x");
        assert_eq!(read.attachment_count(), 2);
    }

    proptest! {
        #[test]
        fn headers_stay_headers(name: String, value: String, block: Vec<u8>) {
            let mut rebuilt = Rebuilt::default();
            rebuilt.header("X-First", "1");
            rebuilt.header(&name, &value);
            rebuilt.header_block(&block);
            rebuilt.header("X-Last", "2");
            let mail = rebuilt.finish();
            let head = memchr::memmem::find(&mail, b"\r\n\r\n").unwrap();
            let head = String::from_utf8_lossy(&mail[..head]).into_owned();
            prop_assert!(head.starts_with("X-First: 1\r\n"), "{head}");
            prop_assert!(head.contains("\r\nX-Last: 2\r\nMIME-Version: 1.0\r\n"), "{head}");
        }

        #[test]
        fn subjects_come_back(subject in "[ -~あ-ん一-龠]{1,200}") {
            let subject = subject.replace('"', "").replace("=?", "");
            let subject = subject.split_whitespace().collect::<Vec<_>>().join(" ");
            prop_assume!(!subject.is_empty());
            let mut rebuilt = Rebuilt::default();
            rebuilt.header("Subject", &subject);
            let mail = rebuilt.finish();
            let read = MessageParser::default().parse(&mail).unwrap();
            prop_assert_eq!(read.subject(), Some(subject.as_str()));
        }
    }
}
