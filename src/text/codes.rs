//! Numbers and codes that an office gives: postal code, corporate number, places, industries, desks, cases.

use super::{Shape, TextError, clean, text_type};
use crate::japan::{
    places::Municipality,
    prefectures::{self, Prefecture},
};

text_type! {
    /// A Japanese postal code, accepted with or without 〒 and hyphen, also full-width. The answer is 7
    /// digits.
    plain PostalCode {
        max: 7,
        parse: postal_code,
        shape: Shape::of(7, 16, "1000001"),
    }
}

impl PostalCode {
    /// As it is written: `100-0001`.
    pub fn display(&self) -> String {
        let (area, rest) = self.0.split_at(3);
        format!("{area}-{rest}")
    }
}

fn postal_code(input: &str) -> Result<String, TextError> {
    let text = clean::narrow(input);
    let text = text.strip_prefix(['〒', '〶']).unwrap_or(&text);
    let digits: String = text
        .chars()
        .filter(|&c| !clean::is_hyphen(c) && !c.is_whitespace())
        .collect();
    if !clean::is_digits(&digits, 7) {
        return Err(TextError::new(
            "A postal code has 7 digits, as in 100-0001.",
        ));
    }
    Ok(digits)
}

text_type! {
    /// A corporate number (法人番号): 13 digits of which the first is a check digit. Hyphens and spaces are
    /// accepted between them. A sole proprietor has none; individual numbers (マイナンバー) must not be sent.
    plain CorporateNumber {
        max: 13,
        parse: corporate_number,
        shape: Shape::of(13, 13, "7000012050002").pattern("^[1-9][0-9]{12}$"),
    }
}

fn corporate_number(input: &str) -> Result<String, TextError> {
    let digits = clean::compact(input);
    if clean::is_digits(&digits, 12) {
        return Err(TextError::new(
            "12 digits look like an individual number (マイナンバー), which must not be typed here, or like a number of the company registry. A corporate number has 13 digits.",
        ));
    }
    if digits
        .strip_prefix(['T', 't'])
        .is_some_and(|rest| clean::is_digits(rest, 13))
    {
        return Err(TextError::new(
            "This is an invoice registration number. Write the 13 digits without T if it belongs to a corporation; a sole proprietor's is no corporate number.",
        ));
    }
    if !clean::is_digits(&digits, 13) {
        return Err(TextError::new("A corporate number has 13 digits."));
    }
    let (check, base) = digits.split_at(1);
    if check != corporate_check_digit(base).to_string() {
        return Err(TextError::new(
            "The first digit of the corporate number does not fit the other 12: at least one digit is wrong.",
        ));
    }
    Ok(digits)
}

text_type! {
    /// The invoice registration number (適格請求書発行事業者の登録番号) of somebody who has no corporate number, as a sole
    /// proprietor: T and 13 digits, accepted with spaces and hyphens and without the T. A corporation's is T and its
    /// corporate number.
    plain InvoiceNumber {
        max: 14,
        parse: invoice_number,
        shape: Shape::of(13, 20, "T1234567890123"),
    }
}

/// The National Tax Agency gives out no rule for a check digit here (it has one for corporate numbers only).
fn invoice_number(input: &str) -> Result<String, TextError> {
    let compact = clean::compact(input);
    let digits = compact.strip_prefix(['T', 't']).unwrap_or(&compact);
    if clean::is_digits(digits, 12) {
        return Err(TextError::new(
            "12 digits look like an individual number (マイナンバー), which must not be typed here. A registration number is T and 13 digits.",
        ));
    }
    if !clean::is_digits(digits, 13) {
        return Err(TextError::new(
            "A registration number is T and 13 digits, as in T1234567890123.",
        ));
    }
    Ok(format!("T{digits}"))
}

/// Ordinance of the Ministry of Finance 70 of 2014, article 2: 9 minus the remainder by 9 of the digits' sum,
/// every second one counted twice, beginning with the second from the right.
fn corporate_check_digit(base: &str) -> u32 {
    let sum: u32 = base
        .bytes()
        .rev()
        .zip([1, 2].into_iter().cycle())
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    9 - sum % 9
}

