//! What people read in a mail, and its files.

use super::{
    ParsedAttachment, TooMuch, charset, files, html,
    limits::{Budget, MAX_ATTACHMENTS, MAX_SUBJECT, MAX_TEXT, cut, cut_bytes, cut_chars},
    mime::{Content, Part},
    params, words,
};
use encoding_rs::Encoding;
use std::borrow::Cow;

/// Text, HTML and files of a mail.
#[derive(Debug, Default)]
pub struct Body {
    segments: Vec<Segment>,
    pub attachments: Vec<ParsedAttachment>,
    /// In which charset its text is: a hint for what has no label.
    pub encoding: Option<&'static Encoding>,
    pub warnings: Vec<String>,
    /// The text of mails in the mail, each under a line that says so.
    pub inside: String,
}

/// A piece of text in one or two forms.
#[derive(Debug, Default)]
struct Segment {
    plain: Option<String>,
    html: Option<String>,
}

/// Bytes of a text that are decoded: more than what is kept of it, in any charset.
const MAX_TEXT_BYTES: usize = 2 * MAX_TEXT;

const CUT: &str = "本文が長すぎるため、途中までを表示しています。";

/// Where a part stands.
#[derive(Clone, Copy, Default)]
struct Place {
    is_alternative: bool,
    is_related: bool,
    /// Encoded mails around it.
    unpacked: usize,
}

/// Encoded mails inside each other that are read: each is a copy, and honest ones are not even encoded (RFC 2046).
const MAX_UNPACKED: usize = 3;

impl Body {
    /// Reads all parts.
    ///
    /// # Errors
    /// [`TooMuch`]
    pub fn read(root: &Part<'_>, budget: &mut Budget) -> Result<Self, TooMuch> {
        let mut body = Self {
            encoding: hint(root, budget)?,
            ..Self::default()
        };
        body.part(root, Place::default(), budget)?;
        Ok(body)
    }

    fn is_blank(&self) -> bool {
        let is_blank = |text: &Option<String>| text.as_ref().is_none_or(|t| t.trim().is_empty());
        self.segments
            .iter()
            .all(|segment| is_blank(&segment.plain) && is_blank(&segment.html))
    }

    fn part(&mut self, part: &Part<'_>, place: Place, budget: &mut Budget) -> Result<(), TooMuch> {
        match &part.content {
            Content::Multipart(children) => match part.kind() {
                "multipart/alternative" => self.alternative(children, place, budget),
                "multipart/report" => self.report(children, place, budget),
                kind => {
                    let is_related = kind == "multipart/related";
                    for (at, child) in children.iter().enumerate() {
                        let is_related = is_related && at > 0;
                        self.part(
                            child,
                            Place {
                                is_related,
                                ..place
                            },
                            budget,
                        )?;
                    }
                    Ok(())
                }
            },
            Content::Message(inside) => self.message(part, inside.as_deref(), place, budget),
            Content::Leaf => self.leaf(part, place, budget),
        }
    }

