//! What belongs to somebody: the rows that are theirs by a key, and the texts on their cases that name them.
//!
//! Of an enterprise it is everything on its cases. Of a person it is what they said and got, and every other text on the
//! same cases in which their name, a part of it, their number or their address stands. A text that names them goes as a
//! whole: too much of a text is better than somebody's name in what is left.

use super::{
    ErasureScope,
    wipe::{self, Counts, Rows},
};
use crate::{
    error::{Error, Result},
    japan::fold,
    store::Tx,
    text::Phone,
};
use serde::Serialize;
use sqlx::PgConnection;
use std::collections::BTreeSet;
use utoipa::ToSchema;
use uuid::Uuid;

/// What stands against an erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum ObstacleKind {
    /// The case of an enterprise is not closed.
    OpenCase,
    /// The case is under legal hold.
    LegalHold,
    /// A message is just being sent.
    MessageOnItsWay,
}

/// What stands against an erasure, and on which case.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Obstacle {
    /// What.
    pub kind: ObstacleKind,
    /// On which case.
    pub case_id: Option<Uuid>,
    /// The case's number.
    #[schema(example = "TW-2026-000123")]
    pub case_number: Option<String>,
}

/// Everything of somebody.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// The enterprise and those joined with it; of a person those of their cases, which stay.
    pub enterprises: Vec<Uuid>,
    /// Every case concerned, in the order of ids.
    pub cases: Vec<Uuid>,
    /// Their numbers, in the same order.
    pub case_numbers: Vec<String>,
    /// The cases that go as a whole.
    pub whole_cases: Vec<Uuid>,
    /// What goes.
    pub rows: Rows,
    /// Their addresses, as they are compared.
    pub emails: Vec<String>,
    /// Their telephone numbers, in E.164.
    pub phones: Vec<String>,
    /// By what they are named.
    pub words: Words,
    /// Whether the enterprises go.
    is_enterprise: bool,
}

impl Scope {
    /// Finds what belongs to a contact or an enterprise, as it stands.
    ///
    /// # Errors
    /// 404 where there is no such contact or enterprise, or nothing of it is left.
    pub async fn find(db: &mut PgConnection, scope: ErasureScope, id: Uuid) -> Result<Self> {
        match scope {
            ErasureScope::Enterprise => of_enterprise(db, id).await,
            ErasureScope::Contact => of_contact(db, id).await,
        }
    }

    /// How many rows of each kind.
    pub fn counts(&self) -> Counts {
        let mut counts = self.rows.counts();
        if self.is_enterprise {
            counts.insert("enterprises".into(), self.enterprises.len() as i64);
        }
        counts
    }

    /// Ids by which something outside the cases may refer to them.
    pub fn ids(&self) -> Vec<Uuid> {
        let mut ids = [&self.cases[..], &self.rows.contacts].concat();
        if self.is_enterprise {
            ids.extend(&self.enterprises);
        }
        ids
    }

    /// Locks mails, enterprises, cases and messages, in the order in which everybody does.
    ///
    /// # Errors
    /// The database.
    pub async fn lock(&self, tx: &mut Tx) -> Result<()> {
        sqlx::query!(
            "select id from inbound_mail where id = any ($1) order by id for no key update",
            &self.rows.mails
        )
        .fetch_all(tx.db())
        .await?;
        sqlx::query!(
            "select id from enterprise where id = any ($1) order by id for no key update",
            &self.enterprises
        )
        .fetch_all(tx.db())
        .await?;
        sqlx::query!(
            "select id from case_file where id = any ($1) order by id for no key update",
            &self.cases
        )
        .fetch_all(tx.db())
        .await?;
        sqlx::query!(
            "select id from message where id = any ($1) order by id for no key update",
            &self.rows.messages
        )
        .fetch_all(tx.db())
        .await?;
        Ok(())
    }

    /// Whether the locks taken for this one hold for the other.
    pub fn covers(&self, other: &Self) -> bool {
        let covers = |mine: &[Uuid], others: &[Uuid]| {
            let mine: BTreeSet<_> = mine.iter().collect();
            others.iter().all(|id| mine.contains(id))
        };
        covers(&self.enterprises, &other.enterprises)
            && covers(&self.cases, &other.cases)
            && covers(&self.rows.mails, &other.rows.mails)
            && covers(&self.rows.messages, &other.rows.messages)
    }

