//! One case while it is planned: each function is one thing that somebody does, at the time that the case has come to.

use super::{
    data::{DATA, Inquiry, Phrases},
    days::{at, is_work_day, shift},
    plan::{Act, Plan, Request, Who},
};
use crate::japan::{JST, tokyo_date};
use actix_web::http::Method;
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Timelike, Utc};
use serde_json::{Value, json};

/// A case in the making.
pub struct Life<'p> {
    pub plan: &'p mut Plan,
    pub case: usize,
    pub enterprise: usize,
    pub inquiry: &'static Inquiry,
    /// The time that the case has come to; it never goes back.
    pub at: DateTime<Utc>,
    /// Where the matter is.
    pub prefecture: String,
    pub desk: usize,
    staff: usize,
    operator: usize,
    pub site: Option<Value>,
    /// The enterprise asked before in this fiscal year.
    pub is_second: bool,
    has_contact: bool,
    /// Live managers with their lines.
    pub managers: Vec<(&'static str, usize)>,
    /// Everybody who was asked.
    asked: Vec<usize>,
    sessions: usize,
    held: usize,
    offers: usize,
}

/// A session of the case.
#[derive(Clone, Copy)]
pub struct Session {
    pub number: usize,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
}

/// How a case comes in.
#[derive(Default)]
pub struct Opening {
    /// `phone` where nothing is said.
    pub channel: Option<&'static str>,
    /// By the desk at its own window.
    pub at_window: bool,
    /// Answered at once: how it ends.
    pub close_as: Option<Value>,
    /// When it really came in, and why it is entered only now.
    pub late: Option<(DateTime<Utc>, String)>,
    /// Somebody else of the enterprise asks.
    pub by_another: bool,
    /// Somebody asks for it (税理士, bank).
    pub by_agent: bool,
    /// What is said before the description.
    pub preface: Option<String>,
}

impl<'p> Life<'p> {
    pub fn new(
        plan: &'p mut Plan,
        enterprise: usize,
        inquiry: &'static Inquiry,
        at: DateTime<Utc>,
    ) -> Self {
        let prefecture = plan.enterprises[enterprise].prefecture_code.clone();
        let desk = plan.desk_of(&prefecture, tokyo_date(at));
        Self {
            case: plan.new_case(),
            enterprise,
            inquiry,
            at,
            prefecture,
            desk,
            staff: plan.random.below(2),
            operator: plan.random.below(3),
            site: None,
            is_second: false,
            has_contact: false,
            managers: Vec::new(),
            asked: Vec::new(),
            sessions: 0,
            held: 0,
            offers: 0,
            plan,
        }
    }

    // ------------------------------------------------------------------------------------------------------- people

    pub fn desk_staff(&self) -> Who {
        Who::Desk(self.desk, self.staff)
    }

    pub fn operator(&self) -> Who {
        Who::Operator(self.operator)
    }

    /// The manager who writes: the first one.
    pub fn manager(&self) -> Who {
        Who::Manager(self.managers[0].1)
    }

    /// A sentence for the occasion.
    pub fn say(&mut self, of: fn(&Phrases) -> &Vec<String>) -> String {
        self.plan.random.pick(of(&DATA.phrases)).clone()
    }

    // --------------------------------------------------------------------------------------------------------- time

    /// Some minutes later, within the hours of the office.
    pub fn minutes(&mut self, low: i64, high: i64) -> &mut Self {
        let minutes = self.plan.random.between(low, high);
        self.at += TimeDelta::minutes(minutes);
        let local = self.at.with_timezone(&JST);
        let day = local.date_naive();
        if !is_work_day(day) || local.hour() >= 17 {
            self.at = self.some_time(shift(day, 1), 9..=10);
        }
        self
    }

    /// Some work days later, at some time of the day.
    pub fn days(&mut self, low: i64, high: i64) -> &mut Self {
        let count = self.plan.random.between(low, high);
        let day = shift(tokyo_date(self.at), count);
        let later = self.some_time(day, 9..=16);
        match count {
            0 => self.minutes(20, 150),
            _ => self.until(later),
        }
    }

