//! Telephone numbers.
//!
//! Japanese numbers are judged by the shape that the numbering plan (電気通信番号計画) gives them, not by the list of
//! numbers in use: an operator must be able to write down a number from a range that was opened last month.
//! Numbers of other countries are judged by the metadata of libphonenumber, which also knows how numbers are
//! grouped for reading.

use phonenumber::{Mode, PhoneNumber};

use super::{Shape, TextError, clean, text_type};

text_type! {
    /// A telephone number in any usual writing: full-width digits, hyphens, spaces, parentheses, domestic
    /// (`03-1234-5678`) or international (`+81 3 1234 5678`). The answer is in E.164 form. Numbers of other
    /// countries begin with +. Extensions (内線) are not part of a number.
    personal Phone {
        max: 16,
        parse: parse,
        shape: Shape::of(1, 64, "+81312345678"),
    }
}

impl Phone {
    /// For reading in Japan: `03-1234-5678`; numbers of other countries as `+1 650-253-0000`. A Japanese
    /// number whose area code libphonenumber does not know stays ungrouped.
    pub fn national(&self) -> String {
        let mode = if self.is_japanese() {
            Mode::National
        } else {
            Mode::International
        };
        let grouped = read(&self.0).map(|number| number.format().mode(mode).to_string());
        let plain = self.domestic();
        let is_same = |grouped: &String| {
            grouped
                .chars()
                .filter(|c| c.is_ascii_digit() || *c == '+')
                .eq(plain.chars())
        };
        grouped.filter(is_same).unwrap_or(plain)
    }

    /// The stored form of the beginning of a number, while it is being typed: `017-73` is `+811773`. None where it is
    /// something else, or shorter than `fewest` digits.
    pub fn beginning(typed: &str, fewest: usize) -> Option<String> {
        let digits = digits(typed).ok()?;
        if digits.bytes().filter(u8::is_ascii_digit).count() < fewest {
            return None;
        }
        if let Ok(whole) = Self::parse(typed) {
            return Some(whole.0);
        }
        if let Some(rest) = digits.strip_prefix("+81") {
            return Some(format!("+81{}", rest.strip_prefix('0').unwrap_or(rest)));
        }
        match digits.strip_prefix('0') {
            Some(significant) => Some(format!("+81{significant}")),
            None => digits.starts_with('+').then_some(digits),
        }
    }

    /// Whether the number is in Japan's numbering plan.
    pub fn is_japanese(&self) -> bool {
        self.0.starts_with("+81")
    }

    /// As it is dialled in Japan, ungrouped.
    fn domestic(&self) -> String {
        match self.0.strip_prefix("+81") {
            Some(significant) => format!("0{significant}"),
            None => self.0.clone(),
        }
    }
}

fn parse(input: &str) -> Result<String, TextError> {
    let digits = digits(input)?;
    let international = digits
        .strip_prefix('+')
        // 010 is how one dials abroad from Japan, and no domestic number begins with it.
        .or_else(|| digits.strip_prefix("010"));
    match international {
        Some(rest) => match rest.strip_prefix("81") {
            Some(japanese) => in_japan(japanese.strip_prefix('0').unwrap_or(japanese)),
            None => abroad(rest),
        },
        None => in_japan(without_prefix(&digits)?),
    }
}

/// The significant number of a domestic writing, or of +81 without its + (telephone systems send that, and +
/// is a space in a careless query string).
fn without_prefix(digits: &str) -> Result<&str, TextError> {
    if let Some(significant) = digits
        .strip_prefix("0081")
        .or_else(|| digits.strip_prefix("81"))
    {
        return Ok(significant.strip_prefix('0').unwrap_or(significant));
    }
    digits.strip_prefix('0').ok_or_else(|| {
        TextError::new("A telephone number begins with 0, or with + and the country code.")
    })
}

/// Digits with at most one + in front; everything that people write between digits is gone.
fn digits(input: &str) -> Result<String, TextError> {
    let text = clean::narrow(input);
    if text.is_empty() {
        return Err(TextError::new("A telephone number is expected here."));
    }
    if text.chars().count() > 64 {
        return Err(TextError::new("This is too long for a telephone number."));
    }
    let text = without_label(&text);
    if has_extension(text) {
        return Err(TextError::new(
            "An extension is not part of the telephone number: write it into a note.",
        ));
    }
    // +81 (0)3-… and +44 (0)20 …: the zero is not dialled from abroad.
    let text = if text.starts_with('+') {
        text.replacen("(0)", "", 1)
    } else {
        text.to_owned()
    };
    let between = |c: char| c.is_whitespace() || clean::is_hyphen(c) || "().[]/・".contains(c);
    let digits: String = text.chars().filter(|&c| !between(c)).collect();
    let plain = digits.strip_prefix('+').unwrap_or(&digits);
    if plain.is_empty() || !plain.bytes().all(|b| b.is_ascii_digit()) {
        return Err(TextError::new(
            "A telephone number consists of digits, with hyphens, spaces or parentheses between them and at most one + in front.",
        ));
    }
    Ok(digits)
}

