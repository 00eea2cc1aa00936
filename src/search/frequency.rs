//! How common words are, as PostgreSQL's statistics of the index have it: whether the index is asked at once.

use super::terms::{Part, Phrase};
use crate::error::Result;
use sqlx::PgPool;
use std::collections::HashMap;

/// Most texts that the index may be asked for at once: each is read, some microseconds. What is more common is soon found by
/// walking the list.
const MOST_TEXTS: f64 = 10_000.0;

/// How common terms are among all texts.
struct Frequencies {
    /// Of the terms that were asked for and are among the common ones.
    known: HashMap<String, f64>,
    /// Of a term that is not among them: it is rarer than the least of those, and like PostgreSQL we take half of that.
    rest: f64,
    texts: f64,
}

/// Whether fewer texts than [`MOST_TEXTS`] have all the words, or the name. False where there are no statistics yet.
pub(super) async fn is_rare(
    db: &PgPool,
    words: &[Vec<Phrase>],
    name: Option<&Phrase>,
) -> Result<bool> {
    let phrases = || words.iter().flatten().chain(name);
    let Some(frequencies) = load(db, phrases()).await? else {
        return Ok(false);
    };
    let rarest = words
        .iter()
        .map(|writings| frequencies.of_one(writings))
        .fold(1.0, f64::min);
    let found = frequencies.of_one(name).max(rarest);
    Ok(found * frequencies.texts <= MOST_TEXTS)
}

impl Frequencies {
    /// Of the most common one of several writings.
    fn of_one<'a>(&self, writings: impl IntoIterator<Item = &'a Phrase>) -> f64 {
        let writings = writings.into_iter();
        writings.map(|phrase| self.of(phrase)).fold(0.0, f64::max)
    }

    /// Part of the texts that have the rarest term of the phrase: at most so many have all of them, and in Japanese, where a
    /// term is two neighbours, nearly as many do (whoever writes 働時 writes 労働時間).
    fn of(&self, phrase: &Phrase) -> f64 {
        let of_part = |part: &Part| {
            let known = self.known.iter().filter(|(term, _)| {
                **term == part.term || part.is_prefix && term.starts_with(&part.term)
            });
            known
                .map(|(_, frequency)| frequency)
                .sum::<f64>()
                .max(self.rest)
        };
        phrase.parts.iter().map(of_part).fold(1.0, f64::min)
    }
}

async fn load<'a>(
    db: &PgPool,
    phrases: impl Iterator<Item = &'a Phrase>,
) -> Result<Option<Frequencies>> {
    let (beginnings, terms): (Vec<_>, Vec<_>) = phrases
        .flat_map(|phrase| &phrase.parts)
        .partition(|part| part.is_prefix);
    let terms: Vec<_> = terms.into_iter().map(|part| part.term.clone()).collect();
    let beginnings: Vec<_> = beginnings
        .into_iter()
        .map(|part| part.term.clone())
        .collect();
    // After the frequencies of the terms stands the least of them.
    let row = sqlx::query!(
        r#"
        select t.reltuples::float8 as "texts!",
            s.most_common_elem_freqs[cardinality(s.most_common_elem_freqs) - 1]::float8 as "least!",
            array_agg(e.term) filter (where e.term is not null) as terms,
            array_agg(e.frequency::float8) filter (where e.term is not null) as frequencies
        from pg_class t
        join pg_stats s on s.schemaname = 'public' and s.tablename = 'search_text' and s.attname = 'terms'
        left join lateral unnest(s.most_common_elems::text::text[], s.most_common_elem_freqs) as e (term, frequency)
            on e.term = any ($1) or exists (select from unnest($2::text[]) as b (beginning) where starts_with(e.term, b.beginning))
        where t.oid = 'public.search_text'::regclass and s.most_common_elem_freqs is not null
        group by t.reltuples, s.most_common_elem_freqs
        "#,
        &terms,
        &beginnings,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Frequencies {
        known: row
            .terms
            .unwrap_or_default()
            .into_iter()
            .zip(row.frequencies.unwrap_or_default())
            .collect(),
        rest: row.least / 2.0,
        texts: row.texts,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::terms;

    fn of(word: &str) -> f64 {
        let known = [
            ("会社", 0.04),
            ("株式", 0.04),
            ("式会", 0.03),
            ("vpn", 0.01),
        ];
        let frequencies = Frequencies {
            known: known
                .into_iter()
                .map(|(term, frequency)| (term.to_owned(), frequency))
                .collect(),
            rest: 0.0001,
            texts: 1e6,
        };
        frequencies.of(&terms::words(word)[0][0])
    }

    #[test]
    fn a_phrase_is_as_common_as_its_rarest_term() {
        assert!((of("会社") - 0.04).abs() < 1e-9);
        assert!((of("株式会社") - 0.03).abs() < 1e-9);
        assert!((of("檸檬") - 0.0001).abs() < 1e-9);
        assert!((of("会社檸檬") - 0.0001).abs() < 1e-9);
    }

    #[test]
    fn a_beginning_is_as_common_as_all_that_begins_so() {
        assert!((of("vp") - 0.01).abs() < 1e-9);
        assert!((of("会") - 0.04).abs() < 1e-9);
        assert!((of("x") - 0.0001).abs() < 1e-9);
    }
}
