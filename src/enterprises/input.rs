//! What a client may say of an enterprise, and the rules between the fields.

use super::Enterprise;
use crate::{
    error::{Fields, Result},
    http::{Body, Changes, absent_or_null},
    ids::EnterpriseId,
    places::settle,
    programme::EnterpriseKind,
    text::{
        CorporateNumber, IndustryCode, InvoiceNumber, Kana, Line200, MunicipalityCode, Name, Phone,
        PostalCode, PrefectureCode,
    },
};
use serde::Deserialize;
use utoipa::ToSchema;

/// Most people that an enterprise can have.
const MAX_EMPLOYEES: i32 = 10_000_000;

/// An enterprise in a request: one that is on record by `id` alone, or a new one by `kind` and what is known of it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "as in EnterpriseView")]
pub struct EnterpriseInput {
    /// One that is on record; stands alone.
    pub id: Option<EnterpriseId>,
    /// Required without `id`.
    pub kind: Option<EnterpriseKind>,
    /// Required but for an anonymous one.
    pub name: Option<Name>,
    pub kana: Option<Kana>,
    pub trade_name: Option<Name>,
    pub representative: Option<Name>,
    /// The enterprise that has it on record is taken, whatever else is said here.
    pub corporate_number: Option<CorporateNumber>,
    /// Only of a kind that has no corporate number; the enterprise that has it on record is taken.
    pub invoice_number: Option<InvoiceNumber>,
    /// Fills prefecture and municipality where they are absent and it leaves no doubt about them.
    pub postal_code: Option<PostalCode>,
    /// That of `municipality_code` where absent.
    pub prefecture_code: Option<PrefectureCode>,
    pub municipality_code: Option<MunicipalityCode>,
    pub address: Option<Line200>,
    pub industry_code: Option<IndustryCode>,
    #[schema(minimum = 0, maximum = 10000000)]
    pub employees: Option<i32>,
    #[schema(minimum = 0, maximum = 10000000)]
    pub employees_regular: Option<i32>,
    pub phone: Option<Phone>,
}

impl EnterpriseInput {
    /// Notes what is wrong with it, where it stands at the pointer `prefix` of a body.
    pub fn check(&self, prefix: &str, fields: &mut Fields) {
        if self.id.is_some() {
            let says_more = self.says_more();
            fields.require(
                !says_more,
                &format!("{prefix}/id"),
                "must stand alone, or be absent for a new enterprise",
            );
            return;
        }
        match self.kind {
            None => fields.add(format!("{prefix}/kind"), "is required for a new enterprise"),
            Some(kind) => check_kind(
                fields,
                prefix,
                kind,
                self.name.as_ref(),
                self.corporate_number.as_ref(),
                self.invoice_number.as_ref(),
            ),
        }
        check_place(
            fields,
            prefix,
            self.prefecture_code.as_ref(),
            self.municipality_code.as_ref(),
        );
        check_employees(fields, prefix, self.employees, self.employees_regular);
    }

    /// Whether anything is said besides the id.
    fn says_more(&self) -> bool {
        let texts = [&self.name, &self.trade_name, &self.representative];
        let numbers = [self.employees, self.employees_regular];
        self.kind.is_some()
            || texts.iter().any(|text| text.is_some())
            || numbers.iter().any(|number| number.is_some())
            || self.kana.is_some()
            || self.corporate_number.is_some()
            || self.invoice_number.is_some()
            || self.postal_code.is_some()
            || self.prefecture_code.is_some()
            || self.municipality_code.is_some()
            || self.address.is_some()
            || self.industry_code.is_some()
            || self.phone.is_some()
    }
}

/// As the body of `POST /enterprises` it is always a new one.
impl Body for EnterpriseInput {
    fn check(&self, fields: &mut Fields) {
        if self.id.is_some() {
            fields.add("/id", "must be absent: a new enterprise gets its id here");
        } else {
            EnterpriseInput::check(self, "", fields);
        }
    }
}

