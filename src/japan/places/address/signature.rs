//! The address in a mail, which mostly stands in its signature.

use super::{beginning, key, of_both, of_words, take_postal_code};
use crate::{
    japan::{
        places::{Place, of_postal_code},
        prefectures,
    },
    text::PostalCode,
};
use unicode_normalization::UnicodeNormalization;

/// An address that was found in a text. Nobody said that it is where the matter is, so whatever is taken from it is to be marked
/// as a guess.
#[derive(Clone, Debug, PartialEq)]
pub struct Guess {
    /// Where it is; several where the address is ambiguous, or where several stand together (本社, 支店).
    pub places: Vec<Place>,
    /// Its postal code; none where several addresses stand together.
    pub postal_code: Option<PostalCode>,
    /// Its words, with full-width letters and digits made narrow; none where several addresses stand together.
    pub address: Option<String>,
}

/// The last address in a text, such as the body of a mail without what it quotes. A line is part of an address where it has a
/// postal code that is in use, or names a municipality that a house number follows.
pub fn in_text(text: &str) -> Option<Guess> {
    let mut addresses: Vec<Line> = Vec::new();
    for line in last_block(text) {
        match addresses.last_mut() {
            // A postal code on a line of its own belongs to the line below.
            Some(last) if last.words.is_empty() && line.code.is_none() => last.words = line.words,
            _ => addresses.push(line),
        }
    }
    let mut places: Vec<Place> = Vec::new();
    for address in &addresses {
        let more = of_both(address.code.as_ref(), &address.words).places;
        for place in more {
            if !places.contains(&place) {
                places.push(place);
            }
        }
    }
    let only = if addresses.len() == 1 {
        addresses.pop()
    } else {
        None
    };
    let (postal_code, words) = only.map_or((None, String::new()), |line| (line.code, line.words));
    (!places.is_empty()).then_some(Guess {
        places,
        postal_code,
        address: Some(words).filter(|words| !words.is_empty()),
    })
}

/// A line that is an address or part of one.
struct Line {
    code: Option<PostalCode>,
    /// From where the address begins, without the postal code.
    words: String,
}

