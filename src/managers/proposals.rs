//! Which managers suit a case, and what speaks against an offer.
//!
//! Pure ranking over few statements, however many managers there are: who is active, appointed, and advises on something
//! the case is about; and when they have no time. Who would need a reason ([`OfferObstacle`]) comes last, and whoever
//! declared a conflict of interest at the very end.

use super::{
    availability::{Busy, Slot, Terms, Window, busy, free_slots, open_slots},
    month_of,
};
use crate::{
    calendar::Calendar,
    error::Result,
    ids::*,
    japan::{JST, fold, prefectures::Prefecture, tokyo_date},
    programme::{Line, Mode, OfferObstacle, Topic},
    text::{Line80, Line200, Name},
};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use std::{cmp::Reverse, collections::HashMap, sync::LazyLock};
use utoipa::ToSchema;

/// Most managers that are proposed. Whoever is not among them can be chosen by hand.
const MOST: usize = 100;

/// Days in which free time is looked for where nobody says which: three weeks.
pub const USUAL_DAYS: u64 = 21;

/// Parts of the names of qualifications that tell a line, folded: 社会保険労務士 (also 特定), 弁護士 for labour law; the
/// national examinations of information processing and ITコーディネータ for ICT. Qualifications are free text.
static QUALIFICATIONS: LazyLock<[(Line, Vec<String>); 2]> = LazyLock::new(|| {
    let folded = |words: &[&str]| words.iter().map(|word| fold(word)).collect();
    [
        (
            Line::Ict,
            folded(&[
                "ITコーディネータ",
                "情報処理",
                "情報技術者",
                "情報セキュリティ",
                "ITストラテジスト",
                "システムアーキテクト",
                "ネットワークスペシャリスト",
            ]),
        ),
        (
            Line::Labour,
            folded(&["社会保険労務士", "社労士", "弁護士", "労働"]),
        ),
    ]
});

/// What a case asks of a manager.
#[derive(Clone, Debug)]
pub struct CaseNeeds<'a> {
    /// The case: who declined it comes later in the list.
    pub case_id: CaseId,
    /// Who asks: whom somebody helped before, or has a conflict of interest with.
    pub enterprise_id: EnterpriseId,
    /// The field of work.
    pub line: Line,
    /// What it is about.
    pub topics: &'a [Topic],
    /// Where its site is.
    pub prefecture: Option<&'static Prefecture>,
    /// How the enterprise would like the consultation to be given.
    pub desired_mode: Option<Mode>,
    /// The days that are asked for.
    pub window: Window,
    /// The hours of the desk that makes the appointment.
    pub calendar: &'a Calendar,
}

impl CaseNeeds<'_> {
    /// Nobody travels for an online meeting or a telephone call.
    fn is_remote(&self) -> bool {
        matches!(self.desired_mode, Some(Mode::Online | Mode::Phone))
    }
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
    /// On how many of the days asked for they have time for a session, in the desk's hours.
    pub free_days: i64,
    /// The first time on those days.
    pub first_free: Option<Slot>,
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
    appointed_from: Option<NaiveDate>,
    appointed_to: Option<NaiveDate>,
    monthly_capacity: i32,
    /// Booked and held sessions of this month, over all desks.
    taken: i64,
    /// The end of the absence that lasts now.
    absent_until: Option<DateTime<Utc>>,
    has_declined: bool,
    has_conflict: bool,
    /// Sessions that they held with this enterprise, and when the last one was.
    past: i64,
    last_past: Option<DateTime<Utc>>,
}

/// A candidate's time on the days asked for.
#[derive(Clone, Debug, Default)]
struct Free {
    days: i64,
    first: Option<Slot>,
    /// Absences that begin later than now.
    absences: Vec<Slot>,
}

