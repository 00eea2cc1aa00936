//! Proposals of dates as they are answered.

use crate::{
    cases::Case,
    error::{Error, Result},
    ids::*,
    interactions::Author,
    programme::*,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, types::Json as SqlJson};
use utoipa::ToSchema;

/// A time that was offered.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OfferedSlot {
    /// When the session would begin.
    pub starts_at: DateTime<Utc>,
    /// When it would end.
    pub ends_at: DateTime<Utc>,
    /// Whether it can still be chosen, as far as the calendars say.
    pub is_free: bool,
}

/// Who would give the session.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[allow(missing_docs, reason = "names say it")]
pub struct ProposalManager {
    pub id: ManagerId,
    pub name: String,
}

/// Times offered to an enterprise.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DateProposal {
    /// Its id.
    pub id: ProposalId,
    /// The case.
    pub case_id: CaseId,
    /// Where it stands.
    pub state: ProposalState,
    /// The times, in the order in which they were offered.
    pub slots: Vec<OfferedSlot>,
    /// How the session would be given.
    pub mode: Mode,
    /// Where, for a visit.
    pub place: Option<String>,
    /// Where, online.
    pub meeting_url: Option<String>,
    /// What those taking part should know.
    pub note: Option<String>,
    /// Who would give it.
    pub managers: Vec<ProposalManager>,
    /// Which contact was asked.
    pub contact_id: Option<ContactId>,
    /// Their name.
    pub contact_name: Option<String>,
    /// Until when the times are held.
    pub answer_by: DateTime<Utc>,
    /// When it was answered, revoked or expired.
    pub ended_at: Option<DateTime<Utc>>,
    /// The session that was booked by it.
    pub consultation_id: Option<ConsultationId>,
    /// What was written by whoever wants another date: the interaction.
    pub interaction_id: Option<InteractionId>,
    /// The same in their words.
    pub wish: Option<String>,
    /// When it was sent.
    pub created_at: DateTime<Utc>,
    /// Who offered the times.
    pub created_by: Option<Author>,
    /// Moves with every change; the ETag.
    pub version: i64,
}

pub(super) async fn find(
    db: &mut PgConnection,
    case: &Case,
    id: ProposalId,
) -> Result<DateProposal> {
    let found = load(db, case, Some(id)).await?.pop();
    found.ok_or_else(Error::not_found)
}

/// The one read query: of a case, the newest first; or one of them.
pub(super) async fn load(
    db: &mut PgConnection,
    case: &Case,
    only: Option<ProposalId>,
) -> Result<Vec<DateProposal>> {
    let rows = sqlx::query!(
        r#"
        select p.id, p.case_id, p.state, p.mode, p.location, p.meeting_url, p.note, p.contact_id, k.name as "contact_name?",
            p.answer_by, p.ended_at, p.consultation_id, p.interaction_id, i.body as "wish?", p.created_at, p.version,
            case when u.id is not null then json_build_object('id', u.id, 'name', u.name) end as "created_by: SqlJson<Author>",
            (
                select coalesce(json_agg(json_build_object('id', m.id, 'name', m.name) order by m.name, m.id), '[]')
                from date_proposal_manager g
                join manager m on m.id = g.manager_id
                where g.proposal_id = p.id
            ) as "managers!: SqlJson<Vec<ProposalManager>>",
            (
                select coalesce(json_agg(json_build_object(
                    'starts_at', s.starts_at, 'ends_at', s.ends_at,
                    'is_free', not exists (
                        select from date_proposal_manager g
                        join consultation_manager b on b.manager_id = g.manager_id
                        where g.proposal_id = p.id and b.live
                        and tstzrange(b.starts_at, b.ends_at) && tstzrange(s.starts_at, s.ends_at)
                    ) and not exists (
                        select from consultation b
                        where b.case_id = p.case_id and b.live
                        and tstzrange(b.starts_at, b.ends_at) && tstzrange(s.starts_at, s.ends_at)
                    ) and not exists (
                        select from date_proposal_manager g
                        join manager_absence a on a.manager_id = g.manager_id
                        where g.proposal_id = p.id and a.starts_at < s.ends_at and a.ends_at > s.starts_at
                    )
                ) order by s.position), '[]')
                from date_proposal_slot s
                where s.proposal_id = p.id
            ) as "slots!: SqlJson<Vec<OfferedSlot>>"
        from date_proposal p
        left join contact k on k.id = p.contact_id
        left join interaction i on i.id = p.interaction_id
        left join app_user u on u.id = p.created_by
        where p.case_id = $1 and ($2::uuid is null or p.id = $2)
        order by p.created_at desc, p.id desc
        "#,
        *case.id,
        only.map(|id| *id),
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| DateProposal {
            id: row.id,
            case_id: row.case_id,
            state: row.state,
            slots: row.slots.0,
            mode: row.mode,
            place: row.location,
            meeting_url: row.meeting_url,
            note: row.note,
            managers: row.managers.0,
            contact_id: row.contact_id,
            contact_name: row.contact_name,
            answer_by: row.answer_by,
            ended_at: row.ended_at,
            consultation_id: row.consultation_id,
            interaction_id: row.interaction_id,
            wish: row.wish,
            created_at: row.created_at,
            created_by: row.created_by.map(|author| author.0),
            version: row.version,
        })
        .collect())
}
