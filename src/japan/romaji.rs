//! Readings in Latin letters: one key for every way in which a reading is romanised.
//!
//! サトウ is typed satou, satoh, sato or satō, シンバシ shimbashi, shinbashi or sinbasi. The key is near to Kunrei-shiki, with
//! long vowels short and doubled letters single, because that is the one thing all ways have in common. It forgets more
//! than a person would (カナ and カンナ are one); it is for looking up while typing, never for deciding that two are one.
//!
//! Kana are romanised by `wana_kana`; what it gives and what people type go through the same rules, so that the key of
//! the first letters of a writing is the beginning of the whole key.

use super::folding::{fold_enterprise, katakana, without_reading_form};
use unicode_normalization::UnicodeNormalization;
use wana_kana::ConvertJapanese;

/// The key of a reading in kana, without its legal form (カブシキガイシャ). Empty where there is no kana or letter in it.
pub fn key_of_reading(kana: &str) -> String {
    // A long vowel is short in the key anyway, and the library would spell it out.
    let reading = without_reading_form(kana).replace('ー', "");
    key(&reading.to_romaji())
}

/// The key of a name that is written in kana alone, besides its legal form; none for any other name.
pub fn key_of_name(name: &str) -> Option<String> {
    let is_kana = fold_enterprise(name)
        .chars()
        .all(super::folding::is_katakana);
    let kana: String = katakana(name)
        .chars()
        .filter(|c| super::folding::is_katakana(*c))
        .collect();
    (is_kana && !kana.is_empty()).then(|| key_of_reading(&kana))
}

/// The key of what somebody typed in Latin letters, perhaps only the beginning. None where it is something else.
pub fn key_of_typed(typed: &str) -> Option<String> {
    let plain: String = typed.nfkd().filter(|c| !is_mark(*c)).collect();
    let is_latin = plain.is_ascii() && plain.bytes().any(|b| b.is_ascii_alphabetic());
    let key = is_latin.then(|| without_form(&key(&plain)).to_owned())?;
    (!key.is_empty()).then_some(key)
}

/// The lines over long vowels, once they are taken apart.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// "kabushikigaisha", before or after.
fn without_form(key: &str) -> &str {
    [
        "kabusikigaisya",
        "kabusikikaisya",
        "yugengaisya",
        "godogaisya",
    ]
    .into_iter()
    .find_map(|form| key.strip_prefix(form).or_else(|| key.strip_suffix(form)))
    .filter(|rest| !rest.is_empty())
    .unwrap_or(key)
}

fn is_vowel(c: char) -> bool {
    matches!(c, 'a' | 'i' | 'u' | 'e' | 'o')
}

fn key(latin: &str) -> String {
    let letters: Vec<char> = latin
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let mut key = String::with_capacity(letters.len());
    let mut rest = &letters[..];
    while let [first, after @ ..] = rest {
        let (spelled, used) = spell(rest, key.ends_with('o')).unwrap_or(("", 0));
        if used == 0 {
            push(&mut key, *first);
            rest = after;
        } else {
            spelled.chars().for_each(|c| push(&mut key, c));
            rest = &rest[used..];
        }
    }
    key
}

/// Doubled letters are single (ッ, ン before な, long vowels), and ou is a long o.
fn push(key: &mut String, c: char) {
    let last = key.chars().next_back();
    if last != Some(c) && !(last == Some('o') && c == 'u') {
        key.push(c);
    }
}

