//! Booking and moving sessions. Fifty clients booking the last one at once: one success, forty-nine clean conflicts.

use super::{OnDoubleBooking, check_stages, lock, places, view};
use crate::{
    access::{Access, permit},
    audit::Event,
    cases::{self, Case, Move, Status, Step, deadlines, require_guard, require_open},
    consultations::ConsultationView,
    error::{Error, Fields, ProblemType, Result},
    figures::last_day,
    http::{Answer, Body, Json, Path},
    ids::*,
    managers::{self, SessionPlan, availability::outside_hours},
    messages::invitation::{self, News},
    programme::*,
    public_links::dates,
    routes::ServiceConfig,
    store::Tx,
    text::{Line200, Reason, Url},
};
use actix_web::post;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use utoipa::ToSchema;

pub(super) fn mount(config: &mut ServiceConfig) {
    config
        .service(book_consultation)
        .service(reschedule_consultation);
}

/// A session to book.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BookRequest {
    /// When it begins. The past needs a `late_reason`.
    pub starts_at: DateTime<Utc>,
    /// When it ends, at most a day later.
    pub ends_at: DateTime<Utc>,
    /// How it is given.
    pub mode: Mode,
    /// Who gives it; all live managers of the case where absent.
    #[schema(min_items = 1, max_items = 2)]
    pub manager_ids: Option<Vec<ManagerId>>,
    /// Where, for a visit.
    pub place: Option<Line200>,
    /// Where, online.
    pub meeting_url: Option<Url>,
    /// The stage of support; where absent the one after the last used session earlier in time.
    pub stage: Option<Stage>,
    /// What those taking part should know.
    pub note: Option<Reason>,
    /// Why it is entered only now.
    pub late_reason: Option<Reason>,
    /// Why it is booked although the capacity of a manager's month is used up, they are absent, not appointed, or have a
    /// conflict of interest, or the last day for sessions of the fiscal year has passed; a supervisor's.
    pub override_reason: Option<Reason>,
}

/// New times.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RescheduleRequest {
    /// When it begins; not in the past.
    pub starts_at: DateTime<Utc>,
    /// When it ends, at most a day later.
    pub ends_at: DateTime<Utc>,
    /// As for a booking.
    pub override_reason: Option<Reason>,
}

impl Body for BookRequest {
    fn check(&self, fields: &mut Fields) {
        check_times(self.starts_at, self.ends_at, fields);
        if let Some(ids) = &self.manager_ids {
            let mut unique = ids.clone();
            unique.sort();
            unique.dedup();
            fields.require(
                (1..=2).contains(&ids.len()) && unique.len() == ids.len(),
                "/manager_ids",
                "must name one manager or two different ones",
            );
        }
    }
}

impl Body for RescheduleRequest {
    fn check(&self, fields: &mut Fields) {
        check_times(self.starts_at, self.ends_at, fields);
    }
}

/// An order, a length of at most a day, and a year that people book in.
fn check_times(starts_at: DateTime<Utc>, ends_at: DateTime<Utc>, fields: &mut Fields) {
    fields.require(ends_at > starts_at, "/ends_at", "must be after starts_at");
    fields.require(
        ends_at - starts_at <= TimeDelta::hours(24),
        "/ends_at",
        "must be at most 24 hours after starts_at",
    );
    let years = 2000..2100;
    fields.require(
        years.contains(&chrono::Datelike::year(&starts_at)),
        "/starts_at",
        "must be a date between 2000 and 2099",
    );
}

/// Book a session
///
/// Uses one of the case's free sessions. The first booking of an assignment begins the support. What speaks against a
/// manager on that day (capacity of the month over all desks, absence, appointment, conflict of interest) needs a
/// supervisor's `override_reason`; outside the desk's hours there is a warning.
#[utoipa::path(
    tag = "consultations",
    operation_id = "book_consultation",
    params(("id" = Uuid, Path, description = "The case")),
    request_body = BookRequest,
    responses((status = 201, description = "The session", body = ConsultationView)),
    extensions(("x-permission" = json!("book_consultations")))
)]
#[post("/cases/{id}/consultations")]
async fn book_consultation(
    access: Access<permit::BookConsultations>,
    Path(id): Path<CaseId>,
    Json(body): Json<BookRequest>,
) -> Result<Answer> {
    access
        .transaction(async |tx| {
            let mut case = cases::lock(tx, id).await?;
            let consultation_id = book(tx, &mut case, &body).await?;
            let view = show(tx, &case, consultation_id).await?;
            Ok(
                Answer::created(format!("/api/v1/consultations/{consultation_id}"), &view)
                    .version(view.version),
            )
        })
        .await
}

