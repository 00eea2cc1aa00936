//! Templates: subject and body of mails, with placeholders that are checked when they are saved.
//!
//! Owns `template`. Some are the program's own, one for each purpose: they come with the migrations and can be edited and
//! switched off (then that mail is not written), but not added or taken away. The others are texts of staff, who see
//! them filled in for a case before they put them into a reply.

pub mod placeholders;
mod render;

use crate::{
    access::{Access, Actor, OFFICE, permit},
    audit::Event,
    cases::{self, Case},
    error::{Error, Fields, OnConstraint, Result},
    http::{Answer, Body as RequestBody, Changes, Json, Path},
    ids::*,
    messages::sender::{Sender, addressed},
    programme::TemplatePurpose,
    routes::ServiceConfig,
    store::Tx,
    text::{Body, Line80, Subject},
};
use actix_web::{get, patch, post};
use chrono::{DateTime, Utc};
use placeholders::PlaceholderView;
pub use placeholders::{Placeholder, Values};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgExecutor};
use utoipa::ToSchema;

/// Mounts the slice.
pub fn mount(config: &mut ServiceConfig) {
    config
        .service(list_templates)
        .service(create_template)
        .service(show_template)
        .service(edit_template)
        .service(preview_template);
}

/// List templates
///
/// The program's own first, then by name; with all placeholders and what they stand for.
#[utoipa::path(
    tag = "conversation",
    operation_id = "list_templates",
    responses((status = 200, description = "The templates", body = TemplateList)),
    extensions(("x-permission" = json!("read_directory")))
)]
#[get("/templates")]
async fn list_templates(access: Access<permit::ReadDirectory>) -> Result<Answer> {
    let items = load(access.read(), None).await?;
    let placeholders = placeholders::catalogue();
    Ok(Answer::ok(&TemplateList {
        items,
        placeholders,
    }))
}

/// Add a template
///
/// A text that staff put into replies.
#[utoipa::path(
    tag = "conversation",
    operation_id = "create_template",
    request_body = CreateTemplateRequest,
    responses((status = 201, description = "The template", body = Template)),
    extensions(("x-permission" = json!("manage_office")))
)]
#[post("/templates")]
async fn create_template(
    access: Access<permit::ManageOffice>,
    Json(body): Json<CreateTemplateRequest>,
) -> Result<Answer> {
    access
        .transaction(async |tx| {
            let template = create(tx, &body).await?;
            let location = format!("/api/v1/templates/{}", template.id);
            Ok(Answer::created(location, &template).version(template.version))
        })
        .await
}

/// Show a template
#[utoipa::path(
    tag = "conversation",
    operation_id = "show_template",
    params(("id" = Uuid, Path, description = "The template")),
    responses((status = 200, description = "The template", body = Template)),
    extensions(("x-permission" = json!("read_directory")))
)]
#[get("/templates/{id}")]
async fn show_template(
    access: Access<permit::ReadDirectory>,
    Path(id): Path<TemplateId>,
) -> Result<Answer> {
    let template = find(access.read(), id).await?;
    Ok(Answer::ok(&template).version(template.version))
}

/// Change a template
///
/// One of the program's own that is not active is a mail that the program does not write.
#[utoipa::path(
    tag = "conversation",
    operation_id = "edit_template",
    params(("id" = Uuid, Path, description = "The template")),
    request_body = EditTemplateRequest,
    responses((status = 200, description = "The template", body = Template)),
    extensions(("x-permission" = json!("manage_office")))
)]
#[patch("/templates/{id}")]
async fn edit_template(
    access: Access<permit::ManageOffice>,
    Path(id): Path<TemplateId>,
    Json(body): Json<EditTemplateRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            sqlx::query!(
                "select id from template where id = $1 for no key update",
                *id
            )
            .fetch_optional(tx.db())
            .await?;
            let template = find(tx.db(), id).await?;
            precondition.require(template.version)?;
            let template = edit(tx, template, &body).await?;
            Ok(Answer::ok(&template).version(template.version))
        })
        .await
}

