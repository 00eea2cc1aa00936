//! What a text is found by: its folded form, and the terms of that form.
//!
//! Most Japanese words have one or two characters and no spaces around them. So terms are the pairs of neighbours (bigrams)
//! in every run of characters that are not ASCII, with the run's last character alone; a word of one character is the
//! beginning of such a term. ASCII words are terms as they stand and are found from their beginning. Bigrams know nothing
//! of places: what they find is compared once more with the folded text.
//!
//! Our own because PostgreSQL's parser takes a whole sentence for one word, and trigrams need three characters.

use crate::text::{CaseNumber, Phone, clean, fold, fold_enterprise};
use std::collections::BTreeSet;
use unicode_normalization::char::is_combining_mark;

/// How much of one text is searched, in characters. PostgreSQL takes a megabyte of terms: two times four bytes for each
/// character is less.
pub(super) const MAX_CHARS: usize = 100_000;

/// Longer ASCII words (keys, base64) are found by their beginning.
const MAX_WORD: usize = 40;

/// A text as it is compared, and where each character of it comes from.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Folded {
    /// Folded as names are; spaces stand only beside ASCII, because mail breaks lines in the middle of Japanese words.
    pub text: String,
    /// For each character of `text`: the bytes of the original that it stands for.
    origin: Vec<(usize, usize)>,
    /// Whether the original goes on.
    pub is_cut: bool,
}

impl Folded {
    /// Folds up to `most` characters.
    pub fn of(original: &str, most: usize) -> Self {
        let mut folded = Self::default();
        let mut length = 0;
        let mut space = None;
        let mut last = None;
        for (range, unit) in units(original) {
            for c in fold_unit(unit) {
                if c == ' ' {
                    space = space.or(last.map(|_| range));
                    continue;
                }
                let is_joined = last.is_some_and(|last: char| !last.is_ascii()) && !c.is_ascii();
                if let Some(range) = space.take().filter(|_| !is_joined) {
                    folded.push(' ', range);
                    length += 1;
                }
                if length >= most {
                    folded.is_cut = true;
                    return folded;
                }
                folded.push(c, range);
                length += 1;
                last = Some(c);
            }
        }
        folded
    }

    fn push(&mut self, c: char, range: (usize, usize)) {
        self.text.push(c);
        self.origin.push(range);
    }

    /// Where in the original a phrase stands, in bytes: every place, from left to right.
    pub fn find(&self, phrase: &str) -> Vec<(usize, usize)> {
        let length = phrase.chars().count();
        if length == 0 {
            return Vec::new();
        }
        let mut position = (0, 0);
        self.text
            .match_indices(phrase)
            .map(|(byte, _)| {
                position.0 += self.text[position.1..byte].chars().count();
                position.1 = byte;
                let first = position.0;
                (self.origin[first].0, self.origin[first + length - 1].1)
            })
            .collect()
    }
}

/// Characters with the marks that belong to them: か and ゛, 葛 and its variation selector.
fn units(text: &str) -> impl Iterator<Item = ((usize, usize), &str)> {
    let mut rest = text.char_indices().peekable();
    std::iter::from_fn(move || {
        let (start, first) = rest.next()?;
        let mut end = start + first.len_utf8();
        while let Some((at, c)) = rest.next_if(|(_, c)| belongs_to_previous(*c)) {
            end = at + c.len_utf8();
        }
        Some(((start, end), &text[start..end]))
    })
}

fn belongs_to_previous(c: char) -> bool {
    !c.is_ascii()
        && (is_combining_mark(c) || clean::is_invisible(c) || matches!(c, '゛' | '゜' | 'ﾞ' | 'ﾟ'))
}

