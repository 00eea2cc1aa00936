//! Who may do what: every operation of the document, tried as nobody, as each role, and by API token; every operation
//! on a case, tried by those whose case it is not. `docs/PERMISSIONS.md` is written from the role table.
//!
//! `UPDATE=1 cargo test --test api permissions::` writes the page.

use crate::{
    contract::{OPERATIONS, Operation},
    harness::{Client, TestApp, TestResponse},
    openapi::assert_current,
};
use actix_web::http::Method;
use chrono::TimeDelta;
use madoguchi::access::{Permission, Role};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt::Write};
use uuid::Uuid;

/// The operation's path, below `/api/v1`, with an id that nothing has for every parameter.
pub fn path_to_nothing(operation: &Operation) -> String {
    path_to(operation, |_| Uuid::now_v7().to_string())
}

fn path_to(operation: &Operation, value: impl Fn(&str) -> String) -> String {
    let segments = operation.path.strip_prefix("/api/v1").unwrap().split('/');
    let filled = segments.map(|segment| {
        match segment
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'))
        {
            Some(name) => value(name),
            None => segment.to_owned(),
        }
    });
    filled.collect::<Vec<_>>().join("/")
}

fn permission_of(operation: &Operation) -> Permission {
    Permission::from_name(operation.permission()).expect("checked by another test")
}

/// A client for each role.
async fn everybody(app: &TestApp) -> Vec<(Role, Client)> {
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    vec![
        (Role::Operator, app.as_operator()),
        (Role::Supervisor, app.as_supervisor()),
        (Role::Desk, app.as_desk(&desk)),
        (Role::Manager, app.as_manager(&manager)),
        (Role::Admin, app.as_admin()),
        (Role::Auditor, app.as_auditor()),
    ]
}

/// The role is not what the request failed for.
fn was_let_in(response: &TestResponse) -> bool {
    let detail = response["detail"].as_str().unwrap_or_default();
    response.status != 401 && !detail.starts_with("This needs the permission")
}

#[actix_web::test]
async fn nobody_comes_in_without_a_token() {
    let app = TestApp::start().await;
    for operation in OPERATIONS.iter() {
        let response = app
            .as_nobody()
            .call(operation.method.clone(), path_to_nothing(operation))
            .await;
        if permission_of(operation) == Permission::Anyone {
            let detail = response["detail"].as_str().unwrap_or_default();
            assert!(
                !detail.starts_with("Send a bearer token"),
                "{} is public: {detail}",
                operation.id()
            );
        } else {
            let response = response.problem("unauthenticated");
            assert_eq!(
                response.header("www-authenticate"),
                Some("Bearer"),
                "{}",
                operation.id()
            );
        }
        for forged in ["x", "mdg_x", "eyJhbGciOiJub25lIn0.e30."] {
            if permission_of(operation) != Permission::Anyone {
                let response = app
                    .with_token(forged)
                    .call(operation.method.clone(), path_to_nothing(operation))
                    .await;
                response.problem("unauthenticated");
            }
        }
    }
}

#[actix_web::test]
async fn every_role_may_do_what_the_table_says_and_nothing_else() {
    let app = TestApp::start().await;
    let everybody = everybody(&app).await;
    for operation in OPERATIONS
        .iter()
        .filter(|operation| permission_of(operation) != Permission::Anyone)
    {
        let permission = permission_of(operation);
        for (role, client) in &everybody {
            let call = client.call(operation.method.clone(), path_to_nothing(operation));
            if permission.roles().contains(role) {
                let response = call.await;
                assert!(
                    was_let_in(&response),
                    "{role:?} may {}: {:#}",
                    operation.id(),
                    response.json
                );
            } else {
                // Before a word is lost on the body, the precondition or the query.
                let path = format!("{}?limit=no", path_to_nothing(operation));
                let garbage = client
                    .call(operation.method.clone(), path)
                    .body("application/json", "{")
                    .if_match("x")
                    .idempotent(" ");
                garbage.await.problem("forbidden");
                call.await.problem("forbidden");
            }
        }
    }
}

