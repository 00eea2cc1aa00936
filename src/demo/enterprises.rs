//! Who asks: enterprises of every kind, put together from the word lists so that no two are alike.

use super::{
    data::{Called, DATA, Form, Place, Trade},
    random::Random,
};
use crate::japan::prefectures::prefecture_of;
use serde_json::{Value, json};
use std::collections::HashSet;

/// An enterprise as the demonstration knows it, and a person there.
#[derive(Clone)]
pub struct Enterprise {
    /// `enterprise` in the body of a new case.
    pub body: Value,
    pub name: String,
    pub prefecture_code: String,
    pub industry_code: String,
    pub address: String,
    pub employees: i64,
    pub contact: Person,
    /// Where its people have their addresses of mail.
    pub domain: String,
}

/// Somebody to talk to.
#[derive(Clone)]
pub struct Person {
    pub name: String,
    pub kana: String,
    pub department: String,
    pub phone: String,
    pub email: Option<String>,
}

/// What kind of enterprise is wanted.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    /// A company, an association or a sole proprietor, by the trade that comes.
    Any,
    LocalGovernment,
    Worker,
    Anonymous,
}

/// Makes enterprises, each once.
pub struct Maker {
    taken: HashSet<(usize, usize)>,
    /// Counts everything that needs a number of its own.
    serial: u64,
    towns: usize,
    /// Prefectures still to come, so that none is left out.
    queue: Vec<&'static str>,
}

/// Prefectures beyond one round through all, by how many enterprises there are, roughly.
const BUSY: [&str; 40] = [
    "13", "13", "13", "13", "13", "13", "13", "27", "27", "27", "27", "23", "23", "23", "14", "14",
    "14", "11", "11", "12", "12", "40", "40", "28", "28", "01", "01", "22", "34", "26", "04", "15",
    "20", "33", "08", "10", "46", "43", "47", "17",
];

impl Maker {
    pub fn new() -> Self {
        Self {
            taken: HashSet::new(),
            serial: 0,
            towns: 0,
            queue: Vec::new(),
        }
    }

    /// A new enterprise in the prefecture, or wherever the next one comes from.
    pub fn make(
        &mut self,
        random: &mut Random,
        kind: Kind,
        prefecture: Option<&str>,
    ) -> Enterprise {
        self.serial += 1;
        let prefecture = prefecture.unwrap_or_else(|| self.next_prefecture(random));
        let places: Vec<&Place> = DATA
            .places
            .iter()
            .filter(|place| place.prefecture_code == prefecture)
            .collect();
        let place = *random.pick(&places);
        match kind {
            Kind::Any => self.enterprise(random, place),
            Kind::LocalGovernment => self.town(random, place),
            Kind::Worker => self.worker(random, place),
            Kind::Anonymous => self.anonymous(place),
        }
    }

    /// Another legal person of the same name elsewhere, entered without its corporate number.
    pub fn namesake(&mut self, random: &mut Random, of: &Enterprise) -> Enterprise {
        let mut other = self.make(random, Kind::Any, None);
        let place = other.body.clone();
        other.body = of.body.clone();
        for field in [
            "postal_code",
            "prefecture_code",
            "municipality_code",
            "address",
            "phone",
            "representative",
        ] {
            other.body[field] = place[field].clone();
        }
        if let Some(body) = other.body.as_object_mut() {
            body.remove("corporate_number");
        }
        other.employees = of.employees;
        other.name.clone_from(&of.name);
        other.industry_code.clone_from(&of.industry_code);
        other
    }

