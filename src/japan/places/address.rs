//! The place that a written address names.
//!
//! People leave out the prefecture (横浜市中区…), its last character (東京千代田区), the county (三重県木曽岬町) or the city before a ward,
//! write old kanji (檜原村, 桧原村), ヶ, ケ or が, full-width digits and line breaks. What remains ambiguous stays so: 府中市 has two
//! answers, 中央区 eleven.

use super::{Municipality, Place, agreeing, municipalities, municipality_of, of_postal_code};
use crate::{
    japan::{
        folding::fold,
        prefectures::{self, Prefecture},
    },
    text::PostalCode,
};
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

mod signature;

pub use signature::{Guess, in_text};

/// What an address says.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The places that it may name; none where it names none that is known.
    pub places: Vec<Place>,
    /// What said so.
    pub basis: Basis,
}

/// What in an address named its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Its words alone.
    Words,
    /// Its postal code alone.
    PostalCode,
    /// Words and postal code, which agree.
    Both,
    /// Words and postal code, which do not agree: the places of the words come first.
    Contradiction,
}

/// The places of a written address, with or without a postal code in it.
pub fn of_address(address: &str) -> Reading {
    let key = key(address);
    let (code, rest) = take_postal_code(beginning(&key));
    read(address, rest, code.as_ref())
}

/// The places of a postal code and of the address beside it, either of which may be missing.
pub fn of_both(code: Option<&PostalCode>, address: &str) -> Reading {
    let key = key(address);
    let (written, rest) = take_postal_code(beginning(&key));
    read(address, rest, code.or(written.as_ref()))
}

fn read(address: &str, rest: &str, code: Option<&PostalCode>) -> Reading {
    let by_code = code.map_or_else(Vec::new, of_postal_code);
    let words = of_words(address, rest, &by_code);
    let basis = match (words.is_empty(), by_code.is_empty()) {
        (_, true) => Basis::Words,
        (true, false) => Basis::PostalCode,
        (false, false) => Basis::Both,
    };
    match agreeing(&words, &by_code) {
        Some(places) => Reading { places, basis },
        None => Reading {
            places: [words, by_code].concat(),
            basis: Basis::Contradiction,
        },
    }
}

/// The places that the words name. `written` is the whole address as it was written, `rest` what of its key is to be read.
fn of_words(written: &str, rest: &str, by_code: &[Place]) -> Vec<Place> {
    let rest = beginning(rest);
    let full = prefectures::all().find(|prefecture| rest.starts_with(prefecture.name));
    if let Some((prefecture, rest)) = full.map(|full| (full, &rest[full.name.len()..])) {
        return within(prefecture, written, rest);
    }
    let near = |entry: &Entry| {
        let prefecture = entry.municipality.prefecture();
        by_code.iter().any(|place| place.prefecture == prefecture)
    };
    let mut found = longest(written, rest, near);
    if found.is_empty() {
        found = longest(written, rest, |entry| entry.stands_alone);
    }
    if found.is_empty() {
        found = by_short_name(written, rest);
    }
    if found.is_empty() {
        found = by_county(rest);
    }
    if found.is_empty() {
        // 青森支店 青森県青森市…
        let first = prefectures::all()
            .filter_map(|prefecture| Some((rest.find(prefecture.name)?, prefecture)))
            .min_by_key(|(at, _)| *at);
        if let Some((at, prefecture)) = first {
            found = within(prefecture, written, &rest[at + prefecture.name.len()..]);
        }
    }
    found
}

/// The municipality at the beginning of `rest` in this prefecture; without one, somewhere in it.
fn within(prefecture: &'static Prefecture, written: &str, rest: &str) -> Vec<Place> {
    let found = longest(written, rest, |entry| {
        entry.municipality.prefecture() == prefecture
    });
    if found.is_empty() {
        return vec![Place::somewhere_in(prefecture)];
    }
    found
}

/// 東京千代田区, and 青森 alone. 福島区… is in Osaka and 石川町… may be anywhere, so a municipality of the prefecture has to follow.
fn by_short_name(written: &str, rest: &str) -> Vec<Place> {
    prefectures::all()
        .filter_map(|prefecture| Some((prefecture, rest.strip_prefix(prefecture.short_name)?)))
        .flat_map(|(prefecture, rest)| {
            if rest.is_empty() {
                return vec![Place::somewhere_in(prefecture)];
            }
            longest(written, rest, |entry| {
                entry.municipality.prefecture() == prefecture
            })
        })
        .collect()
}