    /// What stands against it.
    ///
    /// # Errors
    /// The database.
    pub async fn obstacles(&self, db: &mut PgConnection) -> Result<Vec<Obstacle>> {
        Ok(sqlx::query_as!(
            Obstacle,
            r#"
            select x.kind as "kind!: ObstacleKind", c.id as "case_id: Uuid", c.number as "case_number?"
            from (
                select 'open_case' as kind, id as case_id
                from case_file
                where id = any ($1) and status <> 'closed'
                union all
                select 'legal_hold', case_id
                from legal_hold
                where case_id = any ($2) and lifted_at is null
                union all
                select distinct 'message_on_its_way', case_id
                from message
                where id = any ($3) and state in ('queued', 'sending')
            ) x
            left join case_file c on c.id = x.case_id
            order by c.number, x.kind
            "#,
            &self.whole_cases,
            &self.cases,
            &self.rows.messages,
        )
        .fetch_all(db)
        .await?)
    }
}

async fn of_enterprise(db: &mut PgConnection, id: Uuid) -> Result<Scope> {
    let enterprises = sqlx::query!(
        r#"
        select e.id as "id: Uuid", e.name, e.kana, e.trade_name, e.representative, e.phone, e.corporate_number, e.invoice_number
        from enterprise e
        where (e.id = $1 and e.merged_into is null) or e.merged_into = $1
        order by e.id
        "#,
        id
    )
    .fetch_all(&mut *db)
    .await?;
    if !enterprises.iter().any(|enterprise| enterprise.id == id) {
        return Err(Error::not_found());
    }
    let mut scope = Scope {
        enterprises: enterprises.iter().map(|enterprise| enterprise.id).collect(),
        is_enterprise: true,
        ..Scope::default()
    };
    for enterprise in enterprises {
        let names = [
            enterprise.name,
            enterprise.kana,
            enterprise.trade_name,
            enterprise.representative,
            enterprise.corporate_number,
            enterprise.invoice_number,
        ];
        for name in names.into_iter().flatten() {
            scope.words.add_whole(&name);
        }
        scope.phones.extend(enterprise.phone);
    }
    let cases = sqlx::query!(
        r#"
        select id as "id: Uuid", number, site_phone
        from case_file
        where enterprise_id = any ($1)
        order by id
        "#,
        &scope.enterprises
    )
    .fetch_all(&mut *db)
    .await?;
    for case in cases {
        scope.cases.push(case.id);
        scope.case_numbers.push(case.number);
        scope.phones.extend(case.site_phone);
    }
    scope.whole_cases = scope.cases.clone();
    scope.rows = wipe::rows_of(db, &scope.cases).await?;
    let contacts = scope.rows.contacts.clone();
    scope.add_people(db, &contacts).await?;
    scope.add_stray_mails(db).await?;
    Ok(scope)
}

async fn of_contact(db: &mut PgConnection, id: Uuid) -> Result<Scope> {
    // The same person on other cases: the same address, or the same number and name.
    let contacts = sqlx::query!(
        r#"
        select k.id as "id: Uuid", c.id as "case_id: Uuid", c.number, c.enterprise_id as "enterprise_id: Uuid"
        from contact mine
        join contact k on k.id = mine.id
            or k.email_key = mine.email_key
            or (k.phone = mine.phone and translate(k.name, ' 　', '') = translate(mine.name, ' 　', ''))
        join case_file c on c.id = k.case_id
        where mine.id = $1
        order by c.id, k.id
        "#,
        id
    )
    .fetch_all(&mut *db)
    .await?;
    if contacts.is_empty() {
        return Err(Error::not_found());
    }
    let mut scope = Scope::default();
    let mut enterprises = BTreeSet::new();
    for contact in contacts {
        scope.rows.contacts.push(contact.id);
        enterprises.insert(contact.enterprise_id);
        if scope.cases.last() != Some(&contact.case_id) {
            scope.cases.push(contact.case_id);
            scope.case_numbers.push(contact.number);
        }
    }
    scope.enterprises = enterprises.into_iter().collect();
    let contacts = scope.rows.contacts.clone();
    scope.add_people(db, &contacts).await?;
    scope.add_own(db).await?;
    scope.add_named(db).await?;
    scope.add_stray_mails(db).await?;
    Ok(scope)
}

