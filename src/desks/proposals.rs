//! Which desks cover a place, ranked, each with its reasons in words.

use crate::{
    error::Result,
    ids::DeskId,
    japan::places::{Municipality, Place, municipality_of},
    programme::Topic,
    text::{Code, Name},
};
use chrono::NaiveDate;
use serde::Serialize;
use sqlx::PgConnection;
use std::{cmp::Reverse, collections::HashMap};
use utoipa::ToSchema;
use uuid::Uuid;

/// A desk that could take a case, and why.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct DeskProposal {
    /// The desk.
    pub desk_id: DeskId,
    /// Its code.
    pub code: Code,
    /// Its name.
    pub name: Name,
    /// Its cases that are not closed.
    pub open_cases: i64,
    /// Why it is proposed, for people (Japanese).
    pub reasons: Vec<String>,
}

/// How closely an area fits a place, the closest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// It is a part of the place, of which nothing closer is known.
    Part,
    /// It is the prefecture.
    Prefecture,
    /// It is the designated city around the ward.
    City,
    /// It is the very municipality.
    Municipality,
}

/// An area of a desk on the day that is asked about.
struct Area {
    desk_id: DeskId,
    code: Code,
    name: Name,
    topics: Vec<Topic>,
    /// The one or the other.
    prefecture_code: Option<String>,
    municipality_code: Option<String>,
    from: NaiveDate,
    to: Option<NaiveDate>,
}

/// A desk with the best fit of its areas.
struct Candidate {
    fit: Fit,
    /// Which of the places it covers.
    place: usize,
    topics: Vec<Topic>,
    proposal: DeskProposal,
}

/// The active desks whose coverage on that day (in Japan) includes one of the places: first those that cover the municipality or
/// ward, then its city, then the prefecture; among them those for the first of the places, those with the most of the topics
/// among their specialities, those with fewer open cases, by code. Last come those that cover only a part of a place of which
/// nothing closer is known. Each says why.
pub async fn covering(
    db: &mut PgConnection,
    places: &[Place],
    topics: &[Topic],
    on: NaiveDate,
) -> Result<Vec<DeskProposal>> {
    let areas = areas_near(db, places, on).await?;
    let mut candidates = fitting(places, topics, areas);
    let desks: Vec<Uuid> = candidates
        .iter()
        .map(|candidate| *candidate.proposal.desk_id)
        .collect();
    let loads = open_cases(db, &desks).await?;
    for candidate in &mut candidates {
        let proposal = &mut candidate.proposal;
        proposal.open_cases = loads.get(&proposal.desk_id).copied().unwrap_or_default();
        proposal
            .reasons
            .push(format!("受付中の案件 {} 件", proposal.open_cases));
    }
    candidates.sort_by(|one, other| {
        let key = |candidate: &Candidate| {
            let topics = Reverse(candidate.topics.len());
            (
                Reverse(candidate.fit),
                candidate.place,
                topics,
                candidate.proposal.open_cases,
            )
        };
        key(one)
            .cmp(&key(other))
            .then_with(|| one.proposal.code.cmp(&other.proposal.code))
    });
    Ok(candidates
        .into_iter()
        .map(|candidate| candidate.proposal)
        .collect())
}

/// What active desks cover in the prefectures of the places.
async fn areas_near(db: &mut PgConnection, places: &[Place], on: NaiveDate) -> Result<Vec<Area>> {
    let prefectures: Vec<String> = places
        .iter()
        .map(|place| place.prefecture.code.to_owned())
        .collect();
    Ok(sqlx::query_as!(
        Area,
        r#"
        select d.id as desk_id, d.code as "code: _", d.name as "name: _", d.topics as "topics: _",
            v.prefecture_code, v.municipality_code, v.from_date as "from", v.to_date as "to"
        from desk d
        join desk_coverage v on v.desk_id = d.id
        where d.active
        and coalesce(v.prefecture_code, left(v.municipality_code, 2)) = any ($1)
        and v.from_date <= $2
        and (v.to_date is null or v.to_date >= $2)
        order by d.code, v.municipality_code
        "#,
        &prefectures,
        on,
    )
    .fetch_all(db)
    .await?)
}

