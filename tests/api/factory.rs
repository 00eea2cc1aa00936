//! Believable data, made the way people make it: through the API, each step by whoever does it in an office.
//!
//! What comes back is the answer of the last step, so that tests can read fields of it, its id and its ETag. The company
//! is in Aomori (`02`), which is what [`TestApp::make_desk`] covers.

use crate::harness::{HasId, TestApp, TestResponse};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

const COMPANIES: [(&str, &str); 6] = [
    ("株式会社青森りんご加工", "アオモリリンゴカコウ"),
    ("津軽塗工房合同会社", "ツガルヌリコウボウ"),
    ("有限会社八戸水産運輸", "ハチノヘスイサンウンユ"),
    ("弘前会計サービス株式会社", "ヒロサキカイケイサービス"),
    ("株式会社奥入瀬ホテル", "オイラセホテル"),
    ("下北建設株式会社", "シモキタケンセツ"),
];

const PEOPLE: [(&str, &str); 4] = [
    ("工藤 和子", "クドウ カズコ"),
    ("佐々木 健", "ササキ ケン"),
    ("成田 美咲", "ナリタ ミサキ"),
    ("三上 修", "ミカミ オサム"),
];

/// A corporate number (法人番号): twelve digits and the check digit before them (国税庁, 法人番号の指定等に関する省令).
pub fn corporate_number(serial: u32) -> String {
    let base = format!("{:012}", 100_001_000_000_u64 + u64::from(serial));
    let weighted = base
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| u32::from(digit - b'0') * (1 + place as u32 % 2));
    let check = 9 - weighted.sum::<u32>() % 9;
    format!("{check}{base}")
}

impl TestApp {
    /// The desk of Aomori.
    pub async fn make_desk(&self) -> TestResponse {
        self.make_desk_for("02").await
    }

    /// A desk that covers a prefecture.
    pub async fn make_desk_for(&self, prefecture_code: &str) -> TestResponse {
        let n = self.next();
        let desk = json!({
            "code": format!("desk-{n}"),
            "name": format!("テレワーク・サポートネットワーク第{n}窓口"),
            "phone": format!("017-722-{:04}", n % 10_000),
            "email": format!("desk-{n}@example.jp"),
        });
        let desk = self.as_admin().post("/desks", desk).await.expect(201);
        let area = json!({ "prefecture_code": prefecture_code, "from": "2026-04-01" });
        self.as_admin()
            .post(format!("/desks/{}/coverage", desk.id()), area)
            .await
            .expect(201);
        desk
    }

    /// A manager for every topic, mode and place, with more room in a month than any test uses.
    pub async fn make_manager(&self) -> TestResponse {
        let n = self.next();
        let (name, kana) = PEOPLE[n as usize % PEOPLE.len()];
        let manager = json!({
            "name": name,
            "kana": kana,
            "email": format!("manager-{n}@example.jp"),
            "phone": format!("090-1234-{:04}", n % 10_000),
            "firm": "みちのく社会保険労務士事務所",
            "qualifications": ["社会保険労務士"],
            "topics": ["ict", "security", "tools", "labour", "rules", "subsidy", "other"],
            "prefecture_codes": ["02", "03", "05"],
            "modes": ["online", "phone", "visit"],
            "monthly_capacity": 200,
        });
        self.as_admin().post("/managers", manager).await.expect(201)
    }

    /// A company that nobody knows yet, as the body of a request has it.
    pub fn company(&self) -> Value {
        let n = self.next();
        let (name, kana) = COMPANIES[n as usize % COMPANIES.len()];
        json!({
            "kind": "company",
            "name": format!("{name}第{n}工場"),
            "kana": kana,
            "corporate_number": corporate_number(n),
            "postal_code": "030-0861",
            "prefecture_code": "02",
            "municipality_code": "022012",
            "address": format!("青森県青森市長島{n}丁目1番1号"),
            "industry_code": "E09",
            "employees": 42,
            "phone": format!("017-734-{:04}", n % 10_000),
        })
    }

    /// The body of `POST /cases`: somebody rings the help center.
    pub fn case_request(&self) -> Value {
        let company = self.company();
        let n = self.next();
        let (name, kana) = PEOPLE[n as usize % PEOPLE.len()];
        json!({
            "channel": "phone",
            "enterprise": company,
            "contacts": [{
                "role": "primary",
                "name": name,
                "kana": kana,
                "department": "総務部",
                "phone": format!("090-8765-{:04}", n % 10_000),
                "email": format!("soumu-{n}@example.co.jp"),
            }],
            "subject": "在宅勤務の導入について",
            "description": "子育て中の社員のために在宅勤務を始めたい。就業規則と勤怠管理をどうすればよいか。",
            "topics": ["labour", "ict"],
            "primary_topic": "labour",
            "telework_status": "considering",
            "digital_level": "basic",
            "desired_mode": "online",
            "consents": [
                { "kind": "privacy", "notice_version": "2026-04", "how": "電話で説明" },
                { "kind": "share_with_manager", "notice_version": "2026-04", "how": "電話で説明" },
            ],
        })
    }

