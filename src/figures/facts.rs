//! The facts behind every number: one row per case, contact, session or deadline, in codes.
//!
//! A count, its list, what a closed period keeps and the look for later corrections all stand on [`push_facts`], so that
//! they cannot differ. A fact comes from what is on record ([`push_live`]), or from a closed period ([`push_frozen`]).
//!
//! As of an earlier day, this is brought back from what has times of its own: what was recorded by then, status, desk and
//! outcome (history), managers and lines (assignments), the state of a session (booked, settled, voided), that of a deadline
//! (done), and the points a case had reached. Everything else is as it stands now: the enterprise and its place, industry and
//! size, site, topics, channel, how far the enterprise is with telework, the case a session belongs to, its times, when
//! something is due, and what a ministry counts.
//!
//! Each source is one flat `select` with `left join`s by primary key and scalar subqueries: the planner drops whatever the
//! question does not need, so that a plain count over a million cases reads one index. A condition in a `with` or a view
//! would not be taken apart like that.

use super::{
    selection::{Selection, Span},
    words::*,
};
use crate::{access::Actor, cases::View, consultations, settings::Settings};
use chrono::{DateTime, Utc};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

/// The columns of a fact, in the order of `period_fact`.
pub(super) const COLUMNS: &str = "id, case_id, number, enterprise_id, at, recorded_at, prefecture, desk_id, managers, lines, industry, size, \
    topics, ministries, stage, channel, outcome, status, telework_status, state, kind, direction, counted, \
    answer_gross, answer_net, accept_gross, accept_net, session_gross, session_net";

/// Who asks, and by what ministries count.
pub(super) struct Asker<'a> {
    pub actor: &'a Actor,
    pub settings: &'a Settings,
}

impl Asker<'_> {
    /// Which cases: an auditor's figures are those of everybody, masked where they are listed.
    fn view(&self) -> View {
        match super::is_masked(self.actor) {
            true => View::All,
            false => View::of(self.actor),
        }
    }
}

/// Adds `(facts) f` of a selection, before its filters.
pub(super) fn push_facts(
    query: &mut QueryBuilder<Postgres>,
    selection: &Selection,
    asker: &Asker<'_>,
) {
    query.push("(");
    let live = selection.live();
    if !live.is_empty() {
        push_live(query, selection, &live, asker);
    }
    if !selection.frozen.is_empty() {
        if !live.is_empty() {
            query.push(" union all ");
        }
        push_frozen(query, selection, asker);
    }
    query.push(") f");
}

/// Adds the conditions of a selection on `f`: scope, points reached, filters.
pub(super) fn push_filters(query: &mut QueryBuilder<Postgres>, selection: &Selection) {
    match selection.scope {
        FigureScope::Counted => drop(query.push(" and f.counted")),
        FigureScope::Excluded => drop(query.push(" and not f.counted")),
        FigureScope::All => {}
    }
    if let Some(reached) = selection.reached {
        query
            .push(" and ")
            .push(minutes(reached).1)
            .push(" is not null");
    }
    for (dimension, codes) in &selection.filters {
        push_filter(query, *dimension, codes);
    }
}

/// The columns with the business minutes until a point: gross and net.
pub(super) fn minutes(milestone: Milestone) -> (&'static str, &'static str) {
    match milestone {
        Milestone::FirstAnswer => ("f.answer_gross", "f.answer_net"),
        Milestone::Acceptance => ("f.accept_gross", "f.accept_net"),
        Milestone::FirstSession => ("f.session_gross", "f.session_net"),
    }
}

fn push_filter(query: &mut QueryBuilder<Postgres>, dimension: Dimension, codes: &[String]) {
    let expression = dimension.expression();
    let asks_unset = codes.iter().any(|code| code == UNSET);
    query.push(" and (");
    if dimension.is_multiple() {
        query
            .push(expression)
            .push(" && ")
            .push_bind(codes.to_vec());
        if asks_unset {
            query
                .push(" or cardinality(")
                .push(expression)
                .push(") = 0");
        }
    } else {
        query
            .push(expression)
            .push(" = any (")
            .push_bind(codes.to_vec())
            .push(")");
        if asks_unset {
            query.push(" or (").push(expression).push(") is null");
        }
    }
    query.push(")");
}

/// A part of a statement that binds values; it gathers text and values in order.
type Query = QueryBuilder<Postgres>;

/// What is on record.
fn push_live(query: &mut Query, selection: &Selection, spans: &[Span], asker: &Asker<'_>) {
    let until = selection.until;
    match selection.report {
        ReportKind::Cases | ReportKind::Enterprises => push_cases(query, until, spans, asker),
        ReportKind::Interactions => push_interactions(query, until, spans, asker),
        ReportKind::Sessions => push_sessions(query, until, spans, asker),
        ReportKind::Deadlines => push_deadlines(query, until, selection.now, spans, asker),
    }
}

