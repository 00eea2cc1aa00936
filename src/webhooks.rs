//! Webhooks out: other systems that are told what happens to cases, by the Standard Webhooks specification
//! (<https://www.standardwebhooks.com>).
//!
//! Owns `webhook`, `webhook_delivery`, `webhook_attempt` and `webhook_position`. What is sent says that something happened to
//! which case, never who it is about: whoever wants to know more asks the API, which knows what they may see. It is taken from
//! the audit trail afterwards ([`spread`]), so that a change costs no statement more, and sent ([`send`]) in the order of each
//! case, at least once, with an id that stays the same. Addresses inside the house are refused ([`outlet`]).

pub mod outlet;
pub(crate) mod send;
mod signature;
pub(crate) mod spread;

use crate::{
    access::{Access, OFFICE, permit},
    audit::Event,
    desks,
    error::{Error, Fields, ProblemType, Result},
    http::{Answer, Body, Changes, Cursor, Json, Page, Path, Query, absent_or_null, page_size},
    ids::*,
    routes::ServiceConfig,
    store::{Store, Tx},
    text::Line200,
};
use actix_web::{delete, get, patch, post};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgExecutor, PgPool};
use utoipa::{
    IntoParams, ToSchema,
    openapi::{
        RefOr,
        schema::{ObjectBuilder, Schema, Type},
    },
};

/// Webhooks of an office: each is a turn of its own for the workers.
const MOST_WEBHOOKS: i64 = 20;

/// How long a delivery is remembered after its end.
const REMEMBERED: TimeDelta = TimeDelta::days(30);

/// How long the old secret signs beside the new one, where nobody says.
const OVERLAP_HOURS: i64 = 24;

/// Mounts `/webhooks`.
pub fn mount(config: &mut ServiceConfig) {
    config
        .service(list_webhooks)
        .service(create_webhook)
        .service(show_webhook)
        .service(edit_webhook)
        .service(delete_webhook)
        .service(rotate_webhook_secret)
        .service(test_webhook)
        .service(list_deliveries)
        .service(retry_delivery);
}

macro_rules! event_types {
    ($($(#[doc = $doc:literal])+ $variant:ident = $text:literal: $($kind:literal),*;)+) => {
        /// What a webhook can be told.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum WebhookEventType { $($(#[doc = $doc])+ #[serde(rename = $text)] $variant,)+ }

        impl WebhookEventType {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// As it is sent.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// What it is, for people.
            fn summary(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+),)+ }
            }

            /// The kinds of audit events that it is.
            pub fn kinds(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($kind),*],)+ }
            }
        }
    };
}

event_types! {
    /// A case was opened.
    CaseCreated = "case.created": "case_created";
    /// A case changed its status, or its desk: `from`, `to`, `desk_id`, `outcome`.
    CaseMoved = "case.moved": "case_moved";
    /// The data of a case were corrected.
    CaseEdited = "case.edited": "case_edited";
    /// Another case became part of this one: `other_id`.
    CaseMerged = "case.merged": "case_merged";
    /// A merge was undone: `other_id`.
    CaseUnmerged = "case.unmerged": "case_unmerged";
    /// Somebody must notice something: `flag`.
    FlagRaised = "flag.raised": "flag_raised";
    /// Somebody did: `flag`.
    FlagSettled = "flag.settled": "flag_settled";
    /// A manager was asked: `offer_id`, `manager_id`, `line`.
    OfferMade = "offer.made": "offer_made";
    /// And said yes.
    OfferAccepted = "offer.accepted": "offer_accepted";
    /// And said no.
    OfferDeclined = "offer.declined": "offer_declined";
    /// The question was taken back, or nobody answered in time.
    OfferEnded = "offer.ended": "offer_revoked", "offer_expired";
    /// A manager has the case: `assignment_id`, `manager_id`, `line`.
    AssignmentMade = "assignment.made": "assignment_made";
    /// And has it no longer.
    AssignmentEnded = "assignment.ended": "assignment_ended";
    /// A session was booked: `consultation_id`, `session`, `stage`, `starts_at`, `ends_at`.
    ConsultationBooked = "consultation.booked": "consultation_booked";
    /// It was moved to another time.
    ConsultationRescheduled = "consultation.rescheduled": "consultation_rescheduled";
    /// It was cancelled.
    ConsultationCancelled = "consultation.cancelled": "consultation_cancelled";
    /// It took place.
    ConsultationHeld = "consultation.held": "consultation_held";
    /// Somebody did not come: `by`.
    ConsultationMissed = "consultation.missed": "consultation_missed";
    /// It does not count.
    ConsultationVoided = "consultation.voided": "consultation_voided";
    /// The report on a session was handed in.
    ReportSubmitted = "report.submitted": "report_submitted";
    /// It was given back.
    ReportReturned = "report.returned": "report_returned";
    /// It was approved.
    ReportApproved = "report.approved": "report_approved";
    /// Somebody was in touch by telephone, at the window or by fax: `interaction_id`, `channel`, `direction`, `result`.
    InteractionRecorded = "interaction.recorded": "interaction_recorded";
    /// A mail came onto the case: `mail_id`.
    MailReceived = "mail.received": "mail_placed", "mail_attached";
    /// A mail left the house: `message_id`.
    MessageSent = "message.sent": "message_sent";
    /// A mail could not be delivered.
    MessageFailed = "message.failed": "message_failed";
    /// Somebody tries out whether it works.
    WebhookTest = "webhook.test": ;
}