/// 上北郡…, without a town that is known: the prefectures that have such a county.
fn by_county(rest: &str) -> Vec<Place> {
    let mut found: Vec<Place> = Vec::new();
    for (county, prefecture) in COUNTIES.iter() {
        let place = Place::somewhere_in(prefecture);
        if rest.starts_with(county) && !found.contains(&place) {
            found.push(place);
        }
    }
    found
}

/// A way to write a municipality.
struct Entry {
    key: Box<str>,
    municipality: &'static Municipality,
    /// Whether it is the name of a municipality also where nothing before it says so. 朝日町1-2 is more often a part of some
    /// city than a town of that name.
    stands_alone: bool,
}

/// In the order of their keys.
static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let mut entries: Vec<Entry> = municipalities().iter().flat_map(entries_of).collect();
    entries.extend(OTHER_NAMES.iter().flat_map(|(county, name, code)| {
        let municipality = municipality_of(code).expect("a test reads the list");
        [
            entry(format!("{county}{name}"), municipality, true),
            entry((*name).to_owned(), municipality, !name.ends_with('町')),
        ]
    }));
    entries.sort_by(|one, other| one.key.cmp(&other.key));
    entries
});

static LONGEST: LazyLock<usize> = LazyLock::new(|| {
    ENTRIES
        .iter()
        .map(|entry| entry.key.len())
        .max()
        .unwrap_or(0)
});

/// The counties with their prefectures.
static COUNTIES: LazyLock<Vec<(String, &'static Prefecture)>> = LazyLock::new(|| {
    let mut counties: Vec<_> = municipalities()
        .iter()
        .filter(|municipality| !municipality.county.is_empty())
        .map(|municipality| (municipality.county, municipality.prefecture()))
        .collect();
    counties.dedup();
    counties
        .into_iter()
        .map(|(county, prefecture)| (key(county), prefecture))
        .collect()
});

fn entry(written: String, municipality: &'static Municipality, stands_alone: bool) -> Entry {
    Entry {
        key: key(&written).into(),
        municipality,
        stands_alone,
    }
}

fn entries_of(municipality: &'static Municipality) -> Vec<Entry> {
    let mut entries = Vec::new();
    if !municipality.county.is_empty() {
        entries.push(entry(municipality.full_name(), municipality, true));
    }
    // 泊村 is the one that has inhabitants, unless the county is written.
    if !NORTHERN_TERRITORIES.contains(&municipality.code) {
        let stands_alone = !municipality.name.ends_with('町');
        entries.push(entry(
            municipality.name.to_owned(),
            municipality,
            stands_alone,
        ));
    }
    if let Some(city) = municipality.parent() {
        let ward = municipality.name.trim_start_matches(city.name).to_owned();
        entries.push(entry(ward, municipality, true));
    }
    entries
}

/// 色丹村 to 蘂取村.
const NORTHERN_TERRITORIES: [&str; 6] =
    ["016951", "016969", "016977", "016985", "016993", "017001"];

/// Other names of municipalities, with what stands before them and the code. They were renamed or became cities as they were, in
/// the last years, and the old names still stand in registers and letters (of those that were merged, an old address tells the
/// prefecture); or the post writes their island where others have a county.
const OTHER_NAMES: [(&str, &str, &str); 10] = [
    ("石川郡", "野々市町", "172120"),
    ("愛知郡", "長久手町", "232386"),
    ("南埼玉郡", "白岡町", "112461"),
    ("山武郡", "大網白里町", "122394"),
    ("岩手郡", "滝沢村", "032166"),
    ("黒川郡", "富谷町", "042161"),
    ("筑紫郡", "那珂川町", "402311"),
    ("", "篠山市", "282219"),
    ("三宅島", "三宅村", "133817"),
    ("八丈島", "八丈町", "134015"),
];

/// The municipalities of the longest name with which `rest` begins, among those that are allowed. Of several that differ in
/// nothing but the form of a kanji (鹿嶋市, 鹿島市) the one that was written.
fn longest(written: &str, rest: &str, allowed: impl Fn(&Entry) -> bool) -> Vec<Place> {
    let ends = rest.char_indices().map(|(at, c)| at + c.len_utf8());
    let ends: Vec<usize> = ends.take_while(|end| *end <= *LONGEST).collect();
    let mut found: Vec<&'static Municipality> = Vec::new();
    for end in ends.into_iter().rev() {
        let key = &rest[..end];
        let first = ENTRIES.partition_point(|entry| &*entry.key < key);
        let same = ENTRIES[first..]
            .iter()
            .take_while(|entry| &*entry.key == key);
        for entry in same.filter(|entry| allowed(entry)) {
            if !found.contains(&entry.municipality) {
                found.push(entry.municipality);
            }
        }
        if !found.is_empty() {
            break;
        }
    }
    if found.len() > 1 {
        let plain: String = written.nfkc().filter(|c| !c.is_whitespace()).collect();
        let all = found.clone();
        found.retain(|place| {
            let is_other = |other: &&Municipality| other.name != place.name;
            let is_same_word = |other: &&Municipality| key(other.name) == key(place.name);
            let mut forms = all.iter().copied().filter(is_other).filter(is_same_word);
            plain.contains(place.name) || !forms.any(|other| plain.contains(other.name))
        });
    }
    found.sort_by_key(|municipality| municipality.code);
    found.into_iter().map(Place::from).collect()
}