    /// At that time, or at once where it has passed.
    pub fn until(&mut self, moment: DateTime<Utc>) -> &mut Self {
        self.at = self.at.max(moment);
        self
    }

    fn some_time(&mut self, day: NaiveDate, hours: std::ops::RangeInclusive<u32>) -> DateTime<Utc> {
        let hour = self
            .plan
            .random
            .between(i64::from(*hours.start()), i64::from(*hours.end()));
        let minute = self.plan.random.between(5, 55);
        at(day, hour as u32, minute as u32)
    }

    // ----------------------------------------------------------------------------------------------------- requests

    fn send(
        &mut self,
        by: Who,
        method: Method,
        path: &str,
        body: Value,
        keep: Vec<(String, &'static str)>,
    ) {
        let path = path.replace("{case}", &format!("{{case:{}}}", self.case));
        let request = Request {
            by,
            method,
            path,
            body,
            version: None,
            keep,
        };
        self.plan.push(self.at, Act::Send(request));
    }

    pub fn post(&mut self, by: Who, path: &str, body: Value) -> &mut Self {
        self.send(by, Method::POST, path, body, Vec::new());
        self
    }

    // ------------------------------------------------------------------------------------------------- how it begins

    pub fn open(&mut self, opening: Opening) -> &mut Self {
        let by = match opening.at_window {
            true => self.desk_staff(),
            false => self.operator(),
        };
        let body = self.opening_body(&opening);
        let case = self.case;
        let mut keep = vec![
            (format!("case:{case}"), "/id"),
            (format!("enterprise:{}", self.enterprise), "/enterprise/id"),
        ];
        self.has_contact = !body["contacts"].as_array().is_none_or(Vec::is_empty);
        if self.has_contact {
            keep.push((format!("contact:{case}"), "/contacts/0/id"));
        }
        let received_at = opening
            .late
            .as_ref()
            .map_or(self.at, |(received_at, _)| *received_at);
        self.is_second = !self.plan.note_year(self.enterprise, received_at);
        self.send(by, Method::POST, "/cases", body, keep);
        self
    }

    fn opening_body(&mut self, opening: &Opening) -> Value {
        let inquiry = self.inquiry;
        let enterprise = self.plan.enterprises[self.enterprise].clone();
        let description = self.description(opening, enterprise.employees);
        let how_heard = match inquiry.is_again() {
            true => "昨年度も利用した".to_owned(),
            false => self.say(|phrases| &phrases.how_heard),
        };
        let mut body = json!({
            "channel": opening.channel.unwrap_or("phone"),
            "enterprise": format!("{{enterprise:{}}}", self.enterprise),
            "contacts": self.contacts(opening),
            "subject": inquiry.subject,
            "description": description,
            "topics": inquiry.topics,
            "telework_status": inquiry.telework_status,
            "digital_level": inquiry.digital_level,
            "how_heard": how_heard,
            "desired_mode": inquiry.mode,
        });
        if enterprise.body["kind"] != "anonymous" {
            let how = match opening.channel {
                Some("web") => "申込みフォーム",
                Some("letter" | "fax" | "event") => "相談票に署名",
                _ => "電話で説明",
            };
            let consent = |kind| json!({ "kind": kind, "notice_version": "2025-04", "how": how });
            body["consents"] = json!([consent("privacy"), consent("share_with_manager")]);
        }
        if let Some(site) = &self.site {
            body["site"] = site.clone();
        }
        if let Some(close_as) = &opening.close_as {
            body["close_as"] = close_as.clone();
        }
        if let Some((received_at, reason)) = &opening.late {
            body["received_at"] = json!(received_at);
            body["late_reason"] = json!(reason);
        }
        body
    }

    /// What was said, with a little around it, as no two callers say the same.
    fn description(&mut self, opening: &Opening, employees: i64) -> String {
        let text = self.inquiry.text.replace("{n}", &employees.to_string());
        if let Some(preface) = &opening.preface {
            return format!("{preface}\n{text}");
        }
        if employees == 1 {
            return text;
        }
        let (before, after) = (
            self.say(|phrases| &phrases.before),
            self.say(|phrases| &phrases.after),
        );
        match self.plan.random.below(5) {
            0 => format!("{before}{text}"),
            1 => format!("{text}{after}"),
            2 => format!("{before}{text}{after}"),
            _ => text,
        }
    }

    fn contacts(&mut self, opening: &Opening) -> Vec<Value> {
        let enterprise = self.plan.enterprises[self.enterprise].clone();
        if enterprise.body["kind"] == "anonymous" {
            return Vec::new();
        }
        let mut person = enterprise.contact.clone();
        if opening.by_another {
            let place = DATA
                .places
                .iter()
                .find(|place| place.prefecture_code == enterprise.prefecture_code);
            let place = place.expect("a test covers the country");
            person = self.plan.new_person(place, &enterprise.domain);
        }
        let mut primary = json!({ "role": "primary", "name": person.name, "kana": person.kana, "phone": person.phone });
        if !person.department.is_empty() {
            primary["department"] = json!(person.department);
        }
        if let Some(email) = &person.email {
            primary["email"] = json!(email);
        }
        let mut contacts = vec![primary];
        if opening.by_agent {
            contacts.push(self.agent());
        }
        contacts
    }

    /// Somebody who acts for the enterprise.
    fn agent(&mut self) -> Value {
        let phrase = self.say(|phrases| &phrases.agent);
        let (trade, relation) = phrase.split_once('|').unwrap_or((&phrase, &phrase));
        let place = self.plan.random.below(DATA.places.len());
        let person = self.plan.new_person(&DATA.places[place], "");
        let family = person.name.split(' ').next().unwrap_or_default().to_owned();
        let organisation = match trade {
            "税理士" | "社会保険労務士" => format!("{family}{trade}事務所"),
            _ => format!("みなと{trade}"),
        };
        let confirmed = self.plan.random.chance(70);
        json!({
            "role": "agent",
            "name": person.name,
            "kana": person.kana,
            "phone": person.phone,
            "organisation": organisation,
            "relation": relation,
            "authority_confirmed": confirmed,
        })
    }

    /// The matter is at a branch elsewhere.
    pub fn at_branch(&mut self) -> &mut Self {
        let (site, prefecture) = self.plan.new_branch(self.enterprise);
        self.desk = self.plan.desk_of(&prefecture, tokyo_date(self.at));
        self.prefecture = prefecture;
        self.site = Some(site);
        self
    }

    /// Who asks is known now: the enterprise gets its name, and the case a contact.
    pub fn name(&mut self, enterprise: usize) -> &mut Self {
        let by = self.operator();
        let named = self.plan.enterprises[enterprise].clone();
        let path = format!("/enterprises/{{enterprise-id:{}}}", self.enterprise);
        self.send(by, Method::PATCH, &path, named.body.clone(), Vec::new());
        self.plan.enterprises[self.enterprise] = named;
        let contacts = self.contacts(&Opening::default());
        let keep = vec![(format!("contact:{}", self.case), "/contacts/0/id")];
        self.send(
            by,
            Method::PATCH,
            "/cases/{case}",
            json!({ "contacts": contacts }),
            keep,
        );
        self.has_contact = true;
        self
    }

    // ------------------------------------------------------------------------------------------------------- moves

    pub fn route(&mut self) -> &mut Self {
        let mut body = json!({ "desk_id": desk_name(self.desk) });
        if self.plan.random.chance(35) {
            body["note"] = json!(self.say(|phrases| &phrases.route_note));
        }
        self.post(self.operator(), "/cases/{case}/route", body)
    }

    /// To another desk, by the supervisor.
    pub fn reroute(&mut self, to: usize) -> &mut Self {
        let reason = self.say(|phrases| &phrases.reroute_reason);
        self.desk = to;
        self.managers.clear();
        self.post(
            Who::Supervisor,
            "/cases/{case}/route",
            json!({ "desk_id": desk_name(to), "reason": reason }),
        )
    }

    pub fn accept(&mut self) -> &mut Self {
        self.post(self.desk_staff(), "/cases/{case}/accept", json!({}))
    }

    pub fn give_back(&mut self) -> &mut Self {
        let reason = self.say(|phrases| &phrases.return_reason);
        self.post(
            self.desk_staff(),
            "/cases/{case}/return",
            json!({ "reason": reason }),
        )
    }

    pub fn close(&mut self, by: Who, outcome: &str, note: &str) -> &mut Self {
        self.managers.clear();
        self.post(
            by,
            "/cases/{case}/close",
            json!({ "outcome": outcome, "note": note }),
        )
    }

    pub fn reopen(&mut self, by: Who) -> &mut Self {
        let reason = self.say(|phrases| &phrases.reopen);
        self.post(by, "/cases/{case}/reopen", json!({ "reason": reason }))
    }

    pub fn wait(&mut self, by: Who, until: Option<DateTime<Utc>>) -> &mut Self {
        let reason = self.say(|phrases| &phrases.wait_enterprise);
        let mut body = json!({ "on": "enterprise", "reason": reason });
        if let Some(until) = until {
            body["until"] = json!(until);
        }
        self.post(by, "/cases/{case}/wait", body)
    }

    pub fn settle(
        &mut self,
        by: Who,
        flag: &str,
        answer: String,
        note: Option<String>,
    ) -> &mut Self {
        let mut body = json!({ "answer": answer });
        if let Some(note) = note {
            body["note"] = json!(note);
        }
        self.post(by, &format!("/cases/{{case}}/flags/{flag}/settle"), body)
    }

    /// The follow-up of an earlier case, or another link.
    pub fn link(&mut self, by: Who, other: usize, kind: &str) -> &mut Self {
        self.post(
            by,
            "/cases/{case}/links",
            json!({ "other_id": format!("{{case:{other}}}"), "kind": kind }),
        )
    }

    pub fn note(&mut self, by: Who) -> &mut Self {
        let body = self.say(|phrases| &phrases.note);
        self.post(by, "/cases/{case}/notes", json!({ "body": body }))
    }

    // ------------------------------------------------------------------------------------------------- conversation

    /// A call, mostly by telephone.
    pub fn call(&mut self, by: Who, direction: &str, result: &str, body: &str) -> &mut Self {
        self.record(by, direction, result, body, None)
    }

    /// A call with the promise to ring again at that time.
    pub fn promise(&mut self, by: Who, direction: &str, callback_at: DateTime<Utc>) -> &mut Self {
        let body = self.say(|phrases| &phrases.callback);
        self.record(by, direction, "callback", &body, Some(callback_at))
    }

    fn record(
        &mut self,
        by: Who,
        direction: &str,
        result: &str,
        text: &str,
        callback_at: Option<DateTime<Utc>>,
    ) -> &mut Self {
        let minutes = self.plan.random.between(2, 9);
        let kind = match (result, direction, self.plan.random.below(100)) {
            ("reached", "outbound", 0..8) => "web",
            ("reached", "inbound", 0..6) => "fax",
            ("reached", _, 8..14) => "visit",
            _ => "phone",
        };
        let mut body = json!({
            "kind": kind,
            "direction": direction,
            "occurred_at": self.at - TimeDelta::minutes(minutes),
            "result": result,
            "body": text,
        });
        match self.has_contact {
            true => body["contact_id"] = json!(format!("{{contact:{}}}", self.case)),
            false => body["counterpart"] = json!("匿名の相談者"),
        }
        if let Some(callback_at) = callback_at {
            body["callback_at"] = json!(callback_at);
        }
        self.post(by, "/cases/{case}/interactions", body)
    }

    /// The desk reaches the enterprise.
    pub fn reach(&mut self, of: fn(&Phrases) -> &Vec<String>) -> &mut Self {
        let body = self.say(of);
        self.call(self.desk_staff(), "outbound", "reached", &body)
    }

    /// The desk does not reach it.
    pub fn miss(&mut self) -> &mut Self {
        let (result, body) = match self.plan.random.chance(30) {
            true => ("voicemail", self.say(|phrases| &phrases.voicemail)),
            false => ("absent", self.say(|phrases| &phrases.absent)),
        };
        self.call(self.desk_staff(), "outbound", result, &body)
    }

    /// The enterprise rings.
    pub fn ring(&mut self, by: Who, of: fn(&Phrases) -> &Vec<String>) -> &mut Self {
        let body = self.say(of);
        self.call(by, "inbound", "reached", &body)
    }

    // ------------------------------------------------------------------------------------------------------ experts

    /// The line of the case's first matter.
    pub fn line(&self) -> &'static str {
        if self.inquiry.is_labour() {
            "labour"
        } else {
            "ict"
        }
    }