// By hand: utoipa does not see names that come out of a macro.
impl utoipa::PartialSchema for WebhookEventType {
    fn schema() -> RefOr<Schema> {
        let says = Self::ALL
            .iter()
            .map(|event| format!("- `{}`:{}", event.name(), event.summary()));
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(Self::ALL.iter().map(|event| event.name())))
            .description(Some(format!(
                "What a webhook can be told.\n\n{}",
                says.collect::<Vec<_>>().join("\n")
            )))
            .build()
            .into()
    }
}

impl ToSchema for WebhookEventType {}

/// A webhook to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateWebhookRequest {
    /// Where to: `https://`, a name or an address that is reached from outside.
    #[schema(example = "https://example.go.jp/hooks/madoguchi", max_length = 2000)]
    pub url: String,
    /// What it is for.
    pub description: Option<Line200>,
    /// Which events; all where absent or empty.
    pub events: Option<Vec<WebhookEventType>>,
    /// Only cases of this desk: also the one that they leave it by.
    pub desk_id: Option<DeskId>,
}

impl Body for CreateWebhookRequest {}

/// A change of a webhook; absent fields stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditWebhookRequest {
    /// Where to.
    #[schema(max_length = 2000)]
    pub url: Option<String>,
    /// What it is for.
    #[serde(default, deserialize_with = "absent_or_null")]
    pub description: Option<Option<Line200>>,
    /// Which events; all where empty.
    pub events: Option<Vec<WebhookEventType>>,
    /// Only cases of this desk.
    #[serde(default, deserialize_with = "absent_or_null")]
    pub desk_id: Option<Option<DeskId>>,
    /// Whether it is told anything. What happens while it is not is never sent; what waits goes on when it is again.
    pub active: Option<bool>,
}

impl Body for EditWebhookRequest {}

/// How the secret is changed.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateSecretRequest {
    /// How long the old secret signs beside the new one; 0 to 168, 24 where absent.
    #[schema(minimum = 0, maximum = 168)]
    pub overlap_hours: Option<i64>,
}

impl Body for RotateSecretRequest {
    fn check(&self, fields: &mut Fields) {
        fields.require(
            self.overlap_hours
                .is_none_or(|hours| (0..=168).contains(&hours)),
            "/overlap_hours",
            "must be between 0 and 168",
        );
    }
}

/// A webhook.
#[derive(Serialize, ToSchema)]
pub struct WebhookView {
    /// Its id.
    pub id: WebhookId,
    /// Where to.
    pub url: String,
    /// What it is for.
    pub description: Option<Line200>,
    /// Which events; empty: all.
    pub events: Vec<WebhookEventType>,
    /// Only cases of this desk.
    pub desk_id: Option<DeskId>,
    /// Whether it is told anything.
    pub active: bool,
    /// Why not: `admin`, `gone` (it answered 410), `failing` (nothing got through for three days).
    #[schema(example = "failing")]
    pub disabled_reason: Option<String>,
    /// Since when nothing gets through.
    pub failing_since: Option<DateTime<Utc>>,
    /// Deliveries that wait, those held back by an earlier one of their case included.
    pub pending: i64,
    /// Until when the secret before this one signs too.
    pub previous_secret_until: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed.
    pub updated_at: DateTime<Utc>,
    /// Moves with every change; the ETag.
    pub version: i64,
}