/// What closed periods keep. The cases that a desk or a manager sees are those they see now (rule 8): a case that went to
/// another desk takes its facts along.
fn push_frozen(query: &mut Query, selection: &Selection, asker: &Asker<'_>) {
    let report = match selection.report {
        ReportKind::Enterprises => ReportKind::Cases,
        report => report,
    };
    query
        .push("select ")
        .push(COLUMNS)
        .push(" from period_fact pf where pf.report = ")
        .push_bind(report.name())
        .push(" and (");
    for (index, (period, days)) in selection.frozen.iter().enumerate() {
        let (from, to) = days.moments();
        query
            .push(if index == 0 { "" } else { " or " })
            .push("(pf.period_id = ")
            .push_bind(*period.id)
            .push(" and pf.at >= ")
            .push_bind(from)
            .push(" and pf.at < ")
            .push_bind(to)
            .push(")");
    }
    query.push(")");
    match (asker.view(), report) {
        (View::All, _) => {}
        (_, ReportKind::Sessions) => {
            query.push(" and exists (select 1 from consultation s join case_file c on c.id = s.case_id where s.id = pf.id and ");
            consultations::push_view(query, asker.actor);
            query.push(")");
        }
        (view, _) => {
            query.push(" and exists (select 1 from case_file c where c.id = pf.case_id and ");
            view.push(query);
            query.push(")");
        }
    }
}

fn push_spans(query: &mut Query, time: &str, spans: &[Span]) {
    query.push(" and (");
    for (index, span) in spans.iter().enumerate() {
        let (from, to) = span.moments();
        query
            .push(if index == 0 { "" } else { " or " })
            .push("(")
            .push(time)
            .push(" >= ")
            .push_bind(from)
            .push(" and ")
            .push(time)
            .push(" < ")
            .push_bind(to)
            .push(")");
    }
    query.push(")");
}

/// `and <time> < <until>`, where it is about an earlier day.
fn push_until(query: &mut Query, time: &str, until: Option<DateTime<Utc>>) {
    if let Some(until) = until {
        query.push(" and ").push(time).push(" < ").push_bind(until);
    }
}

/// The employees of an enterprise in the classes of [`SizeClass`]. The limits are those of small enterprises (5, 20) and of
/// small and medium ones (50, 100, 300) in 中小企業基本法, article 2.
const SIZE: &str = "case when e.employees <= 5 then 'to_5' when e.employees <= 20 then 'to_20' when e.employees <= 50 then 'to_50' \
    when e.employees <= 100 then 'to_100' when e.employees <= 300 then 'to_300' when e.employees > 300 then 'over_300' end";

/// Managers and lines of a fact, and the stage it belongs to.
struct People {
    managers: fn(&mut Query, Option<DateTime<Utc>>),
    lines: fn(&mut Query, Option<DateTime<Utc>>),
    stage: fn(&mut Query, Option<DateTime<Utc>>),
}

/// All managers who were ever assigned, released ones included; the stage of the last session that was held.
const OF_CASE: People = People {
    managers: |query, until| {
        query.push("array(select distinct a.manager_id from assignment a where a.case_id = c.id");
        push_until(query, "a.assigned_at", until);
        query.push(")");
    },
    lines: |query, until| {
        query.push("array(select distinct a.line from assignment a where a.case_id = c.id");
        push_until(query, "a.assigned_at", until);
        query.push(")");
    },
    stage: |query, until| {
        query.push("(select ls.stage from consultation ls where ls.case_id = c.id and ");
        push_was_held(query, "ls", until);
        query.push(" order by ls.held_from desc, ls.id limit 1)");
    },
};

/// Those who give a session, and the lines on which they were assigned.
const OF_SESSION: People = People {
    managers: |query, _| {
        query.push("array(select cm.manager_id from consultation_manager cm where cm.consultation_id = s.id)");
    },
    lines: |query, _| {
        query.push(
            "array(select distinct a.line from consultation_manager cm \
             join assignment a on a.manager_id = cm.manager_id and a.case_id in (s.case_id, s.origin_case_id) \
             where cm.consultation_id = s.id)",
        );
    },
    stage: |query, _| {
        query.push("s.stage");
    },
};

fn push_was_held(query: &mut Query, alias: &str, until: Option<DateTime<Utc>>) {
    match until {
        None => drop(query.push(format!("{alias}.state = 'held'"))),
        Some(until) => {
            query
                .push(format!(
                    "{alias}.held_from is not null and {alias}.settled_at < "
                ))
                .push_bind(until)
                .push(format!(
                    " and ({alias}.voided_at is null or {alias}.voided_at >= "
                ))
                .push_bind(until)
                .push(")");
        }
    }
}

