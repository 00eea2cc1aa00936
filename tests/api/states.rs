//! The state machines: Rust and the database agree, and `docs/CASE-STATES.md` is written from them.
//!
//! `UPDATE=1 cargo test --test api states::` writes the page.

use crate::{harness::TestApp, openapi::assert_current};
use madoguchi::{
    cases::{Status, Step},
    messages,
    programme::SessionState,
};
use std::{collections::BTreeSet, fmt::Write};

/// Every legal step of a case by the pure machine: step, from, to.
fn case_steps() -> Vec<(Step, Status, Status)> {
    let pairs = Step::ALL
        .into_iter()
        .flat_map(|step| Status::ALL.map(|from| (step, from)));
    pairs
        .filter_map(|(step, from)| Some((step, from, from.after(step)?)))
        .collect()
}

/// The legal steps of a session (design, rule 1); a correction is a void and a late entry.
const SESSION_STEPS: [(SessionState, SessionState); 5] = [
    (SessionState::Booked, SessionState::Held),
    (SessionState::Booked, SessionState::NoShow),
    (SessionState::Booked, SessionState::Cancelled),
    (SessionState::Held, SessionState::Voided),
    (SessionState::NoShow, SessionState::Voided),
];

#[actix_web::test]
async fn the_database_knows_the_steps_of_the_machine_and_no_others() {
    let app = TestApp::start().await;
    let mut db = app.sql().await;
    let in_sql: BTreeSet<(String, String, String)> =
        sqlx::query_as("select move, from_status, to_status from case_step")
            .fetch_all(&mut db)
            .await
            .unwrap()
            .into_iter()
            .collect();
    let name = |text: &str| text.to_owned();
    let in_rust: BTreeSet<_> = case_steps()
        .into_iter()
        .map(|(step, from, to)| (name(step.name()), name(from.name()), name(to.name())))
        .collect();
    assert_eq!(in_sql, in_rust);

    let in_sql: BTreeSet<(String, String)> =
        sqlx::query_as("select from_state, to_state from consultation_step")
            .fetch_all(&mut db)
            .await
            .unwrap()
            .into_iter()
            .collect();
    assert_eq!(
        in_sql,
        SESSION_STEPS
            .map(|(from, to)| (name(from.name()), name(to.name())))
            .into()
    );

    let in_sql: BTreeSet<(String, String)> =
        sqlx::query_as("select from_state, to_state from message_step")
            .fetch_all(&mut db)
            .await
            .unwrap()
            .into_iter()
            .collect();
    assert_eq!(
        in_sql,
        messages::state::STEPS
            .map(|(from, to)| (name(from.name()), name(to.name())))
            .into()
    );
}

#[test]
fn the_machine_is_as_the_design_says() {
    let open = [
        Status::Received,
        Status::Routed,
        Status::Accepted,
        Status::Assigned,
        Status::Consulting,
    ];
    for from in Status::ALL {
        let is_open = open.contains(&from);
        assert_eq!(
            from.after(Step::Close).is_some(),
            is_open,
            "{from:?}: any open case can be closed"
        );
        assert_eq!(
            from.after(Step::Route).is_some(),
            is_open,
            "{from:?}: any open case can be routed"
        );
        assert_eq!(
            from.after(Step::Merge),
            Some(Status::Closed),
            "{from:?}: any case can be merged"
        );
        for to in Status::ALL {
            let reopened = from.after(Step::Reopen(to)).is_some();
            assert_eq!(
                reopened,
                !is_open && [Status::Received, Status::Accepted].contains(&to),
                "{from:?} {to:?}"
            );
            // A manager's assignment ended with the merge, so a case does not come back as assigned or consulting.
            let unmerged = from.after(Step::Unmerge(to)).is_some();
            assert_eq!(
                unmerged,
                !is_open && ![Status::Assigned, Status::Consulting].contains(&to),
                "{from:?} {to:?}"
            );
        }
    }
    for (step, from, to) in case_steps() {
        assert!(
            from != to || step == Step::Route || to == Status::Closed,
            "{step:?} leads {from:?} nowhere"
        );
    }
}

/// The word that people read for a step.
fn japanese(step: Step) -> &'static str {
    match step {
        Step::Route => "振り分け",
        Step::Accept => "受理",
        Step::Return => "差し戻し",
        Step::Assign => "担当決定",
        Step::Release => "担当解除",
        Step::Begin => "支援開始",
        Step::Close => "終了",
        Step::Reopen(_) => "再開",
        Step::Merge => "統合",
        Step::Unmerge(_) => "統合の取消",
    }
}

#[test]
fn the_page_about_states_is_current() {
    assert_current("docs/CASE-STATES.md", &page().unwrap());
}

fn page() -> Result<String, std::fmt::Error> {
    let mut page = String::from(
        "# The states of cases and sessions\n\n\
         Written from `src/cases/status.rs` by `UPDATE=1 cargo test --test api states::`; a test keeps it current, and equal to\n\
         the tables `case_step` and `consultation_step`, which are what the database enforces.\n\n\
         ## Cases (相談案件)\n\n```mermaid\nstateDiagram-v2\n    [*] --> received: create\n",
    );
    for status in Status::ALL {
        writeln!(
            page,
            "    {}: {} {}",
            status.name(),
            status.japanese(),
            status.name()
        )?;
    }
    // Merging is drawn as an end of its own: seven more arrows would hide the others.
    for (step, from, to) in case_steps() {
        if !matches!(step, Step::Merge | Step::Unmerge(_)) {
            writeln!(
                page,
                "    {} --> {}: {}",
                from.name(),
                to.name(),
                step.name()
            )?;
        }
    }
    page += "    closed --> [*]\n```\n\n";
    page += "`merge` closes any case as `duplicate` of another one; `unmerge` brings it back. They are left out of the picture.\n\n";
    page +=
        "| step | 日本語 | from | to |\n|---|---|---|---|\n| `create` | 受付 | – | `received` |\n";
    for (step, from, to) in case_steps() {
        writeln!(
            page,
            "| `{}` | {} | `{}` {} | `{}` {} |",
            step.name(),
            japanese(step),
            from.name(),
            from.japanese(),
            to.name(),
            to.japanese()
        )?;
    }
    page += "\n## Sessions (コンサルティング)\n\n```mermaid\nstateDiagram-v2\n    [*] --> booked\n";
    for state in SessionState::ALL {
        writeln!(
            page,
            "    {}: {} {}",
            state.name(),
            state.japanese(),
            state.name()
        )?;
    }
    for (from, to) in SESSION_STEPS {
        writeln!(page, "    {} --> {}", from.name(), to.name())?;
    }
    page += "```\n\nA session is used by `booked`, by `held`, and by a `no_show` through the enterprise's fault. A correction is `voided` and entered\nanew, so that nothing that was recorded changes.\n\n";
    page += "| from | to |\n|---|---|\n";
    for (from, to) in SESSION_STEPS {
        writeln!(
            page,
            "| `{}` {} | `{}` {} |",
            from.name(),
            from.japanese(),
            to.name(),
            to.japanese()
        )?;
    }
    Ok(page)
}