    pub fn choose(&mut self, line: &str) -> usize {
        let (prefecture, moment) = (self.prefecture.clone(), self.at);
        let chosen = self.plan.manager_for(
            self.inquiry,
            line,
            (&prefecture, self.enterprise),
            moment,
            &self.asked,
        );
        self.asked.push(chosen);
        chosen
    }

    /// Offers the case; the number of the offer.
    pub fn offer(&mut self, line: &'static str, manager: usize, more: Value) -> usize {
        let mut body = json!({ "manager_id": format!("{{manager:{manager}}}"), "line": line });
        if more["accepted_by_phone"] != true {
            // To the end of the day, and past holidays.
            body["reply_by"] = json!(at(shift(tokyo_date(self.at), 2), 17, 0));
        }
        if self.plan.random.chance(60) {
            body["note"] = json!(self.say(|phrases| &phrases.offer_note));
        }
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
            body.extend(more);
        }
        let is_accepted = body["accepted_by_phone"] == true;
        // What speaks against an expert is set aside by a supervisor only.
        let who = match body["override_reason"].is_string() {
            true => Who::Supervisor,
            false => self.desk_staff(),
        };
        let number = self.offers;
        self.offers += 1;
        let keep = vec![(format!("offer:{}-{number}", self.case), "/id")];
        self.send(who, Method::POST, "/cases/{case}/offers", body, keep);
        if is_accepted {
            self.managers.push((line, manager));
        }
        number
    }

    pub fn take_offer(&mut self, line: &'static str, manager: usize, offer: usize) -> &mut Self {
        let path = format!("/offers/{{offer:{}-{offer}}}/accept", self.case);
        self.managers.push((line, manager));
        self.post(Who::Manager(manager), &path, json!({}))
    }

    pub fn decline_offer(&mut self, manager: usize, offer: usize) -> &mut Self {
        let reason = self.say(|phrases| &phrases.decline);
        let path = format!("/offers/{{offer:{}-{offer}}}/decline", self.case);
        self.post(Who::Manager(manager), &path, json!({ "reason": reason }))
    }

    /// The usual way: offered, and accepted within a day or two.
    pub fn assign(&mut self, line: &'static str) -> &mut Self {
        let manager = self.choose(line);
        let offer = self.offer(line, manager, json!({}));
        self.days(0, 1);
        self.minutes(10, 200);
        self.take_offer(line, manager, offer)
    }

    /// The only manager leaves the case.
    pub fn release(&mut self) -> &mut Self {
        let reason = self.say(|phrases| &phrases.release);
        let key = format!("assignment:{}-{}", self.case, self.offers);
        let keep = vec![(key.clone(), "/managers/0/assignment_id")];
        self.send(
            self.desk_staff(),
            Method::GET,
            "/cases/{case}",
            Value::Null,
            keep,
        );
        self.managers.clear();
        let path = format!("/assignments/{{{key}}}/release");
        self.post(self.desk_staff(), &path, json!({ "reason": reason }))
    }

    // ----------------------------------------------------------------------------------------------------- sessions

    fn all_managers(&self) -> Vec<usize> {
        let mut managers: Vec<usize> = self.managers.iter().map(|(_, manager)| *manager).collect();
        managers.sort();
        managers.dedup();
        managers
    }

    /// Books a session so many work days from now or as soon as everybody has time after that.
    pub fn book(&mut self, by: Who, low: i64, high: i64) -> Session {
        let count = self.plan.random.between(low, high);
        let from = shift(tokyo_date(self.at), count);
        self.book_from(by, from, json!({}))
    }

    /// Books a session on that day, or as soon as everybody has time after it.
    pub fn book_from(&mut self, by: Who, from: NaiveDate, more: Value) -> Session {
        let minutes = *self.plan.random.pick(&[60, 90, 90, 120]);
        let managers = self.all_managers();
        let (starts_at, ends_at) = self.plan.take_slot(&managers, from, minutes);
        self.book_at(by, (starts_at, ends_at), more)
    }

    /// Books that very time, which was taken for the managers.
    pub fn book_at(
        &mut self,
        by: Who,
        (starts_at, ends_at): (DateTime<Utc>, DateTime<Utc>),
        more: Value,
    ) -> Session {
        let number = self.sessions;
        self.sessions += 1;
        let mut body = json!({ "starts_at": starts_at, "ends_at": ends_at, "mode": self.mode() });
        let address = self.address();
        match &*self.mode() {
            "online" => {
                body["meeting_url"] = json!(format!(
                    "https://meet.example.jp/tw-{:04}-{}",
                    self.case + 1,
                    number + 1
                ))
            }
            "visit" if !address.is_empty() => body["place"] = json!(address),
            _ => {}
        }
        if self.plan.random.chance(30) {
            body["note"] = json!(self.say(|phrases| &phrases.session_note));
        }
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
            body.extend(more);
        }
        let keep = vec![(format!("session:{}-{number}", self.case), "/id")];
        self.send(by, Method::POST, "/cases/{case}/consultations", body, keep);
        Session {
            number,
            starts_at,
            ends_at,
        }
    }

    /// How the session is given: as desired where every manager does that, else online.
    fn mode(&self) -> String {
        let gives = |(_, manager): &(&str, usize)| {
            DATA.managers[*manager].modes.contains(&self.inquiry.mode)
        };
        match self.managers.iter().all(gives) {
            true => self.inquiry.mode.clone(),
            false => "online".into(),
        }
    }

    fn address(&self) -> String {
        match &self.site {
            Some(site) => site["address"].as_str().unwrap_or_default().to_owned(),
            None => self.plan.enterprises[self.enterprise].address.clone(),
        }
    }

    fn path_of(&self, session: Session, what: &str) -> String {
        format!(
            "/consultations/{{session:{}-{}}}{what}",
            self.case, session.number
        )
    }

    /// To another time.
    pub fn reschedule(&mut self, by: Who, session: Session, from: NaiveDate) -> Session {
        let managers = self.all_managers();
        self.plan.free_slot(&managers, session.starts_at);
        let minutes = (session.ends_at - session.starts_at).num_minutes();
        let (starts_at, ends_at) = self.plan.take_slot(&managers, from, minutes);
        let path = self.path_of(session, "/reschedule");
        self.post(
            by,
            &path,
            json!({ "starts_at": starts_at, "ends_at": ends_at }),
        );
        Session {
            starts_at,
            ends_at,
            ..session
        }
    }

    pub fn cancel(&mut self, by: Who, session: Session) -> &mut Self {
        let managers = self.all_managers();
        self.plan.free_slot(&managers, session.starts_at);
        let reason = self.say(|phrases| &phrases.cancel);
        let path = self.path_of(session, "/cancel");
        self.post(by, &path, json!({ "reason": reason }))
    }

    /// It did not take place, through somebody's fault.
    pub fn no_show(&mut self, session: Session, by_fault: &str) -> &mut Self {
        self.until(session.starts_at).minutes(35, 55);
        let reason = match by_fault {
            "enterprise" => self.say(|phrases| &phrases.no_show_enterprise),
            "manager" => self.say(|phrases| &phrases.no_show_manager),
            _ => {
                let of_the_season = match tokyo_date(self.at).month() {
                    12 | 1..=3 => 0,
                    8..=10 => 1,
                    _ => 2,
                };
                DATA.phrases.no_show_force_majeure[of_the_season].clone()
            }
        };
        let path = self.path_of(session, "/no-show");
        self.post(
            self.manager(),
            &path,
            json!({ "by": by_fault, "reason": reason }),
        )
    }

    /// The session is over, and recorded as held.
    pub fn hold(&mut self, session: Session) -> &mut Self {
        self.until(session.ends_at).minutes(10, 60);
        self.hold_now(session)
    }

    /// Recorded as held at the time that the case has come to.
    pub fn hold_now(&mut self, session: Session) -> &mut Self {
        let contact = self.plan.enterprises[self.enterprise].contact.clone();
        let mut attendees = vec![
            format!("{} {}", contact.department, contact.name)
                .trim()
                .to_owned(),
        ];
        if self.plan.random.chance(40) {
            attendees.push("代表者".into());
        }
        let late_start = TimeDelta::minutes(self.plan.random.between(0, 4));
        let body = json!({
            "started_at": session.starts_at + late_start,
            "ended_at": session.ends_at,
            "mode": self.mode(),
            "attendees": attendees,
            "desk_attended": self.plan.random.chance(25),
        });
        let path = self.path_of(session, "/hold");
        self.held += 1;
        self.post(self.manager(), &path, body)
    }

    pub fn void(&mut self, session: Session) -> &mut Self {
        let reason = self.say(|phrases| &phrases.void);
        let path = self.path_of(session, "/void");
        self.held -= 1;
        self.post(Who::Supervisor, &path, json!({ "reason": reason }))
    }

    /// The draft of the report on the session.
    pub fn write_report(&mut self, session: Session) -> &mut Self {
        let stage = self.held.clamp(1, 3) - 1;
        let report = &DATA.reports.of(self.inquiry.theme)[stage];
        let status = match stage {
            0 => self.inquiry.telework_status.as_str(),
            1 => "preparing",
            _ => "introduced",
        };
        let status = if self.inquiry.telework_status == "introduced" {
            "introduced"
        } else {
            status
        };
        let body = json!({
            "situation": report.situation,
            "advice": report.advice,
            "next_steps": report.next_steps,
            "enterprise_tasks": report.enterprise_tasks,
            "telework_status": status,
        });
        let path = self.path_of(session, "/report");
        self.send(self.manager(), Method::PUT, &path, body, Vec::new());
        self
    }

    pub fn submit_report(&mut self, session: Session) -> &mut Self {
        let path = self.path_of(session, "/report/submit");
        self.post(self.manager(), &path, json!({}))
    }

    pub fn return_report(&mut self, session: Session) -> &mut Self {
        let reason = self.say(|phrases| &phrases.report_return);
        let path = self.path_of(session, "/report/return");
        self.post(self.desk_staff(), &path, json!({ "reason": reason }))
    }

    pub fn approve_report(&mut self, session: Session) -> &mut Self {
        let path = self.path_of(session, "/report/approve");
        self.post(self.desk_staff(), &path, json!({}))
    }

    /// Written, submitted and approved within a week or so.
    pub fn report(&mut self, session: Session) -> &mut Self {
        self.days(0, 2);
        self.write_report(session);
        self.minutes(30, 120);
        self.submit_report(session);
        self.days(1, 2);
        self.approve_report(session)
    }
}

/// What stands for the desk's id.
pub fn desk_name(desk: usize) -> String {
    format!("{{desk:{}}}", DATA.desks[desk].code)
}
