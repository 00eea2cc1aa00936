//! Telework managers (テレワークマネージャー): the experts who give consultations.
//!
//! Owns `manager`, `manager_absence` and `manager_conflict`. Whether a manager is free is asked in [`availability`], what
//! they declared in [`conflicts`], what speaks against them in [`obstacles`], who suits a case in [`proposals`]. E-mail and telephone of a manager are for staff; a
//! manager sees their own. That a manager is never in two consultations at once is the consultations' rule.

pub mod availability;
pub mod conflicts;
mod input;
pub mod obstacles;
pub mod proposals;

use crate::{
    access::{Access, Actor, OFFICE, permit},
    audit::Event,
    error::{Error, Fields, Result},
    http::{Answer, Cursor, Json, Page, Path, Query, page_size},
    ids::*,
    programme::{Mode, Topic},
    routes::ServiceConfig,
    store::Tx,
    text::{EmailAddress, Kana, Line80, Line200, Name, Phone, PrefectureCode, fold},
};
use actix_web::{get, patch, post};
use chrono::{DateTime, NaiveDate, Utc};
pub use input::{CreateManagerRequest, EditManagerRequest};
use input::{apply, as_set, check_appointment};
use obstacles::month_of;
pub use obstacles::{
    SessionPlan, check_acceptance, check_offer, check_session, names, require_reason,
};
pub use proposals::{CaseNeeds, ManagerProposal, propose};
use serde::{Deserialize, Serialize};
use sqlx::PgExecutor;
use utoipa::{IntoParams, ToSchema};

/// Mounts `/managers`.
pub fn mount(config: &mut ServiceConfig) {
    config
        .service(list_managers)
        .service(create_manager)
        .service(show_manager)
        .service(edit_manager)
        .configure(availability::mount)
        .configure(conflicts::mount);
}

/// List telework managers
///
/// In the order of their readings.
#[utoipa::path(
    tag = "people",
    operation_id = "list_managers",
    params(ManagerFilter),
    responses((status = 200, description = "One page of managers", body = Page<Manager>)),
    extensions(("x-permission" = json!("read_directory")))
)]
#[get("/managers")]
async fn list_managers(
    access: Access<permit::ReadDirectory>,
    Query(filter): Query<ManagerFilter>,
) -> Result<Answer> {
    let limit = page_size(filter.limit)?;
    let after = filter
        .cursor
        .as_ref()
        .map(Cursor::keys::<(String, ManagerId)>)
        .transpose()?;
    // There are hundreds of managers at most, so names are compared here, folded as everywhere.
    let sql_limit = filter.q.is_none().then_some(limit + 1);
    let mut managers = load(access.read(), &filter, after, sql_limit).await?;
    if let Some(q) = &filter.q {
        let wanted = search_key(q.as_str());
        managers.retain(|manager| manager.is_called(&wanted));
        managers.truncate(limit as usize + 1);
    }
    let page = Page::new(managers, limit, |manager| {
        (manager.sort_key().to_owned(), manager.id)
    });
    let items = page
        .items
        .into_iter()
        .map(|manager| manager.shown_to(access.actor()))
        .collect();
    Ok(Answer::ok(&Page {
        items,
        next_cursor: page.next_cursor,
    }))
}

/// Create a telework manager
///
/// A person who signs in as this manager is made with `POST /users`.
#[utoipa::path(
    tag = "people",
    operation_id = "create_manager",
    request_body = CreateManagerRequest,
    responses((status = 201, description = "The new manager", body = Manager)),
    extensions(("x-permission" = json!("manage_office")))
)]
#[post("/managers")]
async fn create_manager(
    access: Access<permit::ManageOffice>,
    Json(body): Json<CreateManagerRequest>,
) -> Result<Answer> {
    access
        .transaction(async |tx| {
            let manager = create(tx, &body).await?;
            Ok(
                Answer::created(format!("/api/v1/managers/{}", manager.id), &manager)
                    .version(manager.version),
            )
        })
        .await
}

