//! Entering and changing enterprises, and telling two apart.

use super::{Enterprise, EnterpriseInput, compared, compared_reading, require};
use crate::{
    access::OFFICE,
    audit::Event,
    cases,
    enterprises::EditEnterpriseRequest,
    error::{Error, OnConstraint, Result},
    ids::*,
    japan::romaji,
    places::settle,
    store::Tx,
    text::*,
};

/// What an enterprise is found by, made anew whenever it is written.
struct Keys {
    name: Option<String>,
    kana: Option<String>,
    trade: Option<String>,
    roman: Option<String>,
}

impl Keys {
    fn of(name: Option<&Name>, kana: Option<&Kana>, trade_name: Option<&Name>) -> Self {
        let roman = match kana {
            Some(kana) => Some(romaji::key_of_reading(kana.as_str())),
            None => name.and_then(|name| romaji::key_of_name(name.as_str())),
        };
        Self {
            name: name.map(|name| compared(name.as_str())),
            kana: kana.map(|kana| compared_reading(kana.as_str())),
            trade: trade_name.map(|name| compared(name.as_str())),
            roman: roman.filter(|key| !key.is_empty()),
        }
    }
}

/// None when another enterprise has the corporate or registration number.
pub(super) async fn insert(tx: &mut Tx, input: &EnterpriseInput) -> Result<Option<EnterpriseId>> {
    let kind = input.kind.expect("checked with the body: no id, so a kind");
    let (prefecture, municipality) = settle(
        input.postal_code.as_ref(),
        input.prefecture_code.clone(),
        input.municipality_code.clone(),
    );
    let keys = Keys::of(
        input.name.as_ref(),
        input.kana.as_ref(),
        input.trade_name.as_ref(),
    );
    let now = tx.now();
    let id = sqlx::query_scalar!(
        r#"
        insert into enterprise (id, kind, name, kana, trade_name, representative, corporate_number, postal_code,
            prefecture_code, municipality_code, address, industry_code, employees, employees_regular, phone,
            name_key, kana_key, created_at, updated_at, invoice_number, trade_key, roman_key)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $18, $19, $20, $21)
        on conflict do nothing
        returning id
        "#,
        *EnterpriseId::new(),
        kind.name(),
        input.name.as_ref().map(Name::as_str),
        input.kana.as_ref().map(Kana::as_str),
        input.trade_name.as_ref().map(Name::as_str),
        input.representative.as_ref().map(Name::as_str),
        input.corporate_number.as_ref().map(CorporateNumber::as_str),
        input.postal_code.as_ref().map(PostalCode::as_str),
        prefecture.as_ref().map(PrefectureCode::as_str),
        municipality.as_ref().map(MunicipalityCode::as_str),
        input.address.as_ref().map(Line200::as_str),
        input.industry_code.as_ref().map(IndustryCode::as_str),
        input.employees,
        input.employees_regular,
        input.phone.as_ref().map(Phone::as_str),
        keys.name,
        keys.kana,
        now,
        input.invoice_number.as_ref().map(InvoiceNumber::as_str),
        keys.trade,
        keys.roman,
    )
    .fetch_optional(tx.db())
    .await?;
    Ok(id)
}

/// Writes a change, and has the open cases of the enterprise say whom it may be the same as now.
pub(super) async fn edit(
    tx: &mut Tx,
    mut enterprise: Enterprise,
    body: &EditEnterpriseRequest,
) -> Result<()> {
    if enterprise.merged_into.is_some() {
        return Err(merged_away());
    }
    if enterprise.erased_at.is_some() {
        return Err(erased());
    }
    let fields = body.apply(&mut enterprise)?;
    if fields.is_empty() {
        tx.unchanged();
        return Ok(());
    }
    update(tx, &enterprise).await?;
    tx.record(
        OFFICE,
        Event::EnterpriseEdited {
            enterprise_id: enterprise.id,
            fields,
        },
    );
    cases::notice_similar_enterprises(tx, enterprise.id).await
}

async fn update(tx: &mut Tx, enterprise: &Enterprise) -> Result<()> {
    let keys = Keys::of(
        enterprise.name.as_ref(),
        enterprise.kana.as_ref(),
        enterprise.trade_name.as_ref(),
    );
    let now = tx.now();
    sqlx::query!(
        r#"
        update enterprise
        set kind = $2, name = $3, kana = $4, trade_name = $5, representative = $6, corporate_number = $7,
            postal_code = $8, prefecture_code = $9, municipality_code = $10, address = $11, industry_code = $12,
            employees = $13, employees_regular = $14, phone = $15, name_key = $16, kana_key = $17, updated_at = $18,
            invoice_number = $19, trade_key = $20, roman_key = $21
        where id = $1
        "#,
        *enterprise.id,
        enterprise.kind.name(),
        enterprise.name.as_ref().map(Name::as_str),
        enterprise.kana.as_ref().map(Kana::as_str),
        enterprise.trade_name.as_ref().map(Name::as_str),
        enterprise.representative.as_ref().map(Name::as_str),
        enterprise.corporate_number.as_ref().map(CorporateNumber::as_str),
        enterprise.postal_code.as_ref().map(PostalCode::as_str),
        enterprise.prefecture_code.as_ref().map(PrefectureCode::as_str),
        enterprise.municipality_code.as_ref().map(MunicipalityCode::as_str),
        enterprise.address.as_ref().map(Line200::as_str),
        enterprise.industry_code.as_ref().map(IndustryCode::as_str),
        enterprise.employees,
        enterprise.employees_regular,
        enterprise.phone.as_ref().map(Phone::as_str),
        keys.name,
        keys.kana,
        now,
        enterprise.invoice_number.as_ref().map(InvoiceNumber::as_str),
        keys.trade,
        keys.roman,
    )
    .execute(tx.db())
    .await
    .on_constraint("enterprise_corporate_number_key", number_taken)
    .on_constraint("enterprise_invoice_number_key", number_taken)?;
    Ok(())
}

pub(super) fn number_taken() -> Error {
    Error::conflict("Another enterprise has this number: look it up.")
}

pub(super) fn merged_away() -> Error {
    Error::conflict("This enterprise was joined with another: see merged_into.")
}

pub(super) fn erased() -> Error {
    Error::conflict("This enterprise was erased. Enter it as a new one.")
}

/// Puts on record that two enterprises are different.
pub(super) async fn separate(tx: &mut Tx, id: EnterpriseId, other_id: EnterpriseId) -> Result<()> {
    if id == other_id {
        return Err(Error::invalid("/other_id", "must be another enterprise"));
    }
    require(tx.db(), other_id, "/other_id").await?;
    let now = tx.now();
    let confirmed = sqlx::query!(
        r#"
        insert into enterprise_different (enterprise_id, other_id, confirmed_at)
        values ($1, $2, $3)
        on conflict do nothing
        "#,
        *id.min(other_id),
        *id.max(other_id),
        now,
    )
    .execute(tx.db())
    .await?;
    match confirmed.rows_affected() {
        0 => tx.unchanged(),
        _ => tx.record(
            OFFICE,
            Event::EnterpriseConfirmedDifferent {
                enterprise_id: id,
                other_id,
            },
        ),
    }
    Ok(())
}