/// A webhook that was just made.
#[derive(Serialize, ToSchema)]
struct CreatedWebhook {
    /// What both sides sign with; shown this once.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: String,
    #[serde(flatten)]
    view: WebhookView,
}

/// A secret that was just changed.
#[derive(Serialize, ToSchema)]
struct RotatedSecret {
    /// The new one; shown this once.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: String,
    /// Until when the old one signs too.
    previous_secret_until: DateTime<Utc>,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum DeliveryState {
    /// It is tried, or waits for an earlier one of its case.
    Pending,
    /// The other side took it.
    Delivered,
    /// It was given up.
    Failed,
}

/// One try.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct WebhookAttemptView {
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended; null where nobody knows how it went.
    pub ended_at: Option<DateTime<Utc>>,
    /// What the other side answered.
    pub status: Option<i32>,
    /// Why there was no answer.
    pub error: Option<String>,
}

/// An event on its way.
#[derive(Serialize, ToSchema, FromRow)]
pub struct DeliveryView {
    /// Its id.
    pub id: DeliveryId,
    /// The `webhook-id` that it carries whenever it is sent.
    #[schema(example = "msg_019ab0c4f2a87d0e9d3c5b1e6f708192")]
    pub message_id: String,
    /// What happened.
    #[schema(example = "case.moved")]
    pub r#type: String,
    /// The body, as it is sent.
    pub payload: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// When it was found to be sent.
    pub created_at: DateTime<Utc>,
    /// When it is tried next, unless an earlier one of its case is in the way.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// When it was taken, or given up.
    pub finished_at: Option<DateTime<Utc>>,
    /// The tries, the newest first; at most 20.
    #[sqlx(json)]
    pub attempts: Vec<WebhookAttemptView>,
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WebhookPage {
    /// Items per page, 1 to 200; 50 where absent.
    limit: Option<i64>,
    /// Where the page starts.
    cursor: Option<Cursor>,
}

/// List the webhooks
///
/// The oldest first.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "list_webhooks",
    params(WebhookPage),
    responses((status = 200, description = "One page of webhooks, without their secrets", body = Page<WebhookView>)),
    extensions(("x-permission" = json!("manage_webhooks")))
)]
#[get("/webhooks")]
async fn list_webhooks(
    access: Access<permit::ManageWebhooks>,
    Query(page): Query<WebhookPage>,
) -> Result<Answer> {
    let limit = page_size(page.limit)?;
    let after = page
        .cursor
        .map(|cursor| cursor.keys::<WebhookId>())
        .transpose()?;
    let hooks = rows(access.read(), None, after, limit + 1).await?;
    let page = Page::new(hooks, limit, |hook| hook.id);
    Ok(Answer::ok(&Page {
        items: page.items.into_iter().map(Hook::view).collect(),
        next_cursor: page.next_cursor,
    }))
}

/// Make a webhook
///
/// Its secret is in this answer and nowhere else. It is told what happens from now on: the type of the event, the case, its
/// number and its status, and ids; nothing that is personal. At most 20.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "create_webhook",
    request_body = CreateWebhookRequest,
    responses((status = 201, description = "The webhook with its secret", body = CreatedWebhook)),
    extensions(("x-permission" = json!("manage_webhooks")))
)]
#[post("/webhooks")]
async fn create_webhook(
    access: Access<permit::ManageWebhooks>,
    Json(body): Json<CreateWebhookRequest>,
) -> Result<Answer> {
    let outlet = access.store().outlet();
    outlet
        .check_url(&body.url)
        .map_err(|why| Error::invalid("/url", why))?;
    let id = WebhookId::new();
    let secret = signature::Secret::random();
    let sealed = outlet.seal(id, &secret);
    // No idempotency key: the stored answer would hold the secret.
    access
        .transaction_of(async |tx| {
            require_room(tx).await?;
            require_desk(tx, body.desk_id).await?;
            let now = tx.now();
            sqlx::query!(
                r#"
                insert into webhook (id, url, description, events, desk_id, secret, active_since, created_at, updated_at)
                values ($1, $2, $3, $4, $5, $6, $7, $7, $7)
                "#,
                *id,
                body.url,
                body.description.as_ref().map(Line200::as_str),
                &names(body.events.as_deref().unwrap_or_default()),
                body.desk_id.map(|id| *id),
                sealed,
                now,
            )
            .execute(tx.db())
            .await?;
            tx.record(OFFICE, Event::WebhookCreated { webhook_id: id });
            let view = load(tx.db(), id).await?.view();
            let version = view.version;
            let created = CreatedWebhook {
                secret: secret.text(),
                view,
            };
            Ok(Answer::created(format!("/api/v1/webhooks/{id}"), &created).version(version))
        })
        .await
}

