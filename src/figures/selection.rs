//! What is asked of a report: days, as of when, filters; and the same in the form of a link.

use super::words::*;
use crate::{
    error::{Fields, Result},
    ids::PeriodId,
    japan::{fiscal_year_of, tokyo_date},
    settings::Settings,
};
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

macro_rules! queries {
    ($($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $extra_doc:literal])+ $extra:ident: $type:ty,)* })+) => {$(
        $(#[doc = $doc])+
        ///
        /// Every filter takes codes separated by commas; `unset` is what is not known or belongs to nobody.
        #[derive(Clone, Debug, Default, Deserialize, IntoParams)]
        #[into_params(parameter_in = Query)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[doc = $extra_doc])+ pub $extra: Option<$type>,)*
            /// First day, in Japan; the first of the fiscal year where absent (or of `month`, `fiscal_year`).
            pub from: Option<NaiveDate>,
            /// Last day; the last of the fiscal year where absent (or of `month`, `fiscal_year`).
            pub to: Option<NaiveDate>,
            /// What was on record at the end of this day, in Japan; today where absent.
            pub as_of: Option<NaiveDate>,
            /// `closed` (where absent): days of closed periods as they were frozen, all others as recorded. `record`:
            /// everything as recorded.
            #[param(inline)]
            pub basis: Option<Basis>,
            /// `counted` (where absent): without duplicates and spam, sessions that were held. Where a state, or the outcome
            /// duplicate or spam, is asked for: `all`.
            #[param(inline)]
            pub scope: Option<FigureScope>,
            /// Only cases that have reached this point.
            #[param(inline)]
            pub reached: Option<Milestone>,
            /// Months, as in `2026-11`.
            pub month: Option<String>,
            /// Fiscal years, as in `2026`.
            pub fiscal_year: Option<String>,
            /// Prefectures (JIS X 0401) of the site, or of the enterprise where the site has none.
            pub prefecture: Option<String>,
            /// `urban` or `regional`.
            pub area: Option<String>,
            /// Desks by id.
            pub desk: Option<String>,
            /// Managers by id.
            pub manager: Option<String>,
            /// Major divisions of the industry, A to T.
            pub industry: Option<String>,
            /// Size classes: `to_5` `to_20` `to_50` `to_100` `to_300` `over_300` employees.
            pub size: Option<String>,
            /// Topics.
            pub topic: Option<String>,
            /// Ministries, by the codes of the settings.
            pub ministry: Option<String>,
            /// Stages of support.
            pub stage: Option<String>,
            /// Channels.
            pub channel: Option<String>,
            /// Outcomes; `unset` where the case is open.
            pub outcome: Option<String>,
            /// Statuses of the case.
            pub status: Option<String>,
            /// Lines: `ict`, `labour`.
            pub line: Option<String>,
            /// How far the enterprise is with telework.
            pub telework_status: Option<String>,
            /// States of sessions, or what became of deadlines.
            pub state: Option<String>,
            /// Kinds of contact, or what was due.
            pub kind: Option<String>,
            /// Directions of contact.
            pub direction: Option<String>,
        }

        impl $name {
            /// Everything that selects facts; the report is the caller's.
            pub(super) fn asked(&self) -> Asked {
                let filters = [
                    (Dimension::Month, &self.month),
                    (Dimension::FiscalYear, &self.fiscal_year),
                    (Dimension::Prefecture, &self.prefecture),
                    (Dimension::Area, &self.area),
                    (Dimension::Desk, &self.desk),
                    (Dimension::Manager, &self.manager),
                    (Dimension::Industry, &self.industry),
                    (Dimension::Size, &self.size),
                    (Dimension::Topic, &self.topic),
                    (Dimension::Ministry, &self.ministry),
                    (Dimension::Stage, &self.stage),
                    (Dimension::Channel, &self.channel),
                    (Dimension::Outcome, &self.outcome),
                    (Dimension::Status, &self.status),
                    (Dimension::Line, &self.line),
                    (Dimension::TeleworkStatus, &self.telework_status),
                    (Dimension::State, &self.state),
                    (Dimension::Kind, &self.kind),
                    (Dimension::Direction, &self.direction),
                ];
                let filters = filters
                    .into_iter()
                    .filter_map(|(dimension, text)| Some((dimension, text.clone()?)))
                    .collect();
                Asked {
                    from: self.from,
                    to: self.to,
                    as_of: self.as_of,
                    basis: self.basis,
                    scope: self.scope,
                    reached: self.reached,
                    filters,
                }
            }
        }
    )+};
}