text_type! {
    /// The code of a prefecture (JIS X 0401): two digits from 01 (北海道) to 47 (沖縄県). A zero in front may be left out of
    /// what is sent.
    plain PrefectureCode {
        max: 2,
        parse: prefecture_code,
        shape: Shape::of(1, 2, "13").pattern("^(0?[1-9]|[1-3][0-9]|4[0-7])$"),
    }
}

impl PrefectureCode {
    /// Name, reading and so on.
    pub fn prefecture(&self) -> &'static Prefecture {
        prefectures::prefecture_of(&self.0)
            .expect("only codes of the 47 prefectures are parsed, and columns hold what was parsed")
    }

    /// The Japanese name, as in 東京都.
    pub fn name(&self) -> &'static str {
        self.prefecture().name
    }
}

impl From<&'static Prefecture> for PrefectureCode {
    fn from(prefecture: &'static Prefecture) -> Self {
        Self(prefecture.code.to_owned())
    }
}

fn prefecture_code(input: &str) -> Result<String, TextError> {
    let mut digits = clean::narrow(input);
    // Spreadsheets drop the zero.
    if clean::is_digits(&digits, 1) {
        digits.insert(0, '0');
    }
    prefectures::prefecture_of(&digits)
        .map(|prefecture| prefecture.code.to_owned())
        .ok_or_else(|| TextError::new("A prefecture code has two digits from 01 to 47."))
}

text_type! {
    /// The code of a municipality (全国地方公共団体コード) or a ward of a designated city: 6 digits of which the last is
    /// a check digit. The 5 digits of JIS X 0402 are accepted too and get their check digit.
    plain MunicipalityCode {
        max: 6,
        parse: municipality_code,
        shape: Shape::of(5, 6, "131016").pattern("^(0[1-9]|[1-3][0-9]|4[0-7])[0-9]{3,4}$"),
    }
}

impl MunicipalityCode {
    /// The prefecture it lies in.
    pub fn prefecture_code(&self) -> PrefectureCode {
        PrefectureCode(self.0[..2].to_owned())
    }

    /// The 5 digits of JIS X 0402, without the check digit.
    pub fn jis(&self) -> &str {
        &self.0[..5]
    }
}

impl From<&'static Municipality> for MunicipalityCode {
    fn from(municipality: &'static Municipality) -> Self {
        Self(municipality.code.to_owned())
    }
}

fn municipality_code(input: &str) -> Result<String, TextError> {
    let digits = clean::compact(input);
    if !clean::is_digits(&digits, 5) && !clean::is_digits(&digits, 6) {
        return Err(TextError::new(
            "A municipality code has 6 digits, or 5 without the check digit.",
        ));
    }
    let (body, check) = digits.split_at(5);
    if prefectures::prefecture_of(&body[..2]).is_none() {
        return Err(TextError::new(
            "A municipality code begins with a prefecture code from 01 to 47.",
        ));
    }
    if &body[2..] == "000" {
        return Err(TextError::new(
            "This is the code of a whole prefecture; a municipality is expected here.",
        ));
    }
    let expected = municipality_check_digit(body);
    if !check.is_empty() && check != expected.to_string() {
        return Err(TextError::new(
            "The last digit of the municipality code does not fit the other 5: at least one digit is wrong.",
        ));
    }
    Ok(format!("{body}{expected}"))
}

/// 総務省「検査数字を算出する方法」: weights 6 to 2, modulus 11.
fn municipality_check_digit(body: &str) -> u32 {
    let sum: u32 = body
        .bytes()
        .zip([6, 5, 4, 3, 2])
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    (11 - sum % 11) % 10
}

text_type! {
    /// An industry of the Japan Standard Industrial Classification, revision 14 (日本標準産業分類, 2023): the letter
    /// of a major division from A to T, alone or followed by the 2 to 4 digits of a group in it.
    plain IndustryCode {
        max: 5,
        parse: industry_code,
        shape: Shape::of(1, 5, "G391").pattern("^[A-T]([0-9]{2,4})?$"),
    }
}

