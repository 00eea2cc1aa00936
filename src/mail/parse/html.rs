//! HTML of mails: as text, and cleaned for showing.
//!
//! Before either library sees it, [`Rewriter`] writes it anew: few elements, balanced, not deep, without comments,
//! scripts and attributes that are not shown. Mail needs no more, and without it both libraries take minutes for a few
//! hundred kilobytes of unclosed elements (measured: 20,000 nested lists, 180 kB, 15 seconds in `ammonia`, minutes in
//! `html2text`), because browsers' rules look through all open elements for each new one. For the text, tables become
//! lines: they are layout in mails, and `html2text` takes seconds to fit some ten thousand rows.

use super::limits::cut;
use std::collections::HashSet;

/// Elements inside each other; deeper ones lose their marks and keep their text. A conversation by Outlook with thirty
/// answers, each in two, stays below.
const MAX_OPEN: usize = 64;

/// Lists and quotes inside each other: each indents its text, and every line carries the indentation.
const MAX_INDENTED: usize = 20;

/// Bytes of an attribute's value.
const MAX_ATTRIBUTE: usize = 2000;

/// Bytes of a page after it was written anew: half a million letters without styles. Both libraries take about a second
/// per megabyte of the worst there is.
const MAX_PAGE: usize = 512 << 10;

/// Wider than any line, so that nothing is wrapped.
const WIDTH: usize = 1_000_000;

/// HTML as text; false where it was too long and is cut.
pub fn to_text(html: &str) -> (String, bool) {
    let simple = Rewriter::new(Purpose::Text).rewrite(html);
    let text = html2text::config::plain_no_decorate()
        .string_from_read(simple.as_bytes(), WIDTH)
        .unwrap_or_default();
    (text, simple.len() < MAX_PAGE)
}

/// HTML that is safe to show, without anything that is loaded from elsewhere: no `img` at all, because a picture that is
/// loaded tells the sender that and where the mail was read.
pub fn clean(html: &str) -> String {
    let simple = Rewriter::new(Purpose::Show).rewrite(html);
    let tags: HashSet<&str> = SHOWN.iter().copied().collect();
    ammonia::Builder::default()
        .tags(tags)
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel"]))
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"))
        .clean(&simple)
        .to_string()
}

/// Text as HTML, for mails of which only a part is HTML.
pub fn from_text(text: &str) -> String {
    let escaped = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    format!("<pre>{escaped}</pre>")
}

/// The charset that a document says it has, for parts whose label is missing.
pub fn meta_charset(html: &[u8]) -> Option<String> {
    let head = &html[..html.len().min(4096)];
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let after = head.split("charset=").nth(1)?;
    let label: String = after
        .trim_start_matches(['"', '\'', ' '])
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        .collect();
    (!label.is_empty()).then_some(label)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Text,
    Show,
}

/// Elements that are kept.
const SHOWN: &[&str] = &[
    "a",
    "b",
    "blockquote",
    "br",
    "caption",
    "center",
    "code",
    "dd",
    "del",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "ins",
    "li",
    "ol",
    "p",
    "pre",
    "s",
    "small",
    "strike",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "u",
    "ul",
];

/// Elements that do not stand inside a line.
const BLOCKS: &[&str] = &[
    "blockquote",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "table",
    "tr",
    "ul",
    "form",
    "fieldset",
    "address",
    "article",
    "section",
    "header",
    "footer",
    "main",
    "nav",
    "aside",
    "figure",
    "option",
];

/// Elements whose content is no text to read.
const HIDDEN: &[&str] = &[
    "script", "style", "title", "iframe", "select", "svg", "math", "template",
];

/// Attributes that are kept.
const ATTRIBUTES: &[&str] = &[
    "href", "title", "colspan", "rowspan", "align", "lang", "dir",
];

/// Writes HTML anew, in one pass.
struct Rewriter {
    purpose: Purpose,
    out: String,
    open: Vec<&'static str>,
    /// Nothing stands on this line yet.
    is_fresh: bool,
    /// Elements that do not end any more: looking for an end that never comes is done once.
    endless: Vec<&'static str>,
}

impl Rewriter {
    fn new(purpose: Purpose) -> Self {
        Self {
            purpose,
            out: String::new(),
            open: Vec::new(),
            is_fresh: true,
            endless: Vec::new(),
        }
    }

