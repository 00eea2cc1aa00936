//! Where the words stand: a few passages of a case, cut out of the texts as they are stored.

use super::{
    Query,
    index::{self, Text},
    terms::{Folded, MAX_CHARS, Phrase},
};
use crate::{error::Result, ids::CaseId, programme::PassageKind};
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{PgConnection, QueryBuilder};
use std::collections::HashMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// Most passages of one case.
const PASSAGES: i64 = 3;

/// Characters shown before the first word, and in all.
const BEFORE: usize = 30;
const LENGTH: usize = 160;

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Segment {
    /// As it is written; `…` where the text goes on.
    pub text: String,
    /// Whether it is what was looked for.
    pub is_match: bool,
}

/// A piece of what is written on a case.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Passage {
    /// What it is from.
    pub kind: PassageKind,
    /// Which one: the id of the case, enterprise, contact, interaction, note, mail, message, or of the report's session.
    pub id: Uuid,
    /// When that was said; for what belongs to the case as a whole, when the case was received.
    pub at: DateTime<Utc>,
    /// Whether the text is so long that its end is not searched.
    pub is_cut: bool,
    /// The words, and what is around them.
    pub segments: Vec<Segment>,
}

/// The passages of these cases.
pub(super) async fn find(
    db: &mut PgConnection,
    query: &Query,
    cases: &[CaseId],
) -> Result<HashMap<CaseId, Vec<Passage>>> {
    let chosen = choose(db, query, cases).await?;
    let rows: Vec<index::Row> = chosen
        .iter()
        .map(|(kind, id, ..)| (index::source(*kind).to_owned(), *id))
        .collect();
    let texts = index::load(db, &rows).await?;
    let texts: HashMap<_, _> = texts
        .iter()
        .map(|text| ((text.kind, text.subject_id), text))
        .collect();
    let phrases: Vec<&Phrase> = query.words.iter().flatten().chain(&query.name).collect();
    let mut passages: HashMap<_, Vec<_>> = HashMap::new();
    for (kind, id, case_id, is_cut) in chosen {
        // What was moved or changed since it was indexed is not shown.
        let text = texts
            .get(&(kind, id))
            .filter(|text| text.case_id == case_id);
        if let Some(text) = text
            && let Some(segments) = segments_of(text, &phrases)
        {
            passages.entry(case_id).or_default().push(Passage {
                kind,
                id: text.shown_id,
                at: text.at,
                is_cut,
                segments,
            });
        }
    }
    Ok(passages)
}

type Chosen = (PassageKind, Uuid, CaseId, bool);

/// For each case the texts with most of the words, the newest first.
async fn choose(db: &mut PgConnection, query: &Query, cases: &[CaseId]) -> Result<Vec<Chosen>> {
    let words: Vec<&[Phrase]> = query
        .words
        .iter()
        .map(Vec::as_slice)
        .chain(query.name.as_ref().map(std::slice::from_ref))
        .collect();
    let mut sql = QueryBuilder::new(
        "select best.kind, best.subject_id, best.case_id, best.is_cut from unnest(",
    );
    sql.push_bind(cases.iter().map(|id| **id).collect::<Vec<Uuid>>());
    sql.push(
        r#") with ordinality as c (id, place)
        cross join lateral (
            select t.kind, t.subject_id, t.case_id, t.is_cut, t.at, t.hits
            from (
                select s.kind, s.subject_id, s.case_id, s.is_cut, s.at"#,
    );
    for (at, word) in words.iter().enumerate() {
        sql.push(if at == 0 { ", (" } else { " + (" });
        query.push_text(&mut sql, word, false, false);
        sql.push(")::int");
    }
    sql.push(
        r#" as hits
                from search_text s
                where s.case_id = c.id
            ) t
            where t.hits > 0
            order by t.hits desc, t.at desc, t.kind, t.subject_id
            limit "#,
    );
    sql.push_bind(PASSAGES).push(
        r#"
        ) best
        order by c.place, best.hits desc, best.at desc, best.kind, best.subject_id
        "#,
    );
    Ok(sql.build_query_as().fetch_all(db).await?)
}

/// The passage of the field with most of the words. None where the text has none of them any more.
fn segments_of(text: &Text, phrases: &[&Phrase]) -> Option<Vec<Segment>> {
    let mut best = None;
    let mut most = 0;
    for field in &text.fields {
        let folded = Folded::of(field, MAX_CHARS);
        let places: Vec<_> = phrases
            .iter()
            .map(|phrase| folded.find(&phrase.text))
            .collect();
        let hits = places.iter().filter(|places| !places.is_empty()).count();
        if hits > most {
            most = hits;
            best = Some((field, places.concat()));
        }
    }
    let (field, places) = best?;
    Some(cut_out(field, places))
}

/// Cuts out what is around the first place, and marks all places within.
fn cut_out(field: &str, mut places: Vec<(usize, usize)>) -> Vec<Segment> {
    places.sort_unstable();
    let first = places.first().map_or(0, |place| place.0);
    let start = field[..first]
        .char_indices()
        .rev()
        .nth(BEFORE - 1)
        .map_or(0, |(byte, _)| byte);
    let end = field[start..]
        .char_indices()
        .nth(LENGTH)
        .map_or(field.len(), |(byte, _)| start + byte);
    let mut segments = Segments::default();
    if start > 0 {
        segments.push("…", false);
    }
    let mut done = start;
    for (from, to) in places {
        // Places may overlap; the marks around a place stay whole.
        let (from, to) = (from.max(done), to.min(end));
        if from < to {
            segments.push(&field[done..from], false);
            segments.push(&field[from..to], true);
            done = to;
        }
    }
    segments.push(&field[done..end.max(done)], false);
    if end < field.len() {
        segments.push("…", false);
    }
    segments.0
}

#[derive(Default)]
struct Segments(Vec<Segment>);

impl Segments {
    /// Neighbours of one sort are one segment.
    fn push(&mut self, text: &str, is_match: bool) {
        match self.0.last_mut() {
            _ if text.is_empty() => {}
            Some(last) if last.is_match == is_match => last.text.push_str(text),
            _ => self.0.push(Segment {
                text: text.to_owned(),
                is_match,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(field: &str, word: &str) -> String {
        let places = Folded::of(field, MAX_CHARS).find(word);
        cut_out(field, places)
            .into_iter()
            .map(|segment| match segment.is_match {
                true => format!("[{}]", segment.text),
                false => segment.text,
            })
            .collect()
    }

    #[test]
    fn words_are_marked_in_what_is_around_them() {
        assert_eq!(
            shown("ﾃﾚﾜｰｸの導入。テレワーク", "テレワ-ク"),
            "[ﾃﾚﾜｰｸ]の導入。[テレワーク]"
        );
        assert_eq!(shown("在宅\n勤務です", "在宅勤務"), "[在宅\n勤務]です");
        assert_eq!(shown("ああああ", "アア"), "[ああああ]");
        let long = format!("{}在宅{}", "前".repeat(100), "後".repeat(200));
        let expected = format!(
            "…{}[在宅]{}…",
            "前".repeat(BEFORE),
            "後".repeat(LENGTH - BEFORE - 2)
        );
        assert_eq!(shown(&long, "在宅"), expected);
    }

    proptest! {
        #[test]
        fn a_passage_is_a_piece_of_the_text(field in "[あア在宅a ]{0,300}", word in "[ア在宅a]{1,3}") {
            let text: String = cut_out(&field, Folded::of(&field, MAX_CHARS).find(&word)).into_iter().map(|segment| segment.text).collect();
            prop_assert!(field.contains(text.trim_matches('…')));
        }
    }
}