/// A change of an enterprise; absent fields stay, null clears.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "as in EnterpriseView")]
pub struct EditEnterpriseRequest {
    pub kind: Option<EnterpriseKind>,
    #[serde(default, deserialize_with = "absent_or_null")]
    pub name: Option<Option<Name>>,
    #[serde(default, deserialize_with = "absent_or_null")]
    pub kana: Option<Option<Kana>>,
    #[serde(default, deserialize_with = "absent_or_null")]
    pub trade_name: Option<Option<Name>>,
    #[serde(default, deserialize_with = "absent_or_null")]
    pub representative: Option<Option<Name>>,
    #[serde(default, deserialize_with = "absent_or_null")]
    pub corporate_number: Option<Option<CorporateNumber>>,
    #[serde(default, deserialize_with = "absent_or_null")]
    pub invoice_number: Option<Option<InvoiceNumber>>,
    #[serde(default, deserialize_with = "absent_or_null")]
    pub postal_code: Option<Option<PostalCode>>,
    /// Follows `municipality_code` where absent.
    #[serde(default, deserialize_with = "absent_or_null")]
    pub prefecture_code: Option<Option<PrefectureCode>>,
    #[serde(default, deserialize_with = "absent_or_null")]
    pub municipality_code: Option<Option<MunicipalityCode>>,
    #[serde(default, deserialize_with = "absent_or_null")]
    pub address: Option<Option<Line200>>,
    #[serde(default, deserialize_with = "absent_or_null")]
    pub industry_code: Option<Option<IndustryCode>>,
    #[serde(default, deserialize_with = "absent_or_null")]
    #[schema(minimum = 0, maximum = 10000000)]
    pub employees: Option<Option<i32>>,
    #[serde(default, deserialize_with = "absent_or_null")]
    #[schema(minimum = 0, maximum = 10000000)]
    pub employees_regular: Option<Option<i32>>,
    #[serde(default, deserialize_with = "absent_or_null")]
    pub phone: Option<Option<Phone>>,
}

impl Body for EditEnterpriseRequest {
    fn check(&self, fields: &mut Fields) {
        check_employees(
            fields,
            "",
            self.employees.flatten(),
            self.employees_regular.flatten(),
        );
    }
}

impl EditEnterpriseRequest {
    /// What it may make the enterprise look like.
    pub(super) fn as_input(&self) -> EnterpriseInput {
        EnterpriseInput {
            name: self.name.clone().flatten(),
            kana: self.kana.clone().flatten(),
            trade_name: self.trade_name.clone().flatten(),
            phone: self.phone.clone().flatten(),
            ..EnterpriseInput::default()
        }
    }

    /// Applies the change and names the fields that differ afterwards.
    ///
    /// # Errors
    /// 422 for what does not fit together afterwards.
    pub(super) fn apply(&self, enterprise: &mut Enterprise) -> Result<Vec<String>> {
        let mut changes = Changes::default();
        macro_rules! set {
            ($($field:ident),+) => {$(
                changes.set(stringify!($field), &mut enterprise.$field, self.$field.clone());
            )+};
        }
        set!(
            kind,
            name,
            kana,
            trade_name,
            representative,
            corporate_number,
            invoice_number,
            postal_code,
            municipality_code
        );
        let prefecture = match (&self.prefecture_code, &self.municipality_code) {
            (None, Some(Some(municipality))) => Some(Some(municipality.prefecture_code())),
            (sent, _) => sent.clone(),
        };
        changes.set(
            "prefecture_code",
            &mut enterprise.prefecture_code,
            prefecture,
        );
        set!(address, industry_code, employees, employees_regular, phone);
        if self.postal_code.is_some()
            && self.prefecture_code.is_none()
            && self.municipality_code.is_none()
        {
            let (prefecture, municipality) = settle(
                enterprise.postal_code.as_ref(),
                enterprise.prefecture_code.clone(),
                enterprise.municipality_code.clone(),
            );
            changes.set(
                "prefecture_code",
                &mut enterprise.prefecture_code,
                Some(prefecture),
            );
            changes.set(
                "municipality_code",
                &mut enterprise.municipality_code,
                Some(municipality),
            );
        }
        let mut fields = Fields::default();
        let number = enterprise.corporate_number.as_ref();
        check_kind(
            &mut fields,
            "",
            enterprise.kind,
            enterprise.name.as_ref(),
            number,
            enterprise.invoice_number.as_ref(),
        );
        let prefecture = enterprise.prefecture_code.as_ref();
        let municipality = enterprise.municipality_code.as_ref();
        check_place(&mut fields, "", prefecture, municipality);
        let is_placed = prefecture.is_some() || municipality.is_none();
        fields.require(
            is_placed,
            "/prefecture_code",
            "must be that of the municipality",
        );
        fields.finish()?;
        Ok(changes.into_names())
    }
}