/// Show a telework manager
///
/// E-mail and telephone are null for other managers.
#[utoipa::path(
    tag = "people",
    operation_id = "show_manager",
    params(("id" = Uuid, Path, description = "The manager")),
    responses((status = 200, description = "The manager", body = Manager)),
    extensions(("x-permission" = json!("read_directory")))
)]
#[get("/managers/{id}")]
async fn show_manager(
    access: Access<permit::ReadDirectory>,
    Path(id): Path<ManagerId>,
) -> Result<Answer> {
    let manager = find(access.read(), id).await?.shown_to(access.actor());
    Ok(Answer::ok(&manager).version(manager.version))
}

/// Change a telework manager
///
/// Managers change how they are reached, where, how and how much they work; the rest is the programme office's, which
/// appoints them. An inactive manager is offered nothing new and keeps what is assigned.
#[utoipa::path(
    tag = "people",
    operation_id = "edit_manager",
    params(("id" = Uuid, Path, description = "The manager")),
    request_body = EditManagerRequest,
    responses((status = 200, description = "The manager", body = Manager)),
    extensions(("x-permission" = json!("keep_profiles")))
)]
#[patch("/managers/{id}")]
async fn edit_manager(
    access: Access<permit::KeepProfiles>,
    Path(id): Path<ManagerId>,
    Json(body): Json<EditManagerRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    require_own(access.actor(), id)?;
    if !access.actor().is_admin() {
        body.forbid_office_fields()?;
    }
    access
        .transaction(async |tx| {
            lock(tx, &[id]).await?;
            let manager = find(tx.db(), id).await?;
            precondition.require(manager.version)?;
            let manager = edit(tx, manager, &body).await?;
            Ok(Answer::ok(&manager).version(manager.version))
        })
        .await
}

/// A telework manager.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Manager {
    /// The manager.
    pub id: ManagerId,
    /// Full name.
    pub name: Name,
    /// Its reading.
    pub kana: Option<Kana>,
    /// For staff and the manager themself; null for others.
    pub email: Option<EmailAddress>,
    /// For staff and the manager themself; null for others.
    pub phone: Option<Phone>,
    /// Their own firm or office.
    pub firm: Option<Line200>,
    /// As in 社会保険労務士, ITコーディネータ.
    pub qualifications: Vec<Line80>,
    /// What they advise on.
    pub topics: Vec<Topic>,
    /// Where they work.
    pub prefecture_codes: Vec<PrefectureCode>,
    /// How they give consultations.
    pub modes: Vec<Mode>,
    /// Sessions a month, booked and held, over all desks; 0 to 200.
    pub monthly_capacity: i32,
    /// First day of the appointment (委嘱).
    pub appointed_from: Option<NaiveDate>,
    /// Last day of the appointment.
    pub appointed_to: Option<NaiveDate>,
    /// Whether offers are made to them.
    pub active: bool,
    /// The version behind the ETag.
    pub version: i64,
    /// When they were entered.
    pub created_at: DateTime<Utc>,
    /// When something was last changed.
    pub updated_at: DateTime<Utc>,
}

impl Manager {
    /// As this person may see it.
    fn shown_to(self, actor: &Actor) -> Self {
        match actor.manager() {
            Some(own) if own != self.id => Self {
                email: None,
                phone: None,
                ..self
            },
            _ => self,
        }
    }

    /// Whether the appointment includes that day.
    pub fn is_appointed_on(&self, day: NaiveDate) -> bool {
        self.appointed_from.is_none_or(|from| from <= day)
            && self.appointed_to.is_none_or(|to| day <= to)
    }

    /// Where they stand in lists.
    fn sort_key(&self) -> &str {
        self.kana.as_ref().map_or(self.name.as_str(), Kana::as_str)
    }

    /// Whether the name or its reading contains what somebody typed.
    fn is_called(&self, wanted: &str) -> bool {
        let kana = self.kana.as_ref().map_or("", Kana::as_str);
        search_key(self.name.as_str()).contains(wanted) || search_key(kana).contains(wanted)
    }
}

/// Names are found whether or not a space stands between family and given name.
fn search_key(name: &str) -> String {
    fold(name).replace(' ', "")
}

