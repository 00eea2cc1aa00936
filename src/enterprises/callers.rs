//! Who is calling: everything an operator wants to know before the second sentence, in one answer.
//!
//! People, cases and contacts are cut by the actor's view (rule 8). Enterprises are not: a desk may look up any, and of
//! other desks' cases it gets the counts of the year only.

use super::{push_reached_by_phone, this_year};
use crate::{
    access::{Access, permit},
    cases::{Status, View},
    error::{Error, Result},
    http::{Answer, Query},
    ids::*,
    japan,
    programme::{ContactKind, ContactRole, Direction, InteractionResult},
    routes::ServiceConfig,
    text::{EmailAddress, Kana, Name, Phone, PrefectureCode},
    views::Shown,
};
use actix_web::get;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgPool, Postgres, QueryBuilder};
use utoipa::{IntoParams, ToSchema};

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(look_up_caller);
}

/// Most people, enterprises and cases in an answer: more than one screen helps nobody on the phone.
const MOST: i64 = 20;

/// Look up who is calling
///
/// By telephone number in any writing, or by e-mail address: the people and enterprises it belongs to, their open cases,
/// the last three contacts with them, and how many sessions they used this fiscal year.
#[utoipa::path(
    tag = "enterprises",
    operation_id = "look_up_caller",
    params(CallerFilter),
    responses((status = 200, description = "What is known; empty lists where nothing is", body = Caller)),
    extensions(("x-permission" = json!("look_up_callers")))
)]
#[get("/callers")]
async fn look_up_caller(
    access: Access<permit::LookUpCallers>,
    Query(filter): Query<CallerFilter>,
) -> Result<Answer> {
    let address = filter.address()?;
    let view = View::of(access.actor());
    let db = access.read();
    let mut enterprises = enterprises_of(db, &address).await?;
    let ids: Vec<_> = enterprises.iter().map(|enterprise| enterprise.id).collect();
    let years = this_year(db, &ids, japan::fiscal_year(access.now())).await?;
    for enterprise in &mut enterprises {
        let year = years.get(&enterprise.id).copied().unwrap_or_default();
        enterprise.prefecture = enterprise
            .prefecture_code
            .as_ref()
            .map(PrefectureCode::name);
        enterprise.cases_this_year = year.cases;
        enterprise.sessions_used_this_year = year.sessions_used;
    }
    let caller = Caller {
        people: people_of(db, view, &address).await?,
        open_cases: open_cases_of(db, view, &ids).await?,
        last_contacts: last_contacts_of(db, view, &ids).await?,
        sessions_used: enterprises
            .iter()
            .map(|enterprise| enterprise.sessions_used_this_year)
            .sum(),
        enterprises,
    };
    let people = caller.people.iter().map(|person| person.case_id);
    let cases = people
        .chain(caller.open_cases.iter().map(|case| case.id))
        .chain(caller.last_contacts.iter().map(|contact| contact.case_id));
    Shown::leave(access.request(), "caller", cases, ids);
    Ok(Answer::ok(&caller))
}

/// Whom to look up: exactly one of the two.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CallerFilter {
    /// The number that rings, in any writing.
    phone: Option<Phone>,
    /// The address that writes.
    email: Option<EmailAddress>,
}

impl CallerFilter {
    fn address(self) -> Result<Address> {
        match (self.phone, self.email) {
            (Some(phone), None) => Ok(Address::Phone(phone)),
            (None, Some(email)) => Ok(Address::Email(email)),
            (None, None) => Err(Error::invalid("/phone", "this or email is required")),
            (Some(_), Some(_)) => Err(Error::invalid("/email", "must be absent beside phone")),
        }
    }
}

/// What a caller is known by.
enum Address {
    Phone(Phone),
    Email(EmailAddress),
}

impl Address {
    /// Adds the condition on `contact k`.
    fn push(&self, query: &mut QueryBuilder<Postgres>) {
        match self {
            Self::Phone(phone) => query
                .push("k.phone = ")
                .push_bind(phone.as_str().to_owned()),
            Self::Email(email) => query.push("k.email_key = ").push_bind(email.key()),
        };
    }
}

/// What is known of a caller.
#[derive(Serialize, ToSchema)]
pub struct Caller {
    /// Contacts with this number or address, of the newest cases first.
    pub people: Vec<CallerPerson>,
    /// Enterprises that it leads to.
    pub enterprises: Vec<CallerEnterprise>,
    /// Their open cases, the newest first.
    pub open_cases: Vec<CallerCase>,
    /// The last three contacts with them, the newest first.
    pub last_contacts: Vec<CallerContact>,
    /// Sessions that these enterprises used this fiscal year, whosever the cases are.
    pub sessions_used: i64,
}

/// A person who may be calling.
#[derive(Debug, FromRow, Serialize, ToSchema)]
pub struct CallerPerson {
    /// The contact.
    pub contact_id: ContactId,
    /// Name, where it is known.
    pub name: Option<Name>,
    /// What they are on the case.
    pub role: ContactRole,
    /// An agent's own firm.
    pub organisation: Option<String>,
    /// What an agent is to the enterprise.
    pub relation: Option<String>,
    /// Nothing of the history is told to an agent without it.
    pub authority_confirmed: bool,
    /// The case.
    pub case_id: CaseId,
    /// Its number.
    pub case_number: String,
}

