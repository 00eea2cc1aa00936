//! Correcting the data of a case.

use super::{
    Case,
    create::{ContactInput, SiteInput, check_contacts, check_topics, insert_contacts},
    lock, may_edit, notice, settle_by_itself, view,
};
use crate::{
    access::{Access, permit},
    audit::Event,
    enterprises::{self, EnterpriseInput},
    error::{Error, Fields, OnConstraint, Result},
    http::{Answer, Body as RequestBody, Json, Path, absent_or_null},
    ids::*,
    programme::*,
    routes::ServiceConfig,
    store::Tx,
    text::*,
};
use actix_web::patch;
use serde::Deserialize;
use sqlx::{Postgres, QueryBuilder};
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(edit_case);
}

/// A correction: absent fields stay, null clears.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "as in CreateCaseRequest")]
pub struct EditCaseRequest {
    #[serde(default, deserialize_with = "absent_or_null")]
    #[schema(value_type = Option<Subject>)]
    pub subject: Option<Option<Subject>>,
    pub description: Option<Body>,
    #[schema(min_items = 1)]
    pub topics: Option<Vec<Topic>>,
    pub primary_topic: Option<Topic>,
    #[serde(default, deserialize_with = "absent_or_null")]
    #[schema(value_type = Option<TeleworkStatus>)]
    pub telework_status: Option<Option<TeleworkStatus>>,
    #[serde(default, deserialize_with = "absent_or_null")]
    #[schema(value_type = Option<DigitalLevel>)]
    pub digital_level: Option<Option<DigitalLevel>>,
    #[serde(default, deserialize_with = "absent_or_null")]
    #[schema(value_type = Option<Line200>)]
    pub how_heard: Option<Option<Line200>>,
    #[serde(default, deserialize_with = "absent_or_null")]
    #[schema(value_type = Option<Mode>)]
    pub desired_mode: Option<Option<Mode>>,
    /// The right enterprise, where the wrong one was taken; its other cases of the year are noticed as on opening.
    pub enterprise_id: Option<EnterpriseId>,
    /// Replaces the whole site.
    pub site: Option<SiteInput>,
    /// Replaces all contacts; those to keep come with their `id`.
    #[schema(max_items = 20)]
    pub contacts: Option<Vec<ContactInput>>,
}

impl RequestBody for EditCaseRequest {
    fn check(&self, fields: &mut Fields) {
        if let Some(topics) = &self.topics {
            check_topics(topics, self.primary_topic, fields);
        }
        if let Some(site) = &self.site {
            site.check(fields);
        }
        if let Some(contacts) = &self.contacts {
            check_contacts(contacts, fields);
        }
    }
}

/// Correct a case
#[utoipa::path(
    tag = "cases",
    operation_id = "edit_case",
    params(("id" = Uuid, Path, description = "The case")),
    request_body = EditCaseRequest,
    responses((status = 200, description = "The case", body = view::CaseView)),
    extensions(("x-permission" = json!("edit_cases")))
)]
#[patch("/cases/{id}")]
async fn edit_case(
    access: Access<permit::EditCases>,
    Path(id): Path<CaseId>,
    Json(body): Json<EditCaseRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let (site, contacts) = (body.site.as_ref(), body.contacts.as_deref());
            let signals = notice::signals(site, contacts.unwrap_or_default());
            enterprises::queue_up(tx, &EnterpriseInput::default(), &signals).await?;
            let enterprise_id = lock_enterprise(tx, &body).await?;
            let case = lock(tx, id).await?;
            precondition.require(case.version)?;
            if !may_edit(tx.actor(), &case) {
                return Err(Error::forbidden(
                    "The desk has this case now; tell it by a note.",
                ));
            }
            let fields = apply(tx, &case, &body, enterprise_id).await?;
            notice_changes(tx, &case, &body, enterprise_id).await?;
            if body.site.is_some() {
                // Whoever enters the site, or the same once more, has looked at it.
                settle_by_itself(tx, case.id, Flag::AddressGuessed, "所在地を入力").await?;
            }
            match fields.is_empty() {
                true => tx.unchanged(),
                false => tx.record(case.id, Event::CaseEdited { fields }),
            }
            view::answer(tx, &case).await
        })
        .await
}

