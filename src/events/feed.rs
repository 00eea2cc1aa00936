//! What changed since a snapshot: positions, and the one query.
//!
//! A row of the trail carries the id of its transaction. Numbers given out in order are not committed in order, so the
//! newest number seen says nothing of what is still to come; a snapshot says exactly which transactions it had seen.

use crate::{audit::Event, error::Result, ids::*};
use serde_json::{Value, json};
use sqlx::PgPool;

/// As long as a snapshot with a few hundred transactions in flight; longer ones are not taken back from a client.
const MAX_LENGTH: usize = 4000;

/// Where a reader of the trail stands: what a snapshot of one server had seen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Position {
    /// When the server started, in microseconds since 1970: after a failover or a restart nobody knows whether the
    /// numbers of transactions go on where they were.
    server: i64,
    /// `xmin:xmax:in,flight`, as `pg_current_snapshot()` writes it.
    snapshot: String,
}

impl Position {
    /// Reads a position as a client gives it back; none where it was never one of ours.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_LENGTH {
            return None;
        }
        let (server, snapshot) = text.split_once('-')?;
        let position = Self {
            server: i64::from_str_radix(server, 16).ok()?,
            snapshot: snapshot.to_owned(),
        };
        position.is_snapshot().then_some(position)
    }

    /// As it is sent.
    pub(super) fn text(&self) -> String {
        format!("{:x}-{}", self.server, self.snapshot)
    }

    /// Whether PostgreSQL would take the snapshot; it fails on one that it would not write itself.
    fn is_snapshot(&self) -> bool {
        let number = |text: &str| match text.bytes().all(|byte| byte.is_ascii_digit()) {
            true => text.parse::<i64>().ok(),
            false => None,
        };
        let mut parts = self.snapshot.split(':');
        let (Some(min), Some(max), Some(flying), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return false;
        };
        let (Some(min), Some(max)) = (number(min), number(max)) else {
            return false;
        };
        let flying: Option<Vec<i64>> = match flying {
            "" => Some(Vec::new()),
            list => list.split(',').map(number).collect(),
        };
        min >= 1
            && min <= max
            && flying.is_some_and(|flying| {
                flying.is_sorted() && flying.iter().all(|id| (min..max).contains(id))
            })
    }

    /// The first transaction that it had not seen begin.
    fn end(&self) -> i64 {
        let end = self.snapshot.split(':').nth(1);
        end.and_then(|end| end.parse().ok()).unwrap_or(i64::MAX)
    }

    /// Whether this is a later look at the same database as `earlier`.
    pub(super) fn continues(&self, earlier: &Self) -> bool {
        self.server == earlier.server && self.end() >= earlier.end()
    }
}

/// Something that happened.
pub(super) struct Happening {
    /// The case in whose chain it stands.
    pub(super) case_id: Option<CaseId>,
    /// What it was; none where a newer program wrote it, during an upgrade.
    pub(super) event: Option<Event>,
}

/// What a look found.
pub(super) struct Look {
    /// Where the next one goes on.
    pub(super) position: Position,
    /// What happened since; none where there is more than was asked for.
    pub(super) happenings: Option<Vec<Happening>>,
}

/// What happened since a position, at most so much; without a position nothing, but where things stand.
pub(super) async fn look(db: &PgPool, since: Option<&Position>, most: i64) -> Result<Look> {
    // The snapshot of this very statement. A transaction that it does not know yet, as in a trail restored from another
    // server, is not news.
    let rows = sqlx::query!(
        r#"
        select pg_current_snapshot()::text as "snapshot!",
            (extract(epoch from pg_postmaster_start_time()) * 1000000)::bigint as "server!",
            e.chain as "chain?", e.kind as "kind?", e.data as "data?: Value"
        from (select 1) as always
        left join (
            select chain, kind, data
            from audit_event
            where txid >= pg_snapshot_xmin($1::text::pg_snapshot)
            and txid < pg_snapshot_xmax(pg_current_snapshot())
            and not pg_visible_in_snapshot(txid, $1::text::pg_snapshot)
            order by txid, chain, seq
            limit $2
        ) e on true
        "#,
        since.map(|position| position.snapshot.as_str()),
        most + 1,
    )
    .fetch_all(db)
    .await?;
    let first = rows
        .first()
        .expect("one row where there is nothing to join");
    let position = Position {
        server: first.server,
        snapshot: first.snapshot.clone(),
    };
    let is_all = rows.len() as i64 <= most;
    let happenings = rows.into_iter().filter_map(|row| {
        let chain = row.chain?;
        let event = json!({ "kind": row.kind, "data": row.data });
        Some(Happening {
            case_id: (!chain.is_nil()).then_some(CaseId(chain)),
            event: serde_json::from_value(event).ok(),
        })
    });
    Ok(Look {
        position,
        happenings: is_all.then(|| happenings.collect()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_come_back_as_they_went() {
        for text in [
            "5f-10:10:",
            "0-10:20:10,12,19",
            "63fa-1:9223372036854775807:",
        ] {
            assert_eq!(Position::parse(text).unwrap().text(), text);
        }
    }

    #[test]
    fn what_is_no_position_never_reaches_the_database() {
        let long = format!("0-1:2:{}", "1,".repeat(3000));
        let texts = [
            "",
            "0",
            "-",
            "0-",
            "0-1",
            "0-1:2",
            "0-0:0:",
            "0-2:1:",
            "0-1:2:3",
            "0-5:9:7,6",
            "0-5:9:4",
            "0-1:2:;",
            "0-1:+2:",
            "0-1:2::",
            "g-1:2:",
            "0-1:99999999999999999999:",
            "0- 1:2:",
            "0-5:9:6,",
        ];
        for text in texts.into_iter().chain([long.as_str()]) {
            assert_eq!(Position::parse(text), None, "{text}");
        }
    }

    #[test]
    fn another_server_or_an_older_state_is_no_continuation() {
        let position = |text| Position::parse(text).unwrap();
        let earlier = position("5-10:20:10");
        assert!(position("5-10:20:10").continues(&earlier));
        assert!(position("5-12:21:").continues(&earlier));
        assert!(!position("5-10:19:").continues(&earlier));
        assert!(!position("6-12:21:").continues(&earlier));
    }
}