async fn require_room(tx: &mut Tx) -> Result<()> {
    let count = sqlx::query_scalar!(r#"select count(*) as "count!" from webhook"#)
        .fetch_one(tx.db())
        .await?;
    match count < MOST_WEBHOOKS {
        true => Ok(()),
        false => Err(Error::conflict(format!(
            "There are {MOST_WEBHOOKS} webhooks already. Delete those that nobody needs."
        ))),
    }
}

async fn require_desk(tx: &mut Tx, desk_id: Option<DeskId>) -> Result<()> {
    let Some(id) = desk_id else {
        return Ok(());
    };
    match desks::find(tx.db(), id).await {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ProblemType::NotFound => {
            Err(Error::invalid("/desk_id", "is no desk"))
        }
        Err(error) => Err(error),
    }
}

fn names(events: &[WebhookEventType]) -> Vec<String> {
    events.iter().map(|event| event.name().to_owned()).collect()
}

/// Show a webhook
#[utoipa::path(
    tag = "webhooks",
    operation_id = "show_webhook",
    params(("id" = Uuid, Path, description = "The webhook")),
    responses((status = 200, description = "The webhook, without its secret", body = WebhookView)),
    extensions(("x-permission" = json!("manage_webhooks")))
)]
#[get("/webhooks/{id}")]
async fn show_webhook(
    access: Access<permit::ManageWebhooks>,
    Path(id): Path<WebhookId>,
) -> Result<Answer> {
    let view = load(access.read(), id).await?.view();
    Ok(Answer::ok(&view).version(view.version))
}

/// Change a webhook
///
/// Setting it active again lets what waits go on.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "edit_webhook",
    params(("id" = Uuid, Path, description = "The webhook")),
    request_body = EditWebhookRequest,
    responses((status = 200, description = "The webhook", body = WebhookView)),
    extensions(("x-permission" = json!("manage_webhooks")))
)]
#[patch("/webhooks/{id}")]
async fn edit_webhook(
    access: Access<permit::ManageWebhooks>,
    Path(id): Path<WebhookId>,
    Json(body): Json<EditWebhookRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    if let Some(url) = &body.url {
        let checked = access.store().outlet().check_url(url);
        checked.map_err(|why| Error::invalid("/url", why))?;
    }
    access
        .transaction(async |tx| {
            let mut hook = lock(tx, id).await?;
            precondition.require(hook.version)?;
            require_desk(tx, body.desk_id.flatten()).await?;
            let was_active = hook.active;
            let mut changes = Changes::default();
            changes.set("url", &mut hook.url, body.url.clone());
            changes.set(
                "description",
                &mut hook.description,
                body.description.clone(),
            );
            changes.set(
                "events",
                &mut hook.events,
                body.events.as_deref().map(names),
            );
            changes.set("desk_id", &mut hook.desk_id, body.desk_id);
            changes.set("active", &mut hook.active, body.active);
            let fields = changes.into_names();
            if fields.is_empty() {
                tx.unchanged_for_all();
            } else {
                save(tx, &hook, hook.active && !was_active).await?;
                tx.record(
                    OFFICE,
                    Event::WebhookEdited {
                        webhook_id: id,
                        fields,
                    },
                );
            }
            let view = load(tx.db(), id).await?.view();
            Ok(Answer::ok(&view).version(view.version))
        })
        .await
}

async fn save(tx: &mut Tx, hook: &Hook, begins_anew: bool) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        r#"
        update webhook
        set url = $2, description = $3, events = $4, desk_id = $5, active = $6, updated_at = $7,
            disabled_reason = case when $6 then null else coalesce(disabled_reason, 'admin') end,
            active_since = case when $8 then $7 else active_since end,
            failing_since = case when $8 then null else failing_since end,
            failures = case when $8 then 0 else failures end,
            paused_until = case when $8 then null else paused_until end
        where id = $1
        "#,
        *hook.id,
        hook.url,
        hook.description.as_ref().map(Line200::as_str),
        &hook.events,
        hook.desk_id.map(|id| *id),
        hook.active,
        now,
        begins_anew,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Delete a webhook