/// Only an anonymous enterprise has no name, and only a corporation or public body has a corporate number: the number of a
/// person would be a My Number, which must not be stored.
fn check_kind(
    fields: &mut Fields,
    prefix: &str,
    kind: EnterpriseKind,
    name: Option<&Name>,
    number: Option<&CorporateNumber>,
    invoice_number: Option<&InvoiceNumber>,
) {
    use EnterpriseKind::*;
    let is_named = name.is_some() || kind == Anonymous;
    fields.require(
        is_named,
        &format!("{prefix}/name"),
        "is required for this kind of enterprise",
    );
    let may_have_number = !matches!(kind, SoleProprietor | Worker | Anonymous);
    let pointer = format!("{prefix}/corporate_number");
    fields.require(
        number.is_none() || may_have_number,
        &pointer,
        "does not exist for this kind of enterprise",
    );
    let has_own = matches!(kind, SoleProprietor | Association | Other);
    fields.require(
        invoice_number.is_none() || (has_own && number.is_none()),
        &format!("{prefix}/invoice_number"),
        "is T and the corporate number where there is one, and does not exist for this kind of enterprise",
    );
}

/// Notes a municipality that does not lie in the prefecture beside it.
pub(crate) fn check_place(
    fields: &mut Fields,
    prefix: &str,
    prefecture: Option<&PrefectureCode>,
    municipality: Option<&MunicipalityCode>,
) {
    if let (Some(prefecture), Some(municipality)) = (prefecture, municipality) {
        let fits = municipality.prefecture_code() == *prefecture;
        fields.require(
            fits,
            &format!("{prefix}/municipality_code"),
            "does not lie in the prefecture",
        );
    }
}