/// How many cases these desks have that are not closed.
async fn open_cases(db: &mut PgConnection, desks: &[Uuid]) -> Result<HashMap<DeskId, i64>> {
    let rows = sqlx::query!(
        r#"
        select desk_id as "desk_id!: DeskId", count(*) as "open!"
        from case_file
        where desk_id = any ($1) and status <> 'closed'
        group by desk_id
        "#,
        desks,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.desk_id, row.open))
        .collect())
}

/// The desks that fit, each once with all its reasons but the load, the best first.
fn fitting(places: &[Place], topics: &[Topic], areas: Vec<Area>) -> Vec<Candidate> {
    let mut fits: Vec<(Fit, usize, Area)> = Vec::new();
    for area in areas {
        let best = places
            .iter()
            .enumerate()
            .filter_map(|(at, place)| Some((fit(place, &area)?, at)))
            .max_by_key(|(fit, at)| (*fit, Reverse(*at)));
        fits.extend(best.map(|(fit, at)| (fit, at, area)));
    }
    fits.sort_by_key(|(fit, at, _)| (Reverse(*fit), *at));
    let mut candidates: Vec<Candidate> = Vec::new();
    for (fit, place, area) in fits {
        let reason = area_reason(fit, &places[place], &area);
        // A desk may cover the place both ways: one proposal with two reasons. One part of it says enough.
        if let Some(known) = candidates
            .iter_mut()
            .find(|known| known.proposal.desk_id == area.desk_id)
        {
            if fit != Fit::Part {
                known.proposal.reasons.push(reason);
            }
            continue;
        }
        let own: Vec<Topic> = topics
            .iter()
            .copied()
            .filter(|topic| area.topics.contains(topic))
            .collect();
        candidates.push(Candidate {
            fit,
            place,
            topics: own,
            proposal: DeskProposal {
                desk_id: area.desk_id,
                code: area.code,
                name: area.name,
                open_cases: 0,
                reasons: vec![reason],
            },
        });
    }
    for Candidate {
        topics, proposal, ..
    } in &mut candidates
    {
        if !topics.is_empty() {
            let names: Vec<&str> = topics.iter().map(|topic| topic.japanese()).collect();
            proposal
                .reasons
                .push(format!("得意分野が一致（{}）", names.join("、")));
        }
    }
    candidates
}

/// How closely an area fits a place, if it does.
fn fit(place: &Place, area: &Area) -> Option<Fit> {
    let Some(code) = &area.municipality_code else {
        let is_same = area.prefecture_code.as_deref() == Some(place.prefecture.code);
        return is_same.then_some(Fit::Prefecture);
    };
    // One that was merged since is in nobody's area.
    let area = municipality_of(code)?;
    match place.municipality {
        None => (area.prefecture() == place.prefecture).then_some(Fit::Part),
        Some(own) if own.code == area.code => Some(Fit::Municipality),
        Some(own) if own.lies_in(area) => Some(Fit::City),
        Some(own) if area.lies_in(own) => Some(Fit::Part),
        Some(_) => None,
    }
}

