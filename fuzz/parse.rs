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
        assert!(!html.contains("<img") && !html.contains("<script"));
    }
    assert!(mail.must_not_answer || mail.kind == programme::MailKind::Normal);
}
