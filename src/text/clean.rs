//! What all texts have in common: trimmed ends, no characters that hide or reorder others, one Unicode form,
//! a length.

use unicode_normalization::UnicodeNormalization;

use super::TextError;

/// Cleans a text of one line with 1 to `max` characters.
///
/// # Errors
/// The text is empty, too long, has line breaks, tabs or control characters, or characters that reorder
/// others.
pub fn line(input: &str, max: usize) -> Result<String, TextError> {
    let text = trim(input);
    if text.chars().any(|c| c.is_control() || is_line_break(c)) {
        return Err(TextError::new(
            "Line breaks, tabs and control characters are not accepted here: write the text on one line.",
        ));
    }
    finish(text, max)
}

/// Cleans a text of several lines with 1 to `max` characters. Every kind of line break (`\r\n`, `\r`,
/// vertical tab, form feed, next line, U+2028, U+2029: word processors paste all of them) becomes `\n`; tabs
/// stay.
///
/// # Errors
/// The text is empty, too long, has other control characters, or characters that reorder others.
pub fn block(input: &str, max: usize) -> Result<String, TextError> {
    let text: String = input
        .replace("\r\n", "\n")
        .chars()
        .map(|c| if is_line_break(c) { '\n' } else { c })
        .collect();
    let text = trim(&text);
    if text
        .chars()
        .any(|c| c.is_control() && c != '\n' && c != '\t')
    {
        return Err(TextError::new(
            "Control characters other than line breaks and tabs are not accepted: remove them.",
        ));
    }
    finish(text, max)
}

/// What of a text written by others (a mail) can be kept on one line: what [`line`] refuses is left out, line breaks
/// become spaces, the rest is cut. None where nothing is left. [`line`] takes the answer as it is.
pub fn mend_line(input: &str, max: usize) -> Option<String> {
    let spaced = input.chars().map(|c| match c {
        c if c == '\t' || is_line_break(c) => ' ',
        c => c,
    });
    mend(spaced, max, line)
}

/// What of a text written by others can be kept, over several lines; see [`mend_line`]. [`block`] takes the answer.
pub fn mend_block(input: &str, max: usize) -> Option<String> {
    mend(input.chars(), max, block)
}

fn mend(
    chars: impl Iterator<Item = char>,
    max: usize,
    take: fn(&str, usize) -> Result<String, TextError>,
) -> Option<String> {
    let text: String = chars
        .filter(|&c| !c.is_control() || c == '\t' || is_line_break(c))
        .filter(|&c| !reorders(c) && !is_noncharacter(c))
        .collect();
    // Composing makes a text longer only in rare scripts: a second, shorter try is enough of an effort for them.
    [max, max / 3].into_iter().find_map(|length| {
        let cut: String = trim(&text).chars().take(length).collect();
        take(&cut, max).ok()
    })
}

/// Trims white space, byte order marks and zero-width spaces at both ends.
pub(crate) fn trim(input: &str) -> &str {
    input.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{FEFF}' | '\u{200B}'))
}

/// Compatibility form of a number or code: full-width characters become ASCII, ends are trimmed.
pub(crate) fn narrow(input: &str) -> String {
    let text: String = input.nfkc().collect();
    trim(&text).to_owned()
}

/// Whether `c` is used as a hyphen in numbers by somebody: the dashes, the minus signs and, because the keys
/// lie side by side and the input method offers them, the long vowel mark and the box-drawing line.
pub(crate) fn is_hyphen(c: char) -> bool {
    matches!(
        c,
        '-' | '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{2500}' | '\u{2501}'
    ) || matches!(
        c,
        '\u{02D7}' | '\u{30FC}' | '\u{FE58}' | '\u{FE63}' | '\u{FF0D}' | '\u{FF70}'
    )
}

/// Compact form of a number: [`narrow`] without hyphens and white space.
pub(crate) fn compact(input: &str) -> String {
    narrow(input)
        .chars()
        .filter(|&c| !is_hyphen(c) && !c.is_whitespace())
        .collect()
}

/// Whether `text` is `length` ASCII digits and nothing else.
pub(crate) fn is_digits(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|b| b.is_ascii_digit())
}

/// Characters that show nothing by themselves. A text of them alone looks empty, and a search key goes
/// without them. Variation selectors are among them: they choose the glyph of the kanji before them.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
    ) || matches!(c, '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}')
        || matches!(c, '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}')
        || matches!(c, '\u{FEFF}' | '\u{FFA0}' | '\u{E0000}'..='\u{E0FFF}')
}

fn finish(text: &str, max: usize) -> Result<String, TextError> {
    if text.chars().any(reorders) {
        return Err(TextError::new(
            "Invisible characters that change the direction of writing are not accepted: remove them.",
        ));
    }
    if text.chars().any(is_noncharacter) {
        return Err(TextError::new(
            "The text holds a code point that is no character: remove it.",
        ));
    }
    if text.chars().all(|c| c.is_whitespace() || is_invisible(c)) {
        return Err(TextError::new("Text is expected here, not nothing."));
    }
    let text = compose(text);
    if text.chars().count() > max {
        return Err(TextError::new(format!(
            "This is too long: at most {max} characters are accepted."
        )));
    }
    Ok(text)
}