/// Books a session of a case that the caller has locked.
///
/// # Errors
/// 409 for whatever rule it would break.
pub async fn book(tx: &mut Tx, case: &mut Case, body: &BookRequest) -> Result<ConsultationId> {
    require_open(case)?;
    let late = body.starts_at < tx.now();
    if late && body.late_reason.is_none() {
        return Err(Error::late_reason_required("/late_reason"));
    }
    let managers = session_managers(tx, case, body.manager_ids.as_deref()).await?;
    require_guard(tx, case).await?;
    // Without this lock, overlapping bookings of one manager end in deadlocks instead of conflicts.
    managers::lock(tx, &managers).await?;
    let place = places::lowest_free(tx, case).await?;
    let plan = SessionPlan {
        starts_at: body.starts_at,
        ends_at: body.ends_at,
        moved: None,
    };
    let reason = body.override_reason.as_ref();
    let overridden = set_aside(tx, case, &managers, plan, reason).await?;
    let stage = match body.stage {
        Some(stage) => stage,
        None => next_stage(tx, case, body.starts_at).await?,
    };
    let id = insert(tx, case, body, &managers, place, stage).await?;
    if !overridden.is_empty() {
        note_override(tx, id, reason).await?;
    }
    check_stages(tx).await?;
    tx.record(
        case.id,
        Event::ConsultationBooked {
            consultation_id: id,
            session: place,
            stage: stage.name().into(),
            starts_at: body.starts_at,
            ends_at: body.ends_at,
            manager_ids: managers,
            late,
            overridden,
        },
    );
    // An appointment was agreed with the enterprise, so it has been spoken with.
    deadlines::done(tx, case.id, &[DueKind::FirstContact], None).await?;
    if late {
        cases::raise_flag(
            tx,
            case.id,
            Flag::LateEntry,
            body.late_reason.as_ref().map(Reason::as_str),
        )
        .await?;
    }
    if case.status == Status::Assigned {
        cases::transition(tx, case, Step::Begin, Move::default()).await?;
    }
    if !late {
        invitation::tell(tx, case, id, News::Booked).await?;
    }
    Ok(id)
}

/// Judges times that are to be offered to the enterprise, as a booking of each would be judged now; names the managers. The
/// booking itself is judged anew.
///
/// # Errors
/// 409 as for a booking, 422 naming the times (`/slots/0`) that could not be booked.
pub async fn check_offered(
    tx: &mut Tx,
    case: &Case,
    asked: Option<&[ManagerId]>,
    slots: &[(DateTime<Utc>, DateTime<Utc>)],
) -> Result<Vec<ManagerId>> {
    require_open(case)?;
    let managers = session_managers(tx, case, asked).await?;
    require_guard(tx, case).await?;
    managers::lock(tx, &managers).await?;
    places::lowest_free(tx, case).await?;
    let settings = tx.settings().await?;
    let mut fields = Fields::default();
    for (index, (starts_at, ends_at)) in slots.iter().copied().enumerate() {
        let pointer = format!("/slots/{index}");
        fields.require(starts_at > tx.now(), &pointer, "must not lie in the past");
        if let Some(last) = last_day::passed_for_session(&settings, starts_at) {
            fields.add(
                &pointer,
                format!(
                    "lies after the last day for sessions of this fiscal year, which is {last}"
                ),
            );
        }
        let plan = SessionPlan {
            starts_at,
            ends_at,
            moved: None,
        };
        let obstacles = managers::check_session(tx, case, &managers, plan).await?;
        if !obstacles.is_empty() {
            fields.add(
                &pointer,
                format!("cannot be booked: {}", managers::names(&obstacles)),
            );
        }
        if is_taken(tx, case, &managers, starts_at, ends_at).await? {
            fields.add(&pointer, "is taken by another session");
        }
    }
    fields.finish()?;
    Ok(managers)
}

