//! Which managers suit a case, and what speaks against an offer.
//!
//! Pure ranking over one query: who is active and appointed, advises on something the case is about, and declared no
//! conflict of interest. What an office may set aside with a reason (capacity, absence, conflict, appointment) is an
//! [`OfferObstacle`]; what it may not is an error.

use super::Manager;
use crate::{
    error::{Error, Result},
    ids::*,
    japan::{JST, prefectures, tokyo_date},
    programme::{Line, Mode, OfferObstacle, Topic},
    text::{Line80, Line200, Name},
};
use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveTime, Utc};
use serde::Serialize;
use sqlx::PgExecutor;
use std::cmp::Reverse;
use utoipa::ToSchema;

/// What a case asks of a manager.
#[derive(Clone, Debug)]
pub struct CaseNeeds<'a> {
    /// The case: who declined it comes later in the list.
    pub case_id: CaseId,
    /// Who asks: who declared a conflict of interest is left out.
    pub enterprise_id: EnterpriseId,
    /// What it is about.
    pub topics: &'a [Topic],
    /// Where it is.
    pub prefecture_code: Option<&'a str>,
    /// How the enterprise would like the consultation to be given.
    pub desired_mode: Option<Mode>,
}

/// A manager who could take a case, and why.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ManagerProposal {
    /// The manager.
    pub manager_id: ManagerId,
    /// Full name.
    pub name: Name,
    /// Their own firm or office.
    pub firm: Option<Line200>,
    /// As in 社会保険労務士.
    pub qualifications: Vec<Line80>,
    /// Sessions that they can still take on this month.
    pub free_this_month: i64,
    /// Why an offer would need a reason (`override_reason`); mostly none.
    pub obstacles: Vec<OfferObstacle>,
    /// Why they are proposed, and what to mind, for people (Japanese).
    pub reasons: Vec<String>,
}

/// A manager as the ranking sees them.
#[derive(Clone, Debug)]
struct Candidate {
    id: ManagerId,
    name: Name,
    firm: Option<Line200>,
    qualifications: Vec<Line80>,
    topics: Vec<Topic>,
    prefecture_codes: Vec<String>,
    modes: Vec<Mode>,
    monthly_capacity: i32,
    /// Booked and held sessions of this month, over all desks.
    taken: i64,
    /// The end of the absence that lasts now.
    absent_until: Option<DateTime<Utc>>,
    has_declined: bool,
}

/// The managers who suit a case on a line, the best first: no obstacle, then most topics in common, the prefecture, the
/// desired mode, not declined before, most sessions left this month.
pub async fn propose(
    db: impl PgExecutor<'_>,
    needs: &CaseNeeds<'_>,
    line: Line,
    now: DateTime<Utc>,
) -> Result<Vec<ManagerProposal>> {
    let wanted = wanted_topics(needs.topics, line);
    let (month, next_month) = month_of(now);
    let candidates = sqlx::query_as!(
        Candidate,
        r#"
        select m.id, m.name as "name: _", m.firm as "firm: _", m.qualifications as "qualifications: _",
            m.topics as "topics: _", m.prefecture_codes, m.modes as "modes: _", m.monthly_capacity,
            (
                select count(*)
                from consultation_manager g
                join consultation s on s.id = g.consultation_id
                where g.manager_id = m.id
                and g.starts_at >= $2 and g.starts_at < $3
                and s.state in ('booked', 'held')
            ) as "taken!",
            (
                select max(a.ends_at)
                from manager_absence a
                where a.manager_id = m.id and a.starts_at <= $4 and a.ends_at > $4
            ) as absent_until,
            exists (
                select 1
                from offer o
                where o.case_id = $5 and o.manager_id = m.id and o.state = 'declined'
            ) as "has_declined!"
        from manager m
        where m.active
        and m.topics && $1
        and (m.appointed_from is null or m.appointed_from <= $6)
        and (m.appointed_to is null or m.appointed_to >= $6)
        and not exists (
            select 1
            from manager_conflict k
            where k.manager_id = m.id and k.enterprise_id = $7
        )
        order by coalesce(m.kana, m.name) collate "C", m.id
        "#,
        &wanted as _,
        month,
        next_month,
        now,
        *needs.case_id,
        tokyo_date(now),
        *needs.enterprise_id,
    )
    .fetch_all(db)
    .await?;
    Ok(rank(candidates, needs, &wanted))
}

