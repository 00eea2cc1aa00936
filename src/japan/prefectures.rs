//! The 47 prefectures (JIS X 0401).

use crate::text::clean;

use super::folding::fold;

/// A prefecture.
#[derive(Debug, PartialEq, Eq)]
pub struct Prefecture {
    /// Two digits, `01` to `47`.
    pub code: &'static str,
    /// The full name: 東京都.
    pub name: &'static str,
    /// The name without 都, 府 and 県: 東京; 北海道 keeps its 道.
    pub short_name: &'static str,
    /// The reading of the full name in katakana: トウキョウト.
    pub kana: &'static str,
    /// The short name in Hepburn letters as on road signs: Tokyo.
    pub romaji: &'static str,
}

/// The prefecture with this two-digit code.
pub fn prefecture_of(code: &str) -> Option<&'static Prefecture> {
    PREFECTURES
        .iter()
        .find(|prefecture| prefecture.code == code)
}

/// All prefectures in the order of their codes, from north to south.
pub fn all() -> impl ExactSizeIterator<Item = &'static Prefecture> {
    PREFECTURES.iter()
}

/// The prefecture in which a written address lies, if the address says so: 東京都千代田区…, also after a postal
/// code, with old kanji or spaces in between. Without 都, 府 or 県 only where it is safe: the short name alone,
/// the prefecture's city of the same name (青森市…), and 東京 before a ward. 福島区… is in Osaka and 石川町… in
/// Fukushima, so a bare short name before anything else tells nothing.
pub fn from_address(address: &str) -> Option<&'static Prefecture> {
    let folded = fold(address);
    let written: String = without_postal_code(without_country(&folded))
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect();
    all()
        .find(|prefecture| written.starts_with(prefecture.name))
        .or_else(|| {
            all().find(|prefecture| {
                written
                    .strip_prefix(prefecture.short_name)
                    .is_some_and(|rest| is_safe(prefecture, rest))
            })
        })
}

/// Whether a short name followed by `rest` can mean nothing but the prefecture.
fn is_safe(prefecture: &Prefecture, rest: &str) -> bool {
    let has_namesake = NAMESAKE_CITIES.contains(&prefecture.short_name);
    rest.is_empty()
        || (has_namesake && rest.starts_with('市'))
        || (prefecture.code == "13" && TOKYO_WARDS.iter().any(|ward| rest.starts_with(ward)))
}

/// 日本国, or 日本 before anything that is not part of a name such as 日本橋.
fn without_country(folded: &str) -> &str {
    let ends = |c: char| c.is_whitespace() || ",、〒".contains(c);
    let rest = folded.strip_prefix("日本国").or_else(|| {
        folded
            .strip_prefix("日本")
            .filter(|rest| rest.starts_with(ends))
    });
    rest.map_or(folded, |rest| rest.trim_start_matches([' ', ',', '、']))
}

fn without_postal_code(folded: &str) -> &str {
    let marked = folded.strip_prefix('〒').unwrap_or(folded);
    let rest = marked.trim_start_matches(|c: char| {
        c.is_ascii_digit() || c.is_whitespace() || clean::is_hyphen(c)
    });
    rest.trim_start_matches([',', '、'])
}

/// Short names of prefectures that have a city of that name; no other prefecture has such a city.
const NAMESAKE_CITIES: [&str; 31] = [
    "青森",
    "秋田",
    "山形",
    "福島",
    "栃木",
    "千葉",
    "新潟",
    "富山",
    "福井",
    "山梨",
    "長野",
    "岐阜",
    "静岡",
    "京都",
    "大阪",
    "奈良",
    "和歌山",
    "鳥取",
    "岡山",
    "広島",
    "山口",
    "徳島",
    "高知",
    "福岡",
    "佐賀",
    "長崎",
    "熊本",
    "大分",
    "宮崎",
    "鹿児島",
    "沖縄",
];