/// The managers who suit a case on its line, the best first: no conflict of interest, no other obstacle, time on the days
/// asked for, most topics in common, the place, the desired mode, a qualification of the line, not declined before, known
/// to the enterprise, of its prefecture, most sessions left this month; then by their reading.
pub async fn propose(
    db: &mut PgConnection,
    needs: &CaseNeeds<'_>,
    now: DateTime<Utc>,
) -> Result<Vec<ManagerProposal>> {
    let wanted = wanted_topics(needs.topics, needs.line);
    let mut candidates = candidates(db, needs, &wanted, now).await?;
    candidates.sort_by_cached_key(|candidate| candidate.rank(needs, &wanted));
    let open = open_slots(needs.calendar, &needs.window, now);
    let mut looked_at = Vec::new();
    // Their time costs most to find out, so it is asked of the best first, until enough have some.
    for some in candidates.chunks(MOST) {
        let ids: Vec<_> = some.iter().map(|candidate| candidate.id).collect();
        let mut busy_of: HashMap<ManagerId, Vec<Busy>> = HashMap::new();
        for busy in busy(&mut *db, &ids, &needs.window).await? {
            busy_of.entry(busy.manager_id).or_default().push(busy);
        }
        looked_at.extend(some.iter().cloned().map(|candidate| {
            let busy = busy_of.remove(&candidate.id).unwrap_or_default();
            let free = Free::of(&candidate.terms(), &open, &busy, &needs.window, now);
            (candidate, free)
        }));
        let at_hand = looked_at
            .iter()
            .filter(|(candidate, free)| free.days > 0 && candidate.obstacles().is_empty());
        if at_hand.count() >= MOST {
            break;
        }
    }
    let mut proposals = rank(looked_at, needs, &wanted);
    proposals.truncate(MOST);
    Ok(proposals)
}