/// Which managers are listed.
#[derive(Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ManagerFilter {
    /// Only active or only inactive ones; all where absent.
    active: Option<bool>,
    /// Who advises on this.
    topic: Option<Topic>,
    /// Who works in this prefecture.
    prefecture_code: Option<PrefectureCode>,
    /// Part of the name or of its reading, in any writing.
    q: Option<Line200>,
    /// Items per page, 1 to 200; 50 where absent.
    limit: Option<i64>,
    /// Where the page starts.
    cursor: Option<Cursor>,
}

/// The manager.
///
/// # Errors
/// 404 when there is none.
pub async fn find(db: impl PgExecutor<'_>, id: ManagerId) -> Result<Manager> {
    find_any(db, id).await?.ok_or_else(Error::not_found)
}

/// The manager whom a case is to be offered to.
///
/// # Errors
/// 422 at `/manager_id` when there is none or they are inactive.
pub async fn find_for_offer(db: impl PgExecutor<'_>, id: ManagerId) -> Result<Manager> {
    match find_any(db, id).await? {
        Some(manager) if manager.active => Ok(manager),
        Some(_) => Err(Error::invalid(
            "/manager_id",
            "is a manager who is no longer active",
        )),
        None => Err(Error::invalid("/manager_id", "is no manager")),
    }
}

/// Locks the managers, in the order of their ids, so that two transactions never wait for each other. Ids that do not
/// exist lock nothing.
pub async fn lock(tx: &mut Tx, ids: &[ManagerId]) -> Result<()> {
    let ids: Vec<_> = ids.iter().map(|id| **id).collect();
    // In a sub-query, so that the plan is made once and not for each number of ids.
    sqlx::query!(
        "select id from manager where id = any ((select $1::uuid[])::uuid[]) order by id for no key update",
        &ids
    )
    .fetch_all(tx.db())
    .await?;
    Ok(())
}

/// What belongs to a manager is not there for another one.
fn require_own(actor: &Actor, id: ManagerId) -> Result<()> {
    match actor.manager() {
        Some(own) if own != id => Err(Error::not_found()),
        _ => Ok(()),
    }
}

async fn find_any(db: impl PgExecutor<'_>, id: ManagerId) -> Result<Option<Manager>> {
    Ok(sqlx::query_as!(
        Manager,
        r#"
        select id, name as "name: _", kana as "kana: _", email as "email: _", phone as "phone: _", firm as "firm: _",
            qualifications as "qualifications: _", topics as "topics: _", prefecture_codes as "prefecture_codes: _",
            modes as "modes: _", monthly_capacity, appointed_from, appointed_to, active, version, created_at, updated_at
        from manager
        where id = $1
        "#,
        *id,
    )
    .fetch_optional(db)
    .await?)
}

/// The managers of a filter behind the given place of the list. `q` is left to the caller.
async fn load(
    db: impl PgExecutor<'_>,
    filter: &ManagerFilter,
    after: Option<(String, ManagerId)>,
    limit: Option<i64>,
) -> Result<Vec<Manager>> {
    let (after_key, after_id) = after.unzip();
    Ok(sqlx::query_as!(
        Manager,
        r#"
        select id, name as "name: _", kana as "kana: _", email as "email: _", phone as "phone: _", firm as "firm: _",
            qualifications as "qualifications: _", topics as "topics: _", prefecture_codes as "prefecture_codes: _",
            modes as "modes: _", monthly_capacity, appointed_from, appointed_to, active, version, created_at, updated_at
        from manager
        where ($1::boolean is null or active = $1)
        and ($2::text is null or $2 = any (topics))
        and ($3::text is null or $3 = any (prefecture_codes))
        and ($4::text is null or (coalesce(kana, name) collate "C", id) > ($4, $5))
        order by coalesce(kana, name) collate "C", id
        limit $6
        "#,
        filter.active,
        filter.topic.map(Topic::name),
        filter.prefecture_code.as_ref().map(PrefectureCode::as_str),
        after_key,
        after_id.map(|id| *id),
        limit,
    )
    .fetch_all(db)
    .await?)
}