/// The characters that a unit is compared by. Hyphens, dashes and long vowel marks are all one here: which is meant is
/// only known from their neighbours, and a word that is looked for may begin with one.
fn fold_unit(unit: &str) -> Vec<char> {
    let mut characters = unit.chars();
    if let (Some(only), None) = (characters.next(), characters.next()) {
        match only {
            c if c.is_ascii_graphic() => return vec![c.to_ascii_lowercase()],
            c if c.is_ascii() => return vec![' '],
            c if c.is_whitespace() || c.is_control() => return vec![' '],
            _ => {}
        }
    }
    fold(unit)
        .chars()
        .map(|c| if clean::is_hyphen(c) { '-' } else { c })
        .collect()
}

/// A piece of a folded text that terms are made of.
#[derive(Debug, PartialEq)]
enum Run {
    /// Letters and digits.
    Ascii(String),
    /// Everything that is not ASCII, and the long vowel mark after it.
    Other(Vec<char>),
}

fn runs(folded: &str) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut is_open = false;
    for c in folded.chars() {
        let is_other = !c.is_ascii();
        match runs.last_mut() {
            Some(Run::Other(run)) if is_open && (is_other || c == '-') => run.push(c),
            Some(Run::Ascii(run)) if is_open && c.is_ascii_alphanumeric() => run.push(c),
            _ if is_other => {
                runs.push(Run::Other(vec![c]));
                is_open = true;
            }
            _ if c.is_ascii_alphanumeric() => {
                runs.push(Run::Ascii(c.into()));
                is_open = true;
            }
            _ => is_open = false,
        }
    }
    runs
}

fn cut(word: &str) -> &str {
    &word[..word.len().min(MAX_WORD)]
}

/// The terms of a folded text. None has a space in it.
pub(super) fn terms(folded: &str) -> BTreeSet<String> {
    let mut terms = BTreeSet::new();
    for run in runs(folded) {
        match run {
            Run::Ascii(word) => terms.extend([cut(&word).to_owned()]),
            Run::Other(run) => {
                terms.extend(run.windows(2).map(|pair| pair.iter().collect::<String>()));
                terms.extend(run.last().map(|last| last.to_string()));
            }
        }
    }
    terms
}

/// A term that a text must have, or the beginning of one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Part {
    pub term: String,
    pub is_prefix: bool,
}

/// The terms that every text with a folded phrase has; none where nothing in it is a term.
fn parts(phrase: &str) -> Option<BTreeSet<Part>> {
    let part = |term: String, is_prefix| Part { term, is_prefix };
    let runs = runs(phrase);
    let last = runs.len().saturating_sub(1);
    let mut parts = BTreeSet::new();
    for (at, run) in runs.iter().enumerate() {
        match run {
            // The word may go on in the text, or may be cut there.
            Run::Ascii(word) => {
                let is_prefix = at == last && phrase.ends_with(|c: char| c.is_ascii_alphanumeric());
                parts.extend([part(cut(word).to_owned(), is_prefix)]);
            }
            Run::Other(run) if run.len() == 1 => parts.extend([part(run.iter().collect(), true)]),
            Run::Other(run) => parts.extend(
                run.windows(2)
                    .map(|pair| part(pair.iter().collect(), false)),
            ),
        }
    }
    (!parts.is_empty()).then_some(parts)
}

/// As a `tsquery`. Terms hold neither quotes nor backslashes, which are ASCII.
fn ts_query(parts: &BTreeSet<Part>) -> String {
    let lexemes: Vec<_> = parts
        .iter()
        .map(|part| format!("'{}'{}", part.term, if part.is_prefix { ":*" } else { "" }))
        .collect();
    lexemes.join(" & ")
}

/// One way in which a word may stand in a text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Phrase {
    /// Folded.
    pub text: String,
    /// The terms that it is made of.
    pub parts: BTreeSet<Part>,
    /// For the index.
    pub ts_query: String,
}

impl Phrase {
    fn of(text: &str) -> Option<Self> {
        let folded = Folded::of(text, MAX_CHARS).text;
        let parts = parts(&folded)?;
        Some(Self {
            ts_query: ts_query(&parts),
            parts,
            text: folded,
        })
    }