    /// The same in several forms: one segment.
    fn alternative(
        &mut self,
        children: &[Part<'_>],
        place: Place,
        budget: &mut Budget,
    ) -> Result<(), TooMuch> {
        let before = std::mem::take(&mut self.segments);
        for child in children {
            let is_alternative = true;
            self.part(
                child,
                Place {
                    is_alternative,
                    ..place
                },
                budget,
            )?;
        }
        let forms = std::mem::replace(&mut self.segments, before);
        let mut merged = Segment::default();
        for form in forms {
            append(&mut merged.plain, form.plain);
            append(&mut merged.html, form.html);
        }
        self.segments.push(merged);
        Ok(())
    }

    /// What a machine reports: the first part is for people, the rest is read by [`super::report`].
    fn report(
        &mut self,
        children: &[Part<'_>],
        place: Place,
        budget: &mut Budget,
    ) -> Result<(), TooMuch> {
        for child in children {
            let is_for_machines = matches!(child.content, Content::Message(_))
                || child.kind().starts_with("message/")
                || child.kind() == "text/rfc822-headers";
            if !is_for_machines {
                self.part(child, place, budget)?;
            }
        }
        if self.is_blank() {
            let is_status = |part: &&Part<'_>| part.kind().ends_with("delivery-status");
            for child in children.iter().filter(is_status) {
                self.text(child, budget)?;
            }
        }
        Ok(())
    }

    fn leaf(&mut self, part: &Part<'_>, place: Place, budget: &mut Budget) -> Result<(), TooMuch> {
        let hint = self.encoding;
        let disposition = params::Value::read(
            part.header.get("content-disposition").unwrap_or_default(),
            hint,
        );
        let content_type =
            params::Value::read(part.header.get("content-type").unwrap_or_default(), hint);
        let filename = params::filename(&disposition, &content_type, hint);
        let is_readable = matches!(part.kind(), "text/plain" | "text/html" | "text/enriched");
        let is_file = disposition.word == "attachment"
            || !is_readable
            // Programs name the text itself, too, without calling it a file; the first text is what is to be read.
            || filename.is_some() && !(disposition.word.is_empty() && self.segments.is_empty());
        if !is_file {
            return self.text(part, budget);
        }
        let is_other_form = place.is_alternative
            && filename.is_none()
            && matches!(
                part.kind(),
                "text/x-amp-html" | "text/watch-html" | "text/x-watch-html" | "text/rtf"
            );
        if is_other_form {
            return Ok(());
        }
        let bytes = part.bytes(budget)?;
        let is_inline = disposition.word != "attachment"
            && part.header.has("content-id")
            && (place.is_related || disposition.word == "inline");
        let number = self.attachments.len() + 1;
        self.attach(ParsedAttachment {
            filename: filename.unwrap_or_else(|| files::default_name(part.kind(), number)),
            content_type: part.kind().to_owned(),
            is_encrypted: files::is_encrypted(&bytes),
            bytes: bytes.into_owned(),
            is_inline,
        })
    }

    /// A mail in the mail is a file; what it says and its files can be read as well, because a mail that was forwarded
    /// is why the other one was sent.
    fn message(
        &mut self,
        part: &Part<'_>,
        inside: Option<&Part<'_>>,
        place: Place,
        budget: &mut Budget,
    ) -> Result<(), TooMuch> {
        let filename = params::filename(&part.disposition, &part.content_type, self.encoding);
        let (bytes, unpacked): (Cow<'_, [u8]>, _) = if inside.is_some() {
            budget.take_bytes(part.body.len())?;
            (part.body.into(), place.unpacked)
        } else {
            (part.bytes(budget)?, place.unpacked + 1)
        };
        let decoded = if inside.is_none() && unpacked <= MAX_UNPACKED {
            Some(Part::read(&bytes, budget)?)
        } else {
            None
        };
        let inside = inside.or(decoded.as_ref());
        let headline = Headline::of(inside, self.encoding);
        let number = self.attachments.len() + 1;
        self.attach(ParsedAttachment {
            filename: filename.unwrap_or_else(|| files::mail_name(&headline.subject, number)),
            content_type: part.kind().to_owned(),
            bytes: bytes.to_vec(),
            is_inline: false,
            is_encrypted: false,
        })?;
        match inside {
            Some(inside) => self.read_inside(inside, &headline, unpacked, budget),
            None => Ok(()),
        }
    }

    fn read_inside(
        &mut self,
        inside: &Part<'_>,
        headline: &Headline,
        unpacked: usize,
        budget: &mut Budget,
    ) -> Result<(), TooMuch> {
        let mut body = Self {
            encoding: self.encoding,
            attachments: std::mem::take(&mut self.attachments),
            warnings: std::mem::take(&mut self.warnings),
            ..Self::default()
        };
        let place = Place {
            unpacked,
            ..Place::default()
        };
        body.part(inside, place, budget)?;
        let (text, _) = body.finish();
        self.attachments = body.attachments;
        self.warnings = body.warnings;
        if self.inside.len() < MAX_TEXT {
            self.inside.push_str(&headline.text());
            self.inside.push_str(&text);
            self.inside.push_str(&body.inside);
        }
        Ok(())
    }

    fn attach(&mut self, attachment: ParsedAttachment) -> Result<(), TooMuch> {
        if self.attachments.len() >= MAX_ATTACHMENTS {
            return Err(TooMuch("too many files"));
        }
        if attachment.is_encrypted {
            self.warn(&format!(
                "「{}」はパスワード付きのため、ウイルス検査ができません。",
                attachment.filename
            ));
        }
        if attachment.content_type.ends_with("ms-tnef") {
            self.warn("Outlook の独自形式(winmail.dat)の添付ファイルがあります。");
        }
        self.attachments.push(attachment);
        Ok(())
    }

    fn warn(&mut self, warning: &str) {
        if !self.warnings.iter().any(|known| known == warning) {
            self.warnings.push(warning.to_owned());
        }
    }

    fn text(&mut self, part: &Part<'_>, budget: &mut Budget) -> Result<(), TooMuch> {
        let bytes = part.bytes(budget)?;
        let mut label = part.content_type.get("charset").map(str::to_owned);
        let mut is_html = part.kind() == "text/html";
        if is_html && label.is_none() {
            label = html::meta_charset(&bytes);
        }
        let is_long = bytes.len() > MAX_TEXT_BYTES;
        let decoded = charset::decode(
            cut_bytes(&bytes, MAX_TEXT_BYTES),
            label.as_deref(),
            self.encoding,
        );
        if decoded.damaged && !is_long {
            self.warn("本文に読み取れない文字があります。");
        }
        self.encoding = self.encoding.or(decoded.encoding);
        let mut text = tidy(&decoded.text);
        is_html |= looks_like_html(&text);
        if !is_html
            && part
                .content_type
                .get("format")
                .is_some_and(|f| f.eq_ignore_ascii_case("flowed"))
        {
            let del_sp = part
                .content_type
                .get("delsp")
                .is_some_and(|d| d.eq_ignore_ascii_case("yes"));
            text = unflow(&text, del_sp);
        }
        if is_long || text.len() > MAX_TEXT && !is_html {
            self.warn(CUT);
        }
        if !is_html {
            text.truncate(cut(&text, MAX_TEXT).len());
        }
        self.segments.push(if is_html {
            Segment {
                plain: None,
                html: Some(text),
            }
        } else {
            Segment {
                plain: Some(text),
                html: None,
            }
        });
        Ok(())
    }

    /// Everything readable as text, and the HTML, cleaned, where there is any.
    pub fn finish(&mut self) -> (String, Option<String>) {
        let mut text = String::new();
        let mut page = String::new();
        let has_html = self.segments.iter().any(|segment| segment.html.is_some());
        for segment in std::mem::take(&mut self.segments) {
            let plain = segment.plain.filter(|text| !text.trim().is_empty());
            if has_html {
                match (&segment.html, &plain) {
                    (Some(html), _) => page.push_str(&html::clean(html)),
                    (None, Some(plain)) => page.push_str(&html::from_text(plain)),
                    (None, None) => {}
                }
            }
            let readable = match (plain, segment.html) {
                (Some(plain), _) => plain,
                (None, Some(html)) => {
                    let (text, is_whole) = html::to_text(&html);
                    if !is_whole {
                        self.warn(CUT);
                    }
                    tidy(&text)
                }
                (None, None) => continue,
            };
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(&readable);
        }
        if text.len() > MAX_TEXT {
            self.warn(CUT);
            text.truncate(cut(&text, MAX_TEXT).len());
        }
        (text, (!page.trim().is_empty()).then_some(page))
    }
}

/// What a mail in the mail says about itself.
struct Headline {
    subject: String,
    from: String,
    date: String,
}

impl Headline {
    fn of(mail: Option<&Part<'_>>, hint: Option<&'static Encoding>) -> Self {
        let value = |name| {
            let value = mail
                .and_then(|mail| mail.header.get(name))
                .unwrap_or_default();
            let text = words::unstructured(value, hint);
            cut_chars(&text, MAX_SUBJECT).to_owned()
        };
        Self {
            subject: value("subject"),
            from: value("from"),
            date: value("date"),
        }
    }

    fn text(&self) -> String {
        format!(
            "\n\n---------- 添付メール ----------\n差出人: {}\n日時: {}\n件名: {}\n\n",
            self.from, self.date, self.subject
        )
    }
}

fn append(to: &mut Option<String>, more: Option<String>) {
    match (to.as_mut(), more) {
        (Some(text), Some(more)) => {
            text.push('\n');
            text.push_str(&more);
        }
        (None, Some(more)) => *to = Some(more),
        (_, None) => {}
    }
}

/// Bytes of a text by which its charset is judged.
const HINT_BYTES: usize = 64 << 10;

/// In which charset the mail is, from its first text that is not ASCII: the parts before it may have no label.
fn hint(root: &Part<'_>, budget: &mut Budget) -> Result<Option<&'static Encoding>, TooMuch> {
    let mut texts = Vec::new();
    root.walk(&mut |part| {
        if matches!(part.content, Content::Leaf) && part.kind().starts_with("text/") {
            texts.push(part);
        }
    });
    for part in texts {
        let bytes = part.bytes(budget)?;
        let label = part.content_type.get("charset");
        // Whole lines: a letter cut in two would speak against its charset.
        let begin = cut_bytes(&bytes, HINT_BYTES);
        let end = begin.iter().rposition(|byte| *byte == b'\n');
        let lines = end.map_or(begin, |end| &begin[..end]);
        if let Some(encoding) = charset::decode(lines, label, None).encoding {
            return Ok(Some(encoding));
        }
    }
    Ok(None)
}

fn looks_like_html(text: &str) -> bool {
    let head = text
        .trim_start()
        .get(..15)
        .unwrap_or_default()
        .to_ascii_lowercase();
    head.starts_with("<html") || head.starts_with("<!doctype html")
}

/// Line ends as `\n`, without control characters, no white space at the end.
pub fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\r' => {
                let mut ends = 1;
                while letters.next_if_eq(&'\r').is_some() {
                    ends += 1;
                }
                // CR CR LF is what some gateways make of a line end.
                if letters.next_if_eq(&'\n').is_some() {
                    ends = 1;
                }
                out.extend(std::iter::repeat_n('\n', ends));
            }
            '\n' | '\t' => out.push(letter),
            '\u{feff}' => {}
            letter if letter.is_control() => {}
            letter => out.push(letter),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Joins the lines of `format=flowed` (RFC 3676): those of one depth of quotation that end in a space.
fn unflow(text: &str, del_sp: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut open_depth = None;
    for (number, line) in text.split('\n').enumerate() {
        let depth = line.bytes().take_while(|b| *b == b'>').count();
        let content = &line[depth..];
        let content = content.strip_prefix(' ').unwrap_or(content);
        let is_signature = content == "-- ";
        if open_depth != Some(depth) || is_signature {
            if number > 0 {
                out.push('\n');
            }
            out.push_str(&line[..depth]);
            if depth > 0 && !content.is_empty() {
                out.push(' ');
            }
        }
        let flows = content.ends_with(' ') && !is_signature;
        let content = if flows && del_sp {
            &content[..content.len() - 1]
        } else {
            content
        };
        out.push_str(content);
        open_depth = flows.then_some(depth);
    }
    out
}
