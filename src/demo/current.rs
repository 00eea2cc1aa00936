//! What lies on the desks today: cases of the last weeks, one for each thing that somebody should do now, overdue, due
//! today, or soon. Half of them lie with the people whose accounts are printed.

use super::{
    data::{DATA, Inquiry},
    days::{at, is_work_day},
    enterprises::Kind,
    life::{Life, Opening},
    office::AWAY,
    plan::{Plan, Who},
    sessions::Session,
};
use crate::japan::tokyo_date;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

/// What is to be done on a case.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Open {
    // by the help center
    /// Came in today.
    Fresh,
    /// Nobody routed it yesterday.
    RouteOverdue,
    /// The desk gave it back.
    GivenBack,
    /// Perhaps the same as another enterprise.
    MaybeKnown,
    // by the desk
    /// Somebody asked to be called again.
    CallbackDue,
    CallbackOverdue,
    Routed,
    AcceptOverdue,
    FirstContactOverdue,
    SearchManager,
    Declined,
    Waiting,
    WaitOver,
    Complaint,
    NotReached,
    OnceMore,
    ToApprove,
    // by the manager
    Offered,
    OfferedBoth,
    OfferedAbsent,
    Assigned,
    FirstBooked,
    SecondBooked,
    ThirdBooked,
    NotRecorded,
    Draft,
    ReportOverdue,
    ReportReturned,
}

/// How many of which: of the printed people, and of others.
const OPEN: [(Open, usize, usize); 28] = [
    (Open::Fresh, 1, 3),
    (Open::RouteOverdue, 1, 2),
    (Open::CallbackDue, 1, 1),
    (Open::CallbackOverdue, 1, 0),
    (Open::GivenBack, 1, 0),
    (Open::MaybeKnown, 1, 0),
    (Open::Routed, 2, 2),
    (Open::AcceptOverdue, 1, 2),
    (Open::FirstContactOverdue, 1, 1),
    (Open::SearchManager, 1, 2),
    (Open::Declined, 1, 1),
    (Open::Waiting, 1, 2),
    (Open::WaitOver, 1, 0),
    (Open::Complaint, 1, 1),
    (Open::NotReached, 1, 1),
    (Open::OnceMore, 0, 1),
    (Open::ToApprove, 2, 2),
    (Open::Offered, 2, 3),
    (Open::OfferedBoth, 1, 0),
    (Open::OfferedAbsent, 0, 1),
    (Open::Assigned, 1, 3),
    (Open::FirstBooked, 2, 3),
    (Open::SecondBooked, 1, 3),
    (Open::ThirdBooked, 1, 2),
    (Open::NotRecorded, 1, 1),
    (Open::Draft, 1, 1),
    (Open::ReportOverdue, 1, 1),
    (Open::ReportReturned, 1, 0),
];

/// The manager whose account is printed.
const PRINTED: usize = 0;

/// Plans what is open today.
pub fn plan_current(plan: &mut Plan) {
    for (open, printed, others) in OPEN {
        for number in 0..printed + others {
            plan_one(plan, open, number < printed);
        }
    }
}

/// How many cases [`plan_current`] plans.
pub fn count() -> usize {
    let cases = |(open, printed, others): &(Open, usize, usize)| match open {
        Open::OnceMore => 2 * (printed + others),
        _ => printed + others,
    };
    OPEN.iter().map(cases).sum()
}

fn plan_one(plan: &mut Plan, open: Open, is_printed: bool) {
    let numbered = plan
        .enterprises
        .iter()
        .position(|enterprise| enterprise.body["corporate_number"].is_string());
    let enterprise = match (open, numbered) {
        (Open::MaybeKnown, Some(of)) => plan.new_namesake(of),
        (Open::OfferedAbsent, _) => plan.new_enterprise(
            Kind::Any,
            DATA.managers[AWAY]
                .prefecture_codes
                .first()
                .map(|code| &**code),
        ),
        _ => plan.new_enterprise(Kind::Any, is_printed.then_some("13")),
    };
    let inquiry = match is_printed || open == Open::OfferedAbsent {
        true => labour_inquiry(plan, enterprise),
        false => plan.inquiry(enterprise, &DATA.inquiries.first),
    };
    let moment = plan.now;
    let life = Life::new(plan, enterprise, inquiry, moment);
    Current { life, is_printed }.play(open);
}

/// What the printed manager advises on.
fn labour_inquiry(plan: &mut Plan, enterprise: usize) -> &'static Inquiry {
    loop {
        let inquiry = plan.inquiry(enterprise, &DATA.inquiries.first);
        if inquiry.is_labour() {
            return inquiry;
        }
    }
}

struct Current<'p> {
    life: Life<'p>,
    is_printed: bool,
}

