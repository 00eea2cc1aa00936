//! The public pages: `GET` and `POST /public/{token}`, and `/public/{token}/stop`.
//!
//! Outside the API and its document. To look changes nothing but the count of tries; a form that is sent counts once, and
//! sent again it shows the same page of thanks. Tries are counted per address before the look-up, and given back where the
//! link was one; all that were none are counted together as well. Above that only they are refused: otherwise anybody could
//! keep everybody else from answering.

use super::{
    Link, dates, html,
    html::{Faults, Form, Office},
    sessions, survey,
};
use crate::{
    access::{Access, Actor, permit},
    auth::{AuthConfig, address, throttle},
    calendar,
    cases::{self, Case},
    error::{Error, ProblemType, Result},
    ids::*,
    japan::tokyo_date,
    messages::sender::Sender,
    programme::*,
    settings::Settings,
    text::{Body, Phone, Reason},
};
use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
    web::{self, Data, ServiceConfig},
};
use chrono::{DateTime, Utc};
use maud::Markup;
use sqlx::PgConnection;

/// Tries from one address in a quarter of an hour that found nothing.
const MISSES_PER_ADDRESS: i32 = 30;

/// Tries from everywhere that found nothing: nobody types so many wrong.
const MISSES: i32 = 2_000;

/// Most bytes of a form: two thousand characters, three bytes each, each percent-encoded, and room.
const MAX_FORM: usize = 64 * 1024;

type Public = Access<permit::Anyone>;

// One connection is taken for a page and used for all of it: whoever holds one and waits for another could wait for ever.

/// Mounts the pages. `HEAD` as well, which scanners of mail send.
pub fn mount(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/public/{token}")
                .name("public_link")
                .route(web::get().to(show))
                .route(web::head().to(show))
                .route(web::post().to(answer)),
        )
        .service(
            web::resource("/public/{token}/stop")
                .route(web::get().to(show_stop))
                .route(web::head().to(show_stop))
                .route(web::post().to(stop)),
        );
}

async fn show(access: Public, config: Data<AuthConfig>) -> HttpResponse {
    let shown = async {
        let mut db = access.read().acquire().await?;
        let Some((link, case)) = open(&access, &config, &mut db).await? else {
            return dead(&access, &mut db).await;
        };
        let office = office(&access, &mut db, &case).await?;
        let place = Place {
            access: &access,
            token: token_of(&access),
            link: &link,
            case: &case,
            office: &office,
        };
        place.page(&mut db).await
    };
    respond(&access, shown.await).await
}

async fn answer(
    access: Public,
    config: Data<AuthConfig>,
    bytes: Result<web::Bytes, actix_web::Error>,
) -> HttpResponse {
    let answered = async {
        let form = form(bytes)?;
        let mut db = access.read().acquire().await?;
        let Some((link, case)) = open(&access, &config, &mut db).await? else {
            return dead(&access, &mut db).await;
        };
        let office = office(&access, &mut db, &case).await?;
        let place = Place {
            access: &access,
            token: token_of(&access),
            link: &link,
            case: &case,
            office: &office,
        };
        // What was answered by it is shown, whatever is sent with it now.
        if link.is_used {
            return place.page(&mut db).await;
        }
        match link.purpose {
            LinkPurpose::Dates => place.choose_date(&mut db, &form).await,
            LinkPurpose::Session => place.say_attendance(&mut db, &form).await,
            LinkPurpose::Evaluation => place.evaluate(&mut db, &form).await,
            LinkPurpose::Survey => place.survey(&mut db, &form).await,
        }
    };
    respond(&access, answered.await).await
}

async fn show_stop(access: Public, config: Data<AuthConfig>) -> HttpResponse {
    let shown = async {
        let mut db = access.read().acquire().await?;
        let found = open(&access, &config, &mut db).await?;
        match found {
            Some((link, case)) if link.purpose == LinkPurpose::Survey => {
                let office = office(&access, &mut db, &case).await?;
                let page = match survey::state(&mut db, &link).await? {
                    SurveyState::Stopped => html::stopped(&office),
                    _ => html::stop(&office),
                };
                Ok((StatusCode::OK, page))
            }
            _ => dead(&access, &mut db).await,
        }
    };
    respond(&access, shown.await).await
}

