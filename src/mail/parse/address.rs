//! Addresses in header fields: RFC 5322, and what people and programs write instead.
//!
//! Nothing is checked for being deliverable: carriers allowed `foo..bar.@docomo.ne.jp`, and losing the sender would lose
//! the answer. An address is kept as it stands, without white space, control characters and needless quotes.

use super::{
    Address,
    limits::{MAX_ADDRESS, MAX_NAME, cut_chars},
    words,
};
use encoding_rs::Encoding;

/// What was read between two commas.
#[derive(Default)]
struct Item {
    /// Outside of angle brackets, quotes removed.
    phrase: String,
    /// Inside of angle brackets.
    angle: Option<String>,
    /// Inside of parentheses.
    comment: String,
}

/// Reads a list of addresses, at most `limit` of them.
pub fn list(value: &[u8], hint: Option<&'static Encoding>, limit: usize) -> Vec<Address> {
    let text = words::raw(value, hint);
    let mut addresses = Vec::new();
    // A name with a comma and without quotes, as in `Yamada, Taro <yamada@example.jp>`.
    let mut name_before = String::new();
    for mut item in items(&text) {
        if !name_before.is_empty() {
            item.phrase = format!("{name_before}, {}", item.phrase.trim_start());
            name_before.clear();
        }
        match address(&item, hint) {
            Some(address) => addresses.push(address),
            None if item.angle.is_none() && item.phrase.len() <= MAX_ADDRESS => {
                name_before = item.phrase.trim().to_owned();
            }
            None => {}
        }
        if addresses.len() >= limit {
            break;
        }
    }
    addresses
}

/// The first address of a field.
pub fn first(value: &[u8], hint: Option<&'static Encoding>) -> Option<Address> {
    list(value, hint, 1).pop()
}

/// Cuts at commas and semicolons outside of quotes, brackets and parentheses. The name of a group goes away.
fn items(text: &str) -> Vec<Item> {
    let mut items = Vec::new();
    let mut item = Item::default();
    let mut letters = text.chars().peekable();
    let (mut is_quoted, mut depth) = (false, 0_usize);
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if is_quoted || depth > 0 => {
                if let Some(next) = letters.next() {
                    item.push(next, depth);
                }
            }
            '"' if depth == 0 => is_quoted = !is_quoted,
            _ if is_quoted => item.push(letter, depth),
            '(' => {
                depth += 1;
                if depth > 1 {
                    item.push(letter, depth);
                }
            }
            ')' if depth > 0 => {
                depth -= 1;
                if depth > 0 {
                    item.push(letter, depth);
                }
            }
            _ if depth > 0 => item.push(letter, depth),
            '<' => {
                let inside: String = letters.by_ref().take_while(|c| *c != '>').collect();
                // The last brackets count: `<x> <real@example.jp>`.
                if item.angle.is_none() || inside.contains('@') {
                    item.angle = Some(inside);
                }
            }
            ',' | ';' => items.push(std::mem::take(&mut item)),
            // `group: a@example.jp, b@example.jp;`
            ':' if item.angle.is_none() && !item.phrase.contains('@') => item.phrase.clear(),
            _ => item.push(letter, depth),
        }
    }
    items.push(item);
    items
}

impl Item {
    fn push(&mut self, letter: char, depth: usize) {
        if depth > 0 {
            self.comment.push(letter);
        } else {
            self.phrase.push(letter);
        }
    }
}

fn address(item: &Item, hint: Option<&'static Encoding>) -> Option<Address> {
    if let Some(angle) = &item.angle
        && let Some(address) = tidy(angle)
    {
        let name = name(&item.phrase, hint).or_else(|| name(&item.comment, hint));
        return Some(Address { address, name });
    }
    if let Some(address) = tidy(&item.phrase) {
        let name = name(&item.comment, hint);
        return Some(Address { address, name });
    }
    from_loose_text(&words::decode(&item.phrase, hint))
}

/// An address somewhere in a text: `name address` without brackets, or a whole `name <address>` in one encoded word.
fn from_loose_text(text: &str) -> Option<Address> {
    let at = text.find('@')?;
    let is_edge = |c: char| {
        c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')' | '"' | ',' | ';' | '[' | ']')
    };
    let begin = text[..at].rfind(is_edge).map_or(0, |edge| {
        edge + text[edge..].chars().next().map_or(1, char::len_utf8)
    });
    let end = text[at..]
        .find(is_edge)
        .map_or(text.len(), |edge| at + edge);
    let address = tidy(&text[begin..end])?;
    let name = name(text[..begin].trim_end_matches(['<', '(', '"', ' ']), None);
    Some(Address { address, name })
}

/// An address without what does not belong to it; none where it is no address.
fn tidy(text: &str) -> Option<String> {
    let text = text.trim();
    // A route: `<@relay.example:user@example.jp>`.
    let text = match text.strip_prefix('@') {
        Some(route) => route.split_once(':')?.1,
        None => text,
    };
    let text = text
        .trim_start_matches("mailto:")
        .trim_matches(['<', '>', ' ', '\t']);
    let (local, domain) = text.rsplit_once('@')?;
    let local = local.trim().trim_matches('"');
    let domain = domain.trim().trim_end_matches('.');
    let is_space = |text: &str| text.chars().any(|c| c.is_whitespace() || c.is_control());
    if local.is_empty() || domain.is_empty() || is_space(domain) || local.contains("=?") {
        return None;
    }
    let local: String = local.chars().filter(|c| !c.is_control()).collect();
    if is_space(&local) {
        return None;
    }
    (local.len() + domain.len() < MAX_ADDRESS).then(|| format!("{local}@{domain}"))
}

/// A name as people read it; none where it is empty.
fn name(text: &str, hint: Option<&'static Encoding>) -> Option<String> {
    let name = words::clean(&words::decode(text, hint));
    // Encoded words hide quotes, and Outlook puts single ones around addresses.
    let name = name.trim_matches(['"', '\'', ' ']);
    (!name.is_empty()).then(|| cut_chars(name, MAX_NAME).to_owned())
}

/// Message-IDs in a field, without brackets.
pub fn message_ids(value: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(value);
    let mut ids: Vec<String> = text
        .split('<')
        .skip(1)
        .filter_map(|part| part.split_once('>'))
        .filter_map(|(id, _)| message_id(id))
        .collect();
    if ids.is_empty() && !text.contains('<') {
        // Without brackets: only what looks like one; `Your message of …` does not.
        ids = text
            .split([' ', '\t', ','])
            .filter(|word| word.contains('@'))
            .filter_map(message_id)
            .collect();
    }
    ids
}

fn message_id(text: &str) -> Option<String> {
    let id: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control() && *c != '\u{fffd}')
        .collect();
    (!id.is_empty() && id.len() <= super::limits::MAX_MESSAGE_ID).then_some(id)
}