#[actix_web::test]
async fn a_token_may_no_more_than_it_says() {
    let app = TestApp::start().await;
    let expires_at = app.now() + TimeDelta::days(30);
    for permission in [
        Permission::ReadDirectory,
        Permission::ReadCases,
        Permission::ManageOffice,
    ] {
        let body =
            json!({ "name": "試験", "permissions": [permission.name()], "expires_at": expires_at });
        let made = app.as_admin().post("/api-tokens", body).await.expect(201);
        let client = app.with_token(made["token"].as_str().unwrap());
        for operation in OPERATIONS.iter() {
            let needed = permission_of(operation);
            let response = client
                .call(operation.method.clone(), path_to_nothing(operation))
                .await;
            if needed == permission {
                assert!(
                    was_let_in(&response),
                    "{}: {:#}",
                    operation.id(),
                    response.json
                );
            } else if !matches!(needed, Permission::Anyone | Permission::SignedIn) {
                response.problem("forbidden");
            }
        }
    }
}

// ------------------------------------------------------------------------------------------------ whose case is it

/// Stands in every text of the case that is not theirs.
const MARK: &str = "門外不出";

/// A case with everything on it, its people, and others who have nothing to do with it.
pub struct World {
    pub app: TestApp,
    desk: TestResponse,
    manager: TestResponse,
    other_desk: TestResponse,
    other_manager: TestResponse,
    case: TestResponse,
    /// Another case of the same desk.
    sibling: TestResponse,
    session: TestResponse,
    offer: TestResponse,
    message: TestResponse,
}

/// A file, as a browser sends it.
const FORM: &str = "--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.txt\"\r\n\
    Content-Type: text/plain\r\n\r\nx\r\n--b--\r\n";

impl World {
    pub async fn build() -> Self {
        let app = TestApp::start().await;
        let (desk, other_desk) = (app.make_desk().await, app.make_desk_for("03").await);
        let (manager, other_manager) = (app.make_manager().await, app.make_manager().await);
        let mut request = app.case_request();
        request["subject"] = json!(format!("{MARK}の件"));
        request["description"] = json!(format!("{MARK}: 相談の内容"));
        request["contacts"][0]["name"] = json!(format!("{MARK} 太郎"));
        let case = app.as_operator().post("/cases", request).await.expect(201);
        let path = format!("/cases/{}", case.id());
        app.as_operator()
            .post(format!("{path}/route"), json!({ "desk_id": desk.id() }))
            .await
            .expect(200);
        app.as_desk(&desk)
            .post(format!("{path}/accept"), json!({}))
            .await
            .expect(200);
        app.assign(&desk, &case, &manager, "labour").await;
        let session = app.book(&desk, &case, 3).await;
        app.hold(&desk, &session).await;
        let report = json!({ "situation": format!("{MARK}の現状"), "advice": "助言", "next_steps": "次回まで" });
        app.as_manager(&manager)
            .put(format!("/consultations/{}/report", session.id()), report)
            .if_match("\"0\"")
            .await
            .expect(200);
        let offer =
            json!({ "manager_id": manager.id(), "line": "ict", "note": format!("{MARK}の打診") });
        let offer = app
            .as_desk(&desk)
            .post(format!("{path}/offers"), offer)
            .await
            .expect(201);
        app.as_desk(&desk)
            .post(
                format!("{path}/notes"),
                json!({ "body": format!("{MARK}のメモ") }),
            )
            .await
            .expect(201);
        let call = json!({
            "kind": "phone", "direction": "inbound", "occurred_at": app.now(), "result": "reached", "body": format!("{MARK}の電話"),
        });
        app.as_desk(&desk)
            .post(format!("{path}/interactions"), call)
            .await
            .expect(201);
        let complaint = json!({ "kind": "complaint", "reason": format!("{MARK}の苦情") });
        app.as_desk(&desk)
            .post(format!("{path}/escalate"), complaint)
            .await
            .expect(200);
        let reply = json!({ "subject": format!("{MARK}の件"), "body": format!("{MARK}への返信") });
        let message = app
            .as_desk(&desk)
            .post(format!("{path}/messages"), reply)
            .await
            .expect(201);
        let sibling = app.make_accepted_case(&desk).await;
        let case = app.show_case(&case).await;
        Self {
            app,
            desk,
            manager,
            other_desk,
            other_manager,
            case,
            sibling,
            session,
            offer,
            message,
        }
    }

