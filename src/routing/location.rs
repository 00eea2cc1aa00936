//! Where a case is: what was entered, or else what follows from postal code, address or a landline.
//!
//! The first that says something: the site's own codes, its postal code and address, its landline; then the same of the enterprise;
//! then the address in a mail's signature; then the landlines of the contacts. An agent's telephone is where the agent is.

use crate::{
    error::Result,
    ids::CaseId,
    japan::{
        places::{
            Place,
            address::{Basis, Reading, in_text, of_both},
            municipality_of, of_phone,
        },
        prefectures::{Prefecture, prefecture_of},
    },
    text::{Phone, PostalCode},
};
use sqlx::PgConnection;

/// Where a mail says it comes from.
const SIGNATURE: &str = "メールの署名の住所";

/// Where a case is.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Location {
    /// The places that it may be in; several where it is ambiguous, none where nothing is known.
    pub places: Vec<Place>,
    /// From what it was derived, where nobody entered it, for people (Japanese).
    pub derived: Option<String>,
    /// What does not fit together, for people (Japanese).
    pub notes: Vec<String>,
}

impl Location {
    /// The prefecture, where that at least is certain.
    pub fn prefecture(&self) -> Option<&'static Prefecture> {
        let first = self.places.first()?.prefecture;
        let is_one = self.places.iter().all(|place| place.prefecture == first);
        is_one.then_some(first)
    }
}

/// What is known of a site or a head office.
#[derive(Debug, Default)]
struct Spot {
    prefecture_code: Option<String>,
    municipality_code: Option<String>,
    postal_code: Option<PostalCode>,
    address: Option<String>,
    phone: Option<Phone>,
}

/// Finds out where a case is.
pub(super) async fn locate(db: &mut PgConnection, case_id: CaseId) -> Result<Location> {
    let row = sqlx::query!(
        r#"
        select c.site_prefecture_code, c.site_municipality_code, c.site_postal_code as "site_postal_code: PostalCode",
            c.site_address, c.site_phone as "site_phone: Phone",
            e.prefecture_code, e.municipality_code, e.postal_code as "postal_code: PostalCode",
            e.address, e.phone as "phone: Phone",
            case when c.channel = 'email' then c.description end as mail,
            exists (
                select 1
                from case_flag f
                where f.case_id = c.id and f.flag = 'address_guessed' and f.settled_at is null
            ) as "is_guessed!",
            array(
                select k.phone
                from contact k
                where k.case_id = c.id and k.role <> 'agent' and k.phone is not null
                order by k.position
            ) as "contact_phones!: Vec<Phone>"
        from case_file c
        join enterprise e on e.id = c.enterprise_id
        where c.id = $1
        "#,
        *case_id,
    )
    .fetch_one(db)
    .await?;
    let site = Spot {
        prefecture_code: row.site_prefecture_code,
        municipality_code: row.site_municipality_code,
        postal_code: row.site_postal_code,
        address: row.site_address,
        phone: row.site_phone,
    };
    let office = Spot {
        prefecture_code: row.prefecture_code,
        municipality_code: row.municipality_code,
        postal_code: row.postal_code,
        address: row.address,
        phone: row.phone,
    };
    let mail = row.mail.as_deref().unwrap_or_default();
    let mut location = find(&site, &office, mail, &row.contact_phones);
    if row.is_guessed {
        location.derived = Some(derived(SIGNATURE, &location.places));
    }
    Ok(location)
}

fn find(site: &Spot, office: &Spot, mail: &str, contact_phones: &[Phone]) -> Location {
    [site, office]
        .into_iter()
        .find_map(|spot| {
            spot.entered()
                .or_else(|| spot.written())
                .or_else(|| by_phone(spot.phone.as_ref()?))
        })
        .or_else(|| by_signature(mail))
        .or_else(|| contact_phones.iter().find_map(by_phone))
        .unwrap_or_default()
}

