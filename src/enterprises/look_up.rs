//! One box for everything: what somebody types to find an enterprise, and the ways it is looked for.
//!
//! Each way is a walk along one index from the beginning that was typed, for at most [`MOST`] rows, so that an answer
//! takes as long among a million enterprises as among a thousand. What is equal comes before what only begins like it,
//! and a sure way before an unsure one. An enterprise that was joined with another leads to that one.

use super::{compared, compared_reading, domains};
use crate::{
    cases::View,
    japan::romaji,
    programme::MatchedBy,
    text::{Phone, clean},
};
use sqlx::{Postgres, QueryBuilder};

/// Most rows that one way gives: nobody reads further, they type on.
const MOST: i64 = 200;

/// Fewest digits that are taken for the beginning of a number.
const FEWEST_DIGITS: usize = 4;

/// How much worse a beginning is than the whole.
const BEGINNING: i32 = 100;

/// One way to look for what was typed.
#[derive(Debug, PartialEq)]
struct Way {
    by: MatchedBy,
    key: String,
}

impl Way {
    /// The indexed column, and the table it is in.
    fn column(&self) -> (Table, &'static str) {
        match self.by {
            MatchedBy::CorporateNumber => (Table::Enterprise, "e.corporate_number"),
            MatchedBy::InvoiceNumber => (Table::Enterprise, "e.invoice_number"),
            MatchedBy::Phone => (Table::Enterprise, "e.phone"),
            MatchedBy::Name => (Table::Enterprise, "e.name_key"),
            MatchedBy::TradeName => (Table::Enterprise, "e.trade_key"),
            MatchedBy::Kana => (Table::Enterprise, "e.kana_key"),
            MatchedBy::Romanised => (Table::Enterprise, "e.roman_key"),
            MatchedBy::Email => (Table::Contact, "k.email_key"),
            MatchedBy::ContactPhone => (Table::Contact, "k.phone"),
            MatchedBy::MailDomain => (Table::Contact, "k.email_domain"),
            MatchedBy::SitePhone => (Table::Site, "c.site_phone"),
        }
    }

    /// Adds a query for the ids it leads to, each with its rank and its word.
    fn push(&self, query: &mut QueryBuilder<Postgres>, view: View) {
        let (table, column) = self.column();
        let (id, from) = match table {
            Table::Enterprise => ("coalesce(e.merged_into, e.id)", "enterprise e"),
            Table::Contact => (
                "c.enterprise_id",
                "contact k join case_file c on c.id = k.case_id",
            ),
            Table::Site => ("c.enterprise_id", "case_file c"),
        };
        let rank = self.by as i32;
        query
            .push(format!("(select {id} as id, case when {column} = "))
            .push_bind(self.key.clone());
        query.push(format!(
            " then {rank} else {} end as rank, '{}' as matched_by from {from} where {column} ~>=~ ",
            rank + BEGINNING,
            self.by.name()
        ));
        query.push_bind(self.key.clone());
        query
            .push(format!(" and {column} ~<~ "))
            .push_bind(format!("{}\u{10ffff}", self.key));
        if self.by == MatchedBy::MailDomain {
            query.push(" and k.role <> 'agent'");
        }
        // A manager has few enterprises, so the search begins with those.
        if matches!(view, View::Manager(_) | View::Nothing) {
            let own = match table {
                Table::Enterprise => "e.id",
                _ => "c.enterprise_id",
            };
            query.push(format!(
                " and {own} = any (array(select own.enterprise_id from case_file own where own.id in (select c.id from case_file c where "
            ));
            view.push(query);
            query.push(")))");
        }
        query
            .push(format!(" order by {column} using ~<~ limit "))
            .push_bind(MOST);
        query.push(")");
    }
}

enum Table {
    Enterprise,
    Contact,
    Site,
}

/// Adds a query for `id`, `rank` and `matched_by` of the enterprises that what was typed leads to, each once, by its best
/// way.
pub(super) fn push(query: &mut QueryBuilder<Postgres>, typed: &str, view: View) {
    let ways = ways(typed);
    if ways.is_empty() {
        query.push("select null::uuid as id, 0 as rank, '' as matched_by where false");
        return;
    }
    query.push("select distinct on (id) id, rank, matched_by from (");
    for (index, way) in ways.iter().enumerate() {
        if index > 0 {
            query.push(" union all ");
        }
        way.push(query, view);
    }
    query.push(") way order by id, rank");
}

