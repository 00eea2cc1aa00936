//! Readings (フリガナ).

use unicode_normalization::UnicodeNormalization;

use super::{Shape, TextError, clean, text_type};
use crate::japan::folding::{is_katakana, katakana};

text_type! {
    /// The reading of a name in kana, up to 200 characters. Hiragana, full-width and half-width katakana are
    /// accepted, besides ー, ・, spaces, and letters and digits of ASCII; the answer is in full-width katakana.
    personal Kana {
        max: 200,
        parse: parse,
        shape: Shape::of(1, 200, "タカハシ ハナコ"),
    }
}

fn parse(input: &str) -> Result<String, TextError> {
    let text = clean::line(input, usize::MAX)?;
    let spaced = katakana(&text);
    let mut reading = String::with_capacity(spaced.len());
    for c in spaced
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
    {
        // A hyphen after kana is a long vowel mark from the wrong key: センタ－.
        let after_kana = reading.chars().next_back().is_some_and(is_katakana);
        reading.push(if clean::is_hyphen(c) && after_kana {
            'ー'
        } else {
            c
        });
    }
    let allowed = |c: char| is_katakana(c) || c == '・' || c == ' ' || c.is_ascii_alphanumeric();
    if !reading.chars().all(allowed) || !reading.chars().any(char::is_alphanumeric) {
        return Err(TextError::new(
            "The reading must be in hiragana or katakana (ー, ・, spaces, letters and digits are accepted too).",
        ));
    }
    clean::line(&reading.nfc().collect::<String>(), Kana::MAX_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::laws;

    laws::keeps_the_laws!(
        Kana,
        "[ぁ-ゟ゠-ヿｦ-ﾟㇰ-ㇿ \u{3000}゛゜\u{3099}ー－・a-z]*",
        "[ぁ-んァ-ヶｱ-ﾝ]{1,220}"
    );

    #[test]
    fn stored_as_full_width_katakana() {
        for (typed, stored) in [
            ("たかはし　はなこ", "タカハシ ハナコ"),
            ("ﾀｶﾊｼ  ﾊﾅｺ", "タカハシ ハナコ"),
            ("ｶﾞｷﾞｸﾞﾊﾟ", "ガギグパ"),
            ("か\u{3099}", "ガ"),
            ("カ゛", "ガ"),
            ("ゔぁいおりん", "ヴァイオリン"),
            ("わ\u{3099}", "ヷ"),
            ("いすゞ", "イスヾ"),
            ("センタ－", "センター"),
            ("ﾃﾞｰﾀｰ･ｾﾝﾀｰ", "データー・センター"),
            ("ＮＴＴドコモ", "NTTドコモ"),
            ("㌔", "キロ"),
        ] {
            assert_eq!(Kana::parse(typed).unwrap().as_str(), stored, "{typed}");
        }
    }

    #[test]
    fn other_writing_is_refused() {
        for bad in [
            "高橋",
            "タカハシ!",
            "タカ\nハシ",
            "",
            "　",
            "・",
            "-タロウ",
            "a\u{3099}",
            "Ｑ＆Ａ",
        ] {
            assert!(Kana::parse(bad).is_err(), "{bad:?}");
        }
        assert!(Kana::parse(&"あ".repeat(200)).is_ok());
        assert!(Kana::parse(&"あ".repeat(201)).is_err());
        assert!(
            Kana::parse(&"㌖".repeat(100)).is_err(),
            "grows beyond 200 when decomposed"
        );
    }
}