queries! {
    /// What a report counts, and by what.
    ReportQuery {
        /// One dimension or two, separated by a comma (`month,desk`); only the total where absent.
        by: String,
    }
    /// What is measured.
    FilterQuery {}
    /// Which rows are listed.
    RowsQuery {
        /// Items per page, 1 to 200; 50 where absent.
        limit: i64,
        /// Where the page starts.
        cursor: crate::http::Cursor,
    }
}

/// The parameters as they came.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    pub as_of: Option<NaiveDate>,
    pub basis: Option<Basis>,
    pub scope: Option<FigureScope>,
    pub reached: Option<Milestone>,
    pub filters: Vec<(Dimension, String)>,
}

/// A closed period, as far as figures name it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PeriodRef {
    /// Its id.
    pub id: PeriodId,
    /// A month or a fiscal year.
    pub kind: PeriodKind,
    /// First day, in Japan.
    pub first_day: NaiveDate,
    /// Last day.
    pub last_day: NaiveDate,
    /// When it was closed.
    pub closed_at: DateTime<Utc>,
}

/// Days, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

impl Span {
    /// A whole fiscal year.
    pub fn fiscal_year(year: i32) -> Self {
        let day = |year, month, day| {
            NaiveDate::from_ymd_opt(year, month, day).expect("both ends of a fiscal year exist")
        };
        Self {
            from: day(year, 4, 1),
            to: day(year + 1, 3, 31),
        }
    }

    /// The month of a day.
    pub fn month(day: NaiveDate) -> Self {
        let from = day.with_day(1).expect("every month has a first day");
        Self {
            from,
            to: from + Months::new(1) - Days::new(1),
        }
    }

    fn contains(&self, other: &Self) -> bool {
        self.from <= other.from && other.to <= self.to
    }

    fn meet(&self, other: &Self) -> Option<Self> {
        let (from, to) = (self.from.max(other.from), self.to.min(other.to));
        (from <= to).then_some(Self { from, to })
    }

    /// The first moment in Japan, and the first after it.
    pub fn moments(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        (
            start_of(self.from),
            start_of(self.to.succ_opt().unwrap_or(self.to)),
        )
    }
}

/// Midnight in Japan.
pub(super) fn start_of(day: NaiveDate) -> DateTime<Utc> {
    use chrono::TimeZone;
    let midnight = day.and_time(chrono::NaiveTime::MIN);
    crate::japan::JST
        .from_local_datetime(&midnight)
        .single()
        .map_or(DateTime::<Utc>::MAX_UTC, |at| at.to_utc())
}

/// What a number counts: all that a count and its list have in common.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    pub report: ReportKind,
    pub span: Span,
    pub as_of: NaiveDate,
    /// The end of `as_of`, where that is over; none: as everything stands now.
    pub until: Option<DateTime<Utc>>,
    pub now: DateTime<Utc>,
    pub basis: Basis,
    pub scope: FigureScope,
    pub reached: Option<Milestone>,
    pub filters: BTreeMap<Dimension, Vec<String>>,
    /// Closed periods that answer for some of the days, and for which.
    pub frozen: Vec<(PeriodRef, Span)>,
}

impl Selection {
    /// Checks what was asked and fills in the defaults. The closed periods are still to be looked up.
    ///
    /// # Errors
    /// 422 naming every faulty parameter.
    pub fn new(
        report: ReportKind,
        asked: Asked,
        by: &[Dimension],
        settings: &Settings,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        let today = tokyo_date(now);
        let mut fields = Fields::default();
        let mut filters = BTreeMap::new();
        for (dimension, text) in &asked.filters {
            let codes: Vec<String> = text.split(',').map(|code| code.trim().to_owned()).collect();
            let pointer = format!("/{}", dimension.name());
            let is_known = codes.iter().all(|code| dimension.takes(code, settings));
            fields.require(
                dimension.belongs_to(report),
                &pointer,
                "is not known to this report",
            );
            fields.require(is_known, &pointer, "must be codes separated by commas");
            fields.require(codes.len() <= 100, &pointer, "at most 100");
            filters.insert(*dimension, codes);
        }
        let usual = match fields.is_empty() {
            true => usual_span(&filters, today),
            false => Span::fiscal_year(fiscal_year_of(today)),
        };
        let span = Span {
            from: asked.from.unwrap_or(usual.from),
            to: asked.to.unwrap_or(usual.to),
        };
        crate::programme::check_period(
            &mut fields,
            ("/from", Some(span.from)),
            ("/to", Some(span.to)),
        );
        let as_of = asked.as_of.unwrap_or(today);
        fields.require(as_of <= today, "/as_of", "must not lie in the future");
        fields.finish()?;
        let scope = asked.scope.unwrap_or_else(|| usual_scope(&filters, by));
        Ok(Self {
            report,
            span,
            as_of,
            until: (as_of < today).then(|| start_of(as_of.succ_opt().unwrap_or(as_of))),
            now,
            basis: asked.basis.unwrap_or(Basis::Closed),
            scope,
            reached: asked.reached,
            filters,
            frozen: Vec::new(),
        })
    }