/// An enterprise that may be calling.
#[derive(Debug, FromRow, Serialize, ToSchema)]
pub struct CallerEnterprise {
    /// The enterprise.
    pub id: EnterpriseId,
    /// Its name; null for an anonymous one.
    pub name: Option<Name>,
    /// The reading of the name.
    pub kana: Option<Kana>,
    #[serde(skip)]
    prefecture_code: Option<PrefectureCode>,
    /// Where its head office is.
    #[sqlx(skip)]
    #[schema(example = "青森県")]
    pub prefecture: Option<&'static str>,
    /// Its cases of this fiscal year, whosever they are.
    #[sqlx(skip)]
    pub cases_this_year: i64,
    /// Sessions used in them.
    #[sqlx(skip)]
    pub sessions_used_this_year: i64,
}

/// An open case of an enterprise that may be calling.
#[derive(Debug, FromRow, Serialize, ToSchema)]
pub struct CallerCase {
    /// The case.
    pub id: CaseId,
    /// Its number.
    pub number: String,
    /// Where it stands.
    pub status: Status,
    /// In a few words.
    pub subject: Option<String>,
    /// The desk that has it; null while the help center does.
    pub desk: Option<String>,
    /// When the enterprise asked.
    pub received_at: DateTime<Utc>,
}

/// One of the last contacts.
#[derive(Debug, FromRow, Serialize, ToSchema)]
pub struct CallerContact {
    /// The case it was about.
    pub case_id: CaseId,
    /// Its number.
    pub case_number: String,
    /// When.
    pub occurred_at: DateTime<Utc>,
    /// Who began it.
    pub direction: Direction,
    /// By what means.
    pub kind: ContactKind,
    /// What came of it; null for mail.
    pub result: Option<InteractionResult>,
    /// The first 80 characters of what was said, or of the subject of the mail.
    pub summary: String,
}

/// Those with the latest cases first.
async fn enterprises_of(db: &PgPool, address: &Address) -> Result<Vec<CallerEnterprise>> {
    let mut query = QueryBuilder::new(
        "select e.id, e.name, e.kana, e.prefecture_code from enterprise e where e.id in (",
    );
    match address {
        Address::Phone(phone) => push_reached_by_phone(&mut query, phone),
        Address::Email(_) => {
            query.push("select kc.enterprise_id from contact k join case_file kc on kc.id = k.case_id where ");
            address.push(&mut query);
        }
    }
    query.push(") order by (select max(lc.received_at) from case_file lc where lc.enterprise_id = e.id) desc nulls last, e.id");
    query.push(" limit ").push_bind(MOST);
    Ok(query.build_query_as().fetch_all(db).await?)
}

async fn people_of(db: &PgPool, view: View, address: &Address) -> Result<Vec<CallerPerson>> {
    let mut query = QueryBuilder::new(
        r#"
        select k.id as contact_id, k.name, k.role, k.organisation, k.relation, k.authority_confirmed, k.case_id,
            c.number as case_number
        from contact k
        join case_file c on c.id = k.case_id
        where "#,
    );
    address.push(&mut query);
    query.push(" and ");
    view.push(&mut query);
    query
        .push(" order by c.received_at desc, c.id desc, k.position, k.id limit ")
        .push_bind(MOST);
    Ok(query.build_query_as().fetch_all(db).await?)
}

async fn open_cases_of(
    db: &PgPool,
    view: View,
    enterprises: &[EnterpriseId],
) -> Result<Vec<CallerCase>> {
    let mut query = QueryBuilder::new(
        r#"
        select c.id, c.number, c.status, c.subject, d.name as desk, c.received_at
        from case_file c
        left join desk d on d.id = c.desk_id
        where c.status <> 'closed' and c.enterprise_id = any ("#,
    );
    query.push_bind(enterprises.to_vec()).push(") and ");
    view.push(&mut query);
    query
        .push(" order by c.received_at desc, c.id desc limit ")
        .push_bind(MOST);
    Ok(query.build_query_as().fetch_all(db).await?)
}

async fn last_contacts_of(
    db: &PgPool,
    view: View,
    enterprises: &[EnterpriseId],
) -> Result<Vec<CallerContact>> {
    let mut query = QueryBuilder::new(
        "select case_id, case_number, occurred_at, direction, kind, result, left(summary, 80) as summary from (",
    );
    for (at, (source, order)) in CONTACTS.iter().enumerate() {
        query
            .push(if at == 0 { "(" } else { " union all (" })
            .push(*source)
            .push(" and c.enterprise_id = any (")
            .push_bind(enterprises.to_vec())
            .push(") and ");
        view.push(&mut query);
        query.push(format!(" order by {order} desc limit 3)"));
    }
    query.push(") contact order by occurred_at desc limit 3");
    Ok(query.build_query_as().fetch_all(db).await?)
}

/// Where contacts are read from, and by what they are in order: what was said, what people wrote, what they were answered.
const CONTACTS: [(&str, &str); 3] = [
    (
        r#"
        select i.case_id, c.number as case_number, i.occurred_at, i.direction, i.kind, i.result, i.body as summary
        from interaction i
        join case_file c on c.id = i.case_id
        where true"#,
        "i.occurred_at",
    ),
    (
        r#"
        select m.case_id, c.number, m.received_at, 'inbound', 'email', null, coalesce(m.subject, '')
        from inbound_mail m
        join case_file c on c.id = m.case_id
        where m.kind = 'normal' and m.discarded_at is null"#,
        "m.received_at",
    ),
    (
        r#"
        select m.case_id, c.number, m.sent_at, 'outbound', 'email', null, m.subject
        from message m
        join case_file c on c.id = m.case_id
        where m.kind = 'reply' and m.state = 'sent'"#,
        "m.created_at",
    ),
];
