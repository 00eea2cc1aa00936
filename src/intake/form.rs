//! Forms as providers post them, read as bytes.
//!
//! Own code, because readers of forms make UTF-8 of everything, which destroys Japanese mail, or refuse the form over the
//! name of one file or the type of one part. Here whatever can be found is taken, and nothing is refused but a form
//! without any boundary.

use actix_web::{HttpMessage, HttpRequest};
use memchr::memmem;
use percent_encoding::percent_decode;
use std::borrow::Cow;

/// Most parts that are looked at; a mail has some files, not thousands.
const MAX_PARTS: usize = 1000;

/// A form.
pub(super) struct Form<'a>(Vec<Part<'a>>);

/// One field of a form.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Part<'a> {
    /// The field's name.
    pub name: String,
    /// The name of a file.
    pub filename: Option<String>,
    /// As the part says it.
    pub content_type: Option<String>,
    /// As they came.
    pub bytes: Cow<'a, [u8]>,
}

impl<'a> Form<'a> {
    /// Reads the body of a request; none where it is no form.
    pub fn read(request: &HttpRequest, body: &'a [u8]) -> Option<Self> {
        let mime = request.mime_type().ok()??;
        match mime.essence_str() {
            "multipart/form-data" => {
                let boundary = mime.get_param("boundary")?;
                Some(Self(multipart(boundary.as_str(), body)))
            }
            "application/x-www-form-urlencoded" => Some(Self(urlencoded(body))),
            _ => None,
        }
    }

    /// The first field of that name.
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        let part = self.0.iter().find(|part| part.name == name)?;
        Some(&part.bytes)
    }

    /// The first field of that name, as text.
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.bytes(name).map(String::from_utf8_lossy)
    }

    /// All fields.
    pub fn parts(&self) -> &[Part<'a>] {
        &self.0
    }
}

fn urlencoded(body: &[u8]) -> Vec<Part<'_>> {
    let decoded = |bytes: &[u8]| -> Vec<u8> {
        let bytes: Vec<u8> = bytes
            .iter()
            .map(|byte| if *byte == b'+' { b' ' } else { *byte })
            .collect();
        percent_decode(&bytes).collect()
    };
    let fields = body.split(|byte| *byte == b'&').take(MAX_PARTS);
    let parts = fields.map(|field| {
        let at = memchr::memchr(b'=', field).unwrap_or(field.len());
        let (name, value) = (&field[..at], field.get(at + 1..).unwrap_or_default());
        Part {
            name: String::from_utf8_lossy(&decoded(name)).into_owned(),
            bytes: Cow::Owned(decoded(value)),
            ..Part::default()
        }
    });
    parts.collect()
}

/// RFC 7578, forgiving.
fn multipart<'a>(boundary: &str, body: &'a [u8]) -> Vec<Part<'a>> {
    let first = format!("--{boundary}");
    let next = format!("\r\n--{boundary}");
    let mut parts = Vec::new();
    let Some(start) = memmem::find(body, first.as_bytes()) else {
        return parts;
    };
    let mut rest = &body[start + first.len()..];
    let finder = memmem::Finder::new(&next);
    while parts.len() < MAX_PARTS && !rest.starts_with(b"--") {
        // The rest of the boundary's own line is white space.
        let Some(line) = memmem::find(rest, b"\r\n") else {
            break;
        };
        // From the line's end on, so that a part without headers and without a body is found too.
        let here = &rest[line..];
        let end = finder.find(&here[2..]).map(|end| end + 2);
        let part = &here[..end.unwrap_or(here.len())];
        let (head, bytes) = match memmem::find(part, b"\r\n\r\n") {
            Some(end) => (&part[..end], &part[end + 4..]),
            None => (part, &[][..]),
        };
        parts.push(part_of(head, bytes));
        match end {
            Some(end) => rest = &here[end + next.len()..],
            None => break,
        }
    }
    parts
}