/// Why the area speaks for a desk, as in 「青森県を担当（2026-04-01 から）」.
fn area_reason(fit: Fit, place: &Place, area: &Area) -> String {
    let municipality = area.municipality_code.as_deref().and_then(municipality_of);
    let name =
        municipality.map_or_else(|| place.prefecture.name.to_owned(), Municipality::full_name);
    let covered = match fit {
        Fit::Part => format!("{}の一部（{name}）", place.name()),
        _ => name,
    };
    let from = area.from;
    match area.to {
        Some(to) => format!("{covered}を担当（{from} から {to} まで）"),
        None => format!("{covered}を担当（{from} から）"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::japan::prefectures;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn area(desk: DeskId, code: &str, topics: &[Topic]) -> Area {
        let (prefecture, municipality) = match code.len() {
            2 => (Some(code.to_owned()), None),
            _ => (None, Some(code.to_owned())),
        };
        Area {
            desk_id: desk,
            code: Code::parse("desk").unwrap(),
            name: Name::parse("窓口").unwrap(),
            topics: topics.to_vec(),
            prefecture_code: prefecture,
            municipality_code: municipality,
            from: day("2026-04-01"),
            to: None,
        }
    }

    fn place(code: &str) -> Place {
        match municipality_of(code) {
            Some(municipality) => municipality.into(),
            None => Place::somewhere_in(prefectures::prefecture_of(code).unwrap()),
        }
    }

    #[test]
    fn wards_lie_in_their_city() {
        let fits = |at: &str, covered: &str| fit(&place(at), &area(DeskId::new(), covered, &[]));
        // 横浜市中区, 横浜市, 神奈川県; 横浜市西区 and 川崎市 are elsewhere.
        assert_eq!(fits("141046", "141046"), Some(Fit::Municipality));
        assert_eq!(fits("141046", "141003"), Some(Fit::City));
        assert_eq!(fits("141046", "14"), Some(Fit::Prefecture));
        assert_eq!(fits("141046", "141038"), None);
        assert_eq!(fits("141046", "141305"), None);
        assert_eq!(fits("141046", "13"), None);
        // Only the city, only the prefecture is known.
        assert_eq!(fits("141003", "141046"), Some(Fit::Part));
        assert_eq!(fits("14", "141046"), Some(Fit::Part));
        assert_eq!(fits("14", "14"), Some(Fit::Prefecture));
        assert_eq!(fits("14", "131016"), None);
        // 浜松市中区 was merged in 2024.
        assert_eq!(fits("221309", "221317"), None);
    }

    #[test]
    fn reasons_name_the_area_and_its_days() {
        let at = |code: &str, covered: &str, to: Option<&str>| {
            let area = Area {
                to: to.map(day),
                ..area(DeskId::new(), covered, &[])
            };
            area_reason(fit(&place(code), &area).unwrap(), &place(code), &area)
        };
        assert_eq!(at("02", "02", None), "青森県を担当（2026-04-01 から）");
        assert_eq!(
            at("243035", "243035", Some("2027-03-31")),
            "桑名郡木曽岬町を担当（2026-04-01 から 2027-03-31 まで）"
        );
        assert_eq!(
            at("141046", "141003", None),
            "横浜市を担当（2026-04-01 から）"
        );
        assert_eq!(
            at("14", "141003", None),
            "神奈川県の一部（横浜市）を担当（2026-04-01 から）"
        );
    }

    #[test]
    fn a_desk_is_proposed_once_with_all_its_reasons() {
        let (one, other) = (DeskId::new(), DeskId::new());
        let areas = || {
            vec![
                area(one, "02", &[Topic::Rules, Topic::Labour]),
                area(other, "02", &[]),
                area(one, "022012", &[Topic::Rules, Topic::Labour]),
                area(other, "022021", &[]),
                area(other, "022039", &[]),
            ]
        };
        let topics = [Topic::Labour, Topic::Ict];
        let candidates = fitting(&[place("022012")], &topics, areas());
        assert_eq!(candidates.len(), 2);
        assert_eq!(
            (candidates[0].fit, candidates[0].proposal.desk_id),
            (Fit::Municipality, one)
        );
        assert_eq!(
            candidates[0].proposal.reasons,
            [
                "青森市を担当（2026-04-01 から）",
                "青森県を担当（2026-04-01 から）",
                "得意分野が一致（労務管理）"
            ]
        );
        assert_eq!(
            candidates[1].proposal.reasons,
            ["青森県を担当（2026-04-01 から）"]
        );
        let parts = fitting(&[place("02")], &topics, areas());
        assert_eq!(
            parts[1].proposal.reasons,
            ["青森県を担当（2026-04-01 から）"],
            "no part beside the whole"
        );
    }
}
