//! Folding: search keys under which different writings of the same word are equal.
//!
//! Keys are for comparing and searching only, never for showing: folding forgets on purpose. Both sides of a
//! comparison must be folded. A change here makes stored keys stale; `madoguchi reindex` makes them anew.

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;

use crate::text::clean;

mod variants;

static VARIANTS: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    variants::KANJI
        .iter()
        .flat_map(|&(kanji, variants)| variants.chars().map(move |variant| (variant, kanji)))
        .collect()
});

/// The search key of a text: compatibility forms (NFKC: full-width letters, half-width kana, ㈱), lower case,
/// katakana for hiragana, large kana for small (キヤノン and キャノン), the usual kanji for its variants (髙 𠮷 邉), one
/// kind of hyphen and of long vowel mark, single spaces, nothing invisible. Folding a key changes nothing.
pub fn fold(text: &str) -> String {
    let visible: String = text
        .chars()
        .filter(|&c| !clean::is_invisible(c))
        .map(|c| if c.is_control() { ' ' } else { combining(c) })
        .collect();
    let lower: String = visible.nfkc().flat_map(char::to_lowercase).collect();
    // Composed once more: わ゛ has no composed form as hiragana, ワ゛ has.
    let folded: String = lower
        .chars()
        .map(|c| fold_character(to_katakana(c)))
        .nfkc()
        .collect();
    let marked = fold_marks(&folded);
    marked.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The key under which an enterprise is the same enterprise: [`fold`], without the legal form before or after
/// the name (株式会社, (株), ㈲, 医療法人社団, NPO法人, Co., Ltd.), spaces, middle dots and punctuation. A name that
/// consists of nothing else is only folded and loses its spaces.
///
/// Equal keys are a reason to ask, not a proof: 山田商店 株式会社 and 有限会社 山田商店 are different companies with one key.
pub fn fold_enterprise(name: &str) -> String {
    let folded = fold(name);
    let spaced = without_latin_form(&folded);
    let compact: String = spaced
        .chars()
        .filter(|&c| !c.is_whitespace() && c != '・')
        .collect();
    let key: String = without_legal_form(&compact)
        .chars()
        .filter(|c| c.is_alphanumeric())
        .collect();
    if key.is_empty() {
        folded.replace(' ', "")
    } else {
        key
    }
}

/// A reading in full-width katakana without spaces, middle dots and the reading of a legal form before or after it.
pub fn without_reading_form(kana: &str) -> String {
    let compact: String = katakana(kana)
        .chars()
        .filter(|&c| !c.is_whitespace() && c != '・')
        .collect();
    let rest = READING_FORMS
        .iter()
        .find_map(|form| {
            compact
                .strip_prefix(form)
                .or_else(|| compact.strip_suffix(form))
        })
        .filter(|rest| !rest.is_empty());
    rest.map_or_else(|| compact.clone(), str::to_owned)
}

/// Katakana for hiragana and for half-width kana; NFKC. ー stays one ー: it is no vowel here.
pub fn katakana(text: &str) -> String {
    let full: String = text.chars().map(combining).nfkc().collect();
    full.chars().map(to_katakana).nfkc().collect()
}

/// Whether `c` is a letter or mark of full-width katakana: ア, ッ, ー, ヽ, but not ・.
pub(crate) fn is_katakana(c: char) -> bool {
    matches!(c, 'ァ'..='ヺ' | 'ー' | 'ヽ' | 'ヾ' | 'ㇰ'..='ㇿ')
}

/// The two rows of kana lie 0x60 apart in Unicode.
fn to_katakana(c: char) -> char {
    match c {
        'ぁ'..='ゖ' | 'ゝ' | 'ゞ' => char::from_u32(c as u32 + 0x60).unwrap_or(c),
        _ => c,
    }
}

/// The free-standing marks ゛ and ゜ become the ones that combine with the kana before them; NFKC would put a
/// space between.
fn combining(c: char) -> char {
    match c {
        '゛' => '\u{3099}',
        '゜' => '\u{309A}',
        _ => c,
    }
}

/// Companies were registered with large kana (キヤノン, シヤチハタ) and old kana (ヱビス), and are called by others.
fn fold_character(c: char) -> char {
    match c {
        'ァ' | 'ィ' | 'ゥ' | 'ェ' | 'ォ' | 'ッ' | 'ャ' | 'ュ' | 'ョ' | 'ヮ' => {
            char::from_u32(c as u32 + 1).unwrap_or(c)
        }
        'ヵ' => 'カ',
        'ヶ' => 'ケ',
        'ヰ' => 'イ',
        'ヱ' => 'エ',
        '〜' | '∼' => '~',
        // No kanji lies lower; most text needs no look-up.
        ..'㐀' => c,
        _ => VARIANTS.get(&c).copied().unwrap_or(c),
    }
}

/// Hyphens, dashes and long vowel marks are typed for one another. After katakana they are the long vowel
/// mark (データ－), unless a letter or digit follows (コア-24); everywhere else they are a hyphen (03ー1234ー5678).
fn fold_marks(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut previous = None;
    let mut rest = text.chars().peekable();
    while let Some(mut c) = rest.next() {
        if clean::is_hyphen(c) {
            let after_kana = previous.is_some_and(is_katakana);
            let joins = rest.peek().is_some_and(char::is_ascii_alphanumeric);
            c = if after_kana && (c == 'ー' || !joins) {
                'ー'
            } else {
                '-'
            };
        }
        folded.push(c);
        previous = Some(c);
    }
    folded
}

/// Legal forms that stand before or after a name in full.
const LEGAL_FORMS: [&str; 50] = [
    "株式会社",
    "有限会社",
    "合同会社",
    "合名会社",
    "合資会社",
    "相互会社",
    "特定目的会社",
    "有限責任事業組合",
    "投資事業有限責任組合",
    "一般社団法人",
    "一般財団法人",
    "公益社団法人",
    "公益財団法人",
    "社団法人",
    "財団法人",
    "医療法人",
    "医療法人社団",
    "医療法人財団",
    "社会医療法人",
    "社会医療法人社団",
    "社会医療法人財団",
    "特定医療法人",
    "特定医療法人社団",
    "特定医療法人財団",
    "社会福祉法人",
    "更生保護法人",
    "学校法人",
    "準学校法人",
    "宗教法人",
    "特定非営利活動法人",
    "認定特定非営利活動法人",
    "NPO法人",
    "認定NPO法人",
    "独立行政法人",
    "地方独立行政法人",
    "国立大学法人",
    "公立大学法人",
    "国立研究開発法人",
    "農事組合法人",
    "企業組合",
    "協業組合",
    "弁護士法人",
    "税理士法人",
    "監査法人",
    "有限責任監査法人",
    "特許業務法人",
    "弁理士法人",
    "司法書士法人",
    "行政書士法人",
    "社会保険労務士法人",
];

/// Their short forms, which stand in parentheses (㈱ is (株) under NFKC).
const SHORT_FORMS: [&str; 25] = [
    "株", "有", "同", "名", "資", "相", "社", "財", "一社", "一財", "公社", "公財", "医", "医社",
    "福", "社福", "学", "宗", "特非", "NPO", "独", "地独", "企", "農", "特",
];

/// Legal forms as they stand in readings, a longer one before the one it begins with.
const READING_FORMS: [&str; 16] = [
    "カブシキガイシャ",
    "カブシキカイシャ",
    "ユウゲンガイシャ",
    "ユウゲンカイシャ",
    "ゴウドウガイシャ",
    "ゴウドウカイシャ",
    "ゴウメイガイシャ",
    "ゴウシガイシャ",
    "イッパンシャダンホウジン",
    "イッパンザイダンホウジン",
    "コウエキシャダンホウジン",
    "コウエキザイダンホウジン",
    "イリョウホウジンシャダン",
    "イリョウホウジン",
    "シャカイフクシホウジン",
    "トクテイヒエイリカツドウホウジン",
];

/// Folded as names are, the longest first: 医療法人社団 before 医療法人.
static FORMS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let full = LEGAL_FORMS.iter().map(|form| fold(form));
    let in_parentheses = LEGAL_FORMS
        .iter()
        .chain(&SHORT_FORMS)
        .map(|form| fold(&format!("({form})")));
    let mut forms: Vec<String> = full.chain(in_parentheses).collect();
    forms.sort_by_key(|form| std::cmp::Reverse(form.chars().count()));
    forms
});

