//! What is left of the capacity of managers and desks, month by month.
//!
//! A manager's month is taken by the sessions that are booked or held in it, over all desks, as a booking judges it
//! ([`crate::managers`]); what is left of it is said to everybody who proposes them. Whose sessions they are is only said as
//! far as the person sees them, so `booked` and `held` can be less than what was taken. A desk has the capacity of the
//! managers who work in the prefectures it covers; several desks may share a manager.

use super::{
    count::{count_groups, read, select},
    facts::Asker,
    selection::{Asked, Selection, Span, start_of},
    times_report::Counted,
    words::*,
};
use crate::{
    access::{Access, permit},
    error::{Error, Result},
    http::{Answer, Query},
    ids::*,
    japan::tokyo_date,
    routes::ServiceConfig,
};
use actix_web::get;
use chrono::{Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use std::collections::{BTreeMap, HashMap};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(show_capacity);
}

/// Most months at once.
const MAX_MONTHS: usize = 12;

/// Of which months.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct CapacityQuery {
    /// A day of the first month; today where absent.
    from: Option<NaiveDate>,
    /// A day of the last month; that of `from` where absent, eleven months later at most.
    to: Option<NaiveDate>,
}

impl CapacityQuery {
    fn months(&self, today: NaiveDate) -> Result<Vec<Span>> {
        let from = self.from.unwrap_or(today);
        let to = self.to.unwrap_or(from);
        let mut fields = crate::error::Fields::default();
        crate::programme::check_period(&mut fields, ("/from", Some(from)), ("/to", Some(to)));
        fields.finish()?;
        let mut months = vec![Span::month(from)];
        while let Some(last) = months.last().filter(|last| last.to < to) {
            let next = Span::month(last.from + Months::new(1));
            months.push(next);
            if months.len() > MAX_MONTHS {
                return Err(Error::invalid("/to", "must be at most eleven months later"));
            }
        }
        Ok(months)
    }
}

/// What is left of a manager's month.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ManagerCapacity {
    /// First day of the month, in Japan.
    pub month: NaiveDate,
    /// The manager.
    pub manager_id: ManagerId,
    /// Their name; the end of the id for an auditor.
    pub manager: String,
    /// Sessions a month; 0 where they are not appointed in it.
    pub capacity: i64,
    /// What can still be booked, over all desks.
    pub left: i64,
    /// Booked sessions that the person sees.
    pub booked: Counted,
    /// Held sessions that the person sees.
    pub held: Counted,
}

/// What is left of a desk's month.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeskCapacity {
    /// First day of the month, in Japan.
    pub month: NaiveDate,
    /// The desk.
    pub desk_id: DeskId,
    /// Its name.
    pub desk: String,
    /// How many managers work where it is responsible.
    pub managers: i64,
    /// Their sessions a month, taken together.
    pub capacity: i64,
    /// What is left of it, over all desks.
    pub left: i64,
    /// Booked sessions of its cases that the person sees.
    pub booked: Counted,
    /// Held sessions of its cases that the person sees.
    pub held: Counted,
}

/// Capacity of managers and desks.
#[derive(Serialize, ToSchema)]
pub struct CapacityReport {
    /// Today, in Japan.
    pub as_of: NaiveDate,
    /// First day of the first month.
    pub from: NaiveDate,
    /// Last day of the last month.
    pub to: NaiveDate,
    /// By month and manager; a manager sees the own row only.
    pub managers: Vec<ManagerCapacity>,
    /// By month and desk; a desk sees the own row only, a manager none.
    pub desks: Vec<DeskCapacity>,
}

/// Show what is left of the capacity
///
/// Month by month, of managers and of desks: capacity, booked, held, left.
#[utoipa::path(
    tag = "figures",
    operation_id = "show_capacity",
    params(CapacityQuery),
    responses((status = 200, description = "The capacity", body = CapacityReport)),
    extensions(("x-permission" = json!("read_figures")))
)]
#[get("/reports/capacity")]
async fn show_capacity(
    access: Access<permit::ReadFigures>,
    Query(query): Query<CapacityQuery>,
) -> Result<Answer> {
    let today = tokyo_date(access.now());
    let months = query.months(today)?;
    let span = Span {
        from: months[0].from,
        to: months[months.len() - 1].to,
    };
    read(&access, async |db, asker| {
        let actor = access.actor();
        let asked = Asked {
            from: Some(span.from),
            to: Some(span.to),
            basis: Some(Basis::Record),
            scope: Some(FigureScope::All),
            ..Asked::default()
        };
        let kind = ReportKind::Sessions;
        let selection = select(db, kind, asked, &[], asker.settings, access.now()).await?;
        let load = load_managers(db, &months).await?;
        let of_managers = Sessions::count(db, &selection, Dimension::Manager, asker).await?;
        let masked = super::is_masked(actor);
        let managers = load
            .iter()
            .filter(|row| actor.manager().is_none_or(|own| own == row.id))
            .map(|row| {
                let code = row.id.to_string();
                ManagerCapacity {
                    month: row.month,
                    manager_id: row.id,
                    manager: match masked {
                        true => format!("専門家 {}", &code[code.len() - 6..]),
                        false => row.name.clone(),
                    },
                    capacity: row.capacity,
                    left: row.left(),
                    booked: of_managers.counted(row.month, &code, "booked"),
                    held: of_managers.counted(row.month, &code, "held"),
                }
            })
            .collect();
        let desks = match actor.manager() {
            Some(_) => Vec::new(),
            None => {
                let of_desks = Sessions::count(db, &selection, Dimension::Desk, asker).await?;
                let own = actor.desk();
                desk_rows(db, own, &months, &load, &of_desks).await?
            }
        };
        Ok(Answer::ok(&CapacityReport {
            as_of: today,
            from: span.from,
            to: span.to,
            managers,
            desks,
        }))
    })
    .await
}