const TOKYO_WARDS: [&str; 23] = [
    "千代田区",
    "中央区",
    "港区",
    "新宿区",
    "文京区",
    "台東区",
    "墨田区",
    "江東区",
    "品川区",
    "目黒区",
    "大田区",
    "世田谷区",
    "渋谷区",
    "中野区",
    "杉並区",
    "豊島区",
    "北区",
    "荒川区",
    "板橋区",
    "練馬区",
    "足立区",
    "葛飾区",
    "江戸川区",
];

const fn prefecture(
    code: &'static str,
    name: &'static str,
    short_name: &'static str,
    kana: &'static str,
    romaji: &'static str,
) -> Prefecture {
    Prefecture {
        code,
        name,
        short_name,
        kana,
        romaji,
    }
}

static PREFECTURES: [Prefecture; 47] = [
    prefecture("01", "北海道", "北海道", "ホッカイドウ", "Hokkaido"),
    prefecture("02", "青森県", "青森", "アオモリケン", "Aomori"),
    prefecture("03", "岩手県", "岩手", "イワテケン", "Iwate"),
    prefecture("04", "宮城県", "宮城", "ミヤギケン", "Miyagi"),
    prefecture("05", "秋田県", "秋田", "アキタケン", "Akita"),
    prefecture("06", "山形県", "山形", "ヤマガタケン", "Yamagata"),
    prefecture("07", "福島県", "福島", "フクシマケン", "Fukushima"),
    prefecture("08", "茨城県", "茨城", "イバラキケン", "Ibaraki"),
    prefecture("09", "栃木県", "栃木", "トチギケン", "Tochigi"),
    prefecture("10", "群馬県", "群馬", "グンマケン", "Gunma"),
    prefecture("11", "埼玉県", "埼玉", "サイタマケン", "Saitama"),
    prefecture("12", "千葉県", "千葉", "チバケン", "Chiba"),
    prefecture("13", "東京都", "東京", "トウキョウト", "Tokyo"),
    prefecture("14", "神奈川県", "神奈川", "カナガワケン", "Kanagawa"),
    prefecture("15", "新潟県", "新潟", "ニイガタケン", "Niigata"),
    prefecture("16", "富山県", "富山", "トヤマケン", "Toyama"),
    prefecture("17", "石川県", "石川", "イシカワケン", "Ishikawa"),
    prefecture("18", "福井県", "福井", "フクイケン", "Fukui"),
    prefecture("19", "山梨県", "山梨", "ヤマナシケン", "Yamanashi"),
    prefecture("20", "長野県", "長野", "ナガノケン", "Nagano"),
    prefecture("21", "岐阜県", "岐阜", "ギフケン", "Gifu"),
    prefecture("22", "静岡県", "静岡", "シズオカケン", "Shizuoka"),
    prefecture("23", "愛知県", "愛知", "アイチケン", "Aichi"),
    prefecture("24", "三重県", "三重", "ミエケン", "Mie"),
    prefecture("25", "滋賀県", "滋賀", "シガケン", "Shiga"),
    prefecture("26", "京都府", "京都", "キョウトフ", "Kyoto"),
    prefecture("27", "大阪府", "大阪", "オオサカフ", "Osaka"),
    prefecture("28", "兵庫県", "兵庫", "ヒョウゴケン", "Hyogo"),
    prefecture("29", "奈良県", "奈良", "ナラケン", "Nara"),
    prefecture("30", "和歌山県", "和歌山", "ワカヤマケン", "Wakayama"),
    prefecture("31", "鳥取県", "鳥取", "トットリケン", "Tottori"),
    prefecture("32", "島根県", "島根", "シマネケン", "Shimane"),
    prefecture("33", "岡山県", "岡山", "オカヤマケン", "Okayama"),
    prefecture("34", "広島県", "広島", "ヒロシマケン", "Hiroshima"),
    prefecture("35", "山口県", "山口", "ヤマグチケン", "Yamaguchi"),
    prefecture("36", "徳島県", "徳島", "トクシマケン", "Tokushima"),
    prefecture("37", "香川県", "香川", "カガワケン", "Kagawa"),
    prefecture("38", "愛媛県", "愛媛", "エヒメケン", "Ehime"),
    prefecture("39", "高知県", "高知", "コウチケン", "Kochi"),
    prefecture("40", "福岡県", "福岡", "フクオカケン", "Fukuoka"),
    prefecture("41", "佐賀県", "佐賀", "サガケン", "Saga"),
    prefecture("42", "長崎県", "長崎", "ナガサキケン", "Nagasaki"),
    prefecture("43", "熊本県", "熊本", "クマモトケン", "Kumamoto"),
    prefecture("44", "大分県", "大分", "オオイタケン", "Oita"),
    prefecture("45", "宮崎県", "宮崎", "ミヤザキケン", "Miyazaki"),
    prefecture("46", "鹿児島県", "鹿児島", "カゴシマケン", "Kagoshima"),
    prefecture("47", "沖縄県", "沖縄", "オキナワケン", "Okinawa"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Kana;
    use std::collections::HashSet;

    #[test]
    fn table_is_complete() {
        let codes: Vec<&str> = all().map(|prefecture| prefecture.code).collect();
        let expected: Vec<String> = (1..=47).map(|number| format!("{number:02}")).collect();
        assert_eq!(codes, expected);
        for prefecture in all() {
            assert_eq!(prefecture_of(prefecture.code), Some(prefecture));
            assert_eq!(
                Kana::parse(prefecture.kana).unwrap().as_str(),
                prefecture.kana
            );
            assert_eq!(
                fold(prefecture.name),
                prefecture.name,
                "addresses are folded before they are compared"
            );
            let ending = prefecture.name.strip_prefix(prefecture.short_name).unwrap();
            let reading = match (prefecture.code, ending) {
                ("01", "") => "ドウ",
                (_, "県") => "ケン",
                ("26" | "27", "府") => "フ",
                ("13", "都") => "ト",
                _ => panic!("{}", prefecture.name),
            };
            assert!(prefecture.kana.ends_with(reading), "{}", prefecture.name);
        }
        assert_eq!(
            all()
                .map(|prefecture| prefecture.romaji)
                .collect::<HashSet<_>>()
                .len(),
            47
        );
        assert!(
            NAMESAKE_CITIES
                .iter()
                .all(|city| all().any(|prefecture| prefecture.short_name == *city))
        );
        assert_eq!(prefecture_of("48"), None);
        assert_eq!(prefecture_of("1"), None);
    }

    #[test]
    fn addresses_that_name_their_prefecture() {
        for prefecture in all() {
            let address = format!("{}某市1-2-3", prefecture.name);
            assert_eq!(from_address(&address), Some(prefecture));
        }
        for (address, code) in [
            ("東京都千代田区霞が関1-2-2", "13"),
            ("〒100-8926　東京都千代田区", "13"),
            ("〒１００－８９２６ 東京都千代田区", "13"),
            ("1008926東京都千代田区", "13"),
            ("  東 京 都 港区", "13"),
            ("日本国東京都港区", "13"),
            ("日本、〒530-0001 大阪府大阪市", "27"),
            ("日本 〒530-0001, 大阪府大阪市", "27"),
            ("京都府京都市", "26"),
            ("京都市上京区", "26"),
            ("東京千代田区", "13"),
            ("東京", "13"),
            ("青森", "02"),
            ("青森市長島1-1-1", "02"),
            ("廣島縣廣島市", "34"),
            ("德島県", "36"),
            ("宮﨑市橘通東", "45"),
            ("北海道札幌市", "01"),
            ("大阪市福島区", "27"),
        ] {
            assert_eq!(
                from_address(address).map(|prefecture| prefecture.code),
                Some(code),
                "{address}"
            );
        }
    }

    #[test]
    fn addresses_that_do_not() {
        for address in [
            "",
            "〒100-8926",
            "福島区福島1-1",
            "石川町1-1",
            "山口町",
            "港区芝公園",
            "横浜市西区",
            "神奈川区",
            "千代田区",
            "香川郡",
            "日本橋",
            "東京ドーム前",
        ] {
            assert_eq!(from_address(address), None, "{address}");
        }
    }
}