/// Whether one of the managers, or the case, has a session then.
async fn is_taken(
    tx: &mut Tx,
    case: &Case,
    managers: &[ManagerId],
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
) -> Result<bool> {
    let managers: Vec<_> = managers.iter().map(|id| **id).collect();
    Ok(sqlx::query_scalar!(
        r#"
        select exists (
            select from consultation_manager
            where manager_id = any ($1) and live and tstzrange(starts_at, ends_at) && tstzrange($3, $4)
        ) or exists (
            select from consultation
            where case_id = $2 and live and tstzrange(starts_at, ends_at) && tstzrange($3, $4)
        ) as "is_taken!"
        "#,
        &managers,
        *case.id,
        starts_at,
        ends_at,
    )
    .fetch_one(tx.db())
    .await?)
}

/// Judges the day and the managers, whom the caller has locked; names what a supervisor's reason sets aside.
async fn set_aside(
    tx: &mut Tx,
    case: &Case,
    managers: &[ManagerId],
    plan: SessionPlan,
    reason: Option<&Reason>,
) -> Result<Vec<String>> {
    let settings = tx.settings().await?;
    let after_last_day =
        last_day::require_session_day(&settings, tx.actor(), plan.starts_at, reason)?;
    let obstacles = managers::check_session(tx, case, managers, plan).await?;
    managers::require_reason(tx.actor(), &obstacles, reason, false)?;
    Ok(obstacles
        .into_iter()
        .map(|obstacle| obstacle.name().to_owned())
        .chain(after_last_day.then(|| last_day::AFTER_LAST_DAY.to_owned()))
        .collect())
}

