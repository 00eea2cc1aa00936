//! Feeds odd text to everything that understands text: none may panic or hang; what is stored is understood again as
//! itself; what is folded stays folded; what is signed is taken only as it was signed. The first byte of an input says
//! which, so that one corpus serves them all.
//!
//! As in parse.rs, the files are compiled here by themselves.

#![no_main]

use libfuzzer_sys::fuzz_target;
use program::{ids, japan, text};
use std::fmt::{Debug, Display};
use std::str::FromStr;
use text::TextError;

#[path = "../src"]
#[allow(dead_code)]
mod program {
    pub mod ids;
    pub mod japan;
    pub mod text;
}

#[path = "../src/mail"]
#[allow(dead_code)]
mod mail {
    pub mod token;
}

#[path = "../src/calendar"]
#[allow(dead_code)]
mod calendar {
    pub mod hours;
}

#[path = "../src/attachments"]
#[allow(dead_code)]
mod attachments {
    mod names;

    /// The name as it is stored, and as it is sent.
    pub fn name(given: &str) -> (String, String) {
        let stored = names::filename(given);
        let sent = names::disposition(&stored);
        (stored, sent)
    }

    pub fn content_type(given: &str) -> String {
        names::content_type(given)
    }
}

#[path = "../src/search"]
#[allow(dead_code)]
mod search {
    mod terms;

    /// The folded text of a query, what is asked of the index, and what of the texts.
    pub fn query(typed: &str) -> Vec<(String, String, String)> {
        let named = terms::enterprise_name(typed);
        terms::words(typed)
            .into_iter()
            .flatten()
            .chain(named)
            .map(|phrase| {
                (
                    phrase.text.clone(),
                    phrase.ts_query.clone(),
                    phrase.pattern(),
                )
            })
            .collect()
    }

    /// The terms of a text; where each folded character stands in it is asserted.
    pub fn index(text: &str) {
        let folded = terms::Folded::of(text, 2_000);
        assert!(folded.text.chars().count() <= 2_000);
        for term in terms::terms(&folded.text) {
            assert!(!term.contains(' ') && !term.is_empty());
        }
        let phrase: String = folded.text.chars().take(3).collect();
        for (from, to) in folded.find(&phrase) {
            assert!(text.is_char_boundary(from) && text.is_char_boundary(to) && from < to);
        }
    }
}