/// The major divisions (大分類) with the last of their two-digit groups; each begins where the one before ends.
const DIVISIONS: [(char, &str, u8); 20] = [
    ('A', "農業，林業", 2),
    ('B', "漁業", 4),
    ('C', "鉱業，採石業，砂利採取業", 5),
    ('D', "建設業", 8),
    ('E', "製造業", 32),
    ('F', "電気・ガス・熱供給・水道業", 36),
    ('G', "情報通信業", 41),
    ('H', "運輸業，郵便業", 49),
    ('I', "卸売業，小売業", 61),
    ('J', "金融業，保険業", 67),
    ('K', "不動産業，物品賃貸業", 70),
    ('L', "学術研究，専門・技術サービス業", 74),
    ('M', "宿泊業，飲食サービス業", 77),
    ('N', "生活関連サービス業，娯楽業", 80),
    ('O', "教育，学習支援業", 82),
    ('P', "医療，福祉", 85),
    ('Q', "複合サービス事業", 87),
    ('R', "サービス業（他に分類されないもの）", 96),
    ('S', "公務（他に分類されるものを除く）", 98),
    ('T', "分類不能の産業", 99),
];

impl IndustryCode {
    /// The letter of the major division.
    pub fn division(&self) -> char {
        self.0
            .chars()
            .next()
            .expect("an industry code begins with its letter")
    }

    /// The Japanese name of the major division.
    pub fn division_name(&self) -> &'static str {
        let letter = self.division();
        DIVISIONS
            .iter()
            .find(|division| division.0 == letter)
            .map(|division| division.1)
            .expect("only letters of the 20 divisions are parsed, and columns hold what was parsed")
    }

    /// All major divisions in order: letter and Japanese name.
    pub fn divisions() -> impl Iterator<Item = (char, &'static str)> {
        DIVISIONS.iter().map(|&(letter, name, _)| (letter, name))
    }
}

fn industry_code(input: &str) -> Result<String, TextError> {
    let code = clean::narrow(input).to_ascii_uppercase();
    let expected = || {
        TextError::new(
            "An industry code is a letter from A to T, alone or followed by 2 to 4 digits of a group in that division, as in G391.",
        )
    };
    let letter = code.chars().next().ok_or_else(expected)?;
    let at = DIVISIONS
        .iter()
        .position(|division| division.0 == letter)
        .ok_or_else(expected)?;
    let digits = &code[1..];
    if digits.is_empty() {
        return Ok(code);
    }
    if !(2..=4).contains(&digits.len()) || !clean::is_digits(digits, digits.len()) {
        return Err(expected());
    }
    let first = at.checked_sub(1).map_or(0, |before| DIVISIONS[before].2) + 1;
    let group: u8 = digits[..2].parse().map_err(|_| expected())?;
    if !(first..=DIVISIONS[at].2).contains(&group) {
        return Err(expected());
    }
    Ok(code)
}

text_type! {
    /// A short code: lower-case letters, digits and hyphens, up to 32 characters.
    plain Code {
        max: 32,
        parse: code,
        shape: Shape::of(1, 32, "aomori").pattern("^[a-z0-9-]{1,32}$"),
    }
}

fn code(input: &str) -> Result<String, TextError> {
    let code = clean::narrow(input).to_ascii_lowercase();
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if !(1..=Code::MAX_CHARS).contains(&code.len()) || !code.bytes().all(allowed) {
        return Err(TextError::new(
            "A code has 1 to 32 letters (a to z), digits and hyphens.",
        ));
    }
    Ok(code)
}

text_type! {
    /// The number of a case: `TW`, the fiscal year and a serial number of at least 6 digits. Full-width and
    /// lower-case writing is accepted.
    plain CaseNumber {
        max: 26,
        parse: case_number,
        shape: Shape::of(14, 26, "TW-2026-000123").pattern("^TW-[0-9]{4}-[0-9]{6,18}$"),
    }
}

impl CaseNumber {
    /// The number of the `serial`th case of a fiscal year.
    ///
    /// # Errors
    /// The year does not have four digits, or the serial number is negative or beyond 18 digits.
    pub fn new(fiscal_year: i32, serial: i64) -> Result<Self, TextError> {
        Self::parse(&format!("TW-{fiscal_year:04}-{serial:06}"))
    }

    /// The fiscal year, four digits.
    pub fn fiscal_year(&self) -> i32 {
        self.0[3..7].parse().expect("four digits stand there")
    }

    /// The serial number in the fiscal year.
    pub fn serial(&self) -> i64 {
        self.0[8..].parse().expect("at most 18 digits stand there")
    }
}