/// Fill a template in for a case
///
/// For a reply, or to see what the program would write; examples stand for what only the occasion brings.
#[utoipa::path(
    tag = "conversation",
    operation_id = "preview_template",
    params(("id" = Uuid, Path, description = "The template")),
    request_body = PreviewRequest,
    responses((status = 200, description = "The text", body = Rendered)),
    extensions(("x-permission" = json!("write_messages")))
)]
#[post("/templates/{id}/preview")]
async fn preview_template(
    access: Access<permit::WriteMessages>,
    Path(id): Path<TemplateId>,
    Json(body): Json<PreviewRequest>,
) -> Result<Answer> {
    let mail = access.store().mail().clone();
    let mut db = access.read().acquire().await?;
    let template = find(&mut *db, id).await?;
    let case = cases::find(&mut db, access.actor(), body.case_id)
        .await
        .map_err(|error| match error {
            Error::Problem(_) => Error::invalid("/case_id", "is no case that you may see"),
            other => other,
        })?;
    let sender = Sender::read(&mut db, &mail, &case, access.now()).await?;
    let values = of_case(&mut db, access.actor(), &case, &sender).await?;
    let values = match template.purpose {
        Some(_) => values.or_examples(),
        None => values,
    };
    Ok(Answer::ok(&template.render(&values)))
}

/// A template.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Template {
    /// Its id.
    pub id: TemplateId,
    /// What the program itself uses it for; null for the texts of staff.
    pub purpose: Option<TemplatePurpose>,
    /// By which staff find it.
    pub name: Line80,
    /// Subject of the mail, with placeholders.
    pub subject: Subject,
    /// Text of the mail, with placeholders.
    pub body: Body,
    /// Whether it is used.
    pub active: bool,
    /// The version behind the ETag.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// The templates, and what may stand in them.
#[derive(Serialize, ToSchema)]
pub struct TemplateList {
    /// The templates.
    pub items: Vec<Template>,
    /// All placeholders.
    pub placeholders: Vec<PlaceholderView>,
}

/// A new template.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "as in Template")]
pub struct CreateTemplateRequest {
    pub name: Line80,
    pub subject: Subject,
    pub body: Body,
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub active: bool,
}

fn yes() -> bool {
    true
}

impl RequestBody for CreateTemplateRequest {
    fn check(&self, fields: &mut Fields) {
        check_texts(Some(&self.subject), Some(&self.body), None, fields);
    }
}

/// A change of a template; absent fields stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "as in Template")]
pub struct EditTemplateRequest {
    pub name: Option<Line80>,
    pub subject: Option<Subject>,
    pub body: Option<Body>,
    pub active: Option<bool>,
}

impl RequestBody for EditTemplateRequest {}

/// For which case.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewRequest {
    /// The case.
    pub case_id: CaseId,
}

impl RequestBody for PreviewRequest {}

/// A template, filled in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// Plain text.
    pub body: String,
}

/// Notes what cannot be filled in.
fn check_texts(
    subject: Option<&Subject>,
    body: Option<&Body>,
    purpose: Option<TemplatePurpose>,
    fields: &mut Fields,
) {
    let texts = [
        ("/subject", subject.map(Subject::as_str)),
        ("/body", body.map(Body::as_str)),
    ];
    for (pointer, text) in texts {
        if let Some(fault) = text.and_then(|text| render::fault(text, purpose)) {
            fields.add(pointer, fault);
        }
    }
    if let Some(lack) = body.and_then(|body| render::lacking(body.as_str(), purpose)) {
        fields.add("/body", lack);
    }
}

impl Template {
    /// With these values in it.
    pub fn render(&self, values: &Values) -> Rendered {
        Rendered {
            subject: render::subject(self.subject.as_str(), values),
            body: render::body(self.body.as_str(), values),
        }
    }
}

/// What the program writes for this purpose; nothing where the office has switched that off.
///
/// # Errors
/// The database.
pub async fn fill_in(
    tx: &mut Tx,
    purpose: TemplatePurpose,
    values: &Values,
) -> Result<Option<Rendered>> {
    let template = active(tx, purpose).await?;
    Ok(template.map(|template| template.render(values)))
}