/// Also for mail programs, which send `List-Unsubscribe=One-Click` and nobody sees the answer (RFC 8058): without a
/// redirect, and whatever the form says.
async fn stop(access: Public, config: Data<AuthConfig>) -> HttpResponse {
    let stopped = async {
        let mut db = access.read().acquire().await?;
        let found = open(&access, &config, &mut db).await?;
        match found {
            Some((link, case)) if link.purpose == LinkPurpose::Survey => {
                let office = office(&access, &mut db, &case).await?;
                survey::stop(access.store(), &link).await?;
                Ok((StatusCode::OK, html::stopped(&office)))
            }
            _ => dead(&access, &mut db).await,
        }
    };
    respond(&access, stopped.await).await
}

type Shown = Result<(StatusCode, Markup)>;

/// The link of a token with its case; none where it is none, or over. Counted per address before the look-up, so that
/// parallel tries are tries.
async fn open(
    access: &Public,
    config: &AuthConfig,
    db: &mut PgConnection,
) -> Result<Option<(Link, Case)>> {
    let (writer, now) = (access.store().writer(), access.now());
    let place = address::subject(address::client_address(
        access.request(),
        &config.trusted_proxies,
    ));
    let place = format!("link-{place}");
    throttle::count(writer, &place, MISSES_PER_ADDRESS, now).await?;
    let Some(link) = Link::find(&mut *db, token_of(access), now).await? else {
        throttle::count(writer, "links", MISSES, now).await?;
        return Ok(None);
    };
    throttle::give_back(writer, &place).await?;
    if link.is_over {
        return Ok(None);
    }
    let case = cases::find(db, &Actor::system(), link.case_id).await?;
    Ok(Some((link, case)))
}

/// As it stands in the address: a token has nothing to decode.
fn token_of(access: &Public) -> &str {
    access.request().match_info().query("token")
}

/// What was sent, as pairs.
fn form(bytes: Result<web::Bytes, actix_web::Error>) -> Result<Form> {
    let too_large = || Error::problem(ProblemType::TooLarge, "The form is too large.");
    let bytes = bytes.map_err(|_| too_large())?;
    if bytes.len() > MAX_FORM {
        return Err(too_large());
    }
    let pairs = form_urlencoded::parse(&bytes).into_owned();
    Ok(Form(pairs.take(100).collect()))
}

/// The one page for a link that does not work, whatever the reason.
async fn dead(access: &Public, db: &mut PgConnection) -> Shown {
    let office = help_center(db, access.now()).await?;
    Ok((StatusCode::NOT_FOUND, html::dead(&office)))
}

/// Who is rung where no case is known.
async fn help_center(db: &mut PgConnection, now: DateTime<Utc>) -> Result<Office> {
    let settings = Settings::load(&mut *db).await?;
    let calendar = calendar::load(db, None).await?;
    Ok(Office {
        name: settings.office_name.to_string(),
        phone: settings.office_phone.as_ref().map(Phone::national),
        hours: Some(calendar.week(tokyo_date(now)).in_words()),
    })
}

/// Who is rung about a case.
async fn office(access: &Public, db: &mut PgConnection, case: &Case) -> Result<Office> {
    let sender = Sender::read(db, access.store().mail(), case, access.now()).await?;
    Ok(Office {
        name: sender.name,
        phone: sender.phone,
        hours: Some(sender.hours),
    })
}

/// Answers with the page, or with one that says in plain words what is in the way.
async fn respond(access: &Public, shown: Shown) -> HttpResponse {
    let (status, page, retry_after) = match shown {
        Ok((status, page)) => (status, page, None),
        Err(error) => {
            // Logs what is our own fault.
            let problem = error.error_response();
            let retry_after = problem.headers().get(header::RETRY_AFTER).cloned();
            let unknown = Office {
                name: "相談窓口".into(),
                phone: None,
                hours: None,
            };
            let office = async {
                let mut db = access.read().acquire().await?;
                help_center(&mut db, access.now()).await
            };
            let office = office.await.unwrap_or(unknown);
            let is_too_often = problem.status() == StatusCode::TOO_MANY_REQUESTS;
            let page = html::trouble(&office, is_too_often);
            (problem.status(), page, retry_after)
        }
    };
    let mut response = HttpResponse::build(status);
    response
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_SECURITY_POLICY, html::POLICY.as_str()))
        .insert_header(("x-robots-tag", "noindex, nofollow"));
    if let Some(seconds) = retry_after {
        response.insert_header((header::RETRY_AFTER, seconds));
    }
    response.body(page.into_string())
}