/// Takes legal forms off both ends, several if several stand there.
fn without_legal_form(compact: &str) -> &str {
    let mut name = compact;
    while let Some(rest) = FORMS.iter().find_map(|form| {
        name.strip_prefix(form.as_str())
            .or_else(|| name.strip_suffix(form.as_str()))
            .filter(|rest| !rest.is_empty())
    }) {
        name = rest;
    }
    name
}

const LATIN_FORMS: [&str; 11] = [
    "co",
    "company",
    "ltd",
    "limited",
    "inc",
    "incorporated",
    "corp",
    "corporation",
    "llc",
    "kk",
    "gk",
];

/// Takes English legal forms off the end of an already folded name, as words of their own: Example Co., Ltd.,
/// Example K.K.
fn without_latin_form(folded: &str) -> &str {
    let is_gap = |c: char| matches!(c, ' ' | ',' | '.');
    let mut name = folded;
    loop {
        let ended = name.trim_end_matches(is_gap);
        let dotted = ["k.k", "g.k"]
            .iter()
            .find_map(|form| ended.strip_suffix(form));
        let rest = dotted.or_else(|| LATIN_FORMS.iter().find_map(|form| ended.strip_suffix(form)));
        match rest {
            Some(rest) if rest.ends_with(is_gap) && !rest.trim_matches(is_gap).is_empty() => {
                name = rest
            }
            _ => return name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    proptest! {
        #[test]
        fn folding_a_key_changes_nothing(text in prop_oneof![
            ".*",
            "[ぁ-ゟ゠-ヿｦ-ﾟㇰ-ㇿ゛゜\u{3099}ー－‐a-zA-Z0-9 ]*",
            "[髙﨑𠮷邉\u{FA10}\u{F900}-\u{FAFF}\u{E0100}㈱㍿〜\u{3000}・A-Z-]*",
            "[\u{C0}-\u{24F}\u{370}-\u{3FF}\u{300}-\u{345}]*",
        ]) {
            let key = fold(&text);
            prop_assert_eq!(fold(&key), key);
        }

        #[test]
        fn keys_of_enterprises_never_panic(name in prop_oneof![".*", "(株式会社|\\(株\\)|㈲|医療法人|社団| |co|\\.|,|ltd|・|山田|-){0,6}"]) {
            let key = fold_enterprise(&name);
            prop_assert!(!key.contains(' '));
            prop_assert_eq!(key.is_empty(), fold(&name).is_empty());
        }
    }

    #[test]
    fn writings_that_fold_to_one_key() {
        for (key, writings) in [
            (
                "テレワーク vpn 1(株)",
                &[
                    "ﾃﾚﾜｰｸ　ＶＰＮ ①㈱",
                    "てれわーく VPN\n1（株）",
                    "テレワ－ク  vpn 1(株)",
                ][..],
            ),
            (
                "高橋",
                &["髙橋", "高橋", "高\u{E0100}橋", "髙\u{200B}橋", "高槗"],
            ),
            ("山崎", &["山﨑", "山嵜", "山崎"]),
            ("吉野家", &["𠮷野家", "吉野家"]),
            ("渡辺", &["渡邊", "渡邉", "渡辺", "渡邉\u{E0101}"]),
            ("斉藤", &["斎藤", "齋藤", "齊藤", "斉藤"]),
            ("浜田", &["濵田", "濱田", "浜田"]),
            ("大塚", &["大\u{FA10}", "大塚"]),
            ("沢 広 島", &["澤 廣 嶋", "沢　広　嶌"]),
            ("ガ", &["が", "か\u{3099}", "ｶﾞ", "ガ", "カ゛"]),
            (
                "データーセンター",
                &[
                    "データーセンター",
                    "デ－タ－センタ－",
                    "ﾃﾞｰﾀｰｾﾝﾀｰ",
                    "データ―センタ—",
                    "でーたーせんたー",
                ],
            ),
            ("キヤノン", &["キャノン", "キヤノン", "ｷｬﾉﾝ", "きゃのん"]),
            ("霞ケ関", &["霞ヶ関", "霞ケ関", "霞ｹ関"]),
            (
                "03-1234-5678",
                &[
                    "03ー1234ー5678",
                    "０３－１２３４－５６７８",
                    "03−1234–5678",
                    "03‐1234―5678",
                ],
            ),
            ("コア-24", &["コア-24", "コア－２４"]),
            ("9時~17時", &["9時〜17時", "９時～１７時"]),
        ] {
            for writing in writings {
                assert_eq!(fold(writing), key, "{writing}");
            }
        }
    }

    #[test]
    fn different_words_stay_different() {
        for (one, other) in [
            ("ハハ", "パパ"),
            ("坂本", "阪本"),
            ("埼玉", "崎玉"),
            ("コーヒー", "コヒ"),
            ("一", "ー"),
            ("日", "曰"),
        ] {
            assert_ne!(fold(one), fold(other));
        }
        assert_eq!(fold(" \u{3000}\n\u{200B}"), "");
        assert_eq!(fold("a\0b"), "a b");
    }

    #[test]
    fn legal_forms_come_off() {
        for name in [
            "株式会社山田商店",
            "山田商店株式会社",
            "（株）山田商店",
            "山田商店(株)",
            "㈱山田商店",
            "山田商店 ㈱",
            "株式会社　山田　商店",
            "㍿山田商店",
            "株式會社山田商店",
            "有限会社山田商店",
            "㈲山田商店",
            "(有) 山田・商店",
            "合同会社山田商店",
            "山田商店（同）",
            "一般社団法人山田商店",
            "公益財団法人 山田商店",
            "（公財）山田商店",
            "医療法人社団山田商店",
            "医療法人 山田商店",
            "社会福祉法人山田商店",
            "特定非営利活動法人山田商店",
            "認定NPO法人山田商店",
            "ＮＰＯ法人　山田商店",
            "山田商店（株式会社）",
            "「山田商店」",
            "山田商店。",
            "(医)山田商店",
            "社会医療法人財団山田商店",
        ] {
            assert_eq!(fold_enterprise(name), "山田商店", "{name}");
        }
        for name in [
            "Example Works Co., Ltd.",
            "EXAMPLE WORKS CO.,LTD",
            "ＥＸＡＭＰＬＥ　ＷＯＲＫＳ株式会社",
            "Example-Works, Inc.",
            "example works K.K.",
            "Example Works LLC",
        ] {
            assert_eq!(fold_enterprise(name), "exampleworks", "{name}");
        }
        assert_eq!(fold_enterprise("EY新日本有限責任監査法人"), "ey新日本");
        assert_eq!(fold_enterprise("A&B株式会社"), "ab");
        assert_eq!(fold_enterprise("(株)データ・センター"), "データセンター");
    }

    #[test]
    fn names_are_not_eaten() {
        for (name, key) in [
            ("株式会社", "株式会社"),
            ("(株)", "株"),
            ("株式会社株式会社", "株式会社"),
            ("！！！", "!!!"),
            ("zinc", "zinc"),
            ("Co.", "co"),
            ("株式会社co", "co"),
            ("有限工房", "有限工房"),
            ("相互タクシー株式会社", "相互タクシー"),
            ("財団ビル管理", "財団ビル管理"),
            ("", ""),
        ] {
            assert_eq!(fold_enterprise(name), key, "{name}");
        }
    }

    #[test]
    fn variant_table_is_sound() {
        let mut seen = HashSet::new();
        for (kanji, list) in variants::KANJI {
            assert_eq!(
                kanji.to_string().nfkc().collect::<String>(),
                kanji.to_string()
            );
            for variant in list.chars() {
                assert!(seen.insert(variant), "{variant} stands twice");
                assert_eq!(
                    variant.to_string().nfkc().next(),
                    Some(variant),
                    "{variant} is folded by NFKC already"
                );
            }
        }
        for (kanji, _) in variants::KANJI {
            assert!(
                !seen.contains(&kanji),
                "{kanji} is itself folded: chains would need two passes"
            );
        }
        let mut targets = HashSet::new();
        assert!(
            variants::KANJI
                .iter()
                .all(|(kanji, _)| targets.insert(kanji)),
            "one row per kanji"
        );
    }

    #[test]
    fn legal_forms_come_off_readings() {
        for (kana, rest) in [
            ("カブシキガイシャ ヤマダ", "ヤマダ"),
            ("ヤマダ・ショウテン かぶしきがいしゃ", "ヤマダショウテン"),
            ("イリョウホウジンシャダン コウジンカイ", "コウジンカイ"),
            ("カブシキガイシャ", "カブシキガイシャ"),
            ("ｶﾌﾞｷ", "カブキ"),
        ] {
            assert_eq!(without_reading_form(kana), rest);
        }
    }

    #[test]
    fn katakana_for_readings() {
        assert_eq!(katakana("てれわーく ﾊﾟｿｺﾝ ゔ"), "テレワーク パソコン ヴ");
    }
}