/// The template of a purpose; none where it was switched off.
///
/// # Errors
/// The database.
pub async fn active(tx: &mut Tx, purpose: TemplatePurpose) -> Result<Option<Template>> {
    Ok(sqlx::query_as!(
        Template,
        r#"
        select id, purpose as "purpose: _", name as "name: _", subject as "subject: _", body as "body: _", active,
            version, created_at, updated_at
        from template
        where purpose = $1 and active
        "#,
        purpose.name(),
    )
    .fetch_optional(tx.db())
    .await?)
}

/// What a text of staff can say of a case.
async fn of_case(
    db: &mut PgConnection,
    actor: &Actor,
    case: &Case,
    sender: &Sender,
) -> Result<Values> {
    let row = sqlx::query!(
        r#"
        select c.subject, e.name as enterprise_name,
            (
                select k.name from contact k where k.case_id = c.id and k.role = 'primary' order by k.position limit 1
            ) as contact_name,
            (select u.name from app_user u where u.id = $2) as writer_name
        from case_file c
        join enterprise e on e.id = c.enterprise_id
        where c.id = $1
        "#,
        *case.id,
        actor.user_id.map(|id| *id),
    )
    .fetch_one(db)
    .await?;
    Ok(sender
        .values(case)
        .with(
            Placeholder::Recipient,
            addressed(row.contact_name.as_deref()),
        )
        .with_some(Placeholder::CaseSubject, row.subject)
        .with_some(Placeholder::EnterpriseName, row.enterprise_name)
        .with_some(Placeholder::WriterName, row.writer_name))
}

async fn load(db: impl PgExecutor<'_>, id: Option<TemplateId>) -> Result<Vec<Template>> {
    Ok(sqlx::query_as!(
        Template,
        r#"
        select id, purpose as "purpose: _", name as "name: _", subject as "subject: _", body as "body: _", active,
            version, created_at, updated_at
        from template
        where $1::uuid is null or id = $1
        order by purpose is null, name, id
        "#,
        id.map(|id| *id),
    )
    .fetch_all(db)
    .await?)
}

async fn find(db: impl PgExecutor<'_>, id: TemplateId) -> Result<Template> {
    let template = load(db, Some(id)).await?.pop();
    template.ok_or_else(Error::not_found)
}

async fn create(tx: &mut Tx, body: &CreateTemplateRequest) -> Result<Template> {
    let (id, now) = (TemplateId::new(), tx.now());
    sqlx::query!(
        r#"
        insert into template (id, name, subject, body, active, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $6)
        "#,
        *id,
        body.name.as_str(),
        body.subject.as_str(),
        body.body.as_str(),
        body.active,
        now,
    )
    .execute(tx.db())
    .await
    .on_constraint("template_name_key", name_taken)?;
    tx.record(OFFICE, Event::TemplateCreated { template_id: id });
    find(tx.db(), id).await
}

async fn edit(tx: &mut Tx, mut template: Template, body: &EditTemplateRequest) -> Result<Template> {
    let mut faults = Fields::default();
    let (subject, text) = (body.subject.as_ref(), body.body.as_ref());
    check_texts(subject, text, template.purpose, &mut faults);
    faults.finish()?;
    let mut changes = Changes::default();
    changes.set("name", &mut template.name, body.name.clone());
    changes.set("subject", &mut template.subject, body.subject.clone());
    changes.set("body", &mut template.body, body.body.clone());
    changes.set("active", &mut template.active, body.active);
    let fields = changes.into_names();
    if fields.is_empty() {
        tx.unchanged();
        return Ok(template);
    }
    let now = tx.now();
    sqlx::query!(
        "update template set name = $2, subject = $3, body = $4, active = $5, updated_at = $6 where id = $1",
        *template.id,
        template.name.as_str(),
        template.subject.as_str(),
        template.body.as_str(),
        template.active,
        now,
    )
    .execute(tx.db())
    .await
    .on_constraint("template_name_key", name_taken)?;
    let template_id = template.id;
    tx.record(
        OFFICE,
        Event::TemplateEdited {
            template_id,
            fields,
        },
    );
    find(tx.db(), template_id).await
}

fn name_taken() -> Error {
    Error::conflict("Another template has this name.")
}