/// What is stored is text that can be stored, at most so long, and is understood again as itself.
fn stored<T>(input: &str, most: usize)
where
    T: FromStr<Err = TextError> + AsRef<str> + Display + serde::Serialize + PartialEq,
{
    let Ok(value) = input.parse::<T>() else {
        return;
    };
    let text = value.as_ref();
    assert!(text.chars().count() <= most && !text.is_empty());
    assert!(!text.contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
    assert!(!text.contains(text::clean::reorders));
    assert_eq!(text, text.trim());
    let again = text.parse::<T>();
    assert!(
        again.is_ok_and(|again| again == value),
        "{text:?} is not understood again"
    );
    // White space around a text never matters.
    let padded = format!("\u{3000}\n {input} \u{feff}\t");
    assert!(
        padded.parse::<T>().is_ok_and(|padded| padded == value),
        "{input:?} is another with space around"
    );
    let json = serde_json::to_string(&value).expect("text is JSON");
    assert_eq!(
        serde_json::from_str::<String>(&json).ok().as_deref(),
        Some(text)
    );
}

/// A function that brings a text into one form does nothing to that form.
fn settles<T: PartialEq + Debug>(once: T, again: impl Fn(&T) -> T) {
    let twice = again(&once);
    assert_eq!(once, twice);
}

fn signed(input: &str, raw: &[u8]) {
    let key = mail::token::MailKey::new(b"a key that nobody knows");
    // By itself nothing is signed.
    assert!(key.read_message_id(input).is_none());
    assert!(key.read_plus_address(input).is_none());
    let mut bytes = [0; 16];
    for (byte, given) in bytes.iter_mut().zip(raw) {
        *byte = *given;
    }
    let id = uuid::Uuid::from_bytes(bytes);
    let (case, message) = (ids::CaseId(id), ids::MessageId(id));
    let read = key.read_message_id(&key.message_id(Some(case), message, "example.jp"));
    assert_eq!(read, Some(((!id.is_nil()).then_some(case), message)));
    let address = key.plus_address("sodan@example.jp", case);
    assert_eq!(key.read_plus_address(&address), Some(case));
    assert_eq!(mail::token::without_plus(&address), "sodan@example.jp");
    // With a piece of the input in it, it is another one.
    if let Some(piece) = input.chars().find(|c| c.is_ascii_alphanumeric()) {
        let forged = address.replacen('.', &format!("{piece}."), 1);
        assert!(key.read_plus_address(&forged).is_none());
    }
    let _ = mail::token::without_plus(input);
}

fn hours(input: &str) {
    let quoted = serde_json::to_string(input).expect("text is JSON");
    if let Ok(time) = serde_json::from_str::<calendar::hours::TimeOfDay>(&quoted) {
        assert_eq!(time.to_string(), input);
        assert!(time.minutes() <= 24 * 60);
    }
    let _ = serde_json::from_str::<calendar::hours::Period>(input);
    if let Ok(week) = serde_json::from_str::<calendar::hours::Week>(input)
        && week.faults().is_empty()
    {
        let _ = week.in_words();
        let _ = week.business_day();
    }
}

fn dates(input: &str) {
    if let Ok(date) = input.parse::<chrono::NaiveDate>() {
        let _ = (
            japan::wareki(date),
            japan::fiscal_year_of(date),
            japan::holidays::holiday(date),
        );
        let _ = (
            japan::dates::day(date, date),
            japan::holidays::is_year_end(date),
        );
    }
    if let Ok(moment) = input.parse::<chrono::DateTime<chrono::Utc>>() {
        let _ = (
            japan::tokyo_date(moment),
            japan::fiscal_year(moment),
            japan::dates::moment(moment, moment),
        );
    }
}

fn names_of_files(input: &str) {
    let (stored, sent) = attachments::name(input);
    assert!(!stored.is_empty() && !stored.contains(['/', '\\', '\0', '\r', '\n']));
    assert!(stored != "." && stored != "..");
    assert!(
        sent.bytes().all(|byte| (b' '..=b'~').contains(&byte)),
        "{sent:?} is no header"
    );
    settles(stored, |name| attachments::name(name).0);
    settles(attachments::content_type(input), |kind| {
        attachments::content_type(kind)
    });
}

fn searched(input: &str) {
    search::index(input);
    for (folded, asked, pattern) in search::query(input) {
        assert!(!folded.is_empty() && !asked.is_empty());
        // Quotes of the query stand around terms only.
        assert!(
            !asked.contains('\\') && asked.matches('\'').count() % 2 == 0,
            "{asked:?}"
        );
        let unescaped = pattern[1..pattern.len() - 1]
            .replace("\\\\", "")
            .replace("\\%", "")
            .replace("\\_", "");
        assert!(!unescaped.contains(['%', '_', '\\']), "{pattern:?}");
    }
}

fn mended(input: &str, raw: &[u8]) {
    let most = usize::from(raw.first().copied().unwrap_or(9)) + 1;
    if let Some(line) = text::clean::mend_line(input, most) {
        assert_eq!(text::clean::line(&line, most).ok(), Some(line));
    }
    if let Some(block) = text::clean::mend_block(input, most) {
        assert_eq!(text::clean::block(&block, most).ok(), Some(block));
    }
}

fuzz_target!(|raw: &[u8]| {
    let Some((which, rest)) = raw.split_first() else {
        return;
    };
    let input = String::from_utf8_lossy(rest);
    let input = input.as_ref();
    match which % 32 {
        0 => {
            stored::<text::Phone>(input, text::Phone::MAX_CHARS);
            if let Ok(phone) = text::Phone::parse(input) {
                let national = phone.national();
                assert_eq!(
                    text::Phone::parse(&national),
                    Ok(phone),
                    "{national} is another number"
                );
            }
        }
        1 => drop(text::Phone::beginning(input, 3)),
        2 => stored::<text::EmailAddress>(input, text::EmailAddress::MAX_CHARS),
        3 => stored::<text::PostalCode>(input, text::PostalCode::MAX_CHARS),
        4 => stored::<text::CorporateNumber>(input, text::CorporateNumber::MAX_CHARS),
        5 => stored::<text::InvoiceNumber>(input, text::InvoiceNumber::MAX_CHARS),
        6 => stored::<text::PrefectureCode>(input, text::PrefectureCode::MAX_CHARS),
        7 => stored::<text::MunicipalityCode>(input, text::MunicipalityCode::MAX_CHARS),
        8 => stored::<text::IndustryCode>(input, text::IndustryCode::MAX_CHARS),
        9 => stored::<text::Code>(input, text::Code::MAX_CHARS),
        10 => {
            stored::<text::CaseNumber>(input, text::CaseNumber::MAX_CHARS);
            if let Ok(number) = text::CaseNumber::parse(input) {
                let made = text::CaseNumber::new(number.fiscal_year(), number.serial());
                assert_eq!(made, Ok(number));
            }
        }
        11 => stored::<text::Kana>(input, text::Kana::MAX_CHARS),
        12 => stored::<text::Url>(input, text::Url::MAX_CHARS),
        13 => stored::<text::Name>(input, text::Name::MAX_CHARS),
        14 => stored::<text::Body>(input, text::Body::MAX_CHARS),
        15 => stored::<text::Line80>(input, text::Line80::MAX_CHARS),
        16 => {
            if let Ok(password) = text::Password::parse(input) {
                assert_eq!(password.expose(), input);
                let _ = password.strength_errors(&["hanako@example.jp", "青森窓口"]);
            }
        }
        17 => settles(japan::fold(input), |folded| japan::fold(folded)),
        18 => settles(japan::fold_enterprise(input), |folded| {
            japan::fold_enterprise(folded)
        }),
        19 => drop((
            japan::folding::katakana(input),
            japan::folding::without_reading_form(input),
        )),
        20 => drop((
            japan::romaji::key_of_reading(input),
            japan::romaji::key_of_name(input),
            japan::romaji::key_of_typed(input),
        )),
        21 => drop(japan::places::address::of_address(input)),
        22 => drop(japan::places::address::in_text(input)),
        23 => searched(input),
        24 => signed(input, rest),
        25 => hours(input),
        26 => dates(input),
        27 => names_of_files(input),
        28 => mended(input, rest),
        29 => stored::<text::Reason>(input, text::Reason::MAX_CHARS),
        30 => stored::<text::Subject>(input, text::Subject::MAX_CHARS),
        _ => settles(text::clean::compose(input), |text| {
            text::clean::compose(text)
        }),
    }
});