    /// The operation's path, leading to this world's case and what hangs on it.
    pub fn path(&self, operation: &Operation) -> String {
        let assignment = &self.case["managers"][0]["assignment_id"];
        path_to(operation, |name| {
            match (operation.path.split('/').nth(3).unwrap(), name) {
                ("cases", "id") => self.case.id().to_string(),
                ("consultations", "id") => self.session.id().to_string(),
                ("offers", "id") => self.offer.id().to_string(),
                ("messages", "id") => self.message.id().to_string(),
                ("assignments", "id") => assignment.as_str().unwrap().to_owned(),
                (_, "number") => self.case["number"].as_str().unwrap().to_owned(),
                (_, "flag") => "complaint".to_owned(),
                (area, name) => panic!("{area} {name}: what does {} lead to?", operation.path),
            }
        })
    }

    /// A JSON body that nothing is wrong with.
    pub fn body(&self, operation: &Operation) -> Option<Value> {
        operation
            .value
            .pointer("/requestBody/content/application~1json")?;
        let in_days = |days: i64| self.app.now() + TimeDelta::days(days);
        let reason = json!({ "reason": "理由" });
        Some(match operation.id() {
            "route_case" => json!({ "desk_id": self.other_desk.id(), "reason": "理由" }),
            "close_case" => json!({ "outcome": "withdrawn", "note": "取下げ" }),
            "return_case"
            | "reopen_case"
            | "override_guard"
            | "release_assignment"
            | "decline_offer"
            | "cancel_consultation"
            | "void_consultation"
            | "return_report"
            | "place_hold"
            | "lift_hold" => reason,
            "merge_cases" | "unmerge_cases" => {
                json!({ "other_id": self.sibling.id(), "reason": "理由" })
            }
            "link_case" => json!({ "other_id": self.sibling.id(), "kind": "related" }),
            "change_limit" => json!({ "limit": 4, "reason": "理由" }),
            "set_wait" => json!({ "on": "enterprise", "reason": "理由" }),
            "escalate_case" => json!({ "kind": "complaint", "reason": "理由" }),
            "settle_flag" => json!({ "answer": "settled", "note": "理由" }),
            "edit_case" => json!({ "subject": "新しい件名" }),
            "make_offer" => json!({ "manager_id": self.other_manager.id(), "line": "ict" }),
            "book_consultation" => self.app.session(5),
            "propose_dates" => {
                json!({ "slots": [{ "starts_at": in_days(9), "ends_at": in_days(9) + TimeDelta::hours(1) }], "mode": "online" })
            }
            "check_in" | "check_out" => json!({}),
            "reschedule_consultation" => {
                json!({ "starts_at": in_days(6), "ends_at": in_days(6) + TimeDelta::hours(1) })
            }
            "hold_consultation" => json!({
                "started_at": self.session["starts_at"], "ended_at": self.session["ends_at"], "mode": "online",
                "attendees": ["工藤"], "desk_attended": false,
            }),
            "miss_consultation" => json!({ "by": "enterprise", "reason": "理由" }),
            "save_report" => {
                json!({ "situation": "現状", "advice": "助言", "next_steps": "次回まで" })
            }
            "record_interaction" => json!({
                "kind": "phone", "direction": "outbound", "occurred_at": self.app.now(), "result": "absent", "body": "不在",
            }),
            "write_note" => json!({ "body": "メモ" }),
            "write_message" => {
                json!({ "subject": "ご回答", "body": "ご連絡ありがとうございます。" })
            }
            id => panic!("{id}: give an example of a good body here"),
        })
    }