/// How the letters in front are spelled in a key, and how many they are; none: as they are. A letter at the end that may
/// become two things is left out until the next one is typed.
fn spell(rest: &[char], after_o: bool) -> Option<(&'static str, usize)> {
    Some(match rest {
        ['s', 'h', 'a' | 'u' | 'e' | 'o', ..] => ("sy", 2),
        ['s', 'h', ..] => ("s", 2),
        ['t', 'c', 'h', ..] | ['c', 'c', 'h', ..] | ['c'] | ['m'] => ("", 1),
        ['c', 'h', 'a' | 'u' | 'e' | 'o', ..] => ("ty", 2),
        ['c', 'h', ..] | ['t', 's', ..] => ("t", 2),
        ['c', ..] => ("k", 1),
        ['d', 'z', ..] => ("z", 2),
        ['j', 'a' | 'u' | 'e' | 'o', ..] => ("zy", 1),
        ['d', 'i' | 'u', ..] | ['j', ..] => ("z", 1),
        ['f', ..] => ("h", 1),
        ['v', ..] => ("b", 1),
        ['l', ..] => ("r", 1),
        ['m', 'b' | 'p' | 'm', ..] => ("n", 1),
        // satoh, ohno
        ['h', after @ ..] if after_o && !after.first().copied().is_some_and(is_vowel) => ("", 1),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ways_of_romanising_have_one_key() {
        for (kana, writings) in [
            ("ヤマダ", &["yamada", "YAMADA", "ｙａｍａｄａ"][..]),
            ("サトウ", &["satou", "satoh", "sato", "satō", "Satô"]),
            ("オオノ", &["oono", "ohno", "ono", "ōno"]),
            ("オオヤ", &["ooya", "ohya", "oya"]),
            ("シンバシ", &["shinbashi", "shimbashi", "sinbasi"]),
            ("グンマ", &["gunma", "gumma"]),
            ("フジツウ", &["fujitsuu", "fujitsu", "huzituu"]),
            ("チヂワ", &["chijiwa", "tiziwa", "chidiwa"]),
            ("ツヅキ", &["tsuzuki", "tuduki", "tsudzuki"]),
            ("シャチョウ", &["shachou", "syatyou", "shacho"]),
            ("ジョウエツ", &["jouetsu", "joetsu", "zyouetu", "jyoetsu"]),
            ("ハッチョウ", &["hatchou", "hacchou", "hattyou"]),
            ("シンイチ", &["shin'ichi", "shinichi", "sin-iti"]),
            ("テレワーク", &["terewaaku", "terewa-ku", "terewaku"]),
            ("ラーメン", &["raamen", "ramen", "lamen"]),
            (
                "カブシキガイシャ ヤマダ",
                &["yamada", "kabushikigaisha yamada", "yamada kabusikigaisya"],
            ),
            ("NTTドコモ", &["nttdokomo", "ntt docomo"]),
        ] {
            for writing in writings {
                let typed = key_of_typed(writing).unwrap();
                assert_eq!(typed, key_of_reading(kana), "{kana} {writing}");
            }
        }
    }

    #[test]
    fn different_readings_stay_different() {
        for (one, other) in [
            ("ヤマダ", "ヤマタ"),
            ("サイトウ", "サトウ"),
            ("キムラ", "キマラ"),
            ("ヒロシ", "ヒロキ"),
        ] {
            assert_ne!(key_of_reading(one), key_of_reading(other));
        }
    }

    #[test]
    fn every_beginning_is_on_the_way() {
        for (kana, writing) in [
            ("ヤマグチ", "yamaguchi"),
            ("サトウショウジ", "satoushouji"),
            ("シンバシ", "shimbashi"),
            ("マッチャ", "matcha"),
            ("サトハマ", "satohama"),
        ] {
            let whole = key_of_reading(kana);
            for end in 1..writing.len() {
                let typed = key_of_typed(&writing[..end]).unwrap_or_default();
                assert!(whole.starts_with(&typed), "{kana} {typed}");
            }
        }
    }

    #[test]
    fn only_latin_letters_are_romanised() {
        for typed in ["山田", "ヤマダ", "017", "", "-", "山田yamada"] {
            assert_eq!(key_of_typed(typed), None, "{typed}");
        }
        assert_eq!(key_of_name("(株)シャープ").as_deref(), Some("syapu"));
        assert_eq!(key_of_name("山田商店"), None);
    }

    proptest! {
        #[test]
        fn typed_text_never_panics(typed in ".*", kana in "[ァ-ヺー ]*") {
            key_of_typed(&typed);
            let key = key_of_reading(&kana);
            prop_assert!(key.is_ascii());
        }
    }
}