    /// 受付: an operator takes a call.
    pub async fn make_case(&self) -> TestResponse {
        self.as_operator()
            .post("/cases", self.case_request())
            .await
            .expect(201)
    }

    /// 受理待ち: and routes it to the desk.
    pub async fn make_routed_case(&self, desk: &impl HasId) -> TestResponse {
        let case = self.make_case().await;
        let path = format!("/cases/{}/route", case.id());
        self.as_operator()
            .post(path, json!({ "desk_id": desk.id() }))
            .await
            .expect(200)
    }

    /// 受理: which accepts it.
    pub async fn make_accepted_case(&self, desk: &impl HasId) -> TestResponse {
        let case = self.make_routed_case(desk).await;
        self.as_desk(desk)
            .post(format!("/cases/{}/accept", case.id()), json!({}))
            .await
            .expect(200)
    }

    /// 担当決定: and a manager for the line `labour` says yes on the phone.
    pub async fn make_assigned_case(
        &self,
        desk: &impl HasId,
        manager: &impl HasId,
    ) -> TestResponse {
        let case = self.make_accepted_case(desk).await;
        self.assign(desk, &case, manager, "labour").await;
        self.show_case(&case).await
    }

    /// 支援中: and the first session is booked, in three days. See [`TestApp::book`].
    pub async fn make_consulting_case(
        &self,
        desk: &impl HasId,
        manager: &impl HasId,
    ) -> TestResponse {
        let case = self.make_assigned_case(desk, manager).await;
        self.book(desk, &case, 3).await;
        self.show_case(&case).await
    }

    /// 終了: answered on the phone, with the desk.
    pub async fn make_closed_case(&self, desk: &impl HasId) -> TestResponse {
        let case = self.make_accepted_case(desk).await;
        let answered = json!({ "outcome": "answered", "note": "電話で回答した。" });
        self.as_desk(desk)
            .post(format!("/cases/{}/close", case.id()), answered)
            .await
            .expect(200)
    }

    /// The desk records that a manager took the case on the phone.
    pub async fn assign(
        &self,
        desk: &impl HasId,
        case: &impl HasId,
        manager: &impl HasId,
        line: &str,
    ) -> TestResponse {
        let offer = json!({ "manager_id": manager.id(), "line": line, "accepted_by_phone": true });
        self.as_desk(desk)
            .post(format!("/cases/{}/offers", case.id()), offer)
            .await
            .expect(201)
    }

    /// The desk books a session of ninety minutes, online, that many days from now at this hour.
    pub async fn book(&self, desk: &impl HasId, case: &impl HasId, days: i64) -> TestResponse {
        self.as_desk(desk)
            .post(
                format!("/cases/{}/consultations", case.id()),
                self.session(days),
            )
            .await
            .expect(201)
    }

    /// The body of a booking.
    pub fn session(&self, days: i64) -> Value {
        let starts_at = self.now() + TimeDelta::days(days);
        json!({ "starts_at": starts_at, "ends_at": starts_at + TimeDelta::minutes(90), "mode": "online" })
    }

    /// The clock moves to the end of a session, and the desk records it as held.
    pub async fn hold(&self, desk: &impl HasId, session: &TestResponse) -> TestResponse {
        let time = |field: &str| {
            session[field]
                .as_str()
                .unwrap()
                .parse::<DateTime<Utc>>()
                .unwrap()
        };
        self.clock.set(self.now().max(time("ends_at")));
        let held = json!({
            "started_at": session["starts_at"],
            "ended_at": session["ends_at"],
            "mode": session["mode"],
            "attendees": ["総務部 工藤"],
            "desk_attended": false,
        });
        self.as_desk(desk)
            .post(format!("/consultations/{}/hold", session.id()), held)
            .await
            .expect(200)
    }

    /// The case as it stands.
    pub async fn show_case(&self, case: &impl HasId) -> TestResponse {
        self.as_supervisor()
            .get(format!("/cases/{}", case.id()))
            .await
            .expect(200)
    }

    /// The sessions of a case: how many are used.
    pub async fn used(&self, case: &impl HasId) -> i64 {
        self.show_case(case).await["consultations"]["used"]
            .as_i64()
            .unwrap()
    }
}