    /// Takes the closed periods that answer for days of the span.
    ///
    /// A fiscal year answers where all of it is asked for: it was closed after its months, with what had been corrected by
    /// then. Otherwise its months answer.
    pub fn freeze(&mut self, closed: Vec<PeriodRef>) {
        if self.basis == Basis::Record {
            return;
        }
        let until = self.until.unwrap_or(DateTime::<Utc>::MAX_UTC);
        let span = |period: &PeriodRef| Span {
            from: period.first_day,
            to: period.last_day,
        };
        let known = closed
            .into_iter()
            .filter(|period| period.closed_at < until)
            .collect::<Vec<_>>();
        let years: Vec<_> = known
            .iter()
            .filter(|period| period.kind == PeriodKind::FiscalYear)
            .map(span)
            .filter(|year| self.span.contains(year))
            .collect();
        for period in known {
            let days = span(&period);
            let answers = match period.kind {
                PeriodKind::FiscalYear => self.span.contains(&days),
                PeriodKind::Month => !years.iter().any(|year| year.contains(&days)),
            };
            if let Some(days) = days.meet(&self.span).filter(|_| answers) {
                self.frozen.push((period, days));
            }
        }
        self.frozen.sort_by_key(|(_, days)| days.from);
    }

    /// The days that no closed period answers for.
    pub fn live(&self) -> Vec<Span> {
        let mut spans = Vec::new();
        let mut from = self.span.from;
        for (_, days) in &self.frozen {
            if from < days.from {
                let to = days.from - Days::new(1);
                spans.push(Span { from, to });
            }
            from = days.to + Days::new(1);
        }
        if from <= self.span.to {
            let to = self.span.to;
            spans.push(Span { from, to });
        }
        spans
    }

    /// The closed period that the whole span is, if it is one.
    pub fn period(&self) -> Option<PeriodRef> {
        match self.frozen.as_slice() {
            [(period, days)]
                if *days == self.span
                    && period.first_day == days.from
                    && period.last_day == days.to =>
            {
                Some(period.clone())
            }
            _ => None,
        }
    }

    /// Narrowed to these codes.
    pub fn narrowed(&self, keys: &[(Dimension, String)]) -> Self {
        let mut narrowed = self.clone();
        for (dimension, code) in keys {
            narrowed.filters.insert(*dimension, vec![code.clone()]);
        }
        narrowed
    }

    /// The path and query of the list that the number counts.
    pub fn list(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("from", &self.span.from.to_string())
            .append_pair("to", &self.span.to.to_string())
            .append_pair("as_of", &self.as_of.to_string())
            .append_pair("basis", self.basis.name())
            .append_pair("scope", self.scope.name());
        if let Some(reached) = self.reached {
            query.append_pair("reached", reached.name());
        }
        for (dimension, codes) in &self.filters {
            query.append_pair(dimension.name(), &codes.join(","));
        }
        format!(
            "/api/v1/reports/{}/rows?{}",
            self.report.name(),
            query.finish()
        )
    }
}

/// The days where nobody says which: those of the months or fiscal years that are asked for, or the current fiscal year.
fn usual_span(filters: &BTreeMap<Dimension, Vec<String>>, today: NaiveDate) -> Span {
    let spans = |dimension: Dimension, span: fn(&str) -> Option<Span>| {
        filters
            .get(&dimension)
            .into_iter()
            .flatten()
            .filter_map(|code| span(code))
            .collect::<Vec<_>>()
    };
    let months = spans(Dimension::Month, |code| {
        format!("{code}-01").parse().ok().map(Span::month)
    });
    let years = spans(Dimension::FiscalYear, |code| {
        code.parse()
            .ok()
            .filter(|year| (2000..2999).contains(year))
            .map(Span::fiscal_year)
    });
    let named = if months.is_empty() { years } else { months };
    let from = named.iter().map(|span| span.from).min();
    let to = named.iter().map(|span| span.to).max();
    match (from, to) {
        (Some(from), Some(to)) => Span { from, to },
        _ => Span::fiscal_year(fiscal_year_of(today)),
    }
}