/// Everybody who is active, appointed today, and advises on one of the topics.
async fn candidates(
    db: &mut PgConnection,
    needs: &CaseNeeds<'_>,
    wanted: &[Topic],
    now: DateTime<Utc>,
) -> Result<Vec<Candidate>> {
    let (month, next_month) = month_of(tokyo_date(now));
    Ok(sqlx::query_as!(
        Candidate,
        r#"
        with past as (
            select g.manager_id, count(*) as sessions, max(s.starts_at) as last
            from case_file c
            join consultation s on s.case_id = c.id and s.state = 'held'
            join consultation_manager g on g.consultation_id = s.id
            where c.enterprise_id = $7
            group by g.manager_id
        ),
        -- A session that was missed is used up, but not of the manager's month.
        missed as (
            select g.manager_id, count(*) as sessions
            from consultation s
            join consultation_manager g on g.consultation_id = s.id
            where s.state = 'no_show' and s.live
            and s.starts_at >= $2 and s.starts_at < $3
            group by g.manager_id
        )
        select m.id, m.name as "name: _", m.firm as "firm: _", m.qualifications as "qualifications: _",
            m.topics as "topics: _", m.prefecture_codes, m.modes as "modes: _", m.appointed_from, m.appointed_to,
            m.monthly_capacity,
            (
                select count(*)
                from consultation_manager g
                where g.manager_id = m.id and g.live
                and g.starts_at >= $2 and g.starts_at < $3
            ) - coalesce(x.sessions, 0) as "taken!",
            (
                select max(a.ends_at)
                from manager_absence a
                where a.manager_id = m.id and a.starts_at <= $4 and a.ends_at > $4
            ) as absent_until,
            exists (
                select 1
                from offer o
                where o.case_id = $5 and o.manager_id = m.id and o.state = 'declined'
            ) as "has_declined!",
            exists (
                select 1
                from manager_conflict k
                where k.manager_id = m.id and k.enterprise_id = $7
            ) as "has_conflict!",
            coalesce(p.sessions, 0) as "past!",
            p.last as "last_past?"
        from manager m
        left join past p on p.manager_id = m.id
        left join missed x on x.manager_id = m.id
        where m.active
        and m.topics && $1
        and (m.appointed_from is null or m.appointed_from <= $6)
        and (m.appointed_to is null or m.appointed_to >= $6)
        order by coalesce(m.kana, m.name) collate "C", m.id
        "#,
        wanted as _,
        month,
        next_month,
        now,
        *needs.case_id,
        tokyo_date(now),
        *needs.enterprise_id,
    )
    .fetch_all(db)
    .await?)
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

/// Orders the candidates; where nothing tells them apart they stay as they came.
fn rank(
    mut candidates: Vec<(Candidate, Free)>,
    needs: &CaseNeeds<'_>,
    wanted: &[Topic],
) -> Vec<ManagerProposal> {
    candidates.sort_by_cached_key(|(candidate, free)| {
        let (obstacles, fitness) = candidate.rank(needs, wanted);
        (obstacles, free.days == 0, fitness)
    });
    candidates
        .into_iter()
        .map(|(candidate, free)| candidate.proposal(free, needs, wanted))
        .collect()
}

impl Free {
    fn of(
        terms: &Terms,
        open: &[Slot],
        busy: &[Busy],
        window: &Window,
        now: DateTime<Utc>,
    ) -> Self {
        let slots = free_slots(terms, open, busy);
        let mut days: Vec<_> = slots
            .iter()
            .map(|slot| tokyo_date(slot.starts_at))
            .collect();
        days.dedup();
        let touches = |busy: &&Busy| {
            tokyo_date(busy.starts_at) <= window.to && tokyo_date(busy.ends_at) >= window.from
        };
        let later = |busy: &&Busy| busy.is_absence && busy.starts_at > now;
        let absences = busy.iter().filter(touches).filter(later);
        Self {
            days: days.len() as i64,
            first: slots.first().copied(),
            absences: absences
                .map(|busy| Slot {
                    starts_at: busy.starts_at,
                    ends_at: busy.ends_at,
                    is_held: false,
                })
                .collect(),
        }
    }

    fn reasons(&self, window: &Window) -> Vec<String> {
        let period = format!("{}から{}まで", window.from, window.to);
        let mut reasons = vec![match self.first {
            Some(first) => format!(
                "{period}に空きのある日 {} 日（最初は {}）",
                self.days,
                in_tokyo(first.starts_at)
            ),
            None => format!("{period}に空き時間なし"),
        }];
        reasons.extend(self.absences.iter().map(|absence| {
            format!(
                "{} から {} まで不在",
                in_tokyo(absence.starts_at),
                in_tokyo(absence.ends_at)
            )
        }));
        reasons
    }
}

fn in_tokyo(at: DateTime<Utc>) -> impl std::fmt::Display {
    at.with_timezone(&JST).format("%Y-%m-%d %H:%M")
}

/// What speaks against a candidate: a conflict of interest, and how much in all. The least comes first.
type Against = (bool, usize);

/// What speaks for a candidate besides their time, the most important first. The least comes first.
type For = (Reverse<usize>, [bool; 6], Reverse<i64>);

impl Candidate {
    fn rank(&self, needs: &CaseNeeds<'_>, wanted: &[Topic]) -> (Against, For) {
        let is_near = self.works_in(needs.prefecture);
        let lacks = [
            !(needs.is_remote() || is_near),
            !self.gives(needs.desired_mode),
            self.qualified(needs.line).is_empty(),
            self.has_declined,
            self.past == 0,
            !is_near,
        ];
        (
            (self.has_conflict, self.obstacles().len()),
            (
                Reverse(self.matched(wanted).len()),
                lacks,
                Reverse(self.free()),
            ),
        )
    }

    fn matched(&self, wanted: &[Topic]) -> Vec<Topic> {
        wanted
            .iter()
            .copied()
            .filter(|topic| self.topics.contains(topic))
            .collect()
    }

    fn terms(&self) -> Terms {
        Terms {
            active: true,
            appointed_from: self.appointed_from,
            appointed_to: self.appointed_to,
            monthly_capacity: self.monthly_capacity,
        }
    }

    /// Where nobody said where, everybody works there.
    fn works_in(&self, prefecture: Option<&Prefecture>) -> bool {
        prefecture.is_none_or(|there| self.prefecture_codes.iter().any(|own| own == there.code))
    }

    /// The qualifications that tell the line.
    fn qualified(&self, line: Line) -> Vec<&str> {
        let words = QUALIFICATIONS.iter().filter(|(of, _)| *of == line);
        let words: Vec<_> = words.flat_map(|(_, words)| words).collect();
        let own = self.qualifications.iter().map(Line80::as_str);
        own.filter(|own| {
            let folded = fold(own);
            words.iter().any(|word| folded.contains(word.as_str()))
        })
        .collect()
    }

    fn gives(&self, mode: Option<Mode>) -> bool {
        mode.is_none_or(|mode| self.modes.contains(&mode))
    }

    fn free(&self) -> i64 {
        (i64::from(self.monthly_capacity) - self.taken).max(0)
    }

    fn obstacles(&self) -> Vec<OfferObstacle> {
        let obstacles = [
            (self.has_conflict, OfferObstacle::ConflictOfInterest),
            (self.absent_until.is_some(), OfferObstacle::Absent),
            (self.free() == 0, OfferObstacle::CapacityFull),
        ];
        obstacles
            .into_iter()
            .filter(|(stands, _)| *stands)
            .map(|(_, obstacle)| obstacle)
            .collect()
    }

    fn proposal(self, free: Free, needs: &CaseNeeds<'_>, wanted: &[Topic]) -> ManagerProposal {
        let mut reasons = self.fitness(needs, wanted);
        reasons.extend(free.reasons(&needs.window));
        reasons.extend(self.cautions(&needs.window));
        ManagerProposal {
            manager_id: self.id,
            free_this_month: self.free(),
            free_days: free.days,
            first_free: free.first,
            obstacles: self.obstacles(),
            reasons,
            name: self.name,
            firm: self.firm,
            qualifications: self.qualifications,
        }
    }

    /// How they suit the case, and what is left of the month.
    fn fitness(&self, needs: &CaseNeeds<'_>, wanted: &[Topic]) -> Vec<String> {
        let topics: Vec<_> = self
            .matched(wanted)
            .into_iter()
            .map(Topic::japanese)
            .collect();
        let mut reasons = vec![format!("相談分野が一致（{}）", topics.join("、"))];
        let qualified = self.qualified(needs.line);
        if !qualified.is_empty() {
            reasons.push(format!(
                "{}の資格あり（{}）",
                needs.line.japanese(),
                qualified.join("、")
            ));
        }
        if let Some(prefecture) = needs.prefecture {
            let fits = match (self.works_in(Some(prefecture)), needs.is_remote()) {
                (true, _) => "に対応",
                (false, true) => "は対応地域外だが、訪問しない方法を希望",
                (false, false) => "は対応地域外",
            };
            reasons.push(format!("{}{fits}", prefecture.name));
        }
        if let Some(mode) = needs.desired_mode {
            let fits = match self.gives(Some(mode)) {
                true => "に対応",
                false => "には対応していない",
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
        reasons
    }

    /// What else there is to know before they are asked.
    fn cautions(&self, window: &Window) -> Vec<String> {
        let mut reasons = Vec::new();
        if let Some(until) = self.absent_until {
            reasons.push(format!("{} まで不在", in_tokyo(until)));
        }
        if let Some(last_day) = self.appointed_to.filter(|day| *day < window.to) {
            reasons.push(format!("委嘱は {last_day} まで"));
        }
        if let Some(last) = self.last_past {
            reasons.push(format!(
                "この企業の支援実績 {} 回（最近は {}）",
                self.past,
                tokyo_date(last)
            ));
        }
        if self.has_declined {
            reasons.push("この案件を一度辞退".to_owned());
        }
        if self.has_conflict {
            reasons.push("この企業との利益相反の申告あり".to_owned());
        }
        reasons
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::japan::prefectures::prefecture_of;
    use chrono::TimeDelta;

    fn candidate(name: &str) -> Candidate {
        Candidate {
            id: ManagerId::new(),
            name: Name::parse(name).unwrap(),
            firm: None,
            qualifications: Vec::new(),
            topics: vec![Topic::Ict, Topic::Tools],
            prefecture_codes: vec!["02".into()],
            modes: vec![Mode::Online, Mode::Visit],
            appointed_from: None,
            appointed_to: None,
            monthly_capacity: 8,
            taken: 3,
            absent_until: None,
            has_declined: false,
            has_conflict: false,
            past: 0,
            last_past: None,
        }
    }

    static STANDARD: LazyLock<Calendar> = LazyLock::new(Calendar::default);

    fn needs(topics: &[Topic]) -> CaseNeeds<'_> {
        CaseNeeds {
            case_id: CaseId::new(),
            enterprise_id: EnterpriseId::new(),
            line: Line::Ict,
            topics,
            prefecture: prefecture_of("02"),
            desired_mode: Some(Mode::Visit),
            window: Window {
                from: "2026-11-24".parse().unwrap(),
                to: "2026-12-14".parse().unwrap(),
                length: TimeDelta::hours(1),
            },
            calendar: &STANDARD,
        }
    }

    /// Time on twelve days.
    fn free() -> Free {
        Free {
            days: 12,
            first: Some(Slot {
                starts_at: "2026-11-25T01:00:00Z".parse().unwrap(),
                ends_at: "2026-11-25T02:00:00Z".parse().unwrap(),
                is_held: false,
            }),
            absences: Vec::new(),
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
            Candidate {
                taken: 0,
                has_conflict: true,
                ..candidate("bound")
            },
            Candidate {
                past: 2,
                ..candidate("known")
            },
            Candidate {
                qualifications: vec![Line80::parse("ＩＴコーディネーター").unwrap()],
                ..candidate("qualified")
            },
            candidate("no time"),
        ];
        let candidates = candidates
            .into_iter()
            .map(|candidate| match candidate.name.as_str() {
                "no time" => (candidate, Free::default()),
                _ => (candidate, free()),
            })
            .collect();
        let proposals = rank(
            candidates,
            &needs(&topics),
            &wanted_topics(&topics, Line::Ict),
        );
        let expected = [
            "qualified",
            "known",
            "free",
            "usual",
            "declined",
            "online",
            "elsewhere",
            "one topic",
            "no time",
            "absent",
            "full",
            "bound",
        ];
        assert_eq!(names(&proposals), expected);
    }

    #[test]
    fn reasons_are_for_people() {
        let topics = [Topic::Tools, Topic::Ict, Topic::Labour];
        let wanted = wanted_topics(&topics, Line::Ict);
        let usual = candidate("usual").proposal(free(), &needs(&topics), &wanted);
        assert_eq!(
            usual.reasons,
            [
                "相談分野が一致（ICT環境の導入、ツール・機器）",
                "青森県に対応",
                "希望の実施方法（訪問）に対応",
                "今月の空き 5 件（上限 8 件）",
                "2026-11-24から2026-12-14までに空きのある日 12 日（最初は 2026-11-25 10:00）"
            ]
        );
        let hindered = Candidate {
            modes: vec![Mode::Online],
            prefecture_codes: Vec::new(),
            taken: 9,
            absent_until: Some("2026-11-30T08:00:00Z".parse().unwrap()),
            has_declined: true,
            has_conflict: true,
            qualifications: vec![Line80::parse("応用情報技術者").unwrap()],
            appointed_to: Some("2026-12-10".parse().unwrap()),
            past: 2,
            last_past: Some("2026-05-31T15:00:00Z".parse().unwrap()),
            ..candidate("hindered")
        };
        let no_time = Free {
            absences: vec![Slot {
                starts_at: "2026-12-07T00:00:00Z".parse().unwrap(),
                ends_at: "2026-12-12T15:00:00Z".parse().unwrap(),
                is_held: false,
            }],
            ..Free::default()
        };
        let hindered = hindered.proposal(no_time, &needs(&topics), &wanted);
        assert_eq!(
            hindered.obstacles,
            [
                OfferObstacle::ConflictOfInterest,
                OfferObstacle::Absent,
                OfferObstacle::CapacityFull
            ]
        );
        assert_eq!(hindered.free_this_month, 0);
        assert_eq!(
            hindered.reasons[1..],
            [
                "ICTの資格あり（応用情報技術者）",
                "青森県は対応地域外",
                "希望の実施方法（訪問）には対応していない",
                "今月の担当枠に空きなし（9 / 8 件）",
                "2026-11-24から2026-12-14までに空き時間なし",
                "2026-12-07 09:00 から 2026-12-13 00:00 まで不在",
                "2026-11-30 17:00 まで不在",
                "委嘱は 2026-12-10 まで",
                "この企業の支援実績 2 回（最近は 2026-06-01）",
                "この案件を一度辞退",
                "この企業との利益相反の申告あり"
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
    fn nobody_travels_for_an_online_meeting() {
        let topics = [Topic::Ict];
        let online = CaseNeeds {
            desired_mode: Some(Mode::Online),
            ..needs(&topics)
        };
        let far = Candidate {
            prefecture_codes: vec!["47".into()],
            ..candidate("far")
        };
        let offline = Candidate {
            modes: vec![Mode::Visit],
            ..candidate("visits only")
        };
        let all = [offline, far, candidate("near")].map(|candidate| (candidate, free()));
        let proposals = rank(all.into(), &online, &[Topic::Ict]);
        assert_eq!(names(&proposals), ["near", "far", "visits only"]);
        assert_eq!(
            proposals[1].reasons[1],
            "青森県は対応地域外だが、訪問しない方法を希望"
        );
    }

    #[test]
    fn a_qualification_tells_its_line() {
        let of = |text: &str| Candidate {
            qualifications: vec![Line80::parse(text).unwrap()],
            ..candidate("somebody")
        };
        for (text, line) in [
            ("特定社会保険労務士", Some(Line::Labour)),
            ("社労士", Some(Line::Labour)),
            ("弁護士", Some(Line::Labour)),
            ("ITコーディネータ", Some(Line::Ict)),
            ("情報処理安全確保支援士", Some(Line::Ict)),
            ("中小企業診断士", None),
        ] {
            for asked in [Line::Ict, Line::Labour] {
                let is_qualified = !of(text).qualified(asked).is_empty();
                assert_eq!(is_qualified, Some(asked) == line, "{text}");
            }
        }
    }
}