///
/// With everything that waits for it.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "delete_webhook",
    params(("id" = Uuid, Path, description = "The webhook")),
    responses((status = 204, description = "It is told nothing any more")),
    extensions(("x-permission" = json!("manage_webhooks")))
)]
#[delete("/webhooks/{id}")]
async fn delete_webhook(
    access: Access<permit::ManageWebhooks>,
    Path(id): Path<WebhookId>,
) -> Result<Answer> {
    access
        .transaction(async |tx| {
            lock(tx, id).await?;
            sqlx::query!("delete from webhook where id = $1", *id)
                .execute(tx.db())
                .await?;
            tx.record(OFFICE, Event::WebhookDeleted { webhook_id: id });
            Ok(Answer::no_content())
        })
        .await
}

/// Change the secret of a webhook
///
/// The new one is in this answer and nowhere else. For a while everything carries two signatures, one by each.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "rotate_webhook_secret",
    params(("id" = Uuid, Path, description = "The webhook")),
    request_body = RotateSecretRequest,
    responses((status = 200, description = "The new secret", body = RotatedSecret)),
    extensions(("x-permission" = json!("manage_webhooks")))
)]
#[post("/webhooks/{id}/rotate-secret")]
async fn rotate_webhook_secret(
    access: Access<permit::ManageWebhooks>,
    Path(id): Path<WebhookId>,
    Json(body): Json<RotateSecretRequest>,
) -> Result<Answer> {
    let secret = signature::Secret::random();
    let sealed = access.store().outlet().seal(id, &secret);
    let overlap = TimeDelta::hours(body.overlap_hours.unwrap_or(OVERLAP_HOURS));
    // No idempotency key: the stored answer would hold the secret.
    access
        .transaction_of(async |tx| {
            lock(tx, id).await?;
            let now = tx.now();
            sqlx::query!(
                r#"
                update webhook
                set secret = $2, previous_secret = secret, previous_until = $3, updated_at = $4
                where id = $1
                "#,
                *id,
                sealed,
                now + overlap,
                now,
            )
            .execute(tx.db())
            .await?;
            tx.record(OFFICE, Event::WebhookSecretRotated { webhook_id: id });
            let version = load(tx.db(), id).await?.version;
            let rotated = RotatedSecret {
                secret: secret.text(),
                previous_secret_until: now + overlap,
            };
            Ok(Answer::ok(&rotated).version(version))
        })
        .await
}

/// Try a webhook out
///
/// Sends `webhook.test`, whatever events were chosen. How it went is in its deliveries.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "test_webhook",
    params(("id" = Uuid, Path, description = "The webhook")),
    responses((status = 201, description = "It is on its way", body = DeliveryView)),
    extensions(("x-permission" = json!("manage_webhooks")))
)]
#[post("/webhooks/{id}/test")]
async fn test_webhook(
    access: Access<permit::ManageWebhooks>,
    Path(id): Path<WebhookId>,
) -> Result<Answer> {
    access
        .transaction(async |tx| {
            let hook = lock(tx, id).await?;
            if !hook.active {
                return Err(Error::conflict(
                    "The webhook is not active: nothing is sent to it.",
                ));
            }
            let delivery_id = spread::insert_test(tx, id).await?;
            tx.record(
                OFFICE,
                Event::WebhookTested {
                    webhook_id: id,
                    delivery_id,
                },
            );
            let view = delivery(tx.db(), id, delivery_id).await?;
            Ok(Answer::created(
                format!("/api/v1/webhooks/{id}/deliveries"),
                &view,
            ))
        })
        .await
}

/// Which deliveries.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct DeliveryFilter {
    /// Those that stand here.
    #[param(inline)]
    state: Option<DeliveryState>,
    /// Items per page, 1 to 200; 50 where absent.
    limit: Option<i64>,
    /// Where the page starts.
    cursor: Option<Cursor>,
}