    fn rewrite(mut self, html: &str) -> String {
        let mut rest = html;
        // Looking for an end that never comes is done once.
        let mut has_comment_end = true;
        while !rest.is_empty() && self.out.len() < MAX_PAGE {
            let text = &rest[..rest.find('<').unwrap_or(rest.len())];
            self.text(cut(text, MAX_PAGE));
            rest = &rest[text.len()..];
            if rest.is_empty() {
                break;
            } else if rest.starts_with("<!--") {
                let end = has_comment_end.then(|| rest[2..].find("-->")).flatten();
                has_comment_end = end.is_some();
                rest = match end {
                    Some(end) => &rest[2 + end + 3..],
                    None => after_mark(rest),
                };
            } else if rest.starts_with("<!") || rest.starts_with("<?") {
                rest = after_mark(rest);
            } else if let Some(tag) = Tag::read(rest) {
                rest = self.tag(&tag, &rest[tag.length..]);
            } else {
                self.out.push_str("&lt;");
                rest = &rest[1..];
            }
        }
        while let Some(name) = self.open.pop() {
            self.end(name);
        }
        self.out
    }

    fn text(&mut self, text: &str) {
        self.is_fresh &= text.trim().is_empty();
        // NUL and the like have no place in text; `>` is harmless.
        self.out.extend(
            text.chars()
                .filter(|c| !c.is_control() || c.is_whitespace()),
        );
    }

    fn tag<'h>(&mut self, tag: &Tag<'_>, rest: &'h str) -> &'h str {
        if let Some(name) = known(HIDDEN, &tag.name) {
            let is_empty = tag.is_end || tag.attributes.ends_with('/');
            return if is_empty {
                rest
            } else {
                self.skip_hidden(rest, name)
            };
        }
        let is_block = known(BLOCKS, &tag.name).is_some();
        match known(SHOWN, &tag.name) {
            Some("br") => {
                self.out.push_str("<br>");
                self.is_fresh = true;
            }
            // Drawn as wide as the page otherwise.
            Some("hr") if self.purpose == Purpose::Text => self.out.push_str("<br>----------<br>"),
            Some("hr") => self.out.push_str("<hr>"),
            Some("td" | "th") if self.purpose == Purpose::Text => self.out.push(' '),
            Some("table" | "caption" | "tr") if self.purpose == Purpose::Text => self.line(),
            Some("thead" | "tbody" | "tfoot") if self.purpose == Purpose::Text => {}
            Some(name) if tag.is_end => self.close(name),
            Some(name) => self.begin(name, is_block, tag),
            None if is_block && !tag.is_end => self.line(),
            None => {}
        }
        self.is_fresh |= is_block;
        rest
    }

    /// Behind the end of an element whose content is not shown. Where there is no end, browsers show nothing of a script;
    /// the content of others is better than none.
    fn skip_hidden<'h>(&mut self, rest: &'h str, name: &'static str) -> &'h str {
        let mut at = 0;
        let is_endless = self.endless.contains(&name);
        while let Some(found) = rest[at..].find("</").filter(|_| !is_endless) {
            let begin = at + found + 2;
            let end = begin + name.len();
            if rest
                .get(begin..end)
                .is_some_and(|n| n.eq_ignore_ascii_case(name))
            {
                return after_mark(&rest[end..]);
            }
            at = begin;
        }
        self.endless.push(name);
        if matches!(name, "script" | "style") {
            ""
        } else {
            rest
        }
    }

    /// A new line, unless nothing stands on this one.
    fn line(&mut self) {
        if !self.is_fresh {
            self.out.push_str("<br>");
            self.is_fresh = true;
        }
    }

    fn begin(&mut self, name: &'static str, is_block: bool, tag: &Tag<'_>) {
        self.close_implied(name, is_block);
        let indented = |name: &&str| matches!(*name, "ul" | "ol" | "blockquote" | "dl" | "dd");
        let is_too_deep = self.open.len() >= MAX_OPEN
            || indented(&name) && self.open.iter().filter(|n| indented(n)).count() >= MAX_INDENTED;
        if is_too_deep {
            if is_block {
                self.line();
            }
            return;
        }
        self.out.push('<');
        self.out.push_str(name);
        if self.purpose == Purpose::Show {
            for (name, value) in tag.attributes() {
                self.out.push_str(&format!(" {name}=\"{value}\""));
            }
        }
        self.out.push('>');
        self.open.push(name);
    }