/// Why an offer to this manager would need a reason, in the order of their weight; none for a plain offer.
///
/// # Errors
/// 422 at `/manager_id` for an inactive manager: that no reason sets aside.
pub async fn check_offer(
    db: impl PgExecutor<'_>,
    manager: &Manager,
    enterprise_id: EnterpriseId,
    now: DateTime<Utc>,
) -> Result<Vec<OfferObstacle>> {
    if !manager.active {
        return Err(Error::invalid(
            "/manager_id",
            "is a manager who is no longer active",
        ));
    }
    let (month, next_month) = month_of(now);
    let facts = sqlx::query!(
        r#"
        select
            (
                select count(*)
                from consultation_manager g
                join consultation s on s.id = g.consultation_id
                where g.manager_id = $1
                and g.starts_at >= $2 and g.starts_at < $3
                and s.state in ('booked', 'held')
            ) as "taken!",
            exists (
                select 1
                from manager_absence
                where manager_id = $1 and starts_at <= $4 and ends_at > $4
            ) as "is_absent!",
            exists (
                select 1
                from manager_conflict
                where manager_id = $1 and enterprise_id = $5
            ) as "has_conflict!"
        "#,
        *manager.id,
        month,
        next_month,
        now,
        *enterprise_id,
    )
    .fetch_one(db)
    .await?;
    let obstacles = [
        (
            !manager.is_appointed_on(tokyo_date(now)),
            OfferObstacle::OutsideAppointment,
        ),
        (facts.has_conflict, OfferObstacle::ConflictOfInterest),
        (facts.is_absent, OfferObstacle::Absent),
        (
            facts.taken >= i64::from(manager.monthly_capacity),
            OfferObstacle::CapacityFull,
        ),
    ];
    Ok(obstacles
        .into_iter()
        .filter(|(stands, _)| *stands)
        .map(|(_, obstacle)| obstacle)
        .collect())
}

/// The topics of a case that belong to a line; all of the line's where the case has none of them.
fn wanted_topics(topics: &[Topic], line: Line) -> Vec<Topic> {
    let wanted: Vec<_> = line
        .topics()
        .iter()
        .copied()
        .filter(|topic| topics.contains(topic))
        .collect();
    if wanted.is_empty() {
        line.topics().to_vec()
    } else {
        wanted
    }
}

/// The month in Tokyo: its first moment and that of the next one.
fn month_of(now: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
    let first = tokyo_date(now)
        .with_day(1)
        .expect("every month has a first day");
    let next = first
        .checked_add_months(Months::new(1))
        .unwrap_or(NaiveDate::MAX);
    let midnight = |day: NaiveDate| {
        let local = day.and_time(NaiveTime::MIN).and_local_timezone(JST);
        local.single().expect("Japan has no summer time").to_utc()
    };
    (midnight(first), midnight(next))
}

/// Orders the candidates; where nothing tells them apart they stay as they came.
fn rank(
    mut candidates: Vec<Candidate>,
    needs: &CaseNeeds<'_>,
    wanted: &[Topic],
) -> Vec<ManagerProposal> {
    candidates.sort_by_key(|candidate| {
        (
            candidate.obstacles().len(),
            Reverse(candidate.matched(wanted).len()),
            !candidate.works_in(needs.prefecture_code),
            !candidate.gives(needs.desired_mode),
            candidate.has_declined,
            Reverse(candidate.free()),
        )
    });
    candidates
        .into_iter()
        .map(|candidate| candidate.proposal(needs, wanted))
        .collect()
}

impl Candidate {
    fn matched(&self, wanted: &[Topic]) -> Vec<Topic> {
        wanted
            .iter()
            .copied()
            .filter(|topic| self.topics.contains(topic))
            .collect()
    }

    /// Where nobody said where, everybody works there.
    fn works_in(&self, prefecture_code: Option<&str>) -> bool {
        prefecture_code.is_none_or(|code| self.prefecture_codes.iter().any(|own| own == code))
    }

    fn gives(&self, mode: Option<Mode>) -> bool {
        mode.is_none_or(|mode| self.modes.contains(&mode))
    }

    fn free(&self) -> i64 {
        (i64::from(self.monthly_capacity) - self.taken).max(0)
    }

    fn obstacles(&self) -> Vec<OfferObstacle> {
        let obstacles = [
            (self.absent_until.is_some(), OfferObstacle::Absent),
            (self.free() == 0, OfferObstacle::CapacityFull),
        ];
        obstacles
            .into_iter()
            .filter(|(stands, _)| *stands)
            .map(|(_, obstacle)| obstacle)
            .collect()
    }

    fn proposal(self, needs: &CaseNeeds<'_>, wanted: &[Topic]) -> ManagerProposal {
        ManagerProposal {
            manager_id: self.id,
            free_this_month: self.free(),
            obstacles: self.obstacles(),
            reasons: self.reasons(needs, wanted),
            name: self.name,
            firm: self.firm,
            qualifications: self.qualifications,
        }
    }

