//! Where something is, for those who type: the place of a postal code, a telephone number or an address.
//!
//! Owns no table; what it knows is in [`crate::japan::places`]. Also what follows from a postal code for an enterprise or a site
//! that is entered without prefecture or municipality: [`settle`].

use crate::{
    access::{Access, permit},
    error::{Error, FieldError, Result},
    http::{Answer, Items, Query},
    japan::places::{Municipality, Place, address, of_phone, of_postal_code},
    routes::ServiceConfig,
    text::{MunicipalityCode, Phone, PostalCode, PrefectureCode},
};
use actix_web::get;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Mounts `/places`.
pub fn mount(config: &mut ServiceConfig) {
    config.service(find_places);
}

/// Longest address that is read, in characters: twice the longest that is stored.
const MAX_ADDRESS: usize = 1000;

/// Find places
///
/// Of a postal code, a telephone number or an address. Several where it is ambiguous (a postal code of two municipalities, 府中市
/// without a prefecture), none where it is unknown (a mobile number). Fast enough for every key that is pressed.
#[utoipa::path(
    tag = "places",
    operation_id = "find_places",
    params(PlaceQuestion),
    responses((status = 200, description = "Where it may be", body = Items<PlaceView>)),
    extensions(("x-permission" = json!("read_directory")))
)]
#[get("/places")]
async fn find_places(
    _access: Access<permit::ReadDirectory>,
    Query(question): Query<PlaceQuestion>,
) -> Result<Answer> {
    let items = answer(&question)?.into_iter().map(PlaceView::from);
    Ok(Answer::ok(&Items {
        items: items.collect(),
    }))
}

/// What is known; exactly one of them.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct PlaceQuestion {
    /// A postal code, that of a single office too; complete, in any usual writing.
    postal_code: Option<PostalCode>,
    /// A telephone number. A landline's area code tells the prefecture.
    phone: Option<Phone>,
    /// An address as it is written, with or without postal code, prefecture and county; also several lines.
    #[param(max_length = 1000, example = "横浜市中区日本大通1")]
    address: Option<String>,
}

/// A place.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct PlaceView {
    /// The prefecture.
    pub prefecture_code: PrefectureCode,
    /// The prefecture's name.
    #[schema(example = "神奈川県")]
    pub prefecture: &'static str,
    /// The municipality, a ward in designated cities; null where only the prefecture is known.
    pub municipality_code: Option<MunicipalityCode>,
    /// The municipality's name as it stands in addresses, with the county (郡) of towns and villages.
    #[schema(example = "横浜市中区")]
    pub municipality: Option<String>,
}

impl From<Place> for PlaceView {
    fn from(place: Place) -> Self {
        Self {
            prefecture_code: place.prefecture.into(),
            prefecture: place.prefecture.name,
            municipality_code: place.municipality.map(MunicipalityCode::from),
            municipality: place.municipality.map(Municipality::full_name),
        }
    }
}

fn answer(question: &PlaceQuestion) -> Result<Vec<Place>> {
    let fields = [
        ("/postal_code", question.postal_code.is_some()),
        ("/phone", question.phone.is_some()),
        ("/address", question.address.is_some()),
    ];
    let given: Vec<&str> = fields
        .iter()
        .filter(|field| field.1)
        .map(|field| field.0)
        .collect();
    if given.is_empty() {
        return Err(Error::invalid(
            "/postal_code",
            "this, phone or address is required",
        ));
    }
    if given.len() > 1 {
        let error = |pointer: &&str| FieldError {
            pointer: (*pointer).to_owned(),
            detail: "must be asked alone".into(),
        };
        return Err(Error::fields(given.iter().map(error).collect()));
    }
    if let Some(code) = &question.postal_code {
        return Ok(of_postal_code(code));
    }
    if let Some(phone) = &question.phone {
        return Ok(of_phone(phone));
    }
    let address = question.address.as_deref().unwrap_or_default();
    if address.chars().count() > MAX_ADDRESS {
        return Err(Error::invalid(
            "/address",
            "must have at most 1000 characters",
        ));
    }
    Ok(address::of_address(address).places)
}

/// Prefecture and municipality of what was entered with a postal code. What the caller said stays, even where the postal code
/// says otherwise: they speak to the enterprise, and codes of neighbouring places are confused more often than prefectures (the
/// proposals of desks mention the contradiction). What they left out is filled in where the postal code leaves no doubt: the
/// prefecture, and the municipality where there is only one that the code can mean.
pub fn settle(
    postal_code: Option<&PostalCode>,
    prefecture: Option<PrefectureCode>,
    municipality: Option<MunicipalityCode>,
) -> (Option<PrefectureCode>, Option<MunicipalityCode>) {
    if let Some(municipality) = municipality {
        let prefecture = prefecture.or_else(|| Some(municipality.prefecture_code()));
        return (prefecture, Some(municipality));
    }
    let mut places = postal_code.map_or_else(Vec::new, of_postal_code);
    if let Some(prefecture) = &prefecture {
        places.retain(|place| place.prefecture == prefecture.prefecture());
    }
    let Some(first) = places.first() else {
        return (prefecture, None);
    };
    let is_one_prefecture = places
        .iter()
        .all(|place| place.prefecture == first.prefecture);
    let is_one_place = places.len() == 1;
    (
        prefecture.or_else(|| is_one_prefecture.then(|| first.prefecture.into())),
        first
            .municipality
            .filter(|_| is_one_place)
            .map(MunicipalityCode::from),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(postal_code: &str, prefecture: &str, municipality: &str) -> (String, String) {
        let code = PostalCode::parse(postal_code).ok();
        let (prefecture, municipality) = settle(
            code.as_ref(),
            PrefectureCode::parse(prefecture).ok(),
            MunicipalityCode::parse(municipality).ok(),
        );
        (
            prefecture.map_or_else(String::new, String::from),
            municipality.map_or_else(String::new, String::from),
        )
    }

    #[test]
    fn a_postal_code_fills_what_it_leaves_no_doubt_about() {
        let is = |given: (&str, &str, &str), prefecture: &str, municipality: &str| {
            let settled = settled(given.0, given.1, given.2);
            assert_eq!(
                settled,
                (prefecture.to_owned(), municipality.to_owned()),
                "{given:?}"
            );
        };
        is(("030-0801", "", ""), "02", "022012");
        is(("231-0021", "", ""), "14", "141046");
        is(("030-0801", "02", ""), "02", "022012");
        // Two prefectures: none, unless the caller says one.
        is(("498-0000", "", ""), "", "");
        is(("498-0000", "24", ""), "24", "243035");
        // Two municipalities of one prefecture.
        is(("066-0005", "", ""), "01", "012246");
        // Said otherwise, unknown, or not said.
        is(("100-0001", "02", ""), "02", "");
        is(("100-0001", "02", "022012"), "02", "022012");
        is(("100-0001", "", "022012"), "02", "022012");
        is(("000-0000", "", ""), "", "");
        is(("", "02", ""), "02", "");
    }
}
