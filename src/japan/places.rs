//! Where something is: prefecture and municipality of a postal code, of a telephone number's area code, and of an address as
//! people write it ([`address`]).
//!
//! A question has several answers where the country has: the postal code 498-0000 is in 三重県 and in 愛知県, 府中市 in 東京都
//! and in 広島県, and numbers with 0479-2 in 千葉県 and in 茨城県. None of them is then *the* answer, and nobody here chooses
//! one. An empty answer is "not known".
//!
//! The data stand in `data/places`, made by `script/update-places`, and are part of the program. They are read when first
//! asked for, in about 20 ms, and take less than one megabyte.

use super::prefectures::{Prefecture, prefecture_of};
use crate::text::{Phone, PostalCode};
use std::sync::LazyLock;

pub mod address;

/// A municipality (市区町村): a city, town, village or special ward, or a ward (行政区) of a designated city.
#[derive(Debug, PartialEq, Eq)]
pub struct Municipality {
    /// 全国地方公共団体コード: six digits, the last of which is a check digit.
    pub code: &'static str,
    /// The county (郡) of a town or village; empty for most others.
    pub county: &'static str,
    /// 青森市, 木曽岬町, 千代田区; a ward with its city: 横浜市中区.
    pub name: &'static str,
    /// The reading of the name in katakana.
    pub kana: &'static str,
    /// The code of the designated city of which it is a ward; empty for all others.
    pub city: &'static str,
}

impl Municipality {
    /// As it stands in addresses, with the county: 桑名郡木曽岬町.
    pub fn full_name(&self) -> String {
        format!("{}{}", self.county, self.name)
    }

    /// The designated city, of a ward.
    pub fn parent(&self) -> Option<&'static Municipality> {
        municipality_of(self.city)
    }

    /// Its prefecture.
    pub fn prefecture(&self) -> &'static Prefecture {
        prefecture_of(&self.code[..2]).expect("codes begin with that of their prefecture")
    }

    /// Whether it is `other` or a ward of it.
    pub fn lies_in(&self, other: &Municipality) -> bool {
        self.code == other.code || self.city == other.code
    }
}

/// A place as closely as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The prefecture.
    pub prefecture: &'static Prefecture,
    /// The municipality, or the ward in a designated city.
    pub municipality: Option<&'static Municipality>,
}

impl Place {
    /// Somewhere in a prefecture.
    pub fn somewhere_in(prefecture: &'static Prefecture) -> Self {
        Self {
            prefecture,
            municipality: None,
        }
    }

    /// 三重県桑名郡木曽岬町.
    pub fn name(&self) -> String {
        let municipality = self.municipality.map(Municipality::full_name);
        format!(
            "{}{}",
            self.prefecture.name,
            municipality.unwrap_or_default()
        )
    }

    /// Whether it is `other` or a part of it.
    pub fn lies_in(&self, other: &Place) -> bool {
        self.prefecture == other.prefecture
            && match (self.municipality, other.municipality) {
                (_, None) => true,
                (None, Some(_)) => false,
                (Some(inner), Some(outer)) => inner.lies_in(outer),
            }
    }
}

impl From<&'static Municipality> for Place {
    fn from(municipality: &'static Municipality) -> Self {
        Self {
            prefecture: municipality.prefecture(),
            municipality: Some(municipality),
        }
    }
}

/// The municipality with this code of six digits.
pub fn municipality_of(code: &str) -> Option<&'static Municipality> {
    let at = MUNICIPALITIES
        .binary_search_by_key(&code, |municipality| municipality.code)
        .ok()?;
    Some(&MUNICIPALITIES[at])
}

/// All municipalities and wards, in the order of their codes.
pub fn municipalities() -> &'static [Municipality] {
    &MUNICIPALITIES
}

/// Where a postal code is: one municipality for almost all, none for a code that is not in use. Codes of single offices
/// (大口事業所個別番号) count as well.
pub fn of_postal_code(code: &PostalCode) -> Vec<Place> {
    // Seven digits by its type.
    code.as_str().parse().map_or_else(|_| Vec::new(), of_number)
}

