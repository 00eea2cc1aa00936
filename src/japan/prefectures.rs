//! The 47 prefectures (JIS X 0401).

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
    use crate::{japan::fold, text::Kana};
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
        assert_eq!(prefecture_of("48"), None);
        assert_eq!(prefecture_of("1"), None);
    }
}