/// List the deliveries of a webhook
///
/// The newest first, with how each try went; kept for 30 days after their end.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "list_deliveries",
    params(("id" = Uuid, Path, description = "The webhook"), DeliveryFilter),
    responses((status = 200, description = "One page of deliveries", body = Page<DeliveryView>)),
    extensions(("x-permission" = json!("manage_webhooks")))
)]
#[get("/webhooks/{id}/deliveries")]
async fn list_deliveries(
    access: Access<permit::ManageWebhooks>,
    Path(id): Path<WebhookId>,
    Query(filter): Query<DeliveryFilter>,
) -> Result<Answer> {
    let limit = page_size(filter.limit)?;
    let after = filter
        .cursor
        .as_ref()
        .map(Cursor::keys::<(DateTime<Utc>, DeliveryId)>)
        .transpose()?;
    load(access.read(), id).await?;
    let mut query = sqlx::QueryBuilder::new(DELIVERIES);
    query.push("where d.webhook_id = ").push_bind(id);
    if let Some(state) = filter.state {
        query.push(" and d.state = ").push_bind(state);
    }
    if let Some((at, id)) = after {
        query
            .push(" and (d.created_at, d.id) < (")
            .push_bind(at)
            .push(", ")
            .push_bind(id)
            .push(")");
    }
    query
        .push(" order by d.created_at desc, d.id desc limit ")
        .push_bind(limit + 1);
    let items: Vec<DeliveryView> = query.build_query_as().fetch_all(access.read()).await?;
    Ok(Answer::ok(&Page::new(items, limit, |item| {
        (item.created_at, item.id)
    })))
}

/// Send a delivery again
///
/// With the `webhook-id` that it had: a receiver who took it before knows it again. It goes out before what happened later to
/// its case and still waits. One that waits is tried at once.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "retry_delivery",
    params(("id" = Uuid, Path, description = "The webhook"), ("delivery_id" = Uuid, Path, description = "The delivery")),
    responses((status = 200, description = "It is on its way", body = DeliveryView)),
    extensions(("x-permission" = json!("manage_webhooks")))
)]
#[post("/webhooks/{id}/deliveries/{delivery_id}/retry")]
async fn retry_delivery(
    access: Access<permit::ManageWebhooks>,
    Path((id, delivery_id)): Path<(WebhookId, DeliveryId)>,
) -> Result<Answer> {
    access
        .transaction(async |tx| {
            let hook = lock(tx, id).await?;
            if !hook.active {
                return Err(Error::conflict(
                    "The webhook is not active: nothing is sent to it.",
                ));
            }
            let now = tx.now();
            let again = sqlx::query!(
                r#"
                update webhook_delivery
                set state = 'pending', finished_at = null, attempts = 0, next_attempt_at = $3
                where id = $1 and webhook_id = $2
                "#,
                *delivery_id,
                *id,
                now,
            )
            .execute(tx.db())
            .await?;
            if again.rows_affected() == 0 {
                return Err(Error::not_found());
            }
            // Whoever asks for it does not want to wait for the pause to end.
            sqlx::query!("update webhook set paused_until = null where id = $1", *id)
                .execute(tx.db())
                .await?;
            tx.record(
                OFFICE,
                Event::WebhookRetried {
                    webhook_id: id,
                    delivery_id,
                },
            );
            Ok(Answer::ok(&delivery(tx.db(), id, delivery_id).await?))
        })
        .await
}

/// A webhook as it is stored, without its secrets.
struct Hook {
    id: WebhookId,
    url: String,
    description: Option<Line200>,
    events: Vec<String>,
    desk_id: Option<DeskId>,
    active: bool,
    disabled_reason: Option<String>,
    failing_since: Option<DateTime<Utc>>,
    pending: i64,
    previous_until: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: i64,
}

impl Hook {
    fn view(self) -> WebhookView {
        let is_chosen =
            |event: &&WebhookEventType| self.events.iter().any(|name| name == event.name());
        WebhookView {
            id: self.id,
            url: self.url,
            description: self.description,
            events: WebhookEventType::ALL
                .iter()
                .filter(is_chosen)
                .copied()
                .collect(),
            desk_id: self.desk_id,
            active: self.active,
            disabled_reason: self.disabled_reason,
            failing_since: self.failing_since,
            pending: self.pending,
            previous_secret_until: self.previous_until,
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: self.version,
        }
    }
}