/// What the typed text may be.
fn ways(typed: &str) -> Vec<Way> {
    let mut ways = Vec::new();
    let mut add = |by, key: String| {
        if !key.is_empty() {
            ways.push(Way { by, key });
        }
    };
    let compact = clean::compact(typed);
    let digits = compact.strip_prefix(['T', 't']).unwrap_or(&compact);
    let is_number = clean::is_digits(digits, digits.len());
    if is_number && (FEWEST_DIGITS..=13).contains(&digits.len()) {
        // A corporation's registration number is T and its corporate number.
        add(MatchedBy::CorporateNumber, digits.to_owned());
        add(MatchedBy::InvoiceNumber, format!("T{digits}"));
    }
    if let Some(phone) = Phone::beginning(typed, FEWEST_DIGITS) {
        for by in [
            MatchedBy::Phone,
            MatchedBy::ContactPhone,
            MatchedBy::SitePhone,
        ] {
            add(by, phone.clone());
        }
    }
    let address = clean::narrow(typed).to_ascii_lowercase();
    let (local, domain) = match address.split_once('@') {
        Some((local, domain)) => (local, domain),
        None if address.contains('.') => ("", address.trim_start_matches("www.")),
        None => ("", ""),
    };
    if !local.is_empty() {
        add(MatchedBy::Email, address.clone());
    }
    if domains::begins_an_enterprises(domain) {
        add(MatchedBy::MailDomain, domain.to_owned());
    }
    if !address.contains('@') {
        add(MatchedBy::Name, compared(typed));
        add(MatchedBy::TradeName, compared(typed));
        add(MatchedBy::Kana, compared_reading(typed));
        add(
            MatchedBy::Romanised,
            romaji::key_of_typed(typed).unwrap_or_default(),
        );
    }
    ways
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(typed: &str, by: MatchedBy) -> Option<String> {
        let way = ways(typed).into_iter().find(|way| way.by == by);
        way.map(|way| way.key)
    }

    #[test]
    fn one_box_understands_numbers() {
        for typed in [
            "7000012050002",
            "T7000012050002",
            "ｔ７０００ ０１２０-５０００２",
        ] {
            let number = by(typed, MatchedBy::CorporateNumber);
            assert_eq!(number.as_deref(), Some("7000012050002"), "{typed}");
            let number = by(typed, MatchedBy::InvoiceNumber);
            assert_eq!(number.as_deref(), Some("T7000012050002"), "{typed}");
        }
        assert_eq!(by("700", MatchedBy::CorporateNumber), None);
        assert_eq!(by("70000120500021", MatchedBy::CorporateNumber), None);
        for (typed, key) in [
            ("017-734-1111", Some("+81177341111")),
            ("(017)734", Some("+8117734")),
            ("０１７７３", Some("+811773")),
            ("+81 17 734", Some("+8117734")),
            ("TEL 017-734", Some("+8117734")),
            ("017", None),
            ("T0177341111", None),
            ("青森017", None),
        ] {
            assert_eq!(by(typed, MatchedBy::Phone).as_deref(), key, "{typed}");
        }
    }

    #[test]
    fn one_box_understands_addresses() {
        for (typed, email, domain) in [
            (
                "Soumu@Ringo.co.jp",
                Some("soumu@ringo.co.jp"),
                Some("ringo.co.jp"),
            ),
            ("@ringo.co", None, Some("ringo.co")),
            ("www.ringo.co.jp", None, Some("ringo.co.jp")),
            ("soumu@gmail.com", Some("soumu@gmail.com"), None),
            ("@gmail.c", None, None),
            ("ringo", None, None),
        ] {
            assert_eq!(by(typed, MatchedBy::Email).as_deref(), email, "{typed}");
            assert_eq!(
                by(typed, MatchedBy::MailDomain).as_deref(),
                domain,
                "{typed}"
            );
        }
    }

    #[test]
    fn one_box_understands_names() {
        for typed in ["㈱山田", "山田(株)", "株式会社　山田"] {
            assert_eq!(by(typed, MatchedBy::Name).as_deref(), Some("山田"));
        }
        assert_eq!(
            by("かぶしきがいしゃ やまだ", MatchedBy::Kana).as_deref(),
            Some("ヤマダ")
        );
        assert_eq!(
            by("Yamada", MatchedBy::Romanised).as_deref(),
            Some("yamada")
        );
        assert_eq!(by("山田", MatchedBy::Romanised), None);
    }
}