impl Scope {
    /// By what these contacts are known. An agent acts for many: on the case of one they are named, but not looked for.
    async fn add_people(&mut self, db: &mut PgConnection, contacts: &[Uuid]) -> Result<()> {
        let people = sqlx::query!(
            "select name, kana, phone, email, email_key, role from contact where id = any ($1)",
            contacts
        )
        .fetch_all(db)
        .await?;
        for person in people {
            if person.name.as_deref() == Some(wipe::MARK) {
                continue;
            }
            for name in [person.name, person.kana].into_iter().flatten() {
                self.words.add_name(&name);
            }
            for email in [person.email, person.email_key.clone()]
                .into_iter()
                .flatten()
            {
                self.words.add_whole(&email);
            }
            if !self.is_enterprise || person.role != "agent" {
                self.phones.extend(person.phone);
                self.emails.extend(person.email_key);
            } else if let Some(phone) = person.phone {
                self.words.add_phone(&phone);
            }
        }
        for list in [&mut self.phones, &mut self.emails] {
            list.sort();
            list.dedup();
        }
        for phone in &self.phones {
            self.words.add_phone(phone);
        }
        Ok(())
    }

    /// What is a person's by a key.
    async fn add_own(&mut self, db: &mut PgConnection) -> Result<()> {
        let own = sqlx::query!(
            r#"
            select
                array(select id from interaction where contact_id = any ($1)) as "interactions!: Vec<Uuid>",
                array(
                    select id from message where contact_id = any ($1) or lower(to_address) = any ($2)
                ) as "messages!: Vec<Uuid>",
                array(
                    select id from inbound_mail where from_key = any ($2) and case_id is not null
                ) as "mails!: Vec<Uuid>"
            "#,
            &self.rows.contacts,
            &self.emails,
        )
        .fetch_one(db)
        .await?;
        self.rows.interactions = own.interactions;
        self.rows.messages = own.messages;
        self.rows.mails = own.mails;
        Ok(())
    }

    /// Mail of theirs that belongs to no case; not what is still to be read, which is new.
    async fn add_stray_mails(&mut self, db: &mut PgConnection) -> Result<()> {
        let mails = sqlx::query_scalar!(
            r#"
            select id as "id: Uuid"
            from inbound_mail
            where from_key = any ($1) and case_id is null and state <> 'pending'
            "#,
            &self.emails
        )
        .fetch_all(db)
        .await?;
        self.rows.mails.extend(mails);
        for ids in [&mut self.rows.mails, &mut self.rows.messages] {
            ids.sort();
            ids.dedup();
        }
        Ok(())
    }