impl Spot {
    /// What was entered, as closely as postal code and address say within it.
    fn entered(&self) -> Option<Location> {
        let prefecture = prefecture_of(self.prefecture_code.as_deref()?)?;
        let entered = Place {
            prefecture,
            municipality: self.municipality_code.as_deref().and_then(municipality_of),
        };
        let Reading { places, basis } = self.read();
        let fits = |place: &&Place| place.lies_in(&entered) || entered.lies_in(place);
        let fitting: Vec<Place> = places.iter().filter(fits).copied().collect();
        let mut notes = Vec::new();
        if fitting.is_empty() && !places.is_empty() {
            notes.push(format!(
                "{}（{}）が入力された所在地（{}）と一致しません。入力された所在地で提案します。",
                source(basis),
                list(&places),
                entered.name()
            ));
        }
        // The city was entered, the postal code knows the ward.
        let closer: Vec<Place> = fitting
            .into_iter()
            .filter(|place| *place != entered && place.lies_in(&entered))
            .collect();
        let derived = (!closer.is_empty()).then(|| derived(source(basis), &closer));
        let places = if closer.is_empty() {
            vec![entered]
        } else {
            closer
        };
        Some(Location {
            places,
            derived,
            notes,
        })
    }

    /// What postal code and address say by themselves.
    fn written(&self) -> Option<Location> {
        let Reading { places, basis } = self.read();
        if places.is_empty() {
            return None;
        }
        let notes = match basis {
            Basis::Contradiction => vec![format!(
                "郵便番号と住所が一致しません（{}）。",
                list(&places)
            )],
            _ => Vec::new(),
        };
        Some(Location {
            derived: Some(derived(source(basis), &places)),
            places,
            notes,
        })
    }

    fn read(&self) -> Reading {
        of_both(
            self.postal_code.as_ref(),
            self.address.as_deref().unwrap_or_default(),
        )
    }
}

/// Where the address in a mail is: a guess, as the writer may sit elsewhere than the matter.
fn by_signature(mail: &str) -> Option<Location> {
    let places = in_text(mail)?.places;
    Some(Location {
        derived: Some(derived(SIGNATURE, &places)),
        places,
        notes: Vec::new(),
    })
}

/// Where a landline's area code is.
fn by_phone(phone: &Phone) -> Option<Location> {
    let places = of_phone(phone);
    (!places.is_empty()).then(|| Location {
        derived: Some(derived("市外局番", &places)),
        places,
        notes: Vec::new(),
    })
}

fn source(basis: Basis) -> &'static str {
    match basis {
        Basis::Words => "住所",
        Basis::PostalCode => "郵便番号",
        Basis::Both | Basis::Contradiction => "郵便番号と住所",
    }
}

fn derived(source: &str, places: &[Place]) -> String {
    format!("所在地は{source}から推定（{}）", list(places))
}