/// From `number` to `telework_status`.
fn push_descriptive(
    query: &mut Query,
    until: Option<DateTime<Utc>>,
    asker: &Asker<'_>,
    people: &People,
    at: &str,
    recorded_at: &str,
) {
    let case = if until.is_some() { "h" } else { "c" };
    query
        .push("c.number, c.enterprise_id, ")
        .push(at)
        .push(" as at, ")
        .push(recorded_at)
        .push(
            " as recorded_at, coalesce(c.site_prefecture_code, e.prefecture_code) as prefecture, ",
        )
        .push(case)
        .push(".desk_id, ");
    (people.managers)(query, until);
    query.push(" as managers, ");
    (people.lines)(query, until);
    query
        .push(" as lines, left(e.industry_code, 1) as industry, ")
        .push(SIZE)
        .push(" as size, c.topics, ");
    push_ministries(query, asker.settings);
    query.push(" as ministries, ");
    (people.stage)(query, until);
    query
        .push(" as stage, c.channel, ")
        .push(case)
        .push(".outcome, ")
        .push(case)
        .push(if until.is_some() {
            ".to_status as status"
        } else {
            ".status"
        })
        .push(", c.telework_status, ");
}

fn push_ministries(query: &mut Query, settings: &Settings) {
    query.push("array_remove(array[");
    for ministry in &settings.ministries {
        let topics: Vec<_> = ministry.topics.iter().map(|topic| topic.name()).collect();
        query
            .push("case when c.topics && ")
            .push_bind(topics)
            .push("::text[] then ")
            .push_bind(ministry.code.clone())
            .push("::text end, ");
    }
    query.push("null]::text[], null)");
}

/// The case, its enterprise, and where the case stood at an earlier time.
fn push_case_joins(query: &mut Query, until: Option<DateTime<Utc>>) {
    query.push(" left join enterprise e on e.id = c.enterprise_id");
    if let Some(until) = until {
        query
            .push(
                " left join lateral (select ch.to_status, ch.desk_id, ch.outcome from case_history ch \
                 where ch.case_id = c.id and ch.occurred_at < ",
            )
            .push_bind(until)
            .push(" order by ch.seq desc limit 1) h on true");
    }
}

/// No business time.
const NO_MINUTES: &str = ", null::int as answer_gross, null::int as answer_net, null::int as accept_gross, null::int as accept_net, \
     null::int as session_gross, null::int as session_net";

fn push_cases(query: &mut Query, until: Option<DateTime<Utc>>, spans: &[Span], asker: &Asker<'_>) {
    query.push("select c.id, c.id as case_id, ");
    push_descriptive(
        query,
        until,
        asker,
        &OF_CASE,
        "c.received_at",
        "c.recorded_at",
    );
    let outcome = if until.is_some() {
        "h.outcome"
    } else {
        "c.outcome"
    };
    query
        .push("null::text as state, null::text as kind, null::text as direction, coalesce(")
        .push(outcome)
        .push(" not in ('duplicate', 'spam'), true) as counted");
    for (reached, columns) in [
        ("answered_at", ["answer_gross", "answer_net"]),
        ("accepted_at", ["accept_gross", "accept_net"]),
        ("session_recorded_at", ["session_gross", "session_net"]),
    ] {
        for column in columns {
            match until {
                None => drop(query.push(format!(", t.{column}"))),
                Some(until) => {
                    query
                        .push(format!(", case when t.{reached} < "))
                        .push_bind(until)
                        .push(format!(" then t.{column} end as {column}"));
                }
            }
        }
    }
    query.push(" from case_file c");
    push_case_joins(query, until);
    query.push(" left join case_time t on t.case_id = c.id where ");
    asker.view().push(query);
    push_until(query, "c.recorded_at", until);
    push_spans(query, "c.received_at", spans);
}

