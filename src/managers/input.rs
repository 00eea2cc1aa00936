//! What a client may say of a manager, and the rules between the fields.

use super::Manager;
use crate::{
    error::{Error, Fields, Result},
    http::{Body, Changes, absent_or_null},
    programme::{Mode, Topic, check_period},
    text::{EmailAddress, Kana, Line80, Line200, Name, Phone, PrefectureCode},
};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;

/// Most sessions a month that a manager can take on.
const MAX_CAPACITY: i32 = 200;

/// Most qualifications of one manager.
const MAX_QUALIFICATIONS: usize = 20;

/// A new telework manager.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "as in Manager")]
pub struct CreateManagerRequest {
    pub name: Name,
    pub kana: Option<Kana>,
    pub email: Option<EmailAddress>,
    pub phone: Option<Phone>,
    pub firm: Option<Line200>,
    #[serde(default)]
    #[schema(max_items = 20)]
    pub qualifications: Vec<Line80>,
    /// At least one.
    #[schema(min_items = 1)]
    pub topics: Vec<Topic>,
    /// None for somebody who works online only.
    pub prefecture_codes: Vec<PrefectureCode>,
    /// At least one.
    #[schema(min_items = 1)]
    pub modes: Vec<Mode>,
    #[schema(minimum = 0, maximum = 200)]
    pub monthly_capacity: i32,
    pub appointed_from: Option<NaiveDate>,
    pub appointed_to: Option<NaiveDate>,
    /// True where absent.
    pub active: Option<bool>,
}

impl Body for CreateManagerRequest {
    fn check(&self, fields: &mut Fields) {
        check_skills(
            fields,
            Some(&self.qualifications),
            Some(&self.topics),
            Some(&self.modes),
        );
        check_capacity(fields, Some(self.monthly_capacity));
        check_appointment(fields, self.appointed_from, self.appointed_to);
    }
}

/// A change of a telework manager; absent fields stay, null clears.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "as in Manager")]
pub struct EditManagerRequest {
    /// The programme office's.
    pub name: Option<Name>,
    #[serde(default, deserialize_with = "absent_or_null")]
    pub kana: Option<Option<Kana>>,
    #[serde(default, deserialize_with = "absent_or_null")]
    pub email: Option<Option<EmailAddress>>,
    #[serde(default, deserialize_with = "absent_or_null")]
    pub phone: Option<Option<Phone>>,
    #[serde(default, deserialize_with = "absent_or_null")]
    pub firm: Option<Option<Line200>>,
    /// The programme office's.
    #[schema(max_items = 20)]
    pub qualifications: Option<Vec<Line80>>,
    /// The programme office's.
    #[schema(min_items = 1)]
    pub topics: Option<Vec<Topic>>,
    pub prefecture_codes: Option<Vec<PrefectureCode>>,
    #[schema(min_items = 1)]
    pub modes: Option<Vec<Mode>>,
    #[schema(minimum = 0, maximum = 200)]
    pub monthly_capacity: Option<i32>,
    /// The programme office's.
    #[serde(default, deserialize_with = "absent_or_null")]
    pub appointed_from: Option<Option<NaiveDate>>,
    /// The programme office's.
    #[serde(default, deserialize_with = "absent_or_null")]
    pub appointed_to: Option<Option<NaiveDate>>,
    /// The programme office's.
    pub active: Option<bool>,
}

impl Body for EditManagerRequest {
    fn check(&self, fields: &mut Fields) {
        check_skills(
            fields,
            self.qualifications.as_deref(),
            self.topics.as_deref(),
            self.modes.as_deref(),
        );
        check_capacity(fields, self.monthly_capacity);
        check_appointment(
            fields,
            self.appointed_from.flatten(),
            self.appointed_to.flatten(),
        );
    }
}

impl EditManagerRequest {
    /// What the office appoints a manager with, the manager cannot change.
    pub(super) fn forbid_office_fields(&self) -> Result<()> {
        let sent = [
            (self.name.is_some(), "name"),
            (self.qualifications.is_some(), "qualifications"),
            (self.topics.is_some(), "topics"),
            (self.appointed_from.is_some(), "appointed_from"),
            (self.appointed_to.is_some(), "appointed_to"),
            (self.active.is_some(), "active"),
        ];
        let names: Vec<_> = sent
            .iter()
            .filter(|(is_sent, _)| *is_sent)
            .map(|(_, name)| *name)
            .collect();
        if names.is_empty() {
            return Ok(());
        }
        Err(Error::forbidden(format!(
            "The programme office keeps these fields: {}.",
            names.join(", ")
        )))
    }
}