/// The last lines that follow each other, but for empty ones, and are all part of an address.
fn last_block(text: &str) -> Vec<Line> {
    let plain: Vec<String> = text
        .lines()
        .map(|line| line.nfkc().collect::<String>().trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect();
    let mut block = Vec::new();
    for at in (0..plain.len()).rev() {
        let above = at.checked_sub(1).map_or("", |above| &plain[above]);
        let below = plain.get(at + 1).map_or("", |below| below);
        match read_line(above, &plain[at], below) {
            Some(line) => block.push(line),
            None if block.is_empty() => {}
            None => break,
        }
    }
    block.reverse();
    block
}

fn read_line(above: &str, line: &str, below: &str) -> Option<Line> {
    if line.starts_with(['>', '|']) {
        return None;
    }
    let line = before_contact(line);
    let mark = line.find('〒');
    let prefecture = prefectures::all()
        .filter_map(|prefecture| line.find(prefecture.name))
        .min();
    // 青森支店 〒030-0801 青森県青森市…: the address begins where one of these stands, or with the line.
    let starts = [mark, prefecture, Some(0)];
    starts.into_iter().flatten().find_map(|start| {
        let part = &line[start..];
        let (code, words) = without_code(part);
        let code = code.filter(|code| !of_postal_code(code).is_empty());
        let key = key(words);
        let rest = beginning(&key);
        let places = of_words(
            words,
            rest,
            &code.as_ref().map_or_else(Vec::new, of_postal_code),
        );
        let is_municipality =
            !places.is_empty() && places.iter().all(|place| place.municipality.is_some());
        let is_below_code = above.contains('〒');
        let is_numbered =
            has_number(rest) || before_contact(below).starts_with(|c: char| c.is_ascii_digit());
        match code {
            Some(code) => Some(Line {
                code: Some(code),
                words: words.to_owned(),
            }),
            None if is_municipality && (is_numbered || is_below_code) => Some(Line {
                code: None,
                words: words.to_owned(),
            }),
            None => None,
        }
    })
}

/// A line up to where telephone numbers and the like begin.
fn before_contact(line: &str) -> &str {
    let lower = line.to_ascii_lowercase();
    let marks = [
        "tel", "fax", "電話", "携帯", "直通", "e-mail", "email", "mail", "http",
    ];
    let end = marks.iter().filter_map(|mark| lower.find(mark)).min();
    line[..end.unwrap_or(line.len())]
        .trim_end_matches(|c: char| c.is_whitespace() || "/|(".contains(c))
}

/// The postal code behind 〒, or with its hyphen at the beginning: seven digits alone may be any number.
fn without_code(part: &str) -> (Option<PostalCode>, &str) {
    let folded = key(part);
    let (code, _) = take_postal_code(&folded);
    let is_marked = part.starts_with('〒');
    let has_hyphen = folded.chars().nth(3) == Some('-');
    match code.filter(|_| is_marked || has_hyphen) {
        None => (None, part),
        Some(code) => {
            let mut digits = 0;
            let end = part.find(|c: char| {
                digits += usize::from(c.is_ascii_digit());
                digits == 7
            });
            let rest = end.map_or("", |end| &part[end + 1..]);
            (
                Some(code),
                rest.trim_start_matches(|c: char| c.is_whitespace() || ",、)".contains(c)),
            )
        }
    }
}

/// Whether a house number follows, as in 1-2-3, 一丁目 and 5番地; ten employees are none.
fn has_number(rest: &str) -> bool {
    let digits = |c: char| c.is_ascii_digit();
    ["丁目", "番地"].iter().any(|word| rest.contains(word))
        || rest
            .match_indices(['-', '番', '号'])
            .any(|(at, _)| rest[..at].ends_with(digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        in_text(text).map_or_else(Vec::new, |guess| {
            guess.places.iter().map(Place::name).collect()
        })
    }

    #[test]
    fn the_address_of_a_signature() {
        let mail = "相談センター 御中\n\nお世話になります。東京都の助成金について2-3点伺います。\n社員10名です。\n\n\
            ──────────────\n株式会社りんご\n総務部 髙橋 花子\n〒０３０－０８０１\n青森県青森市新町１－２－３ りんごビル2F\n\
            TEL 017-722-1234 / FAX 017-722-1235\nhttps://ringo.example.jp\n──────────────\n";
        let guess = in_text(mail).unwrap();
        assert_eq!(
            guess.places.iter().map(Place::name).collect::<Vec<_>>(),
            ["青森県青森市"]
        );
        assert_eq!(guess.postal_code.unwrap().as_str(), "0300801");
        assert_eq!(guess.address.unwrap(), "青森県青森市新町1-2-3 りんごビル2F");
    }

    #[test]
    fn writings_of_signatures() {
        for (text, place) in [
            (
                "〒100-0001 東京都千代田区千代田1-1 TEL:03-1234-5678",
                "東京都千代田区",
            ),
            ("住所：横浜市中区日本大通1番地", "神奈川県横浜市中区"),
            ("100-0001\n千代田区千代田1-1", "東京都千代田区"),
            (
                "〒498-0807\n木曽岬町大字西対海地250番地",
                "三重県桑名郡木曽岬町",
            ),
            (
                "(株)りんご 青森支店 青森県弘前市上白銀町1-1",
                "青森県弘前市",
            ),
            ("青森県青森市新町\n1-2-3 りんごビル", "青森県青森市"),
            ("青森市長島一丁目1番1号", "青森県青森市"),
            (
                "本社 東京都港区芝1-1-1\n\nよろしくお願いします。\n\n弘前市上白銀町1-1",
                "青森県弘前市",
            ),
            ("〒030-0801\nTEL 017-722-1234", "青森県青森市"),
        ] {
            assert_eq!(found(text), [place], "{text}");
        }
    }

    #[test]
    fn offices_side_by_side_leave_it_open() {
        let text =
            "【本社】〒100-0001 東京都千代田区千代田1-1\n【青森】〒030-0801 青森県青森市新町1-1\n";
        let guess = in_text(text).unwrap();
        assert_eq!(found(text), ["東京都千代田区", "青森県青森市"]);
        assert_eq!((guess.postal_code, guess.address), (None, None));
    }

    #[test]
    fn texts_without_an_address() {
        for text in [
            "",
            "東京都の企業です。社員は12名です。",
            "青森市で10名が在宅勤務をしています。",
            "注文番号 0300801",
            "017-722-1234",
            "017-7221-234",
            "お電話は017-722-1234へ",
            "> 〒100-0001 東京都千代田区千代田1-1",
            "2026-11-22 10:00",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }
}