/// A reason that sets nothing aside is not kept.
async fn note_override(tx: &mut Tx, id: ConsultationId, reason: Option<&Reason>) -> Result<()> {
    sqlx::query!(
        "update consultation set override_reason = $2 where id = $1",
        *id,
        reason.map(Reason::as_str),
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// The session as it was just booked or moved, with what to mind.
async fn show(tx: &mut Tx, case: &Case, id: ConsultationId) -> Result<ConsultationView> {
    let mut view = view::show_changed(tx, id).await?;
    let calendar = tx.calendar(case.desk_id).await?;
    view.warnings
        .extend(outside_hours(&calendar, view.starts_at, view.ends_at));
    let managers: Vec<_> = view.managers.iter().map(|manager| manager.id).collect();
    let held = dates::held(tx, &managers, view.starts_at, view.ends_at).await?;
    view.warnings.extend(held);
    Ok(view)
}

/// All live managers of the case, or those asked for, who must be among them.
async fn session_managers(
    tx: &mut Tx,
    case: &Case,
    asked: Option<&[ManagerId]>,
) -> Result<Vec<ManagerId>> {
    let live = sqlx::query_scalar!(
        r#"
        select distinct manager_id as "manager_id!: ManagerId"
        from assignment
        where case_id = $1 and ended_at is null
        order by 1
        "#,
        *case.id
    )
    .fetch_all(tx.db())
    .await?;
    if live.is_empty() {
        return Err(Error::problem(
            ProblemType::NoManagerAssigned,
            "Nobody is assigned to this case yet: offer it to a manager first.",
        ));
    }
    match asked {
        None => Ok(live),
        Some(asked) if asked.iter().all(|id| live.contains(id)) => Ok(asked.to_vec()),
        Some(_) => Err(Error::invalid(
            "/manager_ids",
            "must be managers who are assigned to the case",
        )),
    }
}

/// The stage after that of the last used session earlier in time; `follow_up` repeats.
async fn next_stage(tx: &mut Tx, case: &Case, starts_at: DateTime<Utc>) -> Result<Stage> {
    let last = sqlx::query_scalar!(
        r#"
        select stage as "stage: Stage"
        from consultation
        where case_id = $1 and live and origin_case_id = case_id and starts_at < $2
        order by starts_at desc
        limit 1
        "#,
        *case.id,
        starts_at,
    )
    .fetch_optional(tx.db())
    .await?;
    Ok(match last {
        None => Stage::Assessment,
        Some(Stage::Assessment) => Stage::Preparation,
        Some(Stage::Preparation | Stage::FollowUp) => Stage::FollowUp,
    })
}

async fn insert(
    tx: &mut Tx,
    case: &Case,
    body: &BookRequest,
    managers: &[ManagerId],
    place: i32,
    stage: Stage,
) -> Result<ConsultationId> {
    let id = ConsultationId::new();
    let managers: Vec<_> = managers.iter().map(|id| **id).collect();
    let now = tx.now();
    sqlx::query!(
        r#"
        with session as (
            insert into consultation (id, case_id, session_limit, session_place, state, stage, starts_at, ends_at, live, mode,
                location, meeting_url, note, late_reason, booked_at, origin_case_id, updated_at)
            values ($1, $2, $3, $4, 'booked', $5, $6, $7, true, $8, $9, $10, $11, $12, $13, $2, $13)
        )
        insert into consultation_manager (consultation_id, manager_id, starts_at, ends_at, live)
        select $1, m.id, $6, $7, true
        from unnest($14::uuid[]) as m (id)
        "#,
        *id,
        *case.id,
        case.session_limit,
        place,
        stage.name(),
        body.starts_at,
        body.ends_at,
        body.mode.name(),
        body.place.as_ref().map(Line200::as_str),
        body.meeting_url.as_ref().map(Url::as_str),
        body.note.as_ref().map(Reason::as_str),
        body.late_reason.as_ref().map(Reason::as_str),
        now,
        &managers,
    )
    .execute(tx.db())
    .await
    .on_double_booking()?;
    Ok(id)
}

/// Move a session to another time
///
/// Only before it begins. It keeps its place, stage and managers. The new time is judged as for a booking. Who had checked
/// in early did so for the old time, and does it again.
#[utoipa::path(
    tag = "consultations",
    operation_id = "reschedule_consultation",
    params(("id" = Uuid, Path, description = "The session")),
    request_body = RescheduleRequest,
    responses((status = 200, description = "The session", body = ConsultationView)),
    extensions(("x-permission" = json!("book_consultations")))
)]
#[post("/consultations/{id}/reschedule")]
async fn reschedule_consultation(
    access: Access<permit::BookConsultations>,
    Path(id): Path<ConsultationId>,
    Json(body): Json<RescheduleRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let (case, session) = lock(tx, id).await?;
            precondition.check(session.version)?;
            if session.state != SessionState::Booked || session.has_begun(tx.now()) {
                return Err(Error::illegal_move(
                    "Only a booked session that has not begun can be moved.",
                ));
            }
            if body.starts_at < tx.now() {
                return Err(Error::invalid(
                    "/starts_at",
                    "must not lie in the past; cancel and enter it with a late_reason",
                ));
            }
            let managers = sqlx::query_scalar!(
                "select manager_id from consultation_manager where consultation_id = $1",
                *session.id
            )
            .fetch_all(tx.db())
            .await?;
            managers::lock(tx, &managers).await?;
            let plan = SessionPlan {
                starts_at: body.starts_at,
                ends_at: body.ends_at,
                moved: Some((session.id, session.starts_at)),
            };
            let reason = body.override_reason.as_ref();
            let overridden = set_aside(tx, &case, &managers, plan, reason).await?;
            if !overridden.is_empty() {
                note_override(tx, session.id, reason).await?;
            }
            sqlx::query!(
                r#"
                update consultation
                set starts_at = $2, ends_at = $3, sequence = sequence + 1, updated_at = $4,
                    checked_in_at = null, checked_in_by = null, checked_out_at = null, checked_out_by = null
                where id = $1
                "#,
                *session.id,
                body.starts_at,
                body.ends_at,
                tx.now(),
            )
            .execute(tx.db())
            .await
            .on_double_booking()?;
            check_stages(tx).await?;
            tx.record(
                case.id,
                Event::ConsultationRescheduled {
                    consultation_id: session.id,
                    starts_at: body.starts_at,
                    ends_at: body.ends_at,
                    overridden,
                },
            );
            let news = News::Moved(session.starts_at, session.ends_at);
            invitation::tell(tx, &case, session.id, news).await?;
            let view = show(tx, &case, session.id).await?;
            Ok(Answer::ok(&view).version(view.version))
        })
        .await
}