/// Under which writings of one address are equal: as names are folded, without white space, with ケ for every ヶ, が and ガ between
/// kanji, ノ for の, 之 and 乃, and with the kanji that only names of places have in several forms.
fn key(written: &str) -> String {
    let folded: Vec<char> = fold(written)
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect();
    let is_between = |at: usize| {
        let neighbours = [
            at.checked_sub(1).map(|before| folded[before]),
            folded.get(at + 1).copied(),
        ];
        neighbours.iter().all(|c| c.is_some_and(is_kanji))
    };
    let place = |(at, c): (usize, &char)| match c {
        'ガ' | 'カ' if is_between(at) => 'ケ',
        '之' | '乃' if is_between(at) => 'ノ',
        _ => KANJI
            .iter()
            .find(|(_, form)| form == c)
            .map_or(*c, |(usual, _)| *usual),
    };
    folded.iter().enumerate().map(place).collect()
}

fn is_kanji(c: char) -> bool {
    matches!(c, '㐀'..='鿿' | '々' | '豈'..='﫿')
}

/// The usual kanji and the form in old or hurried writings of places, beside those that [`fold`] knows. 塩釜 is how most write 塩竈.
const KANJI: [(char, char); 33] = [
    ('区', '區'),
    ('騨', '驒'),
    ('鯵', '鰺'),
    ('梼', '檮'),
    ('諌', '諫'),
    ('頚', '頸'),
    ('釜', '竈'),
    ('帯', '帶'),
    ('両', '兩'),
    ('対', '對'),
    ('壱', '壹'),
    ('焼', '燒'),
    ('砺', '礪'),
    ('栃', '杤'),
    ('磯', '礒'),
    ('蕊', '蘂'),
    ('覇', '霸'),
    ('姫', '姬'),
    ('隠', '隱'),
    ('余', '餘'),
    ('巻', '卷'),
    ('倶', '俱'),
    ('帰', '歸'),
    ('択', '擇'),
    ('摂', '攝'),
    ('狭', '狹'),
    ('縄', '繩'),
    ('舎', '舍'),
    ('読', '讀'),
    ('軽', '輕'),
    ('岐', '歧'),
    ('将', '將'),
    ('讃', '讚'),
];

/// What stands before addresses in forms and signatures, the longest first.
const LABELS: [&str; 9] = [
    "本社所在地",
    "本店所在地",
    "所在地",
    "会社住所",
    "住所",
    "本社",
    "本店",
    "日本国",
    "address",
];

/// The key from where the address begins: without labels, brackets and the country.
fn beginning(key: &str) -> &str {
    let mut rest = key;
    loop {
        let before = rest;
        rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '〒');
        rest = LABELS
            .iter()
            .find_map(|label| rest.strip_prefix(label))
            .unwrap_or(rest);
        // 日本、東京都, but not 日本橋.
        let country = rest.strip_prefix("日本").filter(|rest| {
            rest.starts_with(|c: char| c.is_ascii_digit() || "、,〒".contains(c))
                || prefectures::all().any(|prefecture| rest.starts_with(prefecture.name))
        });
        rest = country.unwrap_or(rest);
        if rest == before {
            return rest;
        }
    }
}

/// A postal code, at the beginning or behind 〒, and the rest of the address.
fn take_postal_code(key: &str) -> (Option<PostalCode>, &str) {
    let marked = key
        .strip_prefix('〒')
        .or_else(|| key.strip_prefix("郵便番号"));
    if let Some(marked) = marked {
        let marked = marked.trim_start_matches(':');
        return match leading_code(marked) {
            Some((code, rest)) => (Some(code), rest),
            // Half a code is none.
            None => (
                None,
                marked.trim_start_matches(|c: char| c.is_ascii_digit() || c == '-'),
            ),
        };
    }
    if let Some((code, rest)) = leading_code(key)
        && !rest.starts_with(|c: char| c.is_ascii_digit() || c == '-')
    {
        return (Some(code), rest);
    }
    let later = key
        .split_once('〒')
        .and_then(|(_, later)| leading_code(later));
    (later.map(|(code, _)| code), key)
}