fn without_label(text: &str) -> &str {
    let rest = match text.get(..3) {
        Some(label) if label.eq_ignore_ascii_case("tel") => &text[3..],
        _ => text
            .strip_prefix("電話番号")
            .or_else(|| text.strip_prefix("電話"))
            .unwrap_or(text),
    };
    rest.trim_start_matches(|c: char| c == ':' || c == '.' || c.is_whitespace())
}

fn has_extension(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.starts_with(|c: char| c.is_ascii_digit() || "+(".contains(c))
        && ["内線", "(内", "ext", "x", "#", ";", ","]
            .iter()
            .any(|mark| text.contains(mark))
}

/// Nine digits for places and service numbers (0120, 0570), ten for mobile, IP and pager numbers (0x0) and
/// 0800. The second digit tells them apart: only 0x0 numbers have a zero there, so a mobile number that lost
/// a digit is noticed.
fn in_japan(significant: &str) -> Result<String, TextError> {
    let digits = significant.as_bytes();
    let shape = match digits {
        [b'8', b'0', b'0', ..] | [b'2' | b'5'..=b'9', b'0', ..] => 10,
        [b'1'..=b'9', b'1'..=b'9', ..] => 9,
        _ => usize::MAX,
    };
    if digits.len() != shape {
        return Err(TextError::new(
            "This is no Japanese telephone number: 10 digits are expected with the area code, 11 for 050, 060, 070, 080, 090 and 0800.",
        ));
    }
    Ok(format!("+81{significant}"))
}

fn abroad(digits: &str) -> Result<String, TextError> {
    let refused = || {
        TextError::new(
            "This number does not exist in the country whose code it begins with: check the digits behind the +.",
        )
    };
    let number = read(&format!("+{digits}"))
        .filter(PhoneNumber::is_valid)
        .ok_or_else(refused)?;
    let stored = number.format().mode(Mode::E164).to_string();
    // A number that would be read differently the next time has no one form to be stored in.
    let again = read(&stored).map(|number| number.format().mode(Mode::E164).to_string());
    let is_e164 = stored.len() <= Phone::MAX_CHARS
        && stored
            .strip_prefix('+')
            .is_some_and(|rest| rest.len() >= 7 && rest.bytes().all(|b| b.is_ascii_digit()));
    if again.as_ref() != Some(&stored) || !is_e164 || stored.starts_with("+81") {
        return Err(refused());
    }
    Ok(stored)
}