    fn next_prefecture(&mut self, random: &mut Random) -> &'static str {
        if self.queue.is_empty() {
            let all = crate::japan::prefectures::all().map(|prefecture| prefecture.code);
            self.queue = all.chain(BUSY).collect();
            random.shuffle(&mut self.queue);
        }
        self.queue.pop().expect("filled above")
    }

    fn enterprise(&mut self, random: &mut Random, place: &Place) -> Enterprise {
        let (brand, trade) = loop {
            let pair = (
                random.below(DATA.names.brands.len()),
                random.below(DATA.names.trades.len()),
            );
            if self.taken.insert(pair) {
                break (&DATA.names.brands[pair.0], &DATA.names.trades[pair.1]);
            }
        };
        let domain = format!("{}-{}.example.jp", brand.romaji, trade.romaji);
        let mut enterprise = self.placed(random, place, domain);
        let employees = random.between(trade.smallest, trade.largest);
        let short = format!("{}{}", brand.name, trade.name);
        let short_kana = format!("{}{}", brand.kana, trade.kana);
        let is_proprietor = trade.form == Form::Proprietor || (employees < 6 && random.chance(40));
        enterprise.employees = employees;
        enterprise.industry_code.clone_from(&trade.industry_code);
        enterprise.name = match is_proprietor {
            true => short.clone(),
            false => formal_name(random, trade, &short),
        };
        let name = enterprise.name.clone();
        let said = match is_proprietor {
            true => {
                json!({ "kind": "sole_proprietor", "trade_name": short, "name": enterprise.contact.name, "kana": enterprise.contact.kana })
            }
            false => json!({
                "kind": if matches!(trade.form, Form::Company | Form::Limited | Form::Proprietor) { "company" } else { "association" },
                "name": name,
                "kana": short_kana,
                "representative": self.person(random, place, "").name,
                "corporate_number": corporate_number(self.serial),
            }),
        };
        add(&mut enterprise.body, said);
        let regular = employees - random.between(0, employees / 4);
        add(
            &mut enterprise.body,
            json!({ "industry_code": trade.industry_code, "employees": employees, "employees_regular": regular }),
        );
        enterprise
    }

    fn town(&mut self, random: &mut Random, place: &Place) -> Enterprise {
        let towns = &DATA.names.municipalities;
        let town = &towns[self.towns % towns.len()];
        self.towns += 1;
        let mut enterprise = self.placed(random, place, format!("{}.example.jp", town.romaji));
        let prefecture =
            prefecture_of(&place.prefecture_code).map_or("", |prefecture| prefecture.name);
        enterprise.name = format!("{prefecture}{}", town.name);
        enterprise.industry_code = "S98".into();
        enterprise.employees = random.between(80, 240);
        enterprise.address = format!(
            "{}{}{}番地",
            town.name,
            random.pick(&DATA.names.streets),
            random.between(1, 300)
        );
        enterprise.contact.department = "総務課".into();
        if let Some(body) = enterprise.body.as_object_mut() {
            // The town is none, so it has neither a code nor a postal code.
            body.remove("municipality_code");
            body.remove("postal_code");
        }
        let said = json!({
            "kind": "local_government",
            "name": enterprise.name,
            "kana": town.kana,
            "address": enterprise.address,
            "industry_code": "S98",
            "employees": enterprise.employees,
        });
        add(&mut enterprise.body, said);
        enterprise
    }

    fn worker(&mut self, random: &mut Random, place: &Place) -> Enterprise {
        let contact = self.person(random, place, "");
        let contact = Person {
            phone: mobile(self.serial),
            department: String::new(),
            ..contact
        };
        Enterprise {
            body: json!({
                "kind": "worker",
                "name": contact.name,
                "kana": contact.kana,
                "prefecture_code": place.prefecture_code,
                "phone": contact.phone,
            }),
            name: contact.name.clone(),
            prefecture_code: place.prefecture_code.clone(),
            industry_code: "T99".into(),
            address: String::new(),
            employees: 1,
            contact,
            domain: String::new(),
        }
    }

    fn anonymous(&mut self, place: &Place) -> Enterprise {
        Enterprise {
            body: json!({ "kind": "anonymous", "prefecture_code": place.prefecture_code }),
            name: "匿名".into(),
            prefecture_code: place.prefecture_code.clone(),
            industry_code: "T99".into(),
            address: String::new(),
            employees: 1,
            contact: Person {
                name: String::new(),
                kana: String::new(),
                department: String::new(),
                phone: String::new(),
                email: None,
            },
            domain: String::new(),
        }
    }

    /// What every enterprise with an office has: a place, a telephone, a person.
    fn placed(&mut self, random: &mut Random, place: &Place, domain: String) -> Enterprise {
        let contact = self.person(random, place, &domain);
        let address = address(random, place);
        let mut body = json!({
            "prefecture_code": place.prefecture_code,
            "municipality_code": place.municipality_code,
            "address": address,
            "phone": landline(&place.area_code, 10 * self.serial),
        });
        if let Some(code) = &place.postal_code {
            body["postal_code"] = json!(code);
        }
        Enterprise {
            body,
            name: String::new(),
            prefecture_code: place.prefecture_code.clone(),
            industry_code: String::new(),
            address,
            employees: 0,
            contact,
            domain,
        }
    }

    /// Somebody who works at the place.
    pub fn person(&mut self, random: &mut Random, place: &Place, domain: &str) -> Person {
        self.serial += 1;
        let (name, kana) = full_name(
            random.pick(&DATA.names.families),
            random.pick(&DATA.names.givens),
        );
        let mailbox = *random.pick(&["soumu", "jinji", "kanri", "info", "jimu"]);
        let email =
            (!domain.is_empty() && random.chance(85)).then(|| format!("{mailbox}@{domain}"));
        let phone = match random.chance(35) {
            true => mobile(self.serial),
            false => landline(&place.area_code, 10 * self.serial + 1),
        };
        Person {
            name,
            kana,
            department: random.pick(&DATA.phrases.departments).clone(),
            phone,
            email,
        }
    }

    /// A branch of the enterprise in another prefecture: `site` in the body of a new case, and its prefecture.
    pub fn branch(&mut self, random: &mut Random, of: &Enterprise) -> (Value, String) {
        self.serial += 1;
        let elsewhere: Vec<&Place> = DATA
            .places
            .iter()
            .filter(|place| place.prefecture_code != of.prefecture_code)
            .collect();
        let place = *random.pick(&elsewhere);
        let city = place.city.split('市').next().unwrap_or(&place.city);
        let office = *random.pick(&["支店", "営業所", "事業所", "センター"]);
        let mut site = json!({
            "name": format!("{city}{office}"),
            "prefecture_code": place.prefecture_code,
            "municipality_code": place.municipality_code,
            "address": address(random, place),
            "phone": landline(&place.area_code, 10 * self.serial + 2),
        });
        if let Some(code) = &place.postal_code {
            site["postal_code"] = json!(code);
        }
        (site, place.prefecture_code.clone())
    }
}