/// Whoever asks for what is not counted means it.
fn usual_scope(filters: &BTreeMap<Dimension, Vec<String>>, by: &[Dimension]) -> FigureScope {
    let asks_state = by.contains(&Dimension::State) || filters.contains_key(&Dimension::State);
    let asks_uncounted = filters
        .get(&Dimension::Outcome)
        .into_iter()
        .flatten()
        .any(|code| matches!(code.as_str(), "duplicate" | "spam"));
    match asks_state || asks_uncounted {
        true => FigureScope::All,
        false => FigureScope::Counted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn span(from: &str, to: &str) -> Span {
        Span {
            from: day(from),
            to: day(to),
        }
    }

    fn closed(kind: PeriodKind, days: Span, at: &str) -> PeriodRef {
        PeriodRef {
            id: PeriodId(Uuid::now_v7()),
            kind,
            first_day: days.from,
            last_day: days.to,
            closed_at: at.parse().unwrap(),
        }
    }

    fn selection(asked: Asked) -> Result<Selection> {
        let now = "2026-11-24T01:00:00Z".parse().unwrap();
        Selection::new(ReportKind::Cases, asked, &[], &Settings::default(), now)
    }

    #[test]
    fn the_days_where_nobody_says_which() {
        let usual = selection(Asked::default()).unwrap();
        assert_eq!(usual.span, span("2026-04-01", "2027-03-31"));
        assert_eq!(usual.until, None);
        let month = Asked {
            filters: vec![(Dimension::Month, "2026-02,2025-12".into())],
            ..Asked::default()
        };
        assert_eq!(
            selection(month).unwrap().span,
            span("2025-12-01", "2026-02-28")
        );
        let past = Asked {
            as_of: Some(day("2026-11-23")),
            ..Asked::default()
        };
        let until = "2026-11-23T15:00:00Z".parse().unwrap();
        assert_eq!(selection(past).unwrap().until, Some(until));
    }

    #[test]
    fn a_year_answers_whole_and_its_months_otherwise() {
        let months = [
            ("2026-01-01", "2026-01-31"),
            ("2026-02-01", "2026-02-28"),
            ("2026-03-01", "2026-03-31"),
            ("2026-04-01", "2026-04-30"),
        ];
        let mut periods: Vec<_> = months
            .map(|(from, to)| closed(PeriodKind::Month, span(from, to), "2026-05-07T00:00:00Z"))
            .into();
        let year = Span::fiscal_year(2025);
        periods.push(closed(PeriodKind::FiscalYear, year, "2026-05-08T00:00:00Z"));
        let asked = |from: &str, to: &str, as_of: Option<&str>| {
            let asked = Asked {
                from: Some(day(from)),
                to: Some(day(to)),
                as_of: as_of.map(day),
                ..Asked::default()
            };
            let mut selection = selection(asked).unwrap();
            selection.freeze(periods.clone());
            selection
        };
        let whole = asked("2025-04-01", "2026-03-31", None);
        assert_eq!(whole.period().unwrap().kind, PeriodKind::FiscalYear);
        assert!(whole.live().is_empty());
        let mixed = asked("2026-02-10", "2026-05-31", None);
        assert_eq!(mixed.period(), None);
        assert_eq!(mixed.frozen.len(), 3);
        assert_eq!(mixed.frozen[0].1, span("2026-02-10", "2026-02-28"));
        assert_eq!(mixed.live(), [span("2026-05-01", "2026-05-31")]);
        let both = asked("2025-04-01", "2026-04-30", None);
        let kinds: Vec<_> = both.frozen.iter().map(|(period, _)| period.kind).collect();
        assert_eq!(kinds, [PeriodKind::FiscalYear, PeriodKind::Month]);
        let before = asked("2026-02-01", "2026-02-28", Some("2026-05-06"));
        assert!(before.frozen.is_empty(), "it was not closed then");
        let after = asked("2026-02-01", "2026-02-28", Some("2026-05-07"));
        assert_eq!(after.period().unwrap().kind, PeriodKind::Month);
    }

    #[test]
    fn a_link_says_everything() {
        let asked = Asked {
            filters: vec![(Dimension::Topic, "ict,labour".into())],
            reached: Some(Milestone::FirstAnswer),
            ..Asked::default()
        };
        let narrowed = selection(asked)
            .unwrap()
            .narrowed(&[(Dimension::Prefecture, "02".into())]);
        assert_eq!(
            narrowed.list(),
            "/api/v1/reports/cases/rows?from=2026-04-01&to=2027-03-31&as_of=2026-11-24&basis=closed&scope=counted\
             &reached=first_answer&prefecture=02&topic=ict%2Clabour"
        );
    }
}