    /// Ends what a new element ends without saying so, as browsers do.
    fn close_implied(&mut self, name: &str, is_block: bool) {
        if is_block && self.open.last() == Some(&"p") {
            self.close("p");
        }
        let (same, stop): (&[&str], &[&str]) = match name {
            "li" => (&["li"], &["ul", "ol"]),
            "dt" | "dd" => (&["dt", "dd"], &["dl"]),
            "td" | "th" => (&["td", "th"], &["table", "tr"]),
            "tr" => (&["tr"], &["table"]),
            "thead" | "tbody" | "tfoot" => (&["thead", "tbody", "tfoot"], &["table"]),
            "a" => (&["a"], &["table"]),
            _ => return,
        };
        let found = self
            .open
            .iter()
            .rev()
            .find(|open| same.contains(open) || stop.contains(open));
        if let Some(found) = found.filter(|found| same.contains(found)) {
            self.close(found);
        }
    }

    /// Ends an element and all inside it; nothing where it is not open. A table keeps what is outside of it open.
    fn close(&mut self, name: &'static str) {
        let Some(at) = self.open.iter().rposition(|open| *open == name) else {
            return;
        };
        if self.open[at + 1..].contains(&"table") {
            return;
        }
        for open in self.open.split_off(at).into_iter().rev() {
            self.end(open);
        }
    }

    fn end(&mut self, name: &str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }
}

fn known(list: &[&'static str], name: &str) -> Option<&'static str> {
    list.iter().find(|known| **known == name).copied()
}

/// Behind the next `>`.
fn after_mark(rest: &str) -> &str {
    rest.split_once('>').map_or("", |(_, after)| after)
}

/// A start or end tag.
struct Tag<'a> {
    name: String,
    is_end: bool,
    attributes: &'a str,
    /// Bytes from `<` to `>`.
    length: usize,
}

impl<'a> Tag<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let is_end = text[1..].starts_with('/');
        let name_at = 1 + usize::from(is_end);
        let name: String = text[name_at..]
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, ':' | '-'))
            .take(30)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return None;
        }
        let attributes_at = name_at + name.len();
        let length = attributes_at + end_of_tag(&text[attributes_at..]);
        let attributes = &text[attributes_at..length];
        Some(Self {
            name,
            is_end,
            attributes: attributes.strip_suffix('>').unwrap_or(attributes),
            length,
        })
    }

    /// The attributes that are kept, with values ready to be written.
    fn attributes(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        let mut rest = self.attributes;
        while let Some((before, after)) = rest.split_once('=') {
            let name = before
                .rsplit(|c: char| c.is_whitespace() || c == '/')
                .find(|word| !word.is_empty())
                .unwrap_or_default()
                .to_ascii_lowercase();
            let after = after.trim_start();
            let (value, after) = match after.chars().next() {
                Some(quote @ ('"' | '\'')) => {
                    after[1..].split_once(quote).unwrap_or((&after[1..], ""))
                }
                _ => after.split_once(char::is_whitespace).unwrap_or((after, "")),
            };
            rest = after;
            if let Some(name) = known(ATTRIBUTES, &name)
                && !found.iter().any(|(n, _)| *n == name)
            {
                let value = cut(value, MAX_ATTRIBUTE);
                let value = value
                    .replace('"', "&quot;")
                    .replace('<', "&lt;")
                    .replace('>', "&gt;");
                found.push((name, value));
            }
        }
        found
    }
}

/// How far a quoted value may reach before its quote counts as a typing error.
const MAX_TAG: usize = 20_000;

/// Bytes up to and with the `>` that ends a tag: one in a quoted value does not.
fn end_of_tag(text: &str) -> usize {
    let window = cut(text, MAX_TAG);
    let mut quote = None;
    let mut after_equals = false;
    for (at, letter) in window.char_indices() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') if after_equals => quote = Some(letter),
            (None, '>') => return at + 1,
            _ => {}
        }
        after_equals = letter == '=' || after_equals && letter.is_whitespace();
    }
    // An unclosed quote: the next `>` it is.
    window.find('>').map_or(window.len(), |at| at + 1)
}