fn part_of<'a>(head: &[u8], bytes: &'a [u8]) -> Part<'a> {
    let mut part = Part {
        bytes: Cow::Borrowed(bytes),
        ..Part::default()
    };
    let head = String::from_utf8_lossy(head);
    for line in head.split("\r\n") {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        if name.trim().eq_ignore_ascii_case("content-disposition") {
            part.name = parameter(value, "name").unwrap_or_default();
            part.filename = parameter(value, "filename");
        } else if name.trim().eq_ignore_ascii_case("content-type") {
            part.content_type = Some(value.trim().to_owned());
        }
    }
    part
}

/// A parameter of a header, quoted or not. In forms a quotation mark in a value is `%22`, or `\"` where the sender thinks
/// of mail.
fn parameter(value: &str, name: &str) -> Option<String> {
    let mut rest = value;
    loop {
        let (_, parameter) = rest.split_once(';')?;
        let parameter = parameter.trim_start();
        let (given, text) = parameter.split_once('=')?;
        let (text, after) = match text.strip_prefix('"') {
            Some(quoted) => {
                let end = closing_quote(quoted);
                (&quoted[..end], quoted.get(end + 1..).unwrap_or_default())
            }
            None => text.split_at(text.find(';').unwrap_or(text.len())),
        };
        if given.trim().eq_ignore_ascii_case(name) {
            return Some(text.trim().replace("\\\"", "\"").replace("%22", "\""));
        }
        rest = after;
    }
}

fn closing_quote(text: &str) -> usize {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'"', bytes)
        .find(|at| *at == 0 || bytes[at - 1] != b'\\')
        .unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_multipart_form_is_read_as_bytes() {
        let body = b"preamble\r\n--b\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n\x93\xfa\x96{\r\n\r\n--b  \r\n\
            content-disposition: form-data; filename=\"\xe8\xa1\xa8; \\\"1\\\".pdf\"; name=file\r\n\
            Content-Type: multipart/mixed; boundary=x\r\n\r\n\0\r\n--b\r\nContent-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n--b\r\n\r\n\r\n--b--\r\nepilogue";
        let parts = multipart("b", body);
        let names: Vec<_> = parts.iter().map(|part| part.name.as_str()).collect();
        assert_eq!(names, ["text", "file", "empty", ""]);
        assert_eq!(&*parts[0].bytes, b"\x93\xfa\x96{\r\n");
        assert_eq!(parts[1].filename.as_deref(), Some("表; \"1\".pdf"));
        assert_eq!(
            parts[1].content_type.as_deref(),
            Some("multipart/mixed; boundary=x")
        );
        assert_eq!(&*parts[1].bytes, b"\0");
        assert_eq!(&*parts[2].bytes, b"");
    }

    #[test]
    fn an_urlencoded_form_is_read_as_bytes() {
        let parts = urlencoded(b"body-mime=%93%FA+a%2Bb%0D%0A%&sender=a%40example.jp&flag&=x");
        assert_eq!(&*parts[0].bytes, b"\x93\xfa a+b\r\n%");
        assert_eq!(parts[1].name, "sender");
        assert_eq!(&*parts[1].bytes, b"a@example.jp");
        assert_eq!((&*parts[2].name, &*parts[2].bytes), ("flag", &b""[..]));
        assert_eq!((&*parts[3].name, &*parts[3].bytes), ("", &b"x"[..]));
    }

    proptest! {
        #[test]
        fn anything_may_be_read(body: Vec<u8>, text in "[-b\r\n:;=\" a]{0,60}") {
            let _ = multipart("b", &body);
            let _ = urlencoded(&body);
            let _ = multipart("b", text.as_bytes());
            let _ = parameter(&text, "name");
        }

        #[test]
        fn what_was_put_in_comes_out(values in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..4)) {
            let mut body = Vec::new();
            for (n, value) in values.iter().enumerate() {
                body.extend_from_slice(format!("--bound\r\nContent-Disposition: form-data; name=\"{n}\"\r\n\r\n").as_bytes());
                body.extend_from_slice(value);
                body.extend_from_slice(b"\r\n");
            }
            body.extend_from_slice(b"--bound--\r\n");
            let parts = multipart("bound", &body);
            let read: Vec<_> = parts.iter().map(|part| part.bytes.to_vec()).collect();
            prop_assert_eq!(read, values);
        }
    }
}