/// One, or those after one.
async fn rows(
    db: impl PgExecutor<'_>,
    id: Option<WebhookId>,
    after: Option<WebhookId>,
    limit: i64,
) -> Result<Vec<Hook>> {
    Ok(sqlx::query_as!(
        Hook,
        r#"
        select w.id, w.url, w.description as "description: Line200", w.events, w.desk_id,
            w.active, w.disabled_reason, w.failing_since, w.previous_until, w.created_at, w.updated_at, w.version,
            (select count(*) from webhook_delivery d where d.webhook_id = w.id and d.state = 'pending') as "pending!"
        from webhook w
        where ($1::uuid is null or w.id = $1) and ($2::uuid is null or w.id > $2)
        order by w.id
        limit $3
        "#,
        id.map(|id| *id),
        after.map(|id| *id),
        limit,
    )
    .fetch_all(db)
    .await?)
}

async fn load(db: impl PgExecutor<'_>, id: WebhookId) -> Result<Hook> {
    let found = rows(db, Some(id), None, 1).await?.pop();
    found.ok_or_else(Error::not_found)
}

async fn lock(tx: &mut Tx, id: WebhookId) -> Result<Hook> {
    sqlx::query!(
        "select id from webhook where id = $1 for no key update",
        *id
    )
    .fetch_optional(tx.db())
    .await?;
    load(tx.db(), id).await
}

/// The caller adds `where` on `webhook_delivery d`.
const DELIVERIES: &str = r#"
    select d.id, 'msg_' || replace(d.id::text, '-', '') as message_id, d.type, d.payload, d.state, d.created_at, d.finished_at,
        case when d.state = 'pending' then d.next_attempt_at end as next_attempt_at,
        (
            select coalesce(json_agg(json_build_object('started_at', a.started_at, 'ended_at', a.ended_at, 'status', a.status,
                'error', a.error) order by a.started_at desc, a.id), '[]')
            from (select * from webhook_attempt where delivery_id = d.id order by started_at desc, id limit 20) a
        ) as attempts
    from webhook_delivery d
"#;

async fn delivery(
    db: impl PgExecutor<'_>,
    webhook_id: WebhookId,
    id: DeliveryId,
) -> Result<DeliveryView> {
    let mut query = sqlx::QueryBuilder::new(DELIVERIES);
    query
        .push("where d.id = ")
        .push_bind(id)
        .push(" and d.webhook_id = ")
        .push_bind(webhook_id);
    query
        .build_query_as()
        .fetch_optional(db)
        .await?
        .ok_or_else(Error::not_found)
}

/// Puts the jobs into the queue for which there is something to do: nothing is enqueued with a change, so that no
/// transaction waits for another at the key of a job.
pub(crate) async fn enqueue_due(store: &Store) -> Result<()> {
    sqlx::query!(
        r#"
        with due as (
            select 'spread_news' as kind, '{}'::jsonb as payload, 'spread_news' as job_key
            where exists (select from webhook where active)
            and (
                not exists (select from webhook_position)
                or exists (
                    select
                    from webhook_position p
                    where pg_snapshot_xmax(p.snapshot::pg_snapshot) > pg_snapshot_xmax(pg_current_snapshot())
                    or exists (
                        select
                        from audit_event e
                        where e.txid >= pg_snapshot_xmin(p.snapshot::pg_snapshot)
                        and e.txid < pg_snapshot_xmax(pg_current_snapshot())
                        and not pg_visible_in_snapshot(e.txid, p.snapshot::pg_snapshot)
                    )
                )
            )
            union all
            select 'call_webhook', jsonb_build_object('webhook_id', w.id), 'call_webhook:' || w.id
            from webhook w
            where w.active
            and (w.paused_until is null or w.paused_until <= $1)
            and exists (
                select
                from webhook_delivery d
                where d.webhook_id = w.id and d.state = 'pending' and d.next_attempt_at <= $1
                and (d.leased_until is null or d.leased_until <= $1)
                and not exists (
                    select
                    from webhook_delivery b
                    where b.webhook_id = d.webhook_id and b.chain = d.chain and b.state = 'pending' and b.seq < d.seq
                )
            )
        )
        insert into job (kind, payload, job_key, run_at, created_at)
        select d.kind, d.payload, d.job_key, $1, $1
        from due d
        where not exists (select from job j where j.job_key = d.job_key and j.dead_at is null)
        on conflict do nothing
        "#,
        store.now(),
    )
    .execute(store.writer())
    .await?;
    Ok(())
}

/// Forgets deliveries a month after their end.
pub(crate) async fn forget_old(db: &PgPool, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "delete from webhook_delivery where finished_at < $1",
        now - REMEMBERED
    )
    .execute(db)
    .await?;
    Ok(())
}
