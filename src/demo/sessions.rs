//! The sessions of a case while it is planned: booked, moved, held, reported.

use super::{data::DATA, days::shift, life::Life, plan::Who};
use crate::japan::tokyo_date;
use actix_web::http::Method;
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};

/// A session of the case.
#[derive(Clone, Copy)]
pub struct Session {
    pub number: usize,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
}

impl Life<'_> {
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
        let report = match self.held {
            4.. => &DATA.reports.fourth,
            _ => &DATA.reports.of(self.inquiry.theme)[stage],
        };
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