/// Enterprises are locked before cases. The one that is given, or that it was joined with.
async fn lock_enterprise(tx: &mut Tx, body: &EditCaseRequest) -> Result<Option<EnterpriseId>> {
    let Some(id) = body.enterprise_id else {
        return Ok(None);
    };
    match enterprises::lock_survivor(tx, id).await {
        Err(Error::Problem(_)) => Err(Error::invalid("/enterprise_id", "is no enterprise")),
        locked => locked.map(Some),
    }
}

/// Writes what is given and names it.
async fn apply(
    tx: &mut Tx,
    case: &Case,
    body: &EditCaseRequest,
    enterprise_id: Option<EnterpriseId>,
) -> Result<Vec<String>> {
    let mut fields = Vec::new();
    let mut query = QueryBuilder::new("update case_file set updated_at = ");
    query.push_bind(tx.now());
    if let Some(value) = &body.subject {
        set(
            &mut query,
            &mut fields,
            "subject",
            value.as_ref().map(|text| text.as_str().to_owned()),
        );
    }
    if let Some(value) = &body.description {
        set(
            &mut query,
            &mut fields,
            "description",
            value.as_str().to_owned(),
        );
    }
    push_topics(&mut query, &mut fields, case, body)?;
    if let Some(value) = body.telework_status {
        set(
            &mut query,
            &mut fields,
            "telework_status",
            value.map(TeleworkStatus::name),
        );
    }
    if let Some(value) = body.digital_level {
        set(
            &mut query,
            &mut fields,
            "digital_level",
            value.map(DigitalLevel::name),
        );
    }
    if let Some(value) = &body.how_heard {
        set(
            &mut query,
            &mut fields,
            "how_heard",
            value.as_ref().map(|text| text.as_str().to_owned()),
        );
    }
    if let Some(value) = body.desired_mode {
        set(
            &mut query,
            &mut fields,
            "desired_mode",
            value.map(Mode::name),
        );
    }
    if let Some(enterprise_id) = enterprise_id.filter(|id| *id != case.enterprise_id) {
        notice::other_cases(tx, case.id, enterprise_id, case.fiscal_year).await?;
        set(&mut query, &mut fields, "enterprise_id", enterprise_id);
    }
    if let Some(site) = body.site.clone().map(SiteInput::settled) {
        set(
            &mut query,
            &mut fields,
            "site_name",
            site.name.as_ref().map(|text| text.as_str().to_owned()),
        );
        set(
            &mut query,
            &mut fields,
            "site_postal_code",
            site.postal_code
                .as_ref()
                .map(|text| text.as_str().to_owned()),
        );
        set(
            &mut query,
            &mut fields,
            "site_prefecture_code",
            site.prefecture_code
                .as_ref()
                .map(|text| text.as_str().to_owned()),
        );
        set(
            &mut query,
            &mut fields,
            "site_municipality_code",
            site.municipality_code
                .as_ref()
                .map(|text| text.as_str().to_owned()),
        );
        set(
            &mut query,
            &mut fields,
            "site_address",
            site.address.as_ref().map(|text| text.as_str().to_owned()),
        );
        set(
            &mut query,
            &mut fields,
            "site_phone",
            site.phone.as_ref().map(|text| text.as_str().to_owned()),
        );
    }
    if !fields.is_empty() || body.contacts.is_some() {
        query.push(" where id = ").push_bind(case.id);
        query.build().execute(tx.db()).await?;
    }
    if let Some(contacts) = &body.contacts {
        replace_contacts(tx, case, contacts).await?;
        fields.push("contacts".into());
    }
    Ok(fields)
}

/// Adds one column; the names are those of the code above, never a client's.
fn set<'a, T>(query: &mut QueryBuilder<Postgres>, fields: &mut Vec<String>, column: &str, value: T)
where
    T: sqlx::Encode<'a, Postgres> + sqlx::Type<Postgres> + 'a,
{
    query.push(", ").push(column).push(" = ").push_bind(value);
    fields.push(column.to_owned());
}