async fn create(tx: &mut Tx, body: &CreateManagerRequest) -> Result<Manager> {
    let id = ManagerId::new();
    let now = tx.now();
    sqlx::query!(
        r#"
        insert into manager (id, name, kana, email, phone, firm, qualifications, topics, prefecture_codes, modes,
            monthly_capacity, appointed_from, appointed_to, active, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15)
        "#,
        *id,
        body.name.as_str(),
        body.kana.as_ref().map(Kana::as_str),
        body.email.as_ref().map(EmailAddress::as_str),
        body.phone.as_ref().map(Phone::as_str),
        body.firm.as_ref().map(Line200::as_str),
        &body.qualifications as _,
        as_set(&body.topics) as _,
        as_set(&body.prefecture_codes) as _,
        as_set(&body.modes) as _,
        body.monthly_capacity,
        body.appointed_from,
        body.appointed_to,
        body.active.unwrap_or(true),
        now,
    )
    .execute(tx.db())
    .await?;
    tx.record(OFFICE, Event::ManagerCreated { manager_id: id });
    find(tx.db(), id).await
}

async fn edit(tx: &mut Tx, mut manager: Manager, body: &EditManagerRequest) -> Result<Manager> {
    let fields = apply(&mut manager, body);
    if fields.is_empty() {
        tx.unchanged();
        return Ok(manager);
    }
    let mut faults = Fields::default();
    check_appointment(&mut faults, manager.appointed_from, manager.appointed_to);
    faults.finish()?;
    sqlx::query!(
        r#"
        update manager
        set name = $2, kana = $3, email = $4, phone = $5, firm = $6, qualifications = $7, topics = $8,
            prefecture_codes = $9, modes = $10, monthly_capacity = $11, appointed_from = $12, appointed_to = $13,
            active = $14, updated_at = $15
        where id = $1
        "#,
        *manager.id,
        manager.name.as_str(),
        manager.kana.as_ref().map(Kana::as_str),
        manager.email.as_ref().map(EmailAddress::as_str),
        manager.phone.as_ref().map(Phone::as_str),
        manager.firm.as_ref().map(Line200::as_str),
        &manager.qualifications as _,
        &manager.topics as _,
        &manager.prefecture_codes as _,
        &manager.modes as _,
        manager.monthly_capacity,
        manager.appointed_from,
        manager.appointed_to,
        manager.active,
        tx.now(),
    )
    .execute(tx.db())
    .await?;
    tx.record(
        OFFICE,
        Event::ManagerEdited {
            manager_id: manager.id,
            fields,
        },
    );
    find(tx.db(), manager.id).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{ActorKind, Role};

    /// A manager in Aomori, for the tests of this slice.
    pub(super) fn manager() -> Manager {
        Manager {
            id: ManagerId::new(),
            name: Name::parse("髙橋 花子").unwrap(),
            kana: Some(Kana::parse("たかはし はなこ").unwrap()),
            email: Some(EmailAddress::parse("hanako@example.jp").unwrap()),
            phone: Some(Phone::parse("017-722-1234").unwrap()),
            firm: None,
            qualifications: Vec::new(),
            topics: vec![Topic::Ict],
            prefecture_codes: vec![PrefectureCode::parse("02").unwrap()],
            modes: vec![Mode::Online],
            monthly_capacity: 8,
            appointed_from: None,
            appointed_to: None,
            active: true,
            version: 1,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn another_manager_sees_no_contact_data() {
        let someone = manager();
        let as_manager = |id| Actor {
            kind: ActorKind::User,
            role: Some(Role::Manager),
            manager_id: Some(id),
            ..Actor::system()
        };
        assert!(
            someone
                .clone()
                .shown_to(&as_manager(someone.id))
                .email
                .is_some()
        );
        let seen = someone.clone().shown_to(&as_manager(ManagerId::new()));
        assert_eq!((seen.email, seen.phone), (None, None));
        assert!(someone.shown_to(&Actor::system()).phone.is_some());
    }

    #[test]
    fn found_by_any_part_of_the_name() {
        for wanted in [
            "高橋",
            "髙橋花",
            "高橋　花子",
            "タカハシハナ",
            "はなこ",
            "ﾊﾅｺ",
        ] {
            assert!(manager().is_called(&search_key(wanted)), "{wanted}");
        }
        assert!(!manager().is_called(&search_key("太郎")));
    }
}
