//! What was corrected after a period was closed: late entries, voided sessions, merges, reopened cases, changed data.
//!
//! Found by comparing what the period keeps with what is on record of its days now, so that no way of changing things can be
//! forgotten; when, by whom and why is then read from the audit trail and from where reasons are kept. What goes on as it
//! should is no correction: an open case that moves on, gets a manager or is closed; deadlines that end. Added and removed
//! facts sum up: the kept count plus all `effect`s is the count by the record.

use super::{
    facts::{Asker, push_kept, push_recorded},
    periods::{find, of_period, sees_all},
    selection::Span,
    words::*,
};
use crate::{
    access::{Access, Actor, permit},
    cases::View,
    error::Result,
    http::{Answer, Cursor, Page, Path, Query, page_size},
    ids::*,
    routes::ServiceConfig,
    settings::Settings,
};
use actix_web::get;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgConnection, QueryBuilder, types::Json};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(list_adjustments);
}

/// The reports that are compared. Deadlines go on by themselves.
const COMPARED: [ReportKind; 3] = [
    ReportKind::Cases,
    ReportKind::Interactions,
    ReportKind::Sessions,
];

/// Which adjustments.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct AdjustmentQuery {
    /// Of one report: `cases`, `interactions` or `sessions`.
    #[param(inline)]
    report: Option<ReportKind>,
    /// Items per page, 1 to 200; 50 where absent.
    limit: Option<i64>,
    /// Where the page starts.
    cursor: Option<Cursor>,
}

/// A code of a fact that changed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AdjustedField {
    /// Which.
    #[schema(example = "industry")]
    pub field: String,
    /// As the period keeps it; topics are separated by commas.
    pub from: Option<String>,
    /// As it is on record now.
    pub to: Option<String>,
}

/// A correction after a period was closed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Adjustment {
    /// In which report.
    pub report: ReportKind,
    /// The case, interaction, mail, message or session; null for an auditor.
    pub id: Option<Uuid>,
    /// Its case; null for an auditor, who knows it by its number.
    pub case_id: Option<CaseId>,
    /// The number of the case.
    pub number: String,
    /// When it was received, took place or was held.
    pub at: DateTime<Utc>,
    /// What happened to it.
    pub change: AdjustmentChange,
    /// What that does to the count: 1, -1 or 0.
    pub effect: i32,
    /// What is different.
    pub fields: Vec<AdjustedField>,
    /// When it was changed last, where the audit trail says so.
    pub adjusted_at: Option<DateTime<Utc>>,
    /// By whom; null for the program itself and for an auditor.
    pub by: Option<String>,
    /// The event of the audit trail.
    #[schema(example = "consultation_voided")]
    pub because: Option<String>,
    /// Why, in somebody's words: the reason of a late entry, of a void, of a move; null for an auditor.
    pub reason: Option<String>,
}

/// List the adjustments of a closed period
///
/// What is on record of the period's days now and differs from what it keeps, with date, person and reason.
#[utoipa::path(
    tag = "figures",
    operation_id = "list_adjustments",
    params(("id" = Uuid, Path, description = "The period"), AdjustmentQuery),
    responses((status = 200, description = "One page of adjustments", body = Page<Adjustment>)),
    extensions(("x-permission" = json!("read_figures")))
)]
#[get("/periods/{id}/adjustments")]
async fn list_adjustments(
    access: Access<permit::ReadFigures>,
    Path(id): Path<PeriodId>,
    Query(query): Query<AdjustmentQuery>,
) -> Result<Answer> {
    let limit = page_size(query.limit)?;
    let after: Option<(ReportKind, Uuid)> = query.cursor.as_ref().map(Cursor::keys).transpose()?;
    let actor = access.actor();
    let mut db = super::count::snapshot(access.read()).await?;
    let period = find(&mut db, actor, id).await?;
    let settings = Settings::load(&mut *db).await?;
    let days = Span {
        from: period.first_day,
        to: period.last_day,
    };
    let mut found = Vec::new();
    for report in COMPARED {
        let is_over = after.is_some_and(|(reached, _)| report < reached);
        let left = limit + 1 - found.len() as i64;
        if is_over || left <= 0 || query.report.is_some_and(|asked| asked != report) {
            continue;
        }
        let comparison = Comparison {
            period: id,
            report,
            days,
            now: access.now(),
            actor,
            settings: &settings,
        };
        let after = after.filter(|(reached, _)| *reached == report);
        let rows = comparison
            .rows(&mut db, after.map(|(_, id)| id), left)
            .await?;
        found.extend(rows.into_iter().map(|row| (report, row)));
    }
    let page = Page::new(found, limit, |(report, row)| (*report, row.id));
    let causes = causes(&mut db, &page.items, period.closed_at).await?;
    let masked = super::is_masked(actor);
    let items = page
        .items
        .into_iter()
        .zip(causes)
        .map(|((report, row), cause)| row.explained(report, cause, masked))
        .collect();
    Ok(Answer::ok(&Page {
        items,
        next_cursor: page.next_cursor,
    }))
}

