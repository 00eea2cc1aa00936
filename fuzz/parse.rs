//! Feeds damaged mail to the parser: it must not panic, not hang, not grow, and return nothing that cannot be stored.
//!
//! The parser's files are compiled here by themselves, because the fuzzer looks at every branch of the program after
//! every mail: with all of the program it tries a tenth as many.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mail::parse::{Envelope, ParsedMail, parse};

#[path = "../src/mail"]
mod mail {
    #[allow(dead_code)]
    pub mod parse;
}

/// What the parser uses of the program's own words.
mod programme {
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum MailKind {
        Normal,
        AutoReply,
        AutoReplySuspected,
        Bounce,
        Delay,
        DeliverySuccess,
        Arf,
        Mdn,
        Loop,
    }
}

fuzz_target!(|raw: &[u8]| {
    let envelope = Envelope {
        from: None,
        to: vec!["sodan@madoguchi.example".into()],
    };
    if let Ok(mail) = parse(raw, &envelope) {
        check(&mail);
    }
});

/// No control characters, nothing without a name, no answer to a program.
fn check(mail: &ParsedMail) {
    let names = mail.attachments.iter().map(|file| &file.filename);
    for name in names.clone() {
        assert!(!name.is_empty());
    }
    for line in names.chain([&mail.subject]).chain(&mail.references) {
        assert!(!line.contains(char::is_control), "{line:?}");
    }
    for text in [&mail.text, &mail.reply_text] {
        assert!(!text.contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
    }
    if let Some(html) = &mail.html {
        check_html(html);
    }
    assert!(mail.must_not_answer || mail.kind == programme::MailKind::Normal);
}

/// Nothing that runs, nothing that is fetched, and no way out of an attribute.
fn check_html(html: &str) {
    const NEVER: [&str; 10] = [
        "<img", "<script", "<style", "<iframe", "<object", "<embed", "<form", "<meta", "<base", "<svg",
    ];
    let small = html.to_ascii_lowercase();
    for tag in NEVER {
        assert!(!small.contains(tag), "{tag} in {html:?}");
    }
    // What stands outside of tags and in values has no < in it: the writer escapes it.
    for tag in small.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap_or_default();
        let mut outside = tag.split('"').step_by(2);
        assert!(outside.all(|names| !names.contains(" on")), "{tag:?} in {html:?}");
        let values = tag.split('"').skip(1).step_by(2);
        for value in values {
            let value: String = value.chars().filter(|c| !c.is_whitespace()).collect();
            assert!(!value.starts_with("javascript:") && !value.starts_with("data:"), "{value:?} in {html:?}");
        }
    }
}