    /// Texts on their cases that name them.
    async fn add_named(&mut self, db: &mut PgConnection) -> Result<()> {
        let texts = sqlx::query!(
            r#"
            select 'case' as "kind!", c.id as "id!: Uuid", concat_ws(E'\n', c.subject, c.description, c.how_heard, c.site_name,
                c.site_address, c.site_phone, c.waiting_reason, c.late_reason, c.close_note) as "text!"
            from case_file c
            where c.id = any ($1)
            union all
            select 'case', case_id, reason from move_reason where case_id = any ($1)
            union all
            select 'case', case_id, concat_ws(E'\n', reason, answer, note) from case_flag where case_id = any ($1)
            union all
            select 'case', case_id, how from consent where case_id = any ($1)
            union all
            select 'case', case_id, concat_ws(E'\n', reason, lift_reason) from legal_hold where case_id = any ($1)
            union all
            select 'interaction', id, concat_ws(E'\n', counterpart, body) from interaction where case_id = any ($1)
            union all
            select 'note', id, body from note where case_id = any ($1)
            union all
            select 'mail', id, concat_ws(E'\n', array_to_string(envelope_to, E'\n'), from_name, from_address, subject, body_text,
                body_html, array_to_string(warnings, E'\n'), delivery_report::text)
            from inbound_mail
            where case_id = any ($1)
            union all
            select 'message', id, concat_ws(E'\n', to_name, to_address, subject, body, calendar, last_error, delivery_detail)
            from message
            where case_id = any ($1)
            union all
            select 'attachment', id, filename from attachment where case_id = any ($1)
            union all
            select 'offer', id, concat_ws(E'\n', note, decline_reason, override_reason) from offer where case_id = any ($1)
            union all
            select 'assignment', id, end_reason from assignment where case_id = any ($1) and end_reason is not null
            union all
            select 'consultation', id, concat_ws(E'\n', location, meeting_url, note, late_reason, override_reason, settle_reason,
                void_reason, array_to_string(attendees, E'\n'))
            from consultation
            where case_id = any ($1)
            union all
            select 'report', r.consultation_id, concat_ws(E'\n', r.situation, r.advice, r.next_steps, r.enterprise_tasks, r.return_reason)
            from report r
            join consultation s on s.id = r.consultation_id
            where s.case_id = any ($1)
            "#,
            &self.cases
        )
        .fetch_all(db)
        .await?;
        for text in texts {
            if !self.words.are_in(&text.text) {
                continue;
            }
            let rows = &mut self.rows;
            let ids = match text.kind.as_str() {
                "case" => &mut rows.cases,
                "interaction" => &mut rows.interactions,
                "note" => &mut rows.notes,
                "mail" => &mut rows.mails,
                "message" => &mut rows.messages,
                "attachment" => &mut rows.attachments,
                "offer" => &mut rows.offers,
                "assignment" => &mut rows.assignments,
                "consultation" => &mut rows.consultations,
                _ => &mut rows.reports,
            };
            ids.push(text.id);
        }
        for ids in [&mut self.rows.cases, &mut self.rows.interactions] {
            ids.sort();
            ids.dedup();
        }
        Ok(())
    }
}

/// By what somebody is named in texts.
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// Folded, without spaces.
    folded: BTreeSet<String>,
    /// Telephone numbers as digits, from the trunk prefix on.
    digits: BTreeSet<String>,
    /// As they are stored.
    written: Vec<String>,
}

impl Words {
    /// A name, and each of its parts: 工藤 和子 is 工藤様 in a text.
    fn add_name(&mut self, name: &str) {
        self.add_whole(name);
        let parts = name.split_whitespace();
        for part in parts.filter(|part| part.chars().count() >= 2) {
            self.folded.insert(squeeze(part));
        }
    }

    fn add_whole(&mut self, text: &str) {
        self.written.push(text.to_owned());
        let folded = squeeze(text);
        if folded.chars().count() >= 2 {
            self.folded.insert(folded);
        }
    }

    fn add_phone(&mut self, phone: &str) {
        self.written.push(phone.to_owned());
        if let Ok(parsed) = Phone::parse(phone) {
            self.written.push(parsed.national());
            self.digits.insert(digits(&parsed.national()));
        }
        self.digits.insert(digits(phone));
    }

    /// Whether a text names them.
    pub fn are_in(&self, text: &str) -> bool {
        let folded = squeeze(text);
        if self.folded.iter().any(|word| folded.contains(word)) {
            return true;
        }
        let digits = digits(&folded);
        self.digits.iter().any(|number| digits.contains(number))
    }

    /// As they are stored, for what holds them as they are.
    pub fn as_written(&self) -> &[String] {
        &self.written
    }
}

fn squeeze(text: &str) -> String {
    fold(text).chars().filter(|c| !c.is_whitespace()).collect()
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_is_named_in_many_ways() {
        let mut words = Words::default();
        words.add_name("工藤 和子");
        words.add_name("クドウ カズコ");
        words.add_whole("soumu-1@example.co.jp");
        words.add_phone("+819087650001");
        for text in [
            "工藤和子様より",
            "工藤さんに折り返す",
            "くどう様",
            "クドウカズコ",
            "携帯 090-8765-0001 へ",
            "090(8765)0001",
            "090-8765-0001",
            "SOUMU-1@EXAMPLE.CO.JP",
        ] {
            assert!(words.are_in(text), "{text}");
        }
        for text in ["佐々木様より", "090-8765-0002", "在宅勤務の規程"] {
            assert!(!words.are_in(text), "{text}");
        }
    }
}