/// A fact that differs.
#[derive(FromRow)]
struct Difference {
    id: Uuid,
    case_id: CaseId,
    number: String,
    enterprise_id: Uuid,
    at: DateTime<Utc>,
    recorded_at: DateTime<Utc>,
    change: String,
    effect: i32,
    fields: Json<Vec<AdjustedField>>,
}

impl Difference {
    fn change(&self) -> AdjustmentChange {
        AdjustmentChange::from_name(&self.change).unwrap_or(AdjustmentChange::Changed)
    }

    fn explained(self, report: ReportKind, cause: Cause, masked: bool) -> Adjustment {
        let change = self.change();
        let recorded = (change == AdjustmentChange::Added).then_some(self.recorded_at);
        Adjustment {
            report,
            id: (!masked).then_some(self.id),
            case_id: (!masked).then_some(self.case_id),
            number: self.number,
            at: self.at,
            change,
            effect: self.effect,
            fields: self.fields.0,
            adjusted_at: cause.recorded_at.or(recorded),
            by: cause.by.filter(|_| !masked),
            because: cause.kind,
            reason: cause.reason.filter(|_| !masked),
        }
    }
}

/// One report of a period, beside the record of its days.
struct Comparison<'a> {
    period: PeriodId,
    report: ReportKind,
    days: Span,
    now: DateTime<Utc>,
    actor: &'a Actor,
    settings: &'a Settings,
}

/// Codes that change by a correction only.
const FIXED: [(&str, &str); 6] = [
    ("enterprise", "enterprise_id::text"),
    ("prefecture", "prefecture"),
    ("industry", "industry"),
    ("size", "size"),
    ("channel", "channel"),
    ("case", "number"),
];