fn check_skills(
    fields: &mut Fields,
    qualifications: Option<&[Line80]>,
    topics: Option<&[Topic]>,
    modes: Option<&[Mode]>,
) {
    let count = qualifications.map_or(0, <[_]>::len);
    fields.require(
        count <= MAX_QUALIFICATIONS,
        "/qualifications",
        "must be at most 20",
    );
    fields.require(
        topics.is_none_or(|topics| !topics.is_empty()),
        "/topics",
        "must be at least one",
    );
    fields.require(
        modes.is_none_or(|modes| !modes.is_empty()),
        "/modes",
        "must be at least one",
    );
}

fn check_capacity(fields: &mut Fields, capacity: Option<i32>) {
    let holds = capacity.is_none_or(|capacity| (0..=MAX_CAPACITY).contains(&capacity));
    fields.require(holds, "/monthly_capacity", "must be between 0 and 200");
}

pub(super) fn check_appointment(
    fields: &mut Fields,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
) {
    check_period(fields, ("/appointed_from", from), ("/appointed_to", to));
}

/// Each once, in one order, so that equal sets are stored equally.
pub(super) fn as_set<T: Ord + Clone>(items: &[T]) -> Vec<T> {
    let mut items = items.to_vec();
    items.sort();
    items.dedup();
    items
}

/// Applies the change and names the fields that differ afterwards.
pub(super) fn apply(manager: &mut Manager, body: &EditManagerRequest) -> Vec<String> {
    let mut changes = Changes::default();
    changes.set("name", &mut manager.name, body.name.clone());
    changes.set("kana", &mut manager.kana, body.kana.clone());
    changes.set("email", &mut manager.email, body.email.clone());
    changes.set("phone", &mut manager.phone, body.phone.clone());
    changes.set("firm", &mut manager.firm, body.firm.clone());
    changes.set(
        "qualifications",
        &mut manager.qualifications,
        body.qualifications.clone(),
    );
    changes.set(
        "topics",
        &mut manager.topics,
        body.topics.as_deref().map(as_set),
    );
    changes.set(
        "prefecture_codes",
        &mut manager.prefecture_codes,
        body.prefecture_codes.as_deref().map(as_set),
    );
    changes.set(
        "modes",
        &mut manager.modes,
        body.modes.as_deref().map(as_set),
    );
    changes.set(
        "monthly_capacity",
        &mut manager.monthly_capacity,
        body.monthly_capacity,
    );
    changes.set(
        "appointed_from",
        &mut manager.appointed_from,
        body.appointed_from,
    );
    changes.set("appointed_to", &mut manager.appointed_to, body.appointed_to);
    changes.set("active", &mut manager.active, body.active);
    changes.into_names()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::managers::tests::manager;

    fn pointers(json: &str) -> Vec<String> {
        match crate::http::parse_body::<CreateManagerRequest>(json.as_bytes()) {
            Ok(_) => Vec::new(),
            Err(Error::Problem(problem)) => problem
                .errors
                .into_iter()
                .map(|error| error.pointer)
                .collect(),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn every_fault_is_named() {
        let valid = r#"{"name": "髙橋 花子", "topics": ["ict"], "prefecture_codes": [], "modes": ["online"], "monthly_capacity": 0}"#;
        assert_eq!(pointers(valid), [""; 0]);
        let faulty = r#"{"name": "", "kana": "漢字", "topics": ["magic"], "prefecture_codes": ["48"], "modes": ["visit"], "monthly_capacity": 8}"#;
        assert_eq!(
            pointers(faulty),
            ["/kana", "/name", "/prefecture_codes/0", "/topics/0"]
        );
        let between = r#"{"name": "花子", "topics": [], "prefecture_codes": [], "modes": [], "monthly_capacity": 201,
            "appointed_from": "2026-04-02", "appointed_to": "2026-04-01"}"#;
        assert_eq!(
            pointers(between),
            ["/topics", "/modes", "/monthly_capacity", "/appointed_to"]
        );
    }

    #[test]
    fn sets_differ_by_content_only() {
        let mut someone = manager();
        someone.topics = vec![Topic::Ict, Topic::Rules];
        let body = crate::http::parse_body(
            br#"{"topics": ["rules", "ict", "rules"], "firm": null, "phone": null}"#,
        )
        .unwrap();
        assert_eq!(apply(&mut someone, &body), ["phone"]);
    }

    #[test]
    fn the_office_keeps_its_fields() {
        let read =
            |json: &str| crate::http::parse_body::<EditManagerRequest>(json.as_bytes()).unwrap();
        assert!(
            read(r#"{"phone": null, "monthly_capacity": 3, "modes": ["phone"]}"#)
                .forbid_office_fields()
                .is_ok()
        );
        let refused = read(r#"{"name": "花子", "appointed_to": null}"#)
            .forbid_office_fields()
            .unwrap_err();
        assert_eq!(
            refused.to_string(),
            "forbidden: The programme office keeps these fields: name, appointed_to."
        );
    }
}
