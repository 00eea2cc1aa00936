//! What people read in a mail, and its files.

use super::{
    ParsedAttachment, TooMuch, charset, files,
    html::{self, Page},
    limits::{
        Budget, MAX_ATTACHMENTS, MAX_PAGES, MAX_SUBJECT, MAX_TEXT, cut, cut_bytes, cut_chars,
    },
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
    warnings: Vec<String>,
    /// Not all of the text is here.
    is_cut: bool,
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
                        let place = Place {
                            is_related: is_related && at > 0,
                            ..place
                        };
                        self.part(child, place, budget)?;
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
        let place = Place {
            is_alternative: true,
            ..place
        };
        for child in children {
            self.part(child, place, budget)?;
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
                self.readable(child, budget)?;
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
            return self.readable(part, budget);
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
        let text = body.text(budget);
        self.attachments = body.attachments;
        self.warnings = body.warnings;
        self.is_cut |= body.is_cut;
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

    fn readable(&mut self, part: &Part<'_>, budget: &mut Budget) -> Result<(), TooMuch> {
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
        let is_word = |name, word| {
            let value = part.content_type.get(name);
            value.is_some_and(|value| value.eq_ignore_ascii_case(word))
        };
        if !is_html && is_word("format", "flowed") {
            text = unflow(&text, is_word("delsp", "yes"));
        }
        if is_long || !is_html && text.len() > MAX_TEXT {
            self.is_cut = true;
        }
        let mut segment = Segment::default();
        if is_html {
            segment.html = Some(text);
        } else {
            text.truncate(cut(&text, MAX_TEXT).len());
            segment.plain = Some(text);
        }
        self.segments.push(segment);
        Ok(())
    }

    /// Everything readable as text.
    pub fn text(&mut self, budget: &mut Budget) -> String {
        let mut text = String::new();
        for segment in &self.segments {
            let readable = match (segment.plain(), &segment.html) {
                (Some(plain), _) => Cow::Borrowed(plain),
                (None, Some(html)) => {
                    let page = Page::to_read(html, budget.pages);
                    budget.pages = budget.pages.saturating_sub(page.len());
                    self.is_cut |= !page.is_whole;
                    Cow::Owned(tidy(&page.text()))
                }
                (None, None) => continue,
            };
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(&readable);
        }
        self.is_cut |= text.len() > MAX_TEXT;
        text.truncate(cut(&text, MAX_TEXT).len());
        text
    }

    /// All of it as HTML, cleaned, where there is any HTML.
    pub fn html(&mut self) -> Option<String> {
        let mut left = MAX_PAGES;
        let mut html = String::new();
        if self.segments.iter().all(|segment| segment.html.is_none()) {
            return None;
        }
        for segment in &self.segments {
            if let Some(page) = &segment.html {
                let page = Page::to_show(page, left);
                left = left.saturating_sub(page.len());
                self.is_cut |= !page.is_whole;
                html.push_str(&page.clean());
            } else if let Some(plain) = segment.plain() {
                html.push_str(&html::from_text(plain));
            }
        }
        (!html.trim().is_empty()).then_some(html)
    }

    /// What was odd, in words for staff.
    pub fn warnings(&mut self) -> Vec<String> {
        if self.is_cut {
            self.warn("本文が長すぎるため、途中までを表示しています。");
        }
        std::mem::take(&mut self.warnings)
    }
}

impl Segment {
    /// The plain form, if it says anything.
    fn plain(&self) -> Option<&str> {
        self.plain.as_deref().filter(|text| !text.trim().is_empty())
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