/// Calls, visits and the like; mails that people wrote and that were placed, and answers that were sent. What programs
/// write (acknowledgements, invitations, notices, delivery reports, automatic answers) is no contact.
fn push_interactions(
    query: &mut Query,
    until: Option<DateTime<Utc>>,
    spans: &[Span],
    asker: &Asker<'_>,
) {
    query.push("select x.id, x.case_id, ");
    push_descriptive(query, until, asker, &OF_CASE, "x.at", "x.recorded_at");
    let outcome = if until.is_some() {
        "h.outcome"
    } else {
        "c.outcome"
    };
    query
        .push("null::text as state, x.kind, x.direction, coalesce(")
        .push(outcome)
        .push(" <> 'spam', true) as counted")
        .push(NO_MINUTES)
        .push(
            " from (select i.id, i.case_id, i.occurred_at as at, i.recorded_at, i.kind, i.direction \
             from interaction i where true",
        );
    push_spans(query, "i.occurred_at", spans);
    push_until(query, "i.recorded_at", until);
    query.push(
        " union all select m.id, m.case_id, m.received_at, greatest(m.received_at, m.processed_at), 'email', 'inbound' \
         from inbound_mail m where m.case_id is not null and m.kind = 'normal' and m.discarded_at is null",
    );
    push_spans(query, "m.received_at", spans);
    push_until(query, "greatest(m.received_at, m.processed_at)", until);
    query.push(
        " union all select g.id, g.case_id, g.sent_at, g.sent_at, 'email', 'outbound' \
         from message g where g.case_id is not null and g.kind = 'reply' and g.state = 'sent'",
    );
    push_spans(query, "g.sent_at", spans);
    push_until(query, "g.sent_at", until);
    query.push(") x join case_file c on c.id = x.case_id");
    push_case_joins(query, until);
    query.push(" where ");
    asker.view().push(query);
}

/// By the day on which it was held; one that was not held, by the day it was booked for.
const HELD_DAY: &str = "coalesce(s.held_from, s.starts_at)";

fn push_sessions(
    query: &mut Query,
    until: Option<DateTime<Utc>>,
    spans: &[Span],
    asker: &Asker<'_>,
) {
    query.push("select s.id, s.case_id, ");
    push_descriptive(
        query,
        until,
        asker,
        &OF_SESSION,
        HELD_DAY,
        "coalesce(s.settled_at, s.booked_at)",
    );
    match until {
        None => drop(query.push("s.state")),
        Some(until) => {
            query
                .push("case when s.voided_at < ")
                .push_bind(until)
                .push(" then 'voided' when s.settled_at is null or s.settled_at >= ")
                .push_bind(until)
                .push(
                    " then 'booked' when s.state <> 'voided' then s.state \
                     when s.no_show_by is not null then 'no_show' else 'held' end as state",
                );
        }
    }
    query.push(", null::text as kind, null::text as direction, ");
    push_was_held(query, "s", until);
    query
        .push(" as counted")
        .push(NO_MINUTES)
        .push(" from consultation s join case_file c on c.id = s.case_id");
    push_case_joins(query, until);
    query.push(" where ");
    match super::is_masked(asker.actor) {
        true => drop(query.push("true")),
        false => consultations::push_view(query, asker.actor),
    }
    push_until(query, "s.booked_at", until);
    push_spans(query, HELD_DAY, spans);
}

/// By the day on which it is due.
fn push_deadlines(
    query: &mut Query,
    until: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    spans: &[Span],
    asker: &Asker<'_>,
) {
    query.push("select lpad(to_hex(d.id), 32, '0')::uuid as id, d.case_id, ");
    push_descriptive(query, until, asker, &OF_CASE, "d.due_at", "d.started_at");
    query.push("case when ");
    push_was_done(query, until);
    query
        .push(
            " then case when not d.met then 'dropped' when d.done_at <= d.due_at then 'met' else 'late' end \
             when d.due_at < ",
        )
        .push_bind(until.unwrap_or(now))
        .push(" and not d.paused then 'overdue' else 'open' end as state, d.kind, null::text as direction, not (");
    push_was_done(query, until);
    query
        .push(" and not d.met) as counted")
        .push(NO_MINUTES)
        .push(" from deadline d join case_file c on c.id = d.case_id");
    push_case_joins(query, until);
    query.push(" where ");
    asker.view().push(query);
    push_until(query, "d.started_at", until);
    push_spans(query, "d.due_at", spans);
}

fn push_was_done(query: &mut Query, until: Option<DateTime<Utc>>) {
    query.push("(d.done_at is not null");
    push_until(query, "d.done_at", until);
    query.push(")");
}

/// Adds what is on record of the days of a closed period, as it stands now, for all desks.
pub(super) fn push_recorded(query: &mut Query, selection: &Selection, asker: &Asker<'_>) {
    query.push("(");
    push_live(query, selection, &[selection.span], asker);
    query.push(")");
}

/// The facts that a period keeps, of one report.
pub(super) fn push_kept(query: &mut Query, period: Uuid, report: ReportKind) {
    query
        .push("(select ")
        .push(COLUMNS)
        .push(" from period_fact pf where pf.period_id = ")
        .push_bind(period)
        .push(" and pf.report = ")
        .push_bind(report.name())
        .push(")");
}