impl Comparison<'_> {
    async fn rows(
        &self,
        db: &mut PgConnection,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<Difference>> {
        let selection = of_period(self.report, self.days, self.settings, self.now)?;
        let asker = Asker {
            actor: &Actor::system(),
            settings: self.settings,
        };
        let mut query = QueryBuilder::new(
            r#"
            select y.*
            from (
                select coalesce(k.id, l.id) as id, coalesce(l.case_id, k.case_id) as case_id, coalesce(l.number, k.number) as number,
                    coalesce(l.enterprise_id, k.enterprise_id) as enterprise_id, coalesce(l.at, k.at) as at,
                    coalesce(l.recorded_at, k.recorded_at) as recorded_at,
                    case
                        when k.id is null or (l.counted and not k.counted) then 'added'
                        when l.id is null or (k.counted and not l.counted) then 'removed'
                        else 'changed'
                    end as change,
                    coalesce(l.counted, false)::int - coalesce(k.counted, false)::int as effect,
                    case when k.id is null or l.id is null then '[]' else to_jsonb(array_remove(array["#,
        );
        query
            .push(self.field_columns())
            .push("], null)) end as fields from ");
        push_kept(&mut query, *self.period, self.report);
        query.push(" k full join ");
        push_recorded(&mut query, &selection, &asker);
        query.push(
            " l on l.id = k.id) y \
             where (y.change <> 'changed' or y.fields <> '[]')",
        );
        if !sees_all(self.actor) {
            query.push(" and exists (select 1 from case_file c where c.id = y.case_id and ");
            View::of(self.actor).push(&mut query);
            query.push(")");
        }
        if let Some(after) = after {
            query.push(" and y.id > ").push_bind(after);
        }
        query.push(" order by y.id limit ").push_bind(limit);
        Ok(query.build_query_as().fetch_all(db).await?)
    }

    /// For each code an object where it differs, null otherwise.
    fn field_columns(&self) -> String {
        let differs = |field: &str, kept: &str, now: &str, condition: &str| {
            format!(
                "case when {kept} is distinct from {now} and {condition} \
                 then jsonb_build_object('field', '{field}', 'from', {kept}, 'to', {now}) end"
            )
        };
        let mut columns: Vec<String> = FIXED
            .iter()
            .map(|(field, column)| {
                differs(
                    field,
                    &format!("k.{column}"),
                    &format!("l.{column}"),
                    "true",
                )
            })
            .collect();
        let topics = |row: &str| format!("array_to_string({row}.topics, ',')");
        columns.push(differs("topic", &topics("k"), &topics("l"), "true"));
        // A case that had no desk yet was bound to get one.
        columns.push(differs(
            "desk",
            "k.desk_id::text",
            "l.desk_id::text",
            "k.desk_id is not null",
        ));
        // An open case goes on; a closed one was at its end.
        for field in ["status", "outcome"] {
            columns.push(differs(
                field,
                &format!("k.{field}"),
                &format!("l.{field}"),
                "(k.status = 'closed' or k.counted <> l.counted)",
            ));
        }
        if self.report == ReportKind::Sessions {
            columns.push(differs("state", "k.state", "l.state", "true"));
        }
        columns.join(", ")
    }
}

/// When, by whom and why.
#[derive(Default, FromRow)]
struct Cause {
    recorded_at: Option<DateTime<Utc>>,
    kind: Option<String>,
    by: Option<String>,
    reason: Option<String>,
}

/// The events that can have made a difference.
fn event_kinds(report: ReportKind, row: &Difference) -> &'static str {
    let is_own = row.change() != AdjustmentChange::Changed
        || row.fields.0.iter().any(|field| field.field == "state");
    let is_move = row.change() != AdjustmentChange::Changed
        || row
            .fields
            .0
            .iter()
            .any(|field| matches!(field.field.as_str(), "status" | "outcome" | "desk"));
    match report {
        ReportKind::Sessions if is_own => {
            "consultation_booked,consultation_held,consultation_missed,consultation_voided,consultation_cancelled"
        }
        ReportKind::Interactions if is_own && row.effect >= 0 => {
            "interaction_recorded,mail_placed,mail_attached,message_sent,case_moved"
        }
        ReportKind::Interactions if is_own => "mail_moved,mail_discarded,case_moved",
        ReportKind::Cases if row.change() == AdjustmentChange::Added && row.fields.0.is_empty() => {
            "case_created"
        }
        _ if is_move => "case_moved",
        _ => "case_edited",
    }
}

/// Looks up the causes of a page at once, in the order of the differences.
async fn causes(
    db: &mut PgConnection,
    rows: &[(ReportKind, Difference)],
    closed_at: DateTime<Utc>,
) -> Result<Vec<Cause>> {
    let chains: Vec<Uuid> = rows.iter().map(|(_, row)| *row.case_id).collect();
    let kinds: Vec<String> = rows
        .iter()
        .map(|(report, row)| event_kinds(*report, row).to_owned())
        .collect();
    let subjects: Vec<String> = rows.iter().map(|(_, row)| row.id.to_string()).collect();
    let enterprises: Vec<Option<Uuid>> = rows
        .iter()
        .map(|(_, row)| {
            let is_of_enterprise = row.change() == AdjustmentChange::Changed
                && row.fields.0.iter().all(|field| {
                    matches!(
                        field.field.as_str(),
                        "enterprise" | "prefecture" | "industry" | "size"
                    )
                });
            is_of_enterprise.then_some(row.enterprise_id)
        })
        .collect();
    let causes = sqlx::query_as(
        r#"
        select ev.recorded_at, ev.kind, u.name as by,
            case
                when ev.kind = 'case_created' then c.late_reason
                when ev.kind = 'case_moved' then mr.reason
                when ev.kind = 'consultation_voided' then s.void_reason
                when ev.kind in ('consultation_missed', 'consultation_cancelled') then s.settle_reason
                when ev.kind in ('consultation_booked', 'consultation_held') then s.late_reason
                when ev.kind = 'mail_discarded' then m.discard_reason
                when ev.kind = 'enterprises_merged' then e.merge_reason
            end as reason
        from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[]) with ordinality as x (chain, kinds, subject, enterprise, place)
        left join lateral (
            select a.*
            from (
                (
                    select b.recorded_at, b.kind, b.actor_id, b.data
                    from audit_event b
                    where b.chain = x.chain and b.recorded_at >= $5 and b.kind = any (string_to_array(x.kinds, ','))
                    and (
                        b.kind like 'case%'
                        or x.subject in (b.data ->> 'consultation_id', b.data ->> 'interaction_id', b.data ->> 'mail_id',
                            b.data ->> 'message_id')
                    )
                    order by b.seq desc
                    limit 1
                )
                union all
                (
                    select b.recorded_at, b.kind, b.actor_id, b.data
                    from audit_event b
                    where b.kind in ('enterprise_edited', 'enterprises_merged')
                    and b.data ->> 'enterprise_id' = x.enterprise::text
                    and b.recorded_at >= $5
                    order by b.recorded_at desc
                    limit 1
                )
            ) a
            order by a.recorded_at desc
            limit 1
        ) ev on true
        left join app_user u on u.id = ev.actor_id
        left join case_file c on c.id = x.chain
        left join move_reason mr on mr.case_id = x.chain and mr.seq = (ev.data ->> 'seq')::int
        left join consultation s on s.id = (ev.data ->> 'consultation_id')::uuid
        left join inbound_mail m on m.id = (ev.data ->> 'mail_id')::uuid
        left join enterprise e on e.id = (ev.data ->> 'other_id')::uuid
        order by x.place
        "#,
    )
    .bind(chains)
    .bind(kinds)
    .bind(subjects)
    .bind(enterprises)
    .bind(closed_at)
    .fetch_all(db)
    .await?;
    Ok(causes)
}