    async fn send(&self, client: &Client, operation: &Operation, path: String) -> TestResponse {
        let call = client.call(operation.method.clone(), path);
        let call = match (operation.id(), self.body(operation)) {
            (_, Some(body)) => call.body("application/json", body.to_string()),
            ("add_attachments", None) => call.body("multipart/form-data; boundary=b", FORM),
            (_, None) => call,
        };
        match operation.method.as_str() {
            "PATCH" | "PUT" => call.if_match("\"1\"").await,
            _ => call.await,
        }
    }
}

/// Operations on one case or on what hangs on it.
pub fn case_shaped() -> impl Iterator<Item = &'static Operation> {
    const AREAS: [&str; 6] = [
        "cases/{",
        "cases/by-number/",
        "consultations/{",
        "offers/{",
        "assignments/{",
        "messages/{",
    ];
    OPERATIONS.iter().filter(|operation| {
        AREAS
            .iter()
            .any(|area| operation.path["/api/v1/".len()..].starts_with(area))
    })
}

/// Reading first; then what leaves the case as it is; what ends things, and leaves the rest to be refused, comes last.
pub fn case_shaped_in_order() -> Vec<&'static Operation> {
    let ends = ["release", "route", "return", "close", "merge"];
    let mut operations: Vec<_> = case_shaped().collect();
    operations.sort_by_key(|operation| {
        (
            operation.method != Method::GET,
            ends.iter().any(|end| operation.id().contains(end)),
        )
    });
    operations
}

/// What an answer says, but for the request id.
fn said(response: &TestResponse) -> (u16, Value) {
    let mut said = response.json.clone();
    if let Some(said) = said.as_object_mut() {
        said.remove("instance");
    }
    (response.status, said)
}

/// Not yours = 404, in the same words as for what does not exist at all.
#[actix_web::test]
async fn what_is_not_yours_is_not_there() {
    let world = World::build().await;
    let strangers = [
        (Role::Desk, world.app.as_desk(&world.other_desk)),
        (Role::Manager, world.app.as_manager(&world.other_manager)),
    ];
    let before = world.app.show_case(&world.case).await;
    for operation in case_shaped() {
        for (role, client) in &strangers {
            if permission_of(operation).roles().contains(role) {
                let theirs = world.send(client, operation, world.path(operation)).await;
                assert_eq!(
                    theirs.status,
                    404,
                    "{role:?} {}: {:#}",
                    operation.id(),
                    theirs.json
                );
                let nothing = world.send(
                    client,
                    operation,
                    path_to(operation, |name| match name {
                        "flag" => "complaint".to_owned(),
                        "number" => "TW-2026-999999".to_owned(),
                        _ => Uuid::now_v7().to_string(),
                    }),
                );
                assert_eq!(
                    said(&theirs),
                    said(&nothing.await),
                    "{role:?} {}",
                    operation.id()
                );
            }
        }
    }
    assert_eq!(
        world.app.show_case(&world.case).await.json,
        before.json,
        "nothing has changed"
    );
}

/// The bodies and paths above are good: those whose case it is are not turned away with 404 or for a faulty body.
#[actix_web::test]
async fn what_is_yours_is_there() {
    let world = World::build().await;
    let owners = [
        (Role::Desk, world.app.as_desk(&world.desk)),
        (Role::Manager, world.app.as_manager(&world.manager)),
        (Role::Admin, world.app.as_admin()),
    ];
    for operation in case_shaped_in_order() {
        let mut response = None;
        for (role, client) in owners
            .iter()
            .filter(|(role, _)| permission_of(operation).roles().contains(role))
        {
            let answered = world.send(client, operation, world.path(operation)).await;
            let is_for_leads = answered.status == 403;
            response = Some((role, answered));
            // A desk hands a complaint or a late reopening to its lead.
            if !is_for_leads {
                break;
            }
        }
        let (role, response) =
            response.expect("an admin may everything but answer offers, and a manager may that");
        // Settled by an operation before it.
        let may_be_missing = operation.path.contains("/flags/");
        assert!(
            response.status != 404 || may_be_missing,
            "{role:?} {}: {:#}",
            operation.id(),
            response.json
        );
        assert!(
            ![400, 403, 415, 422, 428].contains(&response.status),
            "{role:?} {}: {:#}",
            operation.id(),
            response.json
        );
    }
}