/// The places by name; of many, the first three.
fn list(places: &[Place]) -> String {
    let names: Vec<String> = places.iter().take(3).map(Place::name).collect();
    let more = if places.len() > 3 { "など" } else { "" };
    format!("{}{more}", names.join("、"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spot(codes: (&str, &str), postal_code: &str, address: &str, phone: &str) -> Spot {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Spot {
            prefecture_code: text(codes.0),
            municipality_code: text(codes.1),
            postal_code: PostalCode::parse(postal_code).ok(),
            address: text(address),
            phone: Phone::parse(phone).ok(),
        }
    }

    fn names(location: &Location) -> Vec<String> {
        location.places.iter().map(Place::name).collect()
    }

    #[test]
    fn what_was_entered_comes_first() {
        let site = spot(("02", "022012"), "", "", "03-1234-5678");
        let location = find(&site, &spot(("13", ""), "", "", ""), "", &[]);
        assert_eq!(names(&location), ["青森県青森市"]);
        assert_eq!((location.derived, location.notes.len()), (None, 0));
        // The branch counts, not the head office.
        let location = find(
            &spot(("", ""), "030-0801", "", ""),
            &spot(("13", "131016"), "", "", ""),
            "",
            &[],
        );
        assert_eq!(names(&location), ["青森県青森市"]);
        assert_eq!(
            location.derived.unwrap(),
            "所在地は郵便番号から推定（青森県青森市）"
        );
        let location = find(
            &Spot::default(),
            &spot(("13", "131016"), "", "", ""),
            "",
            &[],
        );
        assert_eq!(names(&location), ["東京都千代田区"]);
    }

    #[test]
    fn what_was_entered_is_read_more_closely() {
        let location = find(
            &spot(("14", "141003"), "231-0021", "", ""),
            &Spot::default(),
            "",
            &[],
        );
        assert_eq!(names(&location), ["神奈川県横浜市中区"]);
        assert_eq!(
            location.derived.unwrap(),
            "所在地は郵便番号から推定（神奈川県横浜市中区）"
        );
        let location = find(
            &spot(("34", ""), "", "府中市府川町", ""),
            &Spot::default(),
            "",
            &[],
        );
        assert_eq!(names(&location), ["広島県府中市"]);
        assert_eq!(
            location.derived.unwrap(),
            "所在地は住所から推定（広島県府中市）"
        );
        let location = find(
            &spot(("24", ""), "498-0000", "", ""),
            &Spot::default(),
            "",
            &[],
        );
        assert_eq!(names(&location), ["三重県桑名郡木曽岬町"]);
    }

    #[test]
    fn contradictions_are_told() {
        let location = find(
            &spot(("02", ""), "100-0001", "", ""),
            &Spot::default(),
            "",
            &[],
        );
        assert_eq!(names(&location), ["青森県"]);
        assert_eq!(
            location.notes,
            [
                "郵便番号（東京都千代田区）が入力された所在地（青森県）と一致しません。入力された所在地で提案します。"
            ]
        );
        let location = find(
            &spot(("", ""), "100-0001", "青森市長島", ""),
            &Spot::default(),
            "",
            &[],
        );
        assert_eq!(names(&location), ["青森県青森市", "東京都千代田区"]);
        assert_eq!(
            location.notes,
            ["郵便番号と住所が一致しません（青森県青森市、東京都千代田区）。"]
        );
    }

    #[test]
    fn a_landline_is_better_than_nothing() {
        let phones = ["090-1234-5678", "0479-22-8181"].map(|phone| Phone::parse(phone).unwrap());
        let location = find(&Spot::default(), &Spot::default(), "", &phones);
        assert_eq!(names(&location), ["千葉県", "茨城県"]);
        assert_eq!(
            location.derived.unwrap(),
            "所在地は市外局番から推定（千葉県、茨城県）"
        );
        let location = find(
            &Spot::default(),
            &spot(("", ""), "", "", "017-734-1111"),
            "",
            &phones,
        );
        assert_eq!(names(&location), ["青森県"]);
        let location = find(&Spot::default(), &Spot::default(), "", &phones[..1]);
        assert_eq!(location, Location::default());
    }

    #[test]
    fn a_signature_is_a_guess() {
        let mail = "在宅勤務について伺います。\n\n株式会社りんご\n〒030-0801 青森市新町1-2-3\nTEL 03-1234-5678\n";
        let phones = [Phone::parse("03-1234-5678").unwrap()];
        let location = find(&Spot::default(), &Spot::default(), mail, &phones);
        assert_eq!(names(&location), ["青森県青森市"]);
        assert_eq!(
            location.derived.unwrap(),
            "所在地はメールの署名の住所から推定（青森県青森市）"
        );
        let known = find(
            &Spot::default(),
            &spot(("13", ""), "", "", ""),
            mail,
            &phones,
        );
        assert_eq!(names(&known), ["東京都"]);
    }
}