    /// For `like`, with `\` as the escape.
    pub fn pattern(&self) -> String {
        let mut pattern = String::from("%");
        for c in self.text.chars() {
            if matches!(c, '%' | '_' | '\\') {
                pattern.push('\\');
            }
            pattern.push(c);
        }
        pattern.push('%');
        pattern
    }
}

/// The words of a query: each must stand somewhere on a case, in one of its writings.
pub(super) fn words(typed: &str) -> Vec<Vec<Phrase>> {
    if let Ok(number) = CaseNumber::parse(typed) {
        return Phrase::of(number.as_str())
            .into_iter()
            .map(|phrase| vec![phrase])
            .collect();
    }
    if let Ok(phone) = Phone::parse(typed) {
        return vec![phone_phrases(typed, &phone)];
    }
    typed
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter_map(Phrase::of)
        .map(|phrase| vec![phrase])
        .collect()
}

/// A number is stored in one form and written in many.
fn phone_phrases(typed: &str, phone: &Phone) -> Vec<Phrase> {
    let national = phone.national();
    let digits: String = national.chars().filter(char::is_ascii_digit).collect();
    let mut phrases = Vec::new();
    for writing in [
        phone.as_str().trim_start_matches('+'),
        &national,
        &digits,
        typed.trim(),
    ] {
        if let Some(phrase) = Phrase::of(writing)
            && !phrases.contains(&phrase)
        {
            phrases.push(phrase);
        }
    }
    phrases
}