fn add(body: &mut Value, more: Value) {
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
}

fn full_name(family: &Called, given: &Called) -> (String, String) {
    (
        format!("{} {}", family.name, given.name),
        format!("{} {}", family.kana, given.kana),
    )
}

fn formal_name(random: &mut Random, trade: &Trade, short: &str) -> String {
    match trade.form {
        Form::Company | Form::Proprietor => match random.below(10) {
            0..=4 => format!("株式会社{short}"),
            5..=7 => format!("{short}株式会社"),
            8 => format!("有限会社{short}"),
            _ => format!("合同会社{short}"),
        },
        Form::Limited => format!("合同会社{short}"),
        Form::SocialWelfare => format!("社会福祉法人{short}"),
        Form::Medical => format!("医療法人{short}"),
        Form::School => format!("学校法人{short}"),
        Form::NonProfit => format!("特定非営利活動法人{short}"),
        Form::Association => format!("一般社団法人{short}"),
        Form::Cooperative => short.to_owned(),
    }
}

/// In the city, without the prefecture.
fn address(random: &mut Random, place: &Place) -> String {
    let street = random.pick(&DATA.names.streets);
    let (block, lot, house) = (
        random.between(1, 5),
        random.between(1, 20),
        random.between(1, 15),
    );
    format!("{}{street}{block}-{lot}-{house}", place.city)
}

/// A number of the area whose exchange begins with 0, or with 1 where the area code has two digits: the numbering plan
/// gives such exchanges to nobody.
pub fn landline(area_code: &str, serial: u64) -> String {
    let digits = 10 - area_code.len() - 4;
    let first = if area_code.len() == 2 { 1 } else { 0 };
    let exchange = format!(
        "{first}{:0width$}",
        serial / 10_000 % 10,
        width = digits - 1
    );
    format!("{area_code}-{exchange}-{:04}", serial % 10_000)
}

/// A mobile number with a 0 behind 090, as nobody has one.
pub fn mobile(serial: u64) -> String {
    format!("090-0{:03}-{:04}", serial / 10_000 % 1000, serial % 10_000)
}

/// A corporate number (法人番号) of the registry office 9900, which there is not. Check digit by ordinance 70 of 2014 of
/// the Ministry of Finance: 9 minus the remainder by 9 of the digits' sum, every second one counted twice.
fn corporate_number(serial: u64) -> String {
    let base = format!("990001{:06}", serial % 1_000_000);
    let digits = base.bytes().rev().map(|digit| u64::from(digit - b'0'));
    let sum: u64 = digits
        .zip([1, 2].into_iter().cycle())
        .map(|(digit, weight)| digit * weight)
        .sum();
    format!("{}{base}", 9 - sum % 9)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        enterprises::EnterpriseInput,
        http::parse_body,
        text::{CorporateNumber, Phone},
    };

    #[test]
    fn numbers_are_accepted() {
        for area in ["03", "06", "011", "0138", "098", "0742"] {
            assert!(
                Phone::parse(&landline(area, 123_456)).is_ok(),
                "{}",
                landline(area, 123_456)
            );
        }
        assert!(Phone::parse(&mobile(123_456)).is_ok());
        assert!((0..200).all(|serial| CorporateNumber::parse(&corporate_number(serial)).is_ok()));
    }

    #[test]
    fn enterprises_are_accepted_and_unlike() {
        let (mut maker, mut random) = (Maker::new(), Random::new(7));
        let mut names = HashSet::new();
        for n in 0..300 {
            let kind = match n % 20 {
                0 => Kind::LocalGovernment,
                1 => Kind::Worker,
                2 => Kind::Anonymous,
                _ => Kind::Any,
            };
            let enterprise = maker.make(&mut random, kind, None);
            let body = enterprise.body.to_string();
            assert!(
                parse_body::<EnterpriseInput>(body.as_bytes()).is_ok(),
                "{body}"
            );
            assert!(
                kind != Kind::Any || names.insert(enterprise.name.clone()),
                "{body}"
            );
            let (site, prefecture) = maker.branch(&mut random, &enterprise);
            assert_eq!(site["prefecture_code"], prefecture.as_str());
            assert_ne!(prefecture, enterprise.prefecture_code);
        }
    }
}