fn of_number(code: u32) -> Vec<Place> {
    // Ranges do not overlap, but for codes of several municipalities, which stand alone in each.
    let end = POSTAL_CODES.partition_point(|range| range.first <= code);
    let mut places: Vec<Place> = POSTAL_CODES[..end]
        .iter()
        .rev()
        .take_while(|range| code - range.first < u32::from(range.length))
        .map(|range| Place::from(&MUNICIPALITIES[usize::from(range.municipality)]))
        .collect();
    places.reverse();
    places
}

/// The prefectures in which a landline number may be, the one with most of the exchange area first. None for mobile, free,
/// premium and IP numbers, and for those abroad.
pub fn of_phone(phone: &Phone) -> Vec<Place> {
    let Some(significant) = phone.as_str().strip_prefix("+81") else {
        return Vec::new();
    };
    // Mobile and IP numbers are longer than those of places.
    if significant.len() != 9 {
        return Vec::new();
    }
    let number = format!("0{significant}");
    let longest = (2..=6).rev().find_map(|length| {
        let at = AREA_CODES.binary_search_by_key(&&number[..length], |(prefix, _)| prefix);
        at.ok()
    });
    longest.map_or_else(Vec::new, |at| {
        let prefectures = AREA_CODES[at].1.split(' ');
        prefectures
            .filter_map(prefecture_of)
            .map(Place::somewhere_in)
            .collect()
    })
}

/// What postal code and written place together say: what either says where they agree, both where they contradict each other.
pub(crate) fn agreeing(written: &[Place], by_code: &[Place]) -> Option<Vec<Place>> {
    if written.is_empty() || by_code.is_empty() {
        return Some([written, by_code].concat());
    }
    let mut agreed: Vec<Place> = Vec::new();
    for place in by_code {
        for word in written {
            let closer = if place.lies_in(word) {
                place
            } else if word.lies_in(place) {
                word
            } else {
                continue;
            };
            if !agreed.contains(closer) {
                agreed.push(*closer);
            }
        }
    }
    (!agreed.is_empty()).then_some(agreed)
}

/// Postal codes that follow each other in one municipality.
#[derive(Debug)]
struct Range {
    first: u32,
    length: u16,
    /// Its index in [`MUNICIPALITIES`].
    municipality: u16,
}

static MUNICIPALITIES: LazyLock<Vec<Municipality>> = LazyLock::new(|| {
    lines(include_str!("../../data/places/municipalities.tsv"))
        .map(|line| {
            let mut fields = line.split('\t');
            let mut next = || fields.next().expect("a test reads the file");
            Municipality {
                code: next(),
                county: next(),
                name: next(),
                kana: next(),
                city: next(),
            }
        })
        .collect()
});

/// By their first code.
static POSTAL_CODES: LazyLock<Vec<Range>> = LazyLock::new(|| {
    let mut ranges: Vec<Range> = lines(include_str!("../../data/places/postal-codes.txt"))
        .flat_map(|line| {
            let (code, areas) = line.split_once(' ').expect("a test reads the file");
            let municipality = MUNICIPALITIES
                .binary_search_by_key(&code, |municipality| municipality.code)
                .expect("a test reads the file");
            areas
                .split(' ')
                .flat_map(ranges)
                .map(move |(first, length)| Range {
                    first,
                    length,
                    municipality: u16::try_from(municipality).expect("there are fewer than 65536"),
                })
        })
        .collect();
    ranges.sort_unstable_by_key(|range| (range.first, range.municipality));
    ranges.shrink_to_fit();
    ranges
});

/// The first code and the length of each range in `060:0000-0018,0020`.
fn ranges(area: &'static str) -> impl Iterator<Item = (u32, u16)> {
    let (area, ranges) = area.split_once(':').expect("a test reads the file");
    let area: u32 = number(area);
    ranges.split(',').map(move |range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (u16, u16) = (number(first), number(last));
        (area * 10_000 + u32::from(first), last - first + 1)
    })
}

fn number<N: std::str::FromStr>(digits: &str) -> N {
    let number = digits.parse().ok();
    number.expect("a test reads the file")
}

/// The beginnings of numbers with the codes of their prefectures, in order.
static AREA_CODES: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    lines(include_str!("../../data/places/area-codes.txt"))
        .map(|line| line.split_once(' ').expect("a test reads the file"))
        .collect()
});