/// Lists, counts, look-ups and proposals do not speak of it either.
#[actix_web::test]
async fn nothing_speaks_of_what_is_not_yours() {
    let world = World::build().await;
    let enterprise = world.case["enterprise"]["id"].as_str().unwrap().to_owned();
    let filters = [
        String::new(),
        format!("?q={MARK}"),
        format!("?q={}", world.case["number"].as_str().unwrap()),
        format!("?desk_id={}", world.desk.id()),
        format!("?manager_id={}", world.manager.id()),
        format!("?phone={}", "090-8765-0001"),
        format!(
            "?email={}",
            world.case["contacts"][0]["email"].as_str().unwrap()
        ),
        "?open=true".to_owned(),
        format!(
            "?from={}&to={}",
            "2026-11-01T00:00:00Z", "2026-12-31T00:00:00Z"
        ),
    ];
    let strangers = [
        world.app.as_desk(&world.other_desk),
        world.app.as_manager(&world.other_manager),
        world.app.as_auditor(),
    ];
    let secrets = [
        MARK.to_owned(),
        world.case.id().to_string(),
        world.session.id().to_string(),
        world.offer.id().to_string(),
    ];
    let mut answered = 0;
    for operation in OPERATIONS
        .iter()
        .filter(|operation| operation.method == Method::GET)
    {
        let path = path_to(operation, |_| enterprise.clone());
        // An auditor's sample names cases, and says nothing of them that is somebody's.
        let secrets = match operation.id() {
            "draw_sample" => &secrets[..1],
            _ => &secrets[..],
        };
        for filter in &filters {
            for client in &strangers {
                let response = client.get(format!("{path}{filter}")).await;
                answered += u32::from(response.status == 200);
                for secret in secrets {
                    assert!(
                        !response.text.contains(secret),
                        "{} speaks of {secret}: {}",
                        response.request,
                        response.text
                    );
                }
            }
        }
    }
    assert!(answered > 30, "{answered} answers were looked at");
}

// ---------------------------------------------------------------------------------------------------------- the page

#[test]
fn the_page_about_permissions_is_current() {
    assert_current("docs/PERMISSIONS.md", &page().unwrap());
}

fn page() -> Result<String, std::fmt::Error> {
    let mut page = String::from(
        "# Who may do what\n\n\
         Written from the role table in `src/access.rs` and the OpenAPI document by `UPDATE=1 cargo test --test api permissions::`.\n\
         A permission opens the door; which rows lie behind it is decided per role: the help center and the programme office see all\n\
         cases, a desk those routed to or accepted by it, a manager those assigned to them. What is not yours is 404.\n\n\
         ## Permissions\n\n| permission | what for |",
    );
    for role in Role::ALL {
        write!(page, " {} |", role.name())?;
    }
    page += "\n|---|---|---|---|---|---|---|---|\n";
    for permission in Permission::ALL {
        write!(
            page,
            "| `{}` | {} |",
            permission.name(),
            permission.summary().trim()
        )?;
        for role in Role::ALL {
            write!(
                page,
                " {} |",
                if permission.roles().contains(&role) {
                    "✓"
                } else {
                    "–"
                }
            )?;
        }
        page.push('\n');
    }
    page += "\n## Operations\n\n| operation | | permission |\n|---|---|---|\n";
    let mut operations = BTreeMap::new();
    for operation in OPERATIONS.iter() {
        let order = ["GET", "POST", "PUT", "PATCH", "DELETE"]
            .iter()
            .position(|method| *method == operation.method.as_str());
        operations.insert((operation.path.as_str(), order), operation);
    }
    for ((path, _), operation) in operations {
        let summary = operation.value["summary"].as_str().unwrap_or_default();
        writeln!(
            page,
            "| `{} {path}` | {summary} | `{}` |",
            operation.method,
            operation.permission()
        )?;
    }
    Ok(page)
}