fn check_employees(
    fields: &mut Fields,
    prefix: &str,
    employees: Option<i32>,
    regular: Option<i32>,
) {
    for (name, count) in [("employees", employees), ("employees_regular", regular)] {
        let is_plausible = count.is_none_or(|count| (0..=MAX_EMPLOYEES).contains(&count));
        fields.require(
            is_plausible,
            &format!("{prefix}/{name}"),
            "must be between 0 and 10000000",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{error::Error, http::parse_body};
    use chrono::DateTime;

    fn pointers(error: Error) -> Vec<String> {
        match error {
            Error::Problem(problem) => problem
                .errors
                .into_iter()
                .map(|error| error.pointer)
                .collect(),
            error => panic!("{error}"),
        }
    }

    fn faults(json: &str) -> Vec<String> {
        parse_body::<EnterpriseInput>(json.as_bytes())
            .err()
            .map(pointers)
            .unwrap_or_default()
    }

    fn enterprise() -> Enterprise {
        Enterprise {
            id: EnterpriseId::new(),
            kind: EnterpriseKind::Company,
            name: Some(Name::parse("株式会社りんご").unwrap()),
            kana: None,
            trade_name: None,
            representative: None,
            corporate_number: Some(CorporateNumber::parse("7000012050002").unwrap()),
            invoice_number: None,
            postal_code: None,
            prefecture_code: Some(PrefectureCode::parse("02").unwrap()),
            municipality_code: Some(MunicipalityCode::parse("02201").unwrap()),
            address: None,
            industry_code: None,
            employees: Some(12),
            employees_regular: None,
            phone: None,
            name_key: None,
            merged_into: None,
            erased_at: None,
            version: 1,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    fn change(json: &str) -> Result<(Vec<String>, Enterprise)> {
        let mut enterprise = enterprise();
        let names = parse_body::<EditEnterpriseRequest>(json.as_bytes())?.apply(&mut enterprise)?;
        Ok((names, enterprise))
    }

    #[test]
    fn a_new_enterprise_has_a_kind_and_a_name() {
        assert_eq!(faults(r#"{"kind": "company", "name": "りんご"}"#), [""; 0]);
        assert_eq!(faults(r#"{"kind": "anonymous"}"#), [""; 0]);
        assert_eq!(faults("{}"), ["/kind"]);
        assert_eq!(faults(r#"{"kind": "worker"}"#), ["/name"]);
        assert_eq!(
            faults(r#"{"id": "00000000-0000-7000-8000-000000000000"}"#),
            ["/id"]
        );
    }

    #[test]
    fn every_fault_is_named() {
        let faulty = r#"{"kind": "sole_proprietor", "name": "りんご", "corporate_number": "7000012050002", "employees": -1,
            "prefecture_code": "13", "municipality_code": "022012"}"#;
        assert_eq!(
            faults(faulty),
            ["/corporate_number", "/municipality_code", "/employees"]
        );
        let unreadable = r#"{"corporate_number": "7000012050003", "industry_code": "Z", "kind": "club", "phone": "12"}"#;
        assert_eq!(
            faults(unreadable),
            ["/corporate_number", "/industry_code", "/kind", "/phone"]
        );
    }

    #[test]
    fn an_id_stands_alone() {
        let check = |input: &EnterpriseInput| {
            let mut fields = Fields::default();
            input.check("/enterprise", &mut fields);
            fields.finish().err().map(pointers).unwrap_or_default()
        };
        let known = EnterpriseInput {
            id: Some(EnterpriseId::new()),
            ..Default::default()
        };
        assert_eq!(check(&known), [""; 0]);
        assert_eq!(
            check(&EnterpriseInput {
                employees: Some(1),
                ..known
            }),
            ["/enterprise/id"]
        );
        assert_eq!(check(&EnterpriseInput::default()), ["/enterprise/kind"]);
    }

    #[test]
    fn changes_are_named() {
        let (names, changed) =
            change(r#"{"name": "りんご", "employees": null, "kind": "company"}"#).unwrap();
        assert_eq!(names, ["name", "employees"]);
        assert_eq!(changed.employees, None);
        let (names, changed) = change(r#"{"municipality_code": "13101"}"#).unwrap();
        assert_eq!(names, ["municipality_code", "prefecture_code"]);
        assert_eq!(changed.prefecture_code.unwrap().as_str(), "13");
        assert_eq!(change("{}").unwrap().0, [""; 0]);
        // A postal code changes no place that is on record, and fills one that is not.
        let (names, _) = change(r#"{"postal_code": "100-0001"}"#).unwrap();
        assert_eq!(names, ["postal_code"]);
        let mut nowhere = Enterprise {
            prefecture_code: None,
            municipality_code: None,
            ..enterprise()
        };
        let body: EditEnterpriseRequest =
            serde_json::from_str(r#"{"postal_code": "100-0001"}"#).unwrap();
        let names = body.apply(&mut nowhere).unwrap();
        assert_eq!(
            names,
            ["postal_code", "prefecture_code", "municipality_code"]
        );
        assert_eq!(nowhere.municipality_code.unwrap().as_str(), "131016");
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let refused = |json| pointers(change(json).unwrap_err());
        assert_eq!(
            refused(r#"{"name": null, "kind": "worker"}"#),
            ["/name", "/corporate_number"]
        );
        assert_eq!(
            refused(r#"{"prefecture_code": "13"}"#),
            ["/municipality_code"]
        );
        assert_eq!(
            refused(r#"{"prefecture_code": null}"#),
            ["/prefecture_code"]
        );
        assert!(change(r#"{"prefecture_code": null, "municipality_code": null}"#).is_ok());
        assert!(change(r#"{"name": null, "kind": "anonymous", "corporate_number": null}"#).is_ok());
    }
}