/// The name of an enterprise as it is compared, where the query has a legal form (株式会社, ㈱) or spaces that the stored
/// name may have in another place.
pub(super) fn enterprise_name(typed: &str) -> Option<Phrase> {
    let name = fold_enterprise(typed);
    let phrase = Phrase::of(&name)?;
    (phrase.text != Folded::of(typed, MAX_CHARS).text).then_some(phrase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn folded(text: &str) -> String {
        Folded::of(text, MAX_CHARS).text
    }

    /// Whether the index would find it, and the comparison too.
    fn is_found(phrase: &str, text: &str) -> bool {
        let Some(phrase) = Phrase::of(phrase) else {
            return false;
        };
        let folded = folded(text);
        let terms = terms(&folded);
        let fits = phrase
            .ts_query
            .split(" & ")
            .all(|part| match part.strip_suffix(":*") {
                Some(prefix) => terms
                    .iter()
                    .any(|term| term.starts_with(prefix.trim_matches('\''))),
                None => terms.contains(part.trim_matches('\'')),
            });
        fits && folded.contains(&phrase.text)
    }

    #[test]
    fn terms_are_bigrams_and_words() {
        let of = |text: &str| terms(&folded(text)).into_iter().collect::<Vec<_>>();
        assert_eq!(of("在宅勤務"), ["務", "勤務", "在宅", "宅勤"]);
        assert_eq!(of("漣"), ["漣"]);
        assert_eq!(of("ＶＰＮ接続"), ["vpn", "接続", "続"]);
        assert_eq!(of("データ"), ["-タ", "タ", "デ-"]);
        assert_eq!(of("03ー1234-5678"), ["03", "1234", "5678"]);
        assert_eq!(of("%_'\\ -"), [""; 0]);
        assert_eq!(of(&"a".repeat(100)), ["a".repeat(MAX_WORD)]);
    }

    #[test]
    fn writings_find_each_other() {
        for (typed, text) in [
            ("ﾃﾚﾜｰｸ", "テレワークの導入"),
            ("てれわーく", "テレワーク"),
            ("ＶＰＮ", "vpnを使う"),
            ("髙橋", "高橋様"),
            ("渡邉", "渡辺"),
            ("工藤和子", "工藤　和子"),
            ("在宅勤務", "在宅\n勤務"),
            ("ータ", "データ"),
            ("ー", "データー"),
            ("1234-5678", "03-1234-5678"),
            ("vp", "VPN"),
            ("①", "1番"),
            ("100%", "100%自社"),
            ("a_b", "a_b"),
            ("TW-2026-000123", "tw-2026-000123"),
            ("😀", "了解😀です"),
        ] {
            let is_term = Phrase::of(typed).is_some();
            assert_eq!(is_found(typed, text), is_term, "{typed} in {text}");
        }
        for (typed, text) in [
            ("宅在", "在宅"),
            ("勤在", "在勤 勤務 務在"),
            ("pn", "vpn"),
            ("a_b", "axb"),
            ("1%", "10"),
        ] {
            assert!(!is_found(typed, text), "{typed} in {text}");
        }
    }

    #[test]
    fn a_query_is_words_in_all_their_writings() {
        let texts = |typed: &str| -> Vec<Vec<String>> {
            words(typed)
                .into_iter()
                .map(|word| word.into_iter().map(|phrase| phrase.text).collect())
                .collect()
        };
        assert_eq!(texts("在宅　勤務"), [["在宅"], ["勤務"]]);
        assert_eq!(texts("ｔｗ－2026－000123"), [["tw-2026-000123"]]);
        assert_eq!(
            texts("０３（１２３４）５６７８"),
            [vec![
                "81312345678",
                "03-1234-5678",
                "0312345678",
                "03(1234)5678"
            ]]
        );
        assert_eq!(texts("% _ ' -"), [[""; 0]; 0]);
        assert_eq!(enterprise_name("㈱山田 商店").unwrap().text, "山田商店");
        assert_eq!(enterprise_name("山田"), None);
        assert_eq!(Phrase::of("50%_\\").unwrap().pattern(), r"%50\%\_\\%");
    }

    #[test]
    fn what_is_too_long_is_cut_and_says_so() {
        let long = "漢字".repeat(MAX_CHARS);
        let whole = Folded::of(&long, MAX_CHARS);
        assert_eq!(
            (whole.text.chars().count(), whole.is_cut),
            (MAX_CHARS, true)
        );
        assert!(!Folded::of("漢字", 2).is_cut);
        // Trailing space is not what is missing.
        assert!(!Folded::of("漢字 \n", 2).is_cut);
    }

    #[test]
    fn places_are_those_of_the_original() {
        let text = "㈱ｶﾞｽ、か\u{3099}す GAS";
        let found = Folded::of(text, MAX_CHARS);
        let marked: Vec<_> = found
            .find("ガス")
            .into_iter()
            .map(|(from, to)| &text[from..to])
            .collect();
        assert_eq!(marked, ["ｶﾞｽ", "か\u{3099}す"]);
    }

    proptest! {
        /// Whatever stands in a text is found by it, wherever one cuts between characters that are not ASCII.
        #[test]
        fn pieces_are_found(text in "[ぁ-んァ-ヶー一-龠々〇a-zA-Z0-9\\- 、。㈱ｱ-ﾝﾞ髙﨑%_]{1,40}", from in 0_usize..40, length in 1_usize..4) {
            let units: Vec<_> = units(&text).map(|(_, unit)| unit).collect();
            let from = from % units.len();
            let piece = units[from..units.len().min(from + length)].concat();
            let is_clear = !piece.is_ascii() && !piece.starts_with(|c: char| c.is_ascii_alphanumeric());
            if is_clear && Phrase::of(&piece).is_some() {
                prop_assert!(is_found(&piece, &text), "{} in {}", piece, text);
            }
        }

        #[test]
        fn places_fit_the_characters(text in ".{0,60}") {
            let found = Folded::of(&text, MAX_CHARS);
            prop_assert_eq!(found.text.chars().count(), found.origin.len());
            for &(from, to) in &found.origin {
                prop_assert!(text.is_char_boundary(from) && text.is_char_boundary(to) && from < to);
            }
        }
    }
}