/// `100-8926` or `1008926`, and what follows.
fn leading_code(key: &str) -> Option<(PostalCode, &str)> {
    let (first, rest) = key.split_at_checked(3)?;
    let (last, rest) = rest.strip_prefix('-').unwrap_or(rest).split_at_checked(4)?;
    let is_code = [first, last]
        .iter()
        .all(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
    is_code
        .then(|| PostalCode::parse(&format!("{first}{last}")).ok())
        .flatten()
        .map(|code| (code, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::japan::places::municipality_of;

    fn read(address: &str) -> Vec<String> {
        of_address(address).places.iter().map(Place::name).collect()
    }

    #[test]
    fn every_municipality_has_its_own_name() {
        for municipality in municipalities() {
            let place = Place::from(municipality);
            let named = |address: String| {
                let places = of_address(&address).places;
                assert!(places.contains(&place), "{address}: {places:?}");
                places.len()
            };
            let (name, full) = (municipality.name, municipality.full_name());
            let prefecture = municipality.prefecture().name;
            assert_eq!(named(format!("{prefecture}{full}大字某1-2-3")), 1, "{full}");
            assert_eq!(named(format!("{prefecture} {full}\n1番地")), 1, "{full}");
            if !NORTHERN_TERRITORIES.contains(&municipality.code) {
                assert_eq!(named(format!("{prefecture}{name}1-2-3")), 1, "{full}");
            }
            if !municipality.county.is_empty() || name.ends_with('市') {
                named(format!("{full}1-2-3"));
            }
        }
    }

    #[test]
    fn keys_do_not_run_together() {
        for pair in ENTRIES.windows(2) {
            let same = pair[0].key == pair[1].key
                && pair[0].municipality.prefecture() == pair[1].municipality.prefecture();
            let (one, other) = (pair[0].municipality, pair[1].municipality);
            // 中央区 and 北区 of two cities in one prefecture.
            let are_wards = one.name.ends_with('区') && other.name.ends_with('区');
            let is_village = one.name == "泊村" || one.code == other.code;
            assert!(
                !same || are_wards || is_village,
                "{} {}",
                one.name,
                other.name
            );
        }
        for (county, name, code) in OTHER_NAMES {
            assert_ne!(
                municipality_of(code).unwrap().full_name(),
                format!("{county}{name}")
            );
        }
    }

    #[test]
    fn addresses() {
        for (address, place) in [
            ("東京都千代田区霞が関1-2-2", "東京都千代田区"),
            ("〒100-8926　東京都千代田区", "東京都千代田区"),
            ("〒１００－８９２６ 東京都千代田区", "東京都千代田区"),
            ("1008926東京都千代田区", "東京都千代田区"),
            ("千代田区霞が関", "東京都千代田区"),
            ("東京千代田区", "東京都千代田区"),
            ("東京港区芝公園", "東京都港区"),
            ("  東 京 都\n港区", "東京都港区"),
            ("日本国東京都港区", "東京都港区"),
            ("日本、〒530-0001 大阪府大阪市", "大阪府大阪市北区"),
            ("大阪府大阪市福島区", "大阪府大阪市福島区"),
            ("福島区福島1-1", "大阪府大阪市福島区"),
            ("京都市上京区", "京都府京都市上京区"),
            ("東京都府中市", "東京都府中市"),
            ("京都府京都市", "京都府京都市"),
            ("横浜市中区日本大通1", "神奈川県横浜市中区"),
            ("横浜市", "神奈川県横浜市"),
            ("浜松市中区元城町", "静岡県浜松市"),
            ("青森市長島1-1-1", "青森県青森市"),
            ("青森八戸市内丸", "青森県八戸市"),
            ("廣島縣廣島市", "広島県広島市"),
            ("德島県", "徳島県"),
            ("宮﨑市橘通東", "宮崎県宮崎市"),
            ("東京都西多摩郡桧原村", "東京都西多摩郡檜原村"),
            ("宮城県塩釜市", "宮城県塩竈市"),
            ("滝澤市", "岩手県滝沢市"),
            ("茅ケ崎市", "神奈川県茅ヶ崎市"),
            ("茅が崎市", "神奈川県茅ヶ崎市"),
            ("ちがさき市 神奈川県茅ヶ崎市", "神奈川県茅ヶ崎市"),
            ("横浜市保土ヶ谷区", "神奈川県横浜市保土ケ谷区"),
            ("竜ヶ崎市", "茨城県龍ケ崎市"),
            ("三重県木曽岬町", "三重県桑名郡木曽岬町"),
            ("三重県桑名郡木曽岬町", "三重県桑名郡木曽岬町"),
            ("桑名郡木曽岬町", "三重県桑名郡木曽岬町"),
            ("三重県木曾岬町", "三重県桑名郡木曽岬町"),
            ("上北郡", "青森県"),
            ("青森県上北郡上北町", "青森県"),
            ("東京都日の出町", "東京都西多摩郡日の出町"),
            ("大分県日出町", "大分県速見郡日出町"),
            ("鹿嶋市平井", "茨城県鹿嶋市"),
            ("鹿島市大字納富分", "佐賀県鹿島市"),
            ("東村山市本町", "東京都東村山市"),
            ("四日市市", "三重県四日市市"),
            ("廿日市市", "広島県廿日市市"),
            ("大和郡山市", "奈良県大和郡山市"),
            ("東京都三宅島三宅村", "東京都三宅村"),
            ("北海道泊村", "北海道古宇郡泊村"),
            ("北海道国後郡泊村", "北海道国後郡泊村"),
            ("篠山市", "兵庫県丹波篠山市"),
            ("福岡県筑紫郡那珂川町", "福岡県那珂川市"),
            ("青森", "青森県"),
            ("東京", "東京都"),
            ("北海道", "北海道"),
            ("青森県八甲田", "青森県"),
            ("住所：青森県青森市", "青森県青森市"),
            ("【本社所在地】 青森県青森市", "青森県青森市"),
            ("青森支店 青森県弘前市", "青森県弘前市"),
            ("霞が関1-2-2 〒100-8926", "東京都千代田区"),
            ("〒100-8926", "東京都千代田区"),
            ("郵便番号：100-8926 霞が関", "東京都千代田区"),
            ("〒100-8926\n1-2-2", "東京都千代田区"),
            ("〒498-0000 木曽岬町", "三重県桑名郡木曽岬町"),
            ("〒498-0000 三重県", "三重県桑名郡木曽岬町"),
            ("〒000-0000 青森県青森市", "青森県青森市"),
            ("〒030 青森市", "青森県青森市"),
        ] {
            assert_eq!(read(address), [place], "{address}");
        }
    }

    #[test]
    fn ambiguous_addresses_have_several_places() {
        assert_eq!(read("府中市宮西町"), ["東京都府中市", "広島県府中市"]);
        assert_eq!(read("伊達市"), ["北海道伊達市", "福島県伊達市"]);
        assert_eq!(read("〒960-0692 伊達市"), ["福島県伊達市"]);
        assert_eq!(read("中央区1-1").len(), 11);
        assert_eq!(
            read("港区芝公園"),
            ["東京都港区", "愛知県名古屋市港区", "大阪府大阪市港区"]
        );
        assert_eq!(
            read("神奈川県南区"),
            ["神奈川県横浜市南区", "神奈川県相模原市南区"]
        );
        assert_eq!(read("那珂川町 那須郡那珂川町"), [""; 0]);
        assert_eq!(read("安芸郡"), ["広島県", "高知県"]);
        assert_eq!(read("498-0000"), ["愛知県弥富市", "三重県桑名郡木曽岬町"]);
    }

    #[test]
    fn what_says_nothing() {
        for address in [
            "",
            " ",
            "〒",
            "〒999-9999",
            "石川町1-1",
            "山口町",
            "朝日町1-2-3",
            "日本橋1-1",
            "東京ドーム前",
            "某市",
            "1-2-3",
            "県",
            "ー",
            "Aomori",
            "\u{0}",
            "🏢",
        ] {
            assert_eq!(read(address), [""; 0], "{address}");
        }
    }

    #[test]
    fn contradictions_are_told() {
        let reading = of_address("〒100-0001 青森県青森市長島");
        assert_eq!(reading.basis, Basis::Contradiction);
        let names: Vec<_> = reading.places.iter().map(Place::name).collect();
        assert_eq!(names, ["青森県青森市", "東京都千代田区"]);
        let code = PostalCode::parse("030-0801").unwrap();
        let basis = |code: Option<&PostalCode>, address| of_both(code, address).basis;
        assert_eq!(basis(Some(&code), "青森市"), Basis::Both);
        assert_eq!(basis(Some(&code), ""), Basis::PostalCode);
        assert_eq!(basis(None, "青森市"), Basis::Words);
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(address in "[〒0-9０-９\\-－ \n東京都府中市青森県北区郡ヶがケ町村大阪a-c]{0,24}|\\PC{0,40}") {
            of_address(&address);
            super::in_text(&address);
        }
    }
}