    fn reasons(&self, needs: &CaseNeeds<'_>, wanted: &[Topic]) -> Vec<String> {
        let topics = self
            .matched(wanted)
            .into_iter()
            .map(Topic::japanese)
            .collect::<Vec<_>>()
            .join("、");
        let mut reasons = vec![format!("相談分野が一致（{topics}）")];
        if let Some(code) = needs.prefecture_code {
            let name = prefectures::prefecture_of(code).map_or(code, |prefecture| prefecture.name);
            let fits = if self.works_in(Some(code)) {
                "に対応"
            } else {
                "は対応地域外"
            };
            reasons.push(format!("{name}{fits}"));
        }
        if let Some(mode) = needs.desired_mode {
            let fits = if self.gives(Some(mode)) {
                "に対応"
            } else {
                "には対応していない"
            };
            reasons.push(format!("希望の実施方法（{}）{fits}", mode.japanese()));
        }
        reasons.push(match self.free() {
            0 => format!(
                "今月の担当枠に空きなし（{} / {} 件）",
                self.taken, self.monthly_capacity
            ),
            free => format!("今月の空き {free} 件（上限 {} 件）", self.monthly_capacity),
        });
        if let Some(until) = self.absent_until {
            reasons.push(format!(
                "{} まで不在",
                until.with_timezone(&JST).format("%Y-%m-%d %H:%M")
            ));
        }
        if self.has_declined {
            reasons.push("この案件を一度辞退".to_owned());
        }
        reasons
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(name: &str) -> Candidate {
        Candidate {
            id: ManagerId::new(),
            name: Name::parse(name).unwrap(),
            firm: None,
            qualifications: Vec::new(),
            topics: vec![Topic::Ict, Topic::Tools],
            prefecture_codes: vec!["02".into()],
            modes: vec![Mode::Online, Mode::Visit],
            monthly_capacity: 8,
            taken: 3,
            absent_until: None,
            has_declined: false,
        }
    }

    fn needs(topics: &[Topic]) -> CaseNeeds<'_> {
        CaseNeeds {
            case_id: CaseId::new(),
            enterprise_id: EnterpriseId::new(),
            topics,
            prefecture_code: Some("02"),
            desired_mode: Some(Mode::Visit),
        }
    }

    fn names(proposals: &[ManagerProposal]) -> Vec<&str> {
        proposals
            .iter()
            .map(|proposal| proposal.name.as_str())
            .collect()
    }

    #[test]
    fn the_best_comes_first() {
        let topics = [Topic::Ict, Topic::Tools];
        let candidates = vec![
            Candidate {
                absent_until: Some("2026-11-30T08:00:00Z".parse().unwrap()),
                ..candidate("absent")
            },
            Candidate {
                taken: 8,
                ..candidate("full")
            },
            Candidate {
                has_declined: true,
                ..candidate("declined")
            },
            Candidate {
                modes: vec![Mode::Online],
                ..candidate("online")
            },
            Candidate {
                prefecture_codes: vec!["13".into()],
                ..candidate("elsewhere")
            },
            Candidate {
                topics: vec![Topic::Tools],
                ..candidate("one topic")
            },
            candidate("usual"),
            Candidate {
                taken: 0,
                ..candidate("free")
            },
        ];
        let proposals = rank(
            candidates,
            &needs(&topics),
            &wanted_topics(&topics, Line::Ict),
        );
        let expected = [
            "free",
            "usual",
            "declined",
            "online",
            "elsewhere",
            "one topic",
            "absent",
            "full",
        ];
        assert_eq!(names(&proposals), expected);
    }

    #[test]
    fn reasons_are_for_people() {
        let topics = [Topic::Tools, Topic::Ict, Topic::Labour];
        let wanted = wanted_topics(&topics, Line::Ict);
        let usual = candidate("usual").proposal(&needs(&topics), &wanted);
        assert_eq!(
            usual.reasons,
            [
                "相談分野が一致（ICT環境の導入、ツール・機器）",
                "青森県に対応",
                "希望の実施方法（訪問）に対応",
                "今月の空き 5 件（上限 8 件）"
            ]
        );
        let hindered = Candidate {
            modes: vec![Mode::Online],
            prefecture_codes: Vec::new(),
            taken: 9,
            absent_until: Some("2026-11-30T08:00:00Z".parse().unwrap()),
            has_declined: true,
            ..candidate("hindered")
        };
        let hindered = hindered.proposal(&needs(&topics), &wanted);
        assert_eq!(
            hindered.obstacles,
            [OfferObstacle::Absent, OfferObstacle::CapacityFull]
        );
        assert_eq!(hindered.free_this_month, 0);
        assert_eq!(
            hindered.reasons[1..],
            [
                "青森県は対応地域外",
                "希望の実施方法（訪問）には対応していない",
                "今月の担当枠に空きなし（9 / 8 件）",
                "2026-11-30 17:00 まで不在",
                "この案件を一度辞退"
            ]
        );
    }

    #[test]
    fn topics_of_the_line() {
        assert_eq!(
            wanted_topics(&[Topic::Labour, Topic::Ict], Line::Labour),
            [Topic::Labour]
        );
        assert_eq!(
            wanted_topics(&[Topic::Labour], Line::Ict),
            Line::Ict.topics()
        );
        assert_eq!(wanted_topics(&[Topic::Other], Line::Ict), [Topic::Other]);
    }

    #[test]
    fn months_begin_in_tokyo() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let november = (at("2026-10-31T15:00:00Z"), at("2026-11-30T15:00:00Z"));
        assert_eq!(month_of(at("2026-10-31T15:00:00Z")), november);
        assert_eq!(month_of(at("2026-11-30T14:59:59Z")), november);
        assert_eq!(
            month_of(at("2026-12-31T16:00:00Z")).0,
            at("2026-12-31T15:00:00Z")
        );
    }
}