/// The lines of a file without its comments.
fn lines(file: &'static str) -> impl Iterator<Item = &'static str> {
    file.lines().filter(|line| !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn names(places: &[Place]) -> Vec<String> {
        places.iter().map(Place::name).collect()
    }

    fn post(code: &str) -> Vec<String> {
        names(&of_postal_code(&PostalCode::parse(code).unwrap()))
    }

    fn rings(phone: &str) -> Vec<&'static str> {
        let places = of_phone(&Phone::parse(phone).unwrap());
        assert!(places.iter().all(|place| place.municipality.is_none()));
        places
            .iter()
            .map(|place| place.prefecture.short_name)
            .collect()
    }

    /// 1,718 cities, towns and villages and 23 special wards, the wards of the 20 designated cities, and six villages of the
    /// Northern Territories: 全国地方公共団体コード as of October 2026.
    #[test]
    fn municipalities_are_complete() {
        let all = municipalities();
        let wards = all.iter().filter(|place| !place.city.is_empty()).count();
        assert_eq!((all.len(), wards), (1741 + 171 + 6, 171));
        let cities: HashSet<_> = all
            .iter()
            .filter_map(Municipality::parent)
            .map(|city| city.name)
            .collect();
        assert_eq!(cities.len(), 20);
        assert!(all.is_sorted_by(|one, next| one.code < next.code));
        let count = |ending| {
            all.iter()
                .filter(|place| place.city.is_empty() && place.name.ends_with(ending))
                .count()
        };
        assert_eq!(
            (count('市'), count('区'), count('町'), count('村')),
            (792, 23, 743, 183 + 6)
        );
    }

    #[test]
    fn municipalities_are_well_formed() {
        for place in municipalities() {
            let digits: Vec<u32> = place
                .code
                .chars()
                .map(|c| c.to_digit(10).unwrap())
                .collect();
            let weighted: u32 = digits
                .iter()
                .zip([6, 5, 4, 3, 2])
                .map(|(digit, weight)| digit * weight)
                .sum();
            assert_eq!(digits[5], (11 - weighted % 11) % 10, "{}", place.code);
            assert_eq!(municipality_of(place.code), Some(place));
            assert!(
                place.kana.chars().all(super::super::folding::is_katakana),
                "{}",
                place.kana
            );
            assert!(
                place.county.is_empty() || place.county.ends_with('郡'),
                "{}",
                place.county
            );
            if let Some(city) = place.parent() {
                assert!(
                    place.name.starts_with(city.name)
                        && place.lies_in(city)
                        && !city.lies_in(place)
                );
                assert_eq!(city.parent(), None);
                assert_eq!(place.prefecture(), city.prefecture());
            } else {
                assert_eq!(place.city, "");
            }
        }
        assert_eq!(municipality_of("022013"), None);
        assert_eq!(municipality_of(""), None);
    }

    #[test]
    fn every_postal_code_is_somewhere() {
        let mut codes: Vec<u32> = POSTAL_CODES
            .iter()
            .flat_map(|range| range.first..range.first + u32::from(range.length))
            .collect();
        codes.dedup();
        assert!(
            codes.is_sorted_by(|one, next| one < next),
            "only shared codes occur twice"
        );
        assert_eq!(codes.len(), 142_920);
        let counts = codes.iter().map(|code| of_number(*code).len());
        assert_eq!(counts.clone().min(), Some(1));
        assert_eq!(counts.clone().max(), Some(6));
        assert_eq!(counts.filter(|count| *count > 1).count(), 134);
        let across = codes.iter().filter(|code| {
            let prefectures: HashSet<_> = of_number(**code)
                .iter()
                .map(|place| place.prefecture.code)
                .collect();
            prefectures.len() > 1
        });
        assert_eq!(
            across.copied().collect::<Vec<_>>(),
            [4_980_000, 6_180_000, 8_710_000]
        );
        // Everywhere people live there is a post; a designated city has none but in its wards.
        let served: HashSet<u16> = POSTAL_CODES
            .iter()
            .map(|range| range.municipality)
            .collect();
        assert_eq!(served.len(), 1741 - 20 + 171);
    }

    #[test]
    fn postal_codes() {
        assert_eq!(post("030-0801"), ["青森県青森市"]);
        assert_eq!(post("〒１００－０００１"), ["東京都千代田区"]);
        assert_eq!(
            post("0010010"),
            ["北海道札幌市北区"],
            "a zero in front counts"
        );
        assert_eq!(post("498-0000"), ["愛知県弥富市", "三重県桑名郡木曽岬町"]);
        assert_eq!(
            post("618-0000"),
            ["京都府乙訓郡大山崎町", "大阪府三島郡島本町"]
        );
        assert_eq!(post("871-0000"), ["福岡県築上郡吉富町", "大分県中津市"]);
        assert_eq!(
            post("100-8926"),
            ["東京都千代田区"],
            "of one office (総務省)"
        );
        assert_eq!(post("060-8621"), ["北海道札幌市中央区"], "of one office");
        assert_eq!(post("430-0929"), ["静岡県浜松市中央区"], "中区 until 2024");
        assert_eq!(post("669-2397"), ["兵庫県丹波篠山市"], "篠山市 until 2019");
        assert_eq!(post("100-2100"), ["東京都小笠原村"]);
        assert_eq!(post("000-0000"), [""; 0]);
        assert_eq!(post("999-9999"), [""; 0]);
    }

    #[test]
    fn area_codes() {
        for (phone, prefectures) in [
            ("03-1234-5678", &["東京"][..]),
            ("0176-23-5111", &["青森"]),
            ("+81 176 23 5111", &["青森"]),
            ("011-231-1111", &["北海道"]),
            ("04992-2-1441", &["東京"]),
            ("0479-22-8181", &["千葉", "茨城"]),
            ("0479-62-1212", &["千葉"]),
            ("0567-65-1111", &["愛知", "三重"]),
            ("06-6489-6000", &["大阪", "兵庫"]),
            ("042-722-3111", &["神奈川", "東京"]),
            ("042-333-3111", &["東京"]),
            ("04-2998-1111", &["埼玉"]),
            ("04-7167-1111", &["千葉"]),
            ("0280-92-3111", &["茨城", "栃木", "埼玉"]),
            ("0288-21-1111", &["栃木"]),
            ("0735-23-3333", &["和歌山", "三重"]),
            ("0747-52-0001", &["奈良"]),
            ("0779-66-1111", &["福井"]),
            ("098-866-2333", &["沖縄"]),
            // No area has them.
            ("0120-861-009", &[]),
            ("0800-123-4567", &[]),
            ("0570-012-345", &[]),
            ("090-1234-5678", &[]),
            ("050-1234-5678", &[]),
            ("0990-123-456", &[]),
            ("+1 650-253-0000", &[]),
        ] {
            assert_eq!(rings(phone), prefectures, "{phone}");
        }
    }

    #[test]
    fn area_codes_are_well_formed() {
        assert!(AREA_CODES.is_sorted_by(|one, next| one.0 < next.0));
        let mut heard: HashSet<&str> = HashSet::new();
        for (prefix, codes) in AREA_CODES.iter() {
            assert!(
                (2..=6).contains(&prefix.len()) && prefix.starts_with('0'),
                "{prefix}"
            );
            assert!(
                codes.split(' ').all(|code| prefecture_of(code).is_some()),
                "{codes}"
            );
            heard.extend(codes.split(' '));
        }
        assert_eq!(heard.len(), 47);
    }

    #[test]
    fn places_lie_in_places() {
        let place = |code| Place::from(municipality_of(code).unwrap());
        let (naka, yokohama, aomori) = (place("141046"), place("141003"), place("022012"));
        let kanagawa = Place::somewhere_in(yokohama.prefecture);
        assert_eq!(naka.name(), "神奈川県横浜市中区");
        assert!(naka.lies_in(&yokohama) && naka.lies_in(&kanagawa) && naka.lies_in(&naka));
        assert!(
            !yokohama.lies_in(&naka) && !kanagawa.lies_in(&yokohama) && !aomori.lies_in(&kanagawa)
        );
        assert_eq!(agreeing(&[yokohama], &[naka, aomori]), Some(vec![naka]));
        assert_eq!(agreeing(&[naka], &[kanagawa]), Some(vec![naka]));
        assert_eq!(agreeing(&[], &[naka]), Some(vec![naka]));
        assert_eq!(agreeing(&[naka], &[aomori]), None);
    }
}