/// NFC, except for CJK compatibility ideographs, which stay. NFC would turn U+FA10, U+F9DC and U+FA19 into 塚,
/// 隆 and 神: the same kanji with another glyph, and families and companies insist on theirs. Search keys
/// ([`crate::japan::folding`]) fold them.
pub(crate) fn compose(text: &str) -> String {
    let mut composed = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(is_compatibility_ideograph) {
        composed.extend(rest[..at].nfc());
        let kept = rest[at..].chars().next().map_or(0, char::len_utf8);
        composed.push_str(&rest[at..at + kept]);
        rest = &rest[at + kept..];
    }
    composed.extend(rest.nfc());
    composed
}

fn is_compatibility_ideograph(c: char) -> bool {
    matches!(c, '\u{F900}'..='\u{FAFF}' | '\u{2F800}'..='\u{2FA1F}')
}

pub(crate) fn is_line_break(c: char) -> bool {
    matches!(c, '\n'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Bidirectional embeddings, overrides and isolates: they let a text show something else than it says.
pub(crate) fn reorders(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

pub(crate) fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{FDD0}'..='\u{FDEF}') || (c as u32) & 0xFFFE == 0xFFFE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_trimmed() {
        assert_eq!(
            line("\u{FEFF}\u{3000} 山田\u{3000}太郎 \r\n", 10).unwrap(),
            "山田\u{3000}太郎"
        );
        assert_eq!(
            block("\n\n　拝啓\n\n　敬具\n", 10).unwrap(),
            "拝啓\n\n　敬具"
        );
    }

    #[test]
    fn nothing_is_refused() {
        for empty in [
            "",
            " ",
            "\u{3000}\n",
            "\u{200B}",
            "\u{200D}\u{2060}",
            "\u{3164}",
            "\u{FE0F}",
        ] {
            assert!(line(empty, 10).is_err(), "{empty:?}");
            assert!(block(empty, 10).is_err(), "{empty:?}");
        }
    }

    #[test]
    fn control_and_direction_are_refused() {
        for bad in [
            "a\nb",
            "a\rb",
            "a\tb",
            "a\0b",
            "a\u{7F}b",
            "a\u{85}b",
            "a\u{2028}b",
            "a\u{1B}b",
        ] {
            assert!(line(bad, 10).is_err(), "{bad:?}");
        }
        for bad in [
            "a\0b",
            "a\u{1B}$B",
            "a\u{202E}b",
            "a\u{2066}b",
            "a\u{FFFE}b",
            "a\u{FDD0}b",
            "\u{10FFFF}a",
        ] {
            assert!(block(bad, 10).is_err(), "{bad:?}");
            assert!(line(bad, 10).is_err(), "{bad:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn mended_texts_are_taken_as_they_are(input in "(\\PC|[\0\r\n\t\u{1b}\u{85}\u{202e}\u{2028}\u{fdd0}\u{958}か\u{3099}])*", max in 3..40_usize) {
            for (mended, take) in [
                (mend_line(&input, max), line as fn(&str, usize) -> _),
                (mend_block(&input, max), block as fn(&str, usize) -> _),
            ] {
                if let Some(text) = mended {
                    proptest::prop_assert!(text.chars().count() <= max);
                    proptest::prop_assert_eq!(take(&text, max), Ok(text.clone()));
                }
            }
        }
    }

    #[test]
    fn mended_texts_keep_what_they_can() {
        assert_eq!(mend_line(" a\0b\r\nc\u{202E}d\t ", 9).unwrap(), "ab  cd");
        assert_eq!(mend_block("a\u{1B}$B\r\nb\0", 9).unwrap(), "a$B\nb");
        assert_eq!(mend_block("あいうえお", 3).unwrap(), "あいう");
        assert_eq!(
            mend_line("\u{958}\u{958}\u{958}", 3)
                .unwrap()
                .chars()
                .count(),
            2
        );
        assert_eq!(mend_block(" \u{3000}\u{200B}\0", 9), None);
    }

    #[test]
    fn line_breaks_become_one_kind() {
        assert_eq!(
            block("a\r\nb\rc\u{B}d\u{C}e\u{2028}f\n\r\ng\th", 40).unwrap(),
            "a\nb\nc\nd\ne\nf\n\ng\th"
        );
    }

    #[test]
    fn length_counts_scalar_values_after_composition() {
        assert_eq!(line("か\u{3099}", 1).unwrap(), "が");
        assert_eq!(line("𠮷野家", 3).unwrap(), "𠮷野家");
        assert!(line("👨‍👩‍👧", 4).is_err());
        assert_eq!(
            line("abcdef", 5).unwrap_err().message(),
            "This is too long: at most 5 characters are accepted."
        );
    }

    #[test]
    fn compatibility_kanji_keep_their_glyph() {
        assert_eq!(
            line("大\u{FA10}か\u{3099}\u{F9DC}", 9).unwrap(),
            "大\u{FA10}が\u{F9DC}"
        );
        assert_eq!(line("髙\u{FA11}𠮷", 3).unwrap(), "髙\u{FA11}𠮷");
    }
}