/// A link that counts, with all that its pages need.
struct Place<'a> {
    access: &'a Public,
    token: &'a str,
    link: &'a Link,
    case: &'a Case,
    office: &'a Office,
}

/// What was typed is too long, or has characters that no text has.
const UNREADABLE: &str = "2000文字までで書いてください。特殊な文字は使えません。";

/// A field of free text: none where nothing was typed.
fn typed(form: &Form, field: &'static str, faults: &mut Faults) -> Option<Reason> {
    let text = form.get(field).filter(|text| !text.trim().is_empty())?;
    match Reason::parse(text) {
        Ok(text) => Some(text),
        Err(_) => {
            faults.push((field, UNREADABLE));
            None
        }
    }
}

/// What people wrote, as the conversation keeps it.
fn spoken(text: &Reason) -> Body {
    Body::parse(text.as_str()).expect("a shorter text by the same rules")
}

impl Place<'_> {
    /// The page of the link as it stands: its form, or its thanks.
    async fn page(&self, db: &mut PgConnection) -> Shown {
        let (form, faults) = (Form::default(), Faults::new());
        let now = self.access.now();
        let page = match self.link.purpose {
            LinkPurpose::Dates => {
                let offer = self.offer(db).await?;
                match offer.state {
                    ProposalState::Chosen | ProposalState::OtherWanted => {
                        html::dates_done(self.office, &offer)
                    }
                    _ => html::dates(self.office, &offer, now, None, &form, &faults),
                }
            }
            LinkPurpose::Session | LinkPurpose::Evaluation => {
                let session = sessions::page(db, self.link, now).await?;
                let is_evaluation = self.link.purpose == LinkPurpose::Evaluation;
                match (self.link.is_used, is_evaluation) {
                    (true, true) => html::thanks(self.office),
                    (true, false) => html::session_done(self.office, &session),
                    (false, _) if !session.stands => return dead(self.access, db).await,
                    (false, true) => html::evaluation(self.office, &session, &form, &faults),
                    (false, false) => html::session(self.office, &session, &form, &faults),
                }
            }
            LinkPurpose::Survey => match survey::state(db, self.link).await? {
                SurveyState::Answered => html::thanks(self.office),
                SurveyState::Stopped => html::stopped(self.office),
                _ => html::survey(self.office, self.token, &form, &faults),
            },
        };
        Ok((StatusCode::OK, page))
    }

    /// The page after an answer, with the link as it is now.
    async fn after(&self, db: &mut PgConnection, counted: bool) -> Shown {
        if !counted {
            return dead(self.access, db).await;
        }
        let link = Link {
            is_used: true,
            ..self.link.clone()
        };
        let place = Place {
            link: &link,
            ..*self
        };
        place.page(db).await
    }

    async fn offer(&self, db: &mut PgConnection) -> Result<dates::Page> {
        let id = ProposalId(self.link.subject_id);
        dates::page(db, self.case, id, self.access.now()).await
    }

    async fn choose_date(&self, db: &mut PgConnection, form: &Form) -> Shown {
        let mut faults = Faults::new();
        let mut offer = self.offer(db).await?;
        let wish = typed(form, "wish", &mut faults);
        let slot = form.get("slot").unwrap_or_default();
        let index = slot.parse().ok().filter(|index| *index < offer.slots.len());
        let choice = match (slot, index, &wish) {
            ("other", _, Some(wish)) => Some(dates::Choice::Other(spoken(wish))),
            ("other", ..) => {
                if faults.is_empty() {
                    faults.push(("wish", "ご希望の日時を書いてください。"));
                }
                None
            }
            (_, Some(index), _) => Some(dates::Choice::Slot(index)),
            _ => {
                faults.push(("slot", "日時を1つ選んでください。"));
                None
            }
        };
        let now = self.access.now();
        let (Some(choice), true) = (choice, faults.is_empty()) else {
            let page = html::dates(self.office, &offer, now, None, form, &faults);
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page));
        };
        match dates::answer(self.access.store(), self.link, &choice).await {
            Ok(counted) => self.after(db, counted).await,
            Err(error) if is_gone(&error) => {
                // As it is now; and the time that just failed cannot be chosen, whatever the reason.
                offer = self.offer(db).await?;
                if let dates::Choice::Slot(index) = choice {
                    offer.slots[index].is_free = false;
                }
                let notice = "お選びの日時は、先に埋まりました。別の日時をお選びください。";
                let fresh = Form::default();
                let page = html::dates(self.office, &offer, now, Some(notice), &fresh, &faults);
                Ok((StatusCode::CONFLICT, page))
            }
            Err(error) if is_refused(&error) => {
                Ok((StatusCode::CONFLICT, html::cannot_book(self.office)))
            }
            Err(error) => Err(error),
        }
    }

    async fn say_attendance(&self, db: &mut PgConnection, form: &Form) -> Shown {
        let session = sessions::page(db, self.link, self.access.now()).await?;
        let mut faults = Faults::new();
        let why = typed(form, "message", &mut faults);
        let answer = form.get("answer").and_then(Attendance::from_name);
        if answer.is_none() {
            faults.insert(0, ("answer", "参加できるかどうかを選んでください。"));
        }
        let (Some(answer), true) = (answer, faults.is_empty()) else {
            let page = html::session(self.office, &session, form, &faults);
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page));
        };
        let said = sessions::Said::Attendance(answer, why.as_ref().map(spoken));
        let counted = sessions::answer(self.access.store(), self.link, &said).await?;
        self.after(db, counted).await
    }

    async fn evaluate(&self, db: &mut PgConnection, form: &Form) -> Shown {
        let session = sessions::page(db, self.link, self.access.now()).await?;
        let mut faults = Faults::new();
        let comment = typed(form, "comment", &mut faults);
        let score = form.get("score").and_then(|score| score.parse().ok());
        let score = score.filter(|score| (1..=5).contains(score));
        if score.is_none() {
            faults.insert(0, ("score", "1から5のどれかを選んでください。"));
        }
        let (Some(score), true) = (score, faults.is_empty()) else {
            let page = html::evaluation(self.office, &session, form, &faults);
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page));
        };
        let said = sessions::Said::Score(score, comment);
        let counted = sessions::answer(self.access.store(), self.link, &said).await?;
        self.after(db, counted).await
    }

    async fn survey(&self, db: &mut PgConnection, form: &Form) -> Shown {
        let mut faults = Faults::new();
        let achieved = form.get("achieved").and_then(PurposeAchieved::from_name);
        let telework = form.get("telework").and_then(TeleworkAfter::from_name);
        if achieved.is_none() {
            faults.push(("achieved", "質問1の答えを選んでください。"));
        }
        if telework.is_none() {
            faults.push(("telework", "質問2の答えを選んでください。"));
        }
        let comment = typed(form, "comment", &mut faults);
        let (Some(purpose_achieved), Some(telework), true) =
            (achieved, telework, faults.is_empty())
        else {
            let page = html::survey(self.office, self.token, form, &faults);
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page));
        };
        // Reasons against it belong to those who do not plan it.
        let is_not_planned = telework == TeleworkAfter::NotPlanned;
        let reasons = WhyNot::ALL.iter().copied();
        let answers = survey::Answers {
            purpose_achieved,
            telework,
            why_not: reasons
                .filter(|reason| is_not_planned && form.has("why_not", reason.name()))
                .collect(),
            comment,
        };
        let counted = survey::answer(self.access.store(), self.link, &answers).await?;
        self.after(db, counted).await
    }
}

/// The time has gone meanwhile: somebody else has it, or the manager has none any more.
fn is_gone(error: &Error) -> bool {
    matches!(
        error.kind(),
        ProblemType::ManagerDoubleBooked | ProblemType::CaseDoubleBooked | ProblemType::Conflict
    )
}

/// No time at all can be booked: the sessions are used, the manager is released, a supervisor must decide.
fn is_refused(error: &Error) -> bool {
    matches!(
        error.kind(),
        ProblemType::ConsultationLimitReached
            | ProblemType::NoManagerAssigned
            | ProblemType::EnterpriseGuard
            | ProblemType::StageOrder
            | ProblemType::IllegalMove
            | ProblemType::Validation
    )
}