/// The sessions in view, by month, manager or desk, and state.
struct Sessions<'a> {
    selection: &'a Selection,
    dimension: Dimension,
    counts: HashMap<(String, String, String), i64>,
}

impl<'a> Sessions<'a> {
    async fn count(
        db: &mut PgConnection,
        selection: &'a Selection,
        dimension: Dimension,
        asker: &Asker<'_>,
    ) -> Result<Self> {
        let by = [Dimension::Month, dimension, Dimension::State];
        let groups = count_groups(db, selection, &by, asker).await?;
        let counts = groups.into_iter().filter_map(|(codes, count)| {
            let [month, code, state]: [String; 3] = codes.try_into().ok()?;
            Some(((month, code, state), count))
        });
        Ok(Self {
            selection,
            dimension,
            counts: counts.collect(),
        })
    }

    fn counted(&self, month: NaiveDate, code: &str, state: &str) -> Counted {
        let month = month.format("%Y-%m").to_string();
        let key = (month.clone(), code.to_owned(), state.to_owned());
        let narrowed = self.selection.narrowed(&[
            (Dimension::Month, month),
            (self.dimension, code.to_owned()),
            (Dimension::State, state.to_owned()),
        ]);
        Counted {
            count: self.counts.get(&key).copied().unwrap_or_default(),
            list: narrowed.list(),
        }
    }
}

/// A manager's month.
struct Load {
    month: NaiveDate,
    id: ManagerId,
    name: String,
    capacity: i64,
    taken: i64,
}

impl Load {
    fn left(&self) -> i64 {
        (self.capacity - self.taken).max(0)
    }
}

/// Every active manager in every month, with what is taken over all desks, as a booking counts it.
async fn load_managers(db: &mut PgConnection, months: &[Span]) -> Result<Vec<Load>> {
    let first: Vec<NaiveDate> = months.iter().map(|month| month.from).collect();
    let last: Vec<NaiveDate> = months.iter().map(|month| month.to).collect();
    let from: Vec<_> = months.iter().map(|month| start_of(month.from)).collect();
    let to: Vec<_> = months
        .iter()
        .map(|month| start_of(month.to + Days::new(1)))
        .collect();
    let rows = sqlx::query!(
        r#"
        select x.first_day as "first_day!", m.id, m.name,
            case
                when m.appointed_from > x.last_day or m.appointed_to < x.first_day then 0
                else m.monthly_capacity
            end as "capacity!",
            (
                select count(*)
                from consultation_manager g
                join consultation s on s.id = g.consultation_id
                where g.manager_id = m.id and g.starts_at >= x.begins and g.starts_at < x.ends and s.state in ('booked', 'held')
            ) as "taken!"
        from unnest($1::date[], $2::date[], $3::timestamptz[], $4::timestamptz[]) as x (first_day, last_day, begins, ends)
        cross join manager m
        where m.active
        order by x.first_day, m.name, m.id
        "#,
        &first,
        &last,
        &from,
        &to,
    )
    .fetch_all(db)
    .await?;
    let loads = rows.into_iter().map(|row| Load {
        month: row.first_day,
        id: row.id,
        name: row.name,
        capacity: i64::from(row.capacity),
        taken: row.taken,
    });
    Ok(loads.collect())
}

/// Active desks with the managers who work in the prefectures they cover in a month.
async fn desk_rows(
    db: &mut PgConnection,
    own: Option<DeskId>,
    months: &[Span],
    load: &[Load],
    sessions: &Sessions<'_>,
) -> Result<Vec<DeskCapacity>> {
    let loads: BTreeMap<(NaiveDate, Uuid), &Load> =
        load.iter().map(|row| ((row.month, *row.id), row)).collect();
    let first: Vec<NaiveDate> = months.iter().map(|month| month.from).collect();
    let last: Vec<NaiveDate> = months.iter().map(|month| month.to).collect();
    let rows = sqlx::query!(
        r#"
        select x.first_day as "first_day!", d.id, d.name,
            array(
                select m.id
                from manager m
                where m.active
                and exists (
                    select 1
                    from desk_coverage v
                    where v.desk_id = d.id and v.from_date <= x.last_day and (v.to_date is null or v.to_date >= x.first_day)
                    and coalesce(v.prefecture_code, left(v.municipality_code, 2)) = any (m.prefecture_codes)
                )
            ) as "managers!"
        from unnest($1::date[], $2::date[]) as x (first_day, last_day)
        cross join desk d
        where d.active and ($3::uuid is null or d.id = $3)
        order by x.first_day, d.code
        "#,
        &first,
        &last,
        own.map(|id| *id),
    )
    .fetch_all(db)
    .await?;
    let desks = rows.into_iter().map(|row| {
        let managers: Vec<_> = row
            .managers
            .iter()
            .filter_map(|id| loads.get(&(row.first_day, *id)))
            .filter(|load| load.capacity > 0)
            .collect();
        let code = row.id.to_string();
        DeskCapacity {
            month: row.first_day,
            desk_id: row.id,
            desk: row.name,
            managers: managers.len() as i64,
            capacity: managers.iter().map(|load| load.capacity).sum(),
            left: managers.iter().map(|load| load.left()).sum(),
            booked: sessions.counted(row.first_day, &code, "booked"),
            held: sessions.counted(row.first_day, &code, "held"),
        }
    });
    Ok(desks.collect())
}
