//! Files of cases and mails: up and down, and never anything that runs.

use crate::harness::{Call, Client, HasId, TestApp, TestResponse};
use actix_web::http::Method;
use madoguchi::{
    access::Actor,
    attachments::{self, MAX_FILE, MAX_FILES, NewFile},
    ids::*,
    intake::receive::{self, Delivery, Provider},
    mail::parse::Envelope,
};
use sqlx::Executor;
use uuid::Uuid;

/// A part of a form: the name of the file, its type and its bytes.
type Part<'a> = (&'a str, &'a str, &'a [u8]);

fn form(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (filename, content_type, bytes) in parts {
        let head = format!(
            "--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{filename}\"\r\nContent-Type: {content_type}\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--b--\r\n");
    body
}

fn upload(client: &Client, case: &impl HasId, parts: &[Part<'_>]) -> Call {
    client
        .call(Method::POST, format!("/cases/{}/attachments", case.id()))
        .body("multipart/form-data; boundary=b", form(parts))
}

async fn list(client: &Client, case: &impl HasId) -> Vec<String> {
    let list = client
        .get(format!("/cases/{}/attachments", case.id()))
        .await
        .expect(200);
    let names = list
        .items()
        .iter()
        .map(|item| item["filename"].as_str().unwrap().to_owned());
    names.collect()
}

async fn download(client: &Client, id: Uuid) -> TestResponse {
    client.get(format!("/attachments/{id}")).await
}

async fn count(app: &TestApp, what: &'static str) -> i64 {
    sqlx::query_scalar(what)
        .fetch_one(&mut app.sql().await)
        .await
        .unwrap()
}

const PDF: Part<'static> = (
    "在宅勤務規程（案）.pdf",
    "application/pdf",
    b"%PDF-1.7 \xff\x00 text",
);

#[actix_web::test]
async fn a_file_goes_up_and_comes_down_unchanged() {
    let app = TestApp::start().await;
    let case = app.make_case().await;
    let operator = app.as_operator();
    let csv = ("一覧.csv", "text/csv", "氏名\r\n工藤".as_bytes());
    let answer = upload(&operator, &case, &[PDF, csv]).await.expect(201);
    let file = &answer.items()[0];
    assert_eq!(file["filename"], "在宅勤務規程（案）.pdf");
    assert_eq!(file["content_type"], "application/pdf");
    assert_eq!(file["size"], PDF.2.len());
    assert_eq!(file["case_id"].as_str().unwrap(), case.id().to_string());
    assert_eq!(file["created_by"]["name"], "担当 花子");
    assert_eq!(answer.items()[1]["filename"], "一覧.csv");

    let bytes = download(&operator, file.id()).await.expect(200);
    assert_eq!(bytes.bytes, PDF.2);
    assert_eq!(bytes.header("content-type"), Some("application/pdf"));
    assert_eq!(
        bytes.header("content-disposition"),
        Some(
            "attachment; filename=\"_________.pdf\"; filename*=UTF-8''%E5%9C%A8%E5%AE%85%E5%8B%A4%E5%8B%99%E8%A6%8F%E7%A8%8B%EF%BC%88%E6%A1%88%EF%BC%89.pdf"
        )
    );
    assert_eq!(bytes.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(
        bytes.header("content-security-policy"),
        Some(
            "sandbox; default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
    );
    assert_eq!(bytes.header("cache-control"), Some("no-store"));
    assert_eq!(bytes.header("x-attachment-encrypted"), None);
    assert_eq!(list(&operator, &case).await.len(), 2);

    let added = count(
        &app,
        "select count(*) from audit_event where kind = 'attachment_added'",
    )
    .await;
    assert_eq!(added, 2);
}

#[actix_web::test]
async fn the_same_file_twice_is_one_file() {
    let app = TestApp::start().await;
    let (case, other) = (app.make_case().await, app.make_case().await);
    let operator = app.as_operator();
    let at_once = app
        .parallel(6, |_| async { upload(&operator, &case, &[PDF, PDF]).await })
        .await;
    let statuses: Vec<_> = at_once.iter().map(|answer| answer.status).collect();
    assert_eq!(
        statuses.iter().filter(|status| **status == 201).count(),
        1,
        "{statuses:?}"
    );
    assert_eq!(
        statuses.iter().filter(|status| **status == 200).count(),
        5,
        "{statuses:?}"
    );
    let id = at_once[0].items()[0].id();
    assert!(at_once.iter().all(|answer| answer.items()[0].id() == id));
    assert_eq!(list(&operator, &case).await.len(), 1);

    // Another name, other bytes or another case make another file; the bytes are kept once.
    upload(&operator, &case, &[("別名.pdf", PDF.1, PDF.2)])
        .await
        .expect(201);
    upload(&operator, &case, &[(PDF.0, PDF.1, b"other")])
        .await
        .expect(201);
    upload(&operator, &other, &[PDF]).await.expect(201);
    assert_eq!(count(&app, "select count(*) from attachment").await, 4);
    assert_eq!(count(&app, "select count(*) from blob").await, 2);
}

#[actix_web::test]
async fn an_idempotency_key_is_bound_to_the_files() {
    let app = TestApp::start().await;
    let case = app.make_case().await;
    let operator = app.as_operator();
    let first = upload(&operator, &case, &[PDF])
        .idempotent("a")
        .await
        .expect(201);
    let again = upload(&operator, &case, &[PDF])
        .idempotent("a")
        .await
        .expect(201);
    assert_eq!(first.text, again.text);
    upload(&operator, &case, &[("b.pdf", PDF.1, b"b")])
        .idempotent("a")
        .await
        .problem("idempotency-key-reused");
}

#[actix_web::test]
async fn files_are_for_those_who_see_the_case() {
    let app = TestApp::start().await;
    let (desk, elsewhere) = (app.make_desk().await, app.make_desk_for("03").await);
    let (manager, stranger) = (app.make_manager().await, app.make_manager().await);
    let case = app.make_assigned_case(&desk, &manager).await;
    let file = upload(&app.as_desk(&desk), &case, &[PDF])
        .await
        .expect(201)
        .items()[0]
        .id();

    for (n, client) in [
        app.as_operator(),
        app.as_supervisor(),
        app.as_admin(),
        app.as_desk(&desk),
        app.as_manager(&manager),
    ]
    .iter()
    .enumerate()
    {
        download(client, file).await.expect(200);
        let name = format!("{n}.txt");
        upload(client, &case, &[(&name, "text/plain", b"x")])
            .await
            .expect(201);
        assert_eq!(list(client, &case).await.len(), n + 2);
    }
    let blobs = count(&app, "select count(*) from blob").await;
    for client in [app.as_desk(&elsewhere), app.as_manager(&stranger)] {
        download(&client, file).await.problem("not-found");
        client
            .get(format!("/cases/{}/attachments", case.id()))
            .await
            .problem("not-found");
        upload(&client, &case, &[("y.txt", "text/plain", b"y")])
            .await
            .problem("not-found");
    }
    let path = format!("/cases/{}/attachments", case.id());
    for (client, problem) in [
        (app.as_auditor(), "forbidden"),
        (app.as_nobody(), "unauthenticated"),
    ] {
        download(&client, file).await.problem(problem);
        client.get(&path).await.problem(problem);
        upload(&client, &case, &[("y.txt", "text/plain", b"y")])
            .await
            .problem(problem);
        // Also before a word on what was sent.
        client
            .call(Method::POST, &path)
            .body("text/plain", "y")
            .await
            .problem(problem);
    }
    assert_eq!(count(&app, "select count(*) from blob").await, blobs);
    download(&app.as_admin(), Uuid::now_v7())
        .await
        .problem("not-found");

    // A manager who was released sees neither the case nor its files.
    let assignment = app.show_case(&case).await["managers"][0]["assignment_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let reason = serde_json::json!({ "reason": "都合により" });
    app.as_desk(&desk)
        .post(format!("/assignments/{assignment}/release"), reason)
        .await
        .expect(200);
    download(&app.as_manager(&manager), file)
        .await
        .problem("not-found");
}

#[actix_web::test]
async fn nothing_that_is_served_can_run() {
    let app = TestApp::start().await;
    let case = app.make_case().await;
    let operator = app.as_operator();
    for (given, content_type, stored) in [
        (
            "<img src=x onerror=alert(1)>.html",
            "text/html",
            "<img src=x onerror=alert(1)>.html",
        ),
        ("../../../etc/cron.d/x.svg", "image/svg+xml", "x.svg"),
        ("C:\\\\temp\\\\実行.js", "text/javascript", "実行.js"),
        (
            "請求書\u{202E}fdp.exe",
            "application/x-msdownload",
            "請求書fdp.exe",
        ),
        ("a%22; x=%22b.xml", "application/xml", "a\"; x=\"b.xml"),
        ("..", "message/rfc822", "添付ファイル"),
    ] {
        let bytes = format!("<script>alert('{given}')</script>");
        let answer = upload(&operator, &case, &[(given, content_type, bytes.as_bytes())])
            .await
            .expect(201);
        assert_eq!(answer.items()[0]["filename"], stored);
        let served = download(&operator, answer.items()[0].id())
            .await
            .expect(200);
        assert_eq!(served.text, bytes);
        assert_eq!(
            served.header("content-type"),
            Some("application/octet-stream"),
            "{given}"
        );
        let disposition = served.header("content-disposition").unwrap();
        assert!(
            disposition.starts_with("attachment; filename=\""),
            "{disposition}"
        );
        assert_eq!(disposition.matches('"').count(), 2, "{disposition}");
        assert!(
            served
                .header("content-security-policy")
                .unwrap()
                .starts_with("sandbox;")
        );
    }
}

#[actix_web::test]
async fn what_is_no_upload_is_refused() {
    let app = TestApp::start().await;
    let case = app.make_case().await;
    let operator = app.as_operator();
    let path = format!("/cases/{}/attachments", case.id());
    let send = |content_type: &str, body: &str| {
        operator
            .call(Method::POST, &path)
            .body(content_type, body.to_owned())
    };
    send("application/json", "{}")
        .await
        .problem("unsupported-media-type");
    operator
        .call(Method::POST, &path)
        .await
        .problem("unsupported-media-type");
    send("multipart/form-data", "x").await.problem("malformed");
    send("multipart/form-data; boundary=b", "--b--\r\n")
        .await
        .problem("malformed");
    send(
        "multipart/form-data; boundary=b",
        "--b\r\nContent-Disposition: form-data; name=\"files\"\r\n\r\nx\r\n--b--\r\n",
    )
    .await
    .invalid(&["/files/0"]);
    // Broken off in the middle of the second file: nothing of it is kept.
    let whole = form(&[PDF, ("b.txt", "text/plain", b"a longer text")]);
    operator
        .call(Method::POST, &path)
        .body(
            "multipart/form-data; boundary=b",
            whole[..whole.len() - 20].to_vec(),
        )
        .await
        .problem("malformed");
    assert!(list(&operator, &case).await.is_empty());
    // What was put already goes after a while: nothing names it.
    assert_eq!(
        count(&app, "select count(*) from blob where unused_since is null").await,
        0
    );
}

#[actix_web::test]
async fn sizes_and_numbers_have_an_end() {
    let app = TestApp::start().await;
    let case = app.make_case().await;
    let operator = app.as_operator();
    let largest = vec![7; MAX_FILE];
    let answer = upload(
        &operator,
        &case,
        &[("大.bin", "application/octet-stream", &largest)],
    )
    .await
    .expect(201);
    let served = download(&operator, answer.items()[0].id())
        .await
        .expect(200);
    assert!(served.bytes == largest);
    let larger = vec![7; MAX_FILE + 1];
    upload(
        &operator,
        &case,
        &[("大.bin", "application/octet-stream", &larger)],
    )
    .await
    .problem("too-large");

    let texts: Vec<_> = (0..=MAX_FILES).map(|n| format!("{n}")).collect();
    let many: Vec<Part<'_>> = texts
        .iter()
        .map(|text| (text.as_str(), "text/plain", text.as_bytes()))
        .collect();
    upload(&operator, &case, &many).await.invalid(&["/files"]);
    upload(&operator, &case, &many[..MAX_FILES])
        .await
        .problem("conflict");
    upload(&operator, &case, &many[1..MAX_FILES])
        .await
        .expect(201);
    upload(&operator, &case, &many[..1])
        .await
        .problem("conflict");
    // What is there may come again.
    upload(&operator, &case, &many[1..3]).await.expect(200);

    let first = operator
        .get(format!("/cases/{}/attachments?limit=30", case.id()))
        .await
        .expect(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = operator
        .get(format!(
            "/cases/{}/attachments?limit=30&cursor={cursor}",
            case.id()
        ))
        .await
        .expect(200);
    assert_eq!((first.items().len(), rest.items().len()), (30, 20));
    assert!(rest["next_cursor"].is_null());
}

#[actix_web::test]
async fn a_closed_case_takes_files_too() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let case = app.make_closed_case(&desk).await;
    upload(&app.as_desk(&desk), &case, &[PDF]).await.expect(201);
}

/// A mail that came in, with the files that were found in it.
async fn mail(app: &TestApp, case: Option<Uuid>, names: &[&str]) -> (MailId, Vec<AttachmentId>) {
    let raw = format!("From: a@example.jp\r\nSubject: {}\r\n\r\nx\r\n", app.next());
    let envelope = Envelope::default();
    let delivery = Delivery {
        bytes: raw.as_bytes(),
        envelope: &envelope,
        provider: Provider::Raw,
        delivery_id: None,
        is_original: true,
    };
    let system = Actor::system();
    let mail_id = app
        .store
        .transaction(&system, async |tx| {
            Ok(receive::receive(tx, &delivery).await?.id)
        })
        .await
        .unwrap();
    (mail_id, keep(app, mail_id, case, names).await)
}

async fn keep(
    app: &TestApp,
    mail_id: MailId,
    case: Option<Uuid>,
    names: &[&str],
) -> Vec<AttachmentId> {
    let mut files = Vec::new();
    for name in names {
        files.push(NewFile {
            sha256: app.store.blobs().put(name.as_bytes()).await.unwrap(),
            size: name.len() as u64,
            filename: name,
            content_type: "application/zip",
            is_encrypted: true,
            is_inline: false,
        });
    }
    app.store
        .transaction(&Actor::system(), async |tx| {
            tx.unchanged();
            attachments::keep_of_mail(tx, mail_id, case.map(CaseId), &files).await
        })
        .await
        .unwrap()
}

/// As the placing of mail leaves it.
async fn place(app: &TestApp, mail_id: MailId, case: Uuid, placed_by: &str, is_known: bool) {
    let update = format!(
        "update inbound_mail set case_id = '{case}', placed_by = '{placed_by}', is_known_sender = {is_known},
            state = 'processed', processed_at = received_at where id = '{mail_id}'"
    );
    app.sql()
        .await
        .execute(sqlx::AssertSqlSafe(update))
        .await
        .unwrap();
    app.store
        .transaction(&Actor::system(), async |tx| {
            tx.unchanged();
            attachments::move_with_mail(tx, mail_id, Some(CaseId(case))).await
        })
        .await
        .unwrap();
}

#[actix_web::test]
async fn files_of_mails_follow_their_mail() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_assigned_case(&desk, &manager).await;
    let (mail_id, files) = mail(&app, None, &["見積.zip", "図.zip"]).await;
    let file = *files[0];
    // Without a case it is for whoever checks mail.
    for client in [app.as_operator(), app.as_supervisor(), app.as_admin()] {
        let served = download(&client, file).await.expect(200);
        assert_eq!(served.text, "見積.zip");
        assert_eq!(
            served.header("x-attachment-encrypted"),
            Some("true"),
            "nobody can check it"
        );
    }
    for client in [app.as_desk(&desk), app.as_manager(&manager)] {
        download(&client, file).await.problem("not-found");
    }
    download(&app.as_auditor(), file).await.problem("forbidden");

    // An unknown sender's files are for the desk, not for the manager.
    place(&app, mail_id, case.id(), "plus_address", false).await;
    download(&app.as_desk(&desk), file).await.expect(200);
    download(&app.as_manager(&manager), file)
        .await
        .problem("not-found");
    assert_eq!(list(&app.as_desk(&desk), &case).await.len(), 2);
    assert!(list(&app.as_manager(&manager), &case).await.is_empty());
    place(&app, mail_id, case.id(), "plus_address", true).await;
    download(&app.as_manager(&manager), file).await.expect(200);
    let shown = app
        .as_desk(&desk)
        .get(format!("/cases/{}/attachments", case.id()))
        .await
        .expect(200);
    assert!(
        shown
            .items()
            .iter()
            .all(|item| item["mail_id"] == mail_id.to_string() && item["is_encrypted"] == true)
    );
}

#[actix_web::test]
async fn a_mail_that_is_read_again_keeps_the_ids_of_its_files() {
    let app = TestApp::start().await;
    let case = app.make_case().await;
    let (mail_id, first) = mail(&app, Some(case.id()), &["一.zip", "二.zip", "三.zip"]).await;
    assert_eq!(
        keep(
            &app,
            mail_id,
            Some(case.id()),
            &["一.zip", "二.zip", "三.zip"]
        )
        .await,
        first
    );
    let second = keep(&app, mail_id, Some(case.id()), &["一.zip", "弐.zip"]).await;
    assert_eq!(second, first[..2]);
    let mut names = list(&app.as_operator(), &case).await;
    names.sort();
    assert_eq!(names, ["一.zip", "弐.zip"]);
    assert!(keep(&app, mail_id, None, &[]).await.is_empty());
    assert_eq!(count(&app, "select count(*) from attachment").await, 0);
}

#[actix_web::test]
async fn archives_are_bytes_to_us() {
    let app = TestApp::start().await;
    let case = app.make_case().await;
    let operator = app.as_operator();
    // The head of a zip entry; the flag says whether it is locked. It claims four gigabytes in 60 bytes: nobody opens it.
    let zip = |flag: u8| {
        let mut bytes = b"PK\x03\x04\x14\0".to_vec();
        bytes.extend_from_slice(&[flag, 0, 8, 0]);
        bytes.extend_from_slice(&[0xff; 50]);
        bytes
    };
    for (name, flag, encrypted) in [("爆弾.zip", 0, None), ("鍵付き.zip", 1, Some("true"))] {
        let bytes = zip(flag);
        let answer = upload(&operator, &case, &[(name, "application/zip", &bytes)])
            .await
            .expect(201);
        assert_eq!(answer.items()[0]["is_encrypted"], encrypted.is_some());
        let served = download(&operator, answer.items()[0].id())
            .await
            .expect(200);
        assert_eq!(served.bytes, bytes);
        assert_eq!(served.header("x-attachment-encrypted"), encrypted, "{name}");
    }
}