impl Current<'_> {
    fn play(&mut self, open: Open) {
        match open {
            Open::Fresh | Open::RouteOverdue | Open::GivenBack | Open::MaybeKnown => {
                self.at_the_help_center(open)
            }
            Open::Routed | Open::AcceptOverdue => self.at_the_door(open),
            Open::CallbackDue
            | Open::CallbackOverdue
            | Open::FirstContactOverdue
            | Open::SearchManager
            | Open::Declined
            | Open::Waiting
            | Open::WaitOver
            | Open::Complaint
            | Open::NotReached
            | Open::OnceMore => self.at_the_desk(open),
            Open::Offered | Open::OfferedBoth | Open::OfferedAbsent | Open::Assigned => {
                self.before_the_first(open)
            }
            _ => self.in_support(open),
        }
    }

    /// Opened so many work days after yesterday, at a time of the morning.
    fn open(&mut self, day: i64) {
        let day = self.life.plan.day(day);
        let (hour, minute) = (
            self.life.plan.random.between(9, 11),
            self.life.plan.random.between(2, 58),
        );
        self.open_at(at(day, hour as u32, minute as u32));
    }

    fn open_at(&mut self, moment: DateTime<Utc>) {
        self.life.at = moment;
        self.life.desk = self
            .life
            .plan
            .desk_of(&self.life.prefecture, tokyo_date(moment));
        let channel = *self
            .life
            .plan
            .random
            .pick(&["phone", "phone", "phone", "web", "fax"]);
        self.life.open(Opening {
            channel: Some(channel),
            ..Opening::default()
        });
    }

    fn taken_up(&mut self, day: i64) {
        self.open(day);
        self.life.minutes(5, 30).route();
        self.life.minutes(30, 150).accept();
    }

    fn called(&mut self, day: i64) {
        self.taken_up(day);
        self.life
            .minutes(20, 60)
            .reach(|phrases| &phrases.first_contact);
    }

    /// A moment on the next work day, or today.
    fn soon(&mut self, hour: u32) -> DateTime<Utc> {
        let moment = at(self.life.plan.day(1), hour, 30);
        match moment > self.life.plan.now {
            true => moment,
            false => at(self.life.plan.day(2), hour, 30),
        }
    }

    fn at_the_help_center(&mut self, open: Open) {
        match open {
            Open::Fresh => self.open_today(),
            Open::RouteOverdue => self.open(-2),
            Open::GivenBack => {
                self.open(-1);
                self.life.desk = (self.life.desk + 1) % DATA.desks.len();
                self.life.minutes(5, 30).route();
                self.life.days(1, 1).give_back();
            }
            _ => self.open(0),
        }
    }

    /// A few minutes ago, or on the last work day where the office is closed now.
    fn open_today(&mut self) {
        let (now, today) = (self.life.plan.now, tokyo_date(self.life.plan.now));
        let newest =
            now.min(at(today, 17, 0)) - TimeDelta::minutes(self.life.plan.random.between(5, 50));
        match is_work_day(today) && newest > at(today, 9, 0) {
            true => self.open_at(newest),
            false => self.open(0),
        }
    }

    fn at_the_door(&mut self, open: Open) {
        self.open(if open == Open::Routed { 0 } else { -3 });
        self.life.minutes(5, 30).route();
    }

    fn at_the_desk(&mut self, open: Open) {
        match open {
            Open::CallbackDue
            | Open::CallbackOverdue
            | Open::FirstContactOverdue
            | Open::NotReached => self.call_again(open),
            Open::SearchManager => self.called(0),
            Open::Declined => {
                self.called(-3);
                self.life.minutes(10, 60);
                let (line, manager) = (self.life.line(), self.expert());
                let offer = self.life.offer(line, manager, json!({}));
                self.life.days(1, 1).decline_offer(manager, offer);
            }
            Open::Waiting => self.waiting(-4, at(self.life.plan.day(6), 17, 0)),
            Open::WaitOver => self.waiting(-9, at(self.life.plan.day(0), 12, 0)),
            Open::Complaint => {
                self.called(-5);
                let (by, reason) = (
                    self.life.operator(),
                    self.life.say(|phrases| &phrases.complaint),
                );
                let body = json!({ "kind": "complaint", "reason": reason });
                self.life
                    .days(2, 3)
                    .post(by, "/cases/{case}/escalate", body);
            }
            _ => self.asked_before(),
        }
    }

    fn call_again(&mut self, open: Open) {
        let by = self.life.desk_staff();
        match open {
            Open::CallbackDue => {
                self.called(-1);
                let moment = self.soon(16);
                self.life.days(1, 1).promise(by, "inbound", moment);
            }
            Open::CallbackOverdue => {
                self.called(-2);
                let moment = at(self.life.plan.day(0), 15, 0);
                self.life.days(1, 1).promise(by, "inbound", moment);
            }
            Open::NotReached => {
                self.taken_up(-4);
                self.life.days(1, 1).miss();
                self.life.days(1, 2).miss();
            }
            _ => self.taken_up(-4),
        }
    }

    /// For the enterprise, until that moment.
    fn waiting(&mut self, since: i64, until: DateTime<Utc>) {
        self.called(since);
        let by = self.life.desk_staff();
        self.life.minutes(5, 30).wait(by, Some(until));
    }

    /// Two cases of one enterprise in one year, the first just answered; a supervisor let the second have sessions.
    fn asked_before(&mut self) {
        self.called(-8);
        let (by, note) = (
            self.life.desk_staff(),
            self.life.say(|phrases| &phrases.desk_answer),
        );
        self.life.days(1, 1).close(by, "answered", &note);
        let (enterprise, from) = (self.life.enterprise, self.life.at);
        let inquiry = self.life.plan.inquiry(enterprise, &DATA.inquiries.first);
        let mut second = Life::new(self.life.plan, enterprise, inquiry, from);
        second.days(2, 2).open(Opening {
            by_another: true,
            ..Opening::default()
        });
        second.minutes(5, 30).route();
        second.minutes(20, 100).accept();
        let reason = second.say(|phrases| &phrases.guard);
        second.days(1, 1).post(
            Who::Supervisor,
            "/cases/{case}/guard-override",
            json!({ "reason": reason }),
        );
    }

    /// The printed manager, or whoever suits.
    fn expert(&mut self) -> usize {
        let line = self.life.line();
        if self.is_printed {
            PRINTED
        } else {
            self.life.choose(line)
        }
    }

    fn before_the_first(&mut self, open: Open) {
        let line = self.life.line();
        match open {
            Open::Offered => {
                self.called(-1);
                self.life.days(1, 1);
                let manager = self.expert();
                self.life.offer(line, manager, json!({}));
            }
            Open::OfferedBoth => {
                self.called(-3);
                let manager = self.expert();
                self.life
                    .offer("labour", manager, json!({ "accepted_by_phone": true }));
                self.life.days(2, 2);
                let other = self.life.choose("ict");
                self.life.offer("ict", other, json!({}));
            }
            Open::OfferedAbsent => {
                self.called(-1);
                let reason = self.life.say(|phrases| &phrases.offer_override);
                self.life
                    .days(1, 1)
                    .offer(line, AWAY, json!({ "override_reason": reason }));
            }
            _ => {
                self.called(-3);
                self.assigned();
            }
        }
    }

    fn assigned(&mut self) {
        self.life.minutes(10, 60);
        let (line, manager) = (self.life.line(), self.expert());
        let offer = self.life.offer(line, manager, json!({}));
        self.life.days(1, 1).take_offer(line, manager, offer);
        self.life
            .minutes(20, 90)
            .reach(|phrases| &phrases.scheduling);
    }

    fn in_support(&mut self, open: Open) {
        match open {
            Open::FirstBooked => {
                self.called(-5);
                self.assigned();
                self.book_ahead();
            }
            Open::SecondBooked => {
                self.called(-24);
                self.given(2);
                self.book_ahead();
            }
            Open::ThirdBooked => {
                self.called(-45);
                self.given(2);
                self.life.days(2, 4);
                self.given_once_more(2);
                self.book_ahead();
            }
            Open::NotRecorded => {
                self.called(-12);
                self.assigned();
                let (by, day) = (self.life.desk_staff(), self.life.plan.day(0));
                self.life.minutes(5, 20).book_from(by, day, json!({}));
            }
            Open::Draft => drop(self.held_on(-1, 0)),
            Open::ReportOverdue => drop(self.held_on(-9, 2)),
            Open::ReportReturned => {
                let session = self.held_on(-6, 1);
                self.life.minutes(20, 60).submit_report(session);
                self.life.days(1, 2).return_report(session);
            }
            _ => {
                let session = self.held_on(-5, 1);
                self.life.minutes(20, 60).submit_report(session);
            }
        }
    }

    /// A session in the days to come; today or tomorrow for the printed manager.
    fn book_ahead(&mut self) {
        let ahead = match self.is_printed {
            true => self.life.plan.random.between(1, 4),
            false => self.life.plan.random.between(2, 14),
        };
        let (by, day) = (self.life.manager(), self.life.plan.day(ahead));
        self.life.minutes(5, 20).book_from(by, day, json!({}));
    }

    /// The first session, held so many work days after the assignment, and its approved report.
    fn given(&mut self, days: i64) {
        self.assigned();
        self.given_once_more(days);
    }

    fn given_once_more(&mut self, days: i64) {
        let by = self.life.manager();
        let session = self.life.minutes(5, 20).book(by, days, days);
        self.life.hold(session);
        self.life.report(session);
    }

    /// The first session, held on about that day, and the draft of its report so many days later.
    fn held_on(&mut self, day: i64, drafted_after: i64) -> Session {
        self.called(day - 6);
        self.assigned();
        let (by, day) = (self.life.desk_staff(), self.life.plan.day(day));
        let session = self.life.minutes(5, 20).book_from(by, day, json!({}));
        self.life.hold(session);
        self.life.days(drafted_after, drafted_after);
        self.life.write_report(session);
        session
    }
}