fn case_number(input: &str) -> Result<String, TextError> {
    let text: String = clean::narrow(input)
        .to_ascii_uppercase()
        .chars()
        .map(|c| if clean::is_hyphen(c) { '-' } else { c })
        .collect();
    let parts: Vec<&str> = text.split('-').map(clean::trim).collect();
    match parts[..] {
        ["TW", year, serial]
            if clean::is_digits(year, 4)
                && (6..=18).contains(&serial.len())
                && clean::is_digits(serial, serial.len()) =>
        {
            // One number has one writing: zeros beyond the sixth digit go.
            let serial = serial.trim_start_matches('0');
            Ok(format!("TW-{year}-{serial:0>6}"))
        }
        _ => Err(TextError::new("A case number looks like TW-2026-000123.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::laws::keeps_the_laws;

    mod laws_of_postal_code {
        use super::*;
        keeps_the_laws!(PostalCode, "〒?[0-9０-９]{3}[-－ー]?[0-9]{4}");
    }
    mod laws_of_corporate_number {
        use super::*;
        keeps_the_laws!(CorporateNumber, "[0-9]{13}", "[0-9０-９-]{12,14}");
    }
    mod laws_of_prefecture_code {
        use super::*;
        keeps_the_laws!(PrefectureCode, "[0-9０-９]{1,2}");

        proptest::proptest! {
            #[test]
            fn has_a_name(input in "[0-4][0-9]") {
                if let Ok(code) = PrefectureCode::parse(&input) {
                    proptest::prop_assert_eq!(code.prefecture().code, code.as_str());
                }
            }
        }
    }
    mod laws_of_municipality_code {
        use super::*;
        keeps_the_laws!(MunicipalityCode, "[0-4][0-9]{4,5}");
    }
    mod laws_of_industry_code {
        use super::*;
        keeps_the_laws!(IndustryCode, "[A-Ta-tＡ-Ｔ][0-9０-９]{0,5}");
    }
    mod laws_of_code {
        use super::*;
        keeps_the_laws!(Code, "[a-zA-Z0-9Ａ-Ｚ-]{1,34}");
    }
    mod laws_of_case_number {
        use super::*;
        keeps_the_laws!(CaseNumber, "[tTＴ][wW][-ー－][0-9０-９]{4}-[0-9]{5,20}");

        proptest::proptest! {
            #[test]
            fn made_of_its_parts(year in 2000..=9999_i32, serial in 0..=999_999_999_999_999_999_i64) {
                let number = CaseNumber::new(year, serial).unwrap();
                proptest::prop_assert_eq!((number.fiscal_year(), number.serial()), (year, serial));
            }
        }
    }

    #[test]
    fn postal_codes() {
        for typed in [
            "1000001",
            "100-0001",
            "〒100-0001",
            "１００－０００１",
            "〒 １００ー０００１",
            "100 0001",
            "100‐0001",
            "100−0001",
        ] {
            let code = PostalCode::parse(typed).unwrap_or_else(|error| panic!("{typed}: {error}"));
            assert_eq!(code.as_str(), "1000001");
            assert_eq!(code.display(), "100-0001");
        }
        for bad in [
            "",
            "〒",
            "100",
            "100-001",
            "100-00011",
            "10000O1",
            "100-0001 東京都",
            "١٠٠٠٠٠١",
        ] {
            assert!(PostalCode::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn corporate_numbers() {
        for valid in [
            "4011001098993",
            "7123456789012",
            "1180301018771",
            "7000012050002",
            "2000012020001",
            "2120901007402",
        ] {
            assert_eq!(CorporateNumber::parse(valid).unwrap().as_str(), valid);
        }
        for typed in [
            "７０００－０１２０－５０００２",
            "7 0000 1205 0002",
            "\u{3000}7000012050002\n",
        ] {
            assert_eq!(
                CorporateNumber::parse(typed).unwrap().as_str(),
                "7000012050002",
                "{typed}"
            );
        }
        for bad in [
            "7000012050003",
            "0000012050002",
            "70000120500022",
            "",
            "700001205000X",
            "8000012050002",
        ] {
            assert!(CorporateNumber::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn invoice_numbers() {
        for typed in [
            "T1234567890123",
            "1234567890123",
            "ｔ１２３４－５６７８ ９０１２３",
        ] {
            assert_eq!(
                InvoiceNumber::parse(typed).unwrap().as_str(),
                "T1234567890123",
                "{typed}"
            );
        }
        for bad in [
            "",
            "T",
            "T123456789012",
            "T12345678901234",
            "X1234567890123",
        ] {
            assert!(InvoiceNumber::parse(bad).is_err(), "{bad}");
        }
        let error = InvoiceNumber::parse("123456789018").unwrap_err();
        assert!(error.message().contains("マイナンバー"), "{error}");
    }

    #[test]
    fn lookalikes_of_corporate_numbers_have_their_own_messages() {
        for typed in ["123456789018", "1234 5678 9018", "１２３４５６７８９０１８"] {
            let error = CorporateNumber::parse(typed).unwrap_err();
            assert!(error.message().contains("マイナンバー"), "{error}");
            assert!(!error.message().contains("1234"), "{error}");
        }
        let error = CorporateNumber::parse("T7000012050002").unwrap_err();
        assert!(error.message().contains("invoice"), "{error}");
    }

    #[test]
    fn prefecture_codes() {
        assert_eq!(PrefectureCode::parse("０１").unwrap().name(), "北海道");
        assert_eq!(PrefectureCode::parse("1").unwrap().as_str(), "01");
        assert_eq!(PrefectureCode::parse("47").unwrap().name(), "沖縄県");
        for bad in ["", "0", "00", "48", "99", "013", "1a", "-1", "東京都"] {
            assert!(PrefectureCode::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn municipality_codes() {
        for (body, full) in [
            ("01101", "011011"),
            ("13101", "131016"),
            ("27100", "271004"),
            ("47382", "473821"),
            ("02201", "022012"),
        ] {
            assert_eq!(MunicipalityCode::parse(body).unwrap().as_str(), full);
            assert_eq!(MunicipalityCode::parse(full).unwrap().as_str(), full);
        }
        let code = MunicipalityCode::parse("１３１０１６").unwrap();
        assert_eq!(
            (code.jis(), code.prefecture_code().name()),
            ("13101", "東京都")
        );
        for bad in [
            "131017", "00101", "48101", "130001", "13000", "1310", "1310166", "13101a", "",
        ] {
            assert!(MunicipalityCode::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn industry_codes() {
        for (typed, stored) in [
            ("g", "G"),
            ("Ｇ３９", "G39"),
            ("G3911", "G3911"),
            ("A01", "A01"),
            ("T99", "T99"),
            ("E32", "E32"),
            ("R96", "R96"),
        ] {
            assert_eq!(IndustryCode::parse(typed).unwrap().as_str(), stored);
        }
        for bad in [
            "", "U", "Z", "39", "G9", "G42", "G36", "A00", "A03", "G39111", "G-39", "G39a", "情",
        ] {
            assert!(IndustryCode::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(
            IndustryCode::parse("P83").unwrap().division_name(),
            "医療，福祉"
        );
        assert_eq!(IndustryCode::divisions().count(), 20);
    }

    #[test]
    fn codes() {
        assert_eq!(Code::parse(" Aomori-2 ").unwrap().as_str(), "aomori-2");
        for bad in ["", "a_b", "a b", "青森", "a\n b"] {
            assert!(Code::parse(bad).is_err(), "{bad}");
        }
        assert!(Code::parse(&"a".repeat(32)).is_ok());
        assert!(Code::parse(&"a".repeat(33)).is_err());
    }

    #[test]
    fn case_numbers() {
        for typed in [
            "TW-2026-000123",
            "tw-2026-000123",
            "ＴＷ－２０２６－０００１２３",
            "ＴＷー２０２６ー０００１２３",
            " TW - 2026 - 000123 ",
            "TW-2026-0000123",
        ] {
            let number =
                CaseNumber::parse(typed).unwrap_or_else(|error| panic!("{typed}: {error}"));
            assert_eq!(number.as_str(), "TW-2026-000123");
            assert_eq!((number.fiscal_year(), number.serial()), (2026, 123));
        }
        assert_eq!(
            CaseNumber::new(2026, 1_234_567).unwrap().as_str(),
            "TW-2026-1234567"
        );
        for bad in [
            "",
            "TW-2026-00012",
            "TW-26-000123",
            "2026-000123",
            "TW-2026-000123-1",
            "TW2026000123",
            "XX-2026-000123",
        ] {
            assert!(CaseNumber::parse(bad).is_err(), "{bad}");
        }
        assert!(CaseNumber::new(2026, -1).is_err());
        assert!(CaseNumber::new(20_260, 1).is_err());
    }
}