fn push_topics(
    query: &mut QueryBuilder<Postgres>,
    fields: &mut Vec<String>,
    case: &Case,
    body: &EditCaseRequest,
) -> Result<()> {
    let topics = body.topics.as_ref().unwrap_or(&case.topics);
    if let Some(topics) = &body.topics {
        set(
            query,
            fields,
            "topics",
            topics
                .iter()
                .map(|topic| topic.name().to_owned())
                .collect::<Vec<_>>(),
        );
    }
    match body.primary_topic {
        Some(primary) if !topics.contains(&primary) => {
            return Err(Error::invalid("/primary_topic", "must be one of topics"));
        }
        Some(primary) => set(query, fields, "primary_topic", primary.name()),
        None if body.topics.is_some() => {
            // The counted topic stays where it still is one of them.
            query
                .push(", primary_topic = case when primary_topic = any (")
                .push_bind(names(topics))
                .push(") then primary_topic else ");
            query.push_bind(topics[0].name()).push(" end");
        }
        None => {}
    }
    Ok(())
}

/// Another enterprise, or other ways to reach it: whom it may be the same as now.
async fn notice_changes(
    tx: &mut Tx,
    case: &Case,
    body: &EditCaseRequest,
    enterprise_id: Option<EnterpriseId>,
) -> Result<()> {
    if enterprise_id.is_none() && body.contacts.is_none() && body.site.is_none() {
        return Ok(());
    }
    let enterprise_id = enterprise_id.unwrap_or(case.enterprise_id);
    notice::similar_to(tx, case.id, enterprise_id, case.fiscal_year).await
}

fn names(topics: &[Topic]) -> Vec<String> {
    topics.iter().map(|topic| topic.name().to_owned()).collect()
}

async fn require_own_contacts(tx: &mut Tx, case: &Case, contacts: &[ContactInput]) -> Result<()> {
    let own = sqlx::query_scalar!("select id from contact where case_id = $1", *case.id)
        .fetch_all(tx.db())
        .await?;
    let mut fields = Fields::default();
    for (index, contact) in contacts.iter().enumerate() {
        let is_own = contact.id.is_none_or(|id| own.contains(&id));
        let pointer = format!("/contacts/{index}/id");
        fields.require(is_own, &pointer, "is no contact of this case");
    }
    fields.finish()
}

async fn replace_contacts(tx: &mut Tx, case: &Case, contacts: &[ContactInput]) -> Result<()> {
    require_own_contacts(tx, case, contacts).await?;
    let kept: Vec<Uuid> = contacts
        .iter()
        .filter_map(|contact| contact.id)
        .map(|id| *id)
        .collect();
    sqlx::query!(
        "delete from contact where case_id = $1 and id <> all ($2)",
        *case.id,
        &kept
    )
    .execute(tx.db())
    .await
    .on_constraint("interaction_contact_id_fkey", || {
        Error::conflict("A contact that was left out has calls on record: keep it in the list.")
    })?;
    for (index, contact) in contacts.iter().enumerate() {
        let position = index as i32 + 1;
        let Some(id) = contact.id else {
            insert_contacts(tx, case.id, std::slice::from_ref(contact), index as i32).await?;
            continue;
        };
        sqlx::query!(
            r#"
            update contact
            set role = $3, name = $4, kana = $5, department = $6, phone = $7, email = $8, email_key = $9, organisation = $10,
                relation = $11, authority_confirmed = $12, position = $13
            where id = $1 and case_id = $2
            "#,
            *id,
            *case.id,
            contact.role.name(),
            contact.name.as_ref().map(Name::as_str),
            contact.kana.as_ref().map(Kana::as_str),
            contact.department.as_ref().map(Line200::as_str),
            contact.phone.as_ref().map(Phone::as_str),
            contact.email.as_ref().map(EmailAddress::as_str),
            contact.email.as_ref().map(EmailAddress::key),
            contact.organisation.as_ref().map(Line200::as_str),
            contact.relation.as_ref().map(Line200::as_str),
            contact.authority_confirmed,
            position,
        )
        .execute(tx.db())
        .await?;
    }
    Ok(())
}