fn read(e164: &str) -> Option<PhoneNumber> {
    phonenumber::parse(None, e164).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::laws;

    laws::keeps_the_laws!(
        Phone,
        "\\+?[0-9]{1,20}",
        "0[0-9]{8,11}",
        "\\+[0-9 ()-]{6,18}",
        "[+0-9０-９()（）ー－‐ -]{1,20}",
        "\\+(1|44|49|39|54|52|55|7|86|82|886|84|61)[0-9]{7,12}",
    );

    proptest::proptest! {
        #[test]
        fn national_form_reads_back(input in "(0[0-9]{9,10})|(\\+(1|44|49|39|54|86|82|886)[0-9]{7,12})") {
            if let Ok(phone) = Phone::parse(&input) {
                let national = phone.national();
                proptest::prop_assert_eq!(Phone::parse(&national), Ok(phone), "{}", national);
            }
        }
    }

    #[test]
    fn usual_writings_of_one_number() {
        for typed in [
            "03-1234-5678",
            "0312345678",
            "03 1234 5678",
            "(03)1234-5678",
            "03(1234)5678",
            "０３－１２３４－５６７８",
            "０３（１２３４）５６７８",
            "０３ー１２３４ー５６７８",
            "03‐1234‐5678",
            "03−1234−5678",
            "03–1234—5678",
            "03.1234.5678",
            "03/1234/5678",
            "　03-1234-5678\n",
            "TEL 03-1234-5678",
            "Tel: 03-1234-5678",
            "tel:+81-3-1234-5678",
            "電話：03-1234-5678",
            "+81312345678",
            "＋８１ ３ １２３４ ５６７８",
            "+81 3 1234 5678",
            "+81-03-1234-5678",
            "+81 (0)3-1234-5678",
            "+81(0)312345678",
            "81-3-1234-5678",
            " 81312345678",
            "0081-3-1234-5678",
            "010-81-3-1234-5678",
        ] {
            assert_eq!(
                Phone::parse(typed).map(String::from),
                Ok("+81312345678".into()),
                "{typed}"
            );
        }
    }

    #[test]
    fn kinds_of_numbers() {
        for (typed, stored, national) in [
            ("0120861009", "+81120861009", "0120-861-009"),
            ("0800-123-4567", "+818001234567", "0800-123-4567"),
            ("05012345678", "+815012345678", "050-1234-5678"),
            ("06012345678", "+816012345678", "060-1234-5678"),
            ("07012345678", "+817012345678", "070-1234-5678"),
            ("090 1234 5678", "+819012345678", "090-1234-5678"),
            ("090-0000-0000", "+819000000000", "090-0000-0000"),
            ("0570-012-345", "+81570012345", "0570-012-345"),
            ("011-231-1111", "+81112311111", "011-231-1111"),
            ("017-734-1111", "+81177341111", "017-734-1111"),
            ("0210000000", "+81210000000", "0210000000"),
            ("+1 650-253-0000", "+16502530000", "+1 650-253-0000"),
            ("010 1 650 253 0000", "+16502530000", "+1 650-253-0000"),
            ("+44 (0)20 7946 0958", "+442079460958", "+44 20 7946 0958"),
            ("+86 10 6552 9988", "+861065529988", "+86 10 6552 9988"),
            ("+39 06 6982", "+39066982", "+39 06 6982"),
        ] {
            let phone = Phone::parse(typed).unwrap_or_else(|error| panic!("{typed}: {error}"));
            assert_eq!(phone.as_str(), stored, "{typed}");
            assert_eq!(phone.national(), national, "{typed}");
        }
    }

    /// Town halls, for area codes of every length.
    #[test]
    fn area_codes_are_grouped() {
        for written in [
            "03-5321-1111",
            "06-6208-8181",
            "011-211-2111",
            "017-734-1111",
            "0123-52-3131",
            "022-261-1111",
            "0422-45-1151",
            "04-7167-1111",
            "04-2998-1111",
            "042-754-1111",
            "045-671-2121",
            "047-366-1111",
            "048-258-1110",
            "04992-2-1441",
            "04998-2-3111",
            "0557-86-6000",
            "075-222-3111",
            "0773-22-6111",
            "08512-2-2111",
            "099-224-1111",
            "0997-52-1111",
            "0980-87-2241",
            "098-866-2333",
            "01267-2-1111",
        ] {
            let digits: String = written.chars().filter(char::is_ascii_digit).collect();
            assert_eq!(
                Phone::parse(&digits).map(|phone| phone.national()),
                Ok(written.to_owned())
            );
        }
    }

    #[test]
    fn what_is_no_number() {
        for bad in [
            "",
            "-",
            "+",
            "0",
            "110",
            "1234-5678",
            "12345",
            "03-1234-567",
            "03-1234-56789",
            "090-1234-567",
            "090-1234-56789",
            "312345678",
            "00-1234-5678",
            "010",
            "+81",
            "+810",
            "+1 234",
            "+999 123456789",
            "+81 3 1234 5678 9",
            "03-12E4-5678",
            "03+12345678",
            "++81312345678",
            "0x12345678",
            "ABC",
            "電話",
            "٠٣١٢٣٤٥٦٧٨",
            "03-1234-5678 090-1234-5678",
            "0312345678\0",
            "0077-78-1234",
        ] {
            assert!(Phone::parse(bad).is_err(), "{bad:?}");
        }
        assert!(Phone::parse(&"0".repeat(100_000)).is_err());
    }

    #[test]
    fn extensions_have_their_own_message() {
        for typed in [
            "03-1234-5678 内線12",
            "03-1234-5678（内）12",
            "03-1234-5678 ext. 12",
            "03-1234-5678#12",
            "03-1234-5678,,12",
        ] {
            let error = Phone::parse(typed).unwrap_err();
            assert!(error.message().contains("extension"), "{typed}: {error}");
        }
    }
}
