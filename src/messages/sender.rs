//! Who writes: the desk that has the case, else the help center. As a mail names it.

use crate::{
    calendar::{self, Calendar},
    cases::Case,
    error::Result,
    ids::MailboxId,
    japan::tokyo_date,
    mail::{MailIdentity, token::without_plus},
    settings::Settings,
    store::Tx,
    templates::{Placeholder, Values},
    text::{EmailAddress, Phone},
};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// Who writes.
pub struct Sender {
    /// As enterprises know it.
    pub name: String,
    /// Where it is rung, for reading.
    pub phone: Option<String>,
    /// Where it is written to: the address that its mail comes from.
    pub address: EmailAddress,
    /// When somebody answers, for people: 平日9時から17時まで.
    pub hours: String,
}

impl Sender {
    /// Who writes on this case, from this mailbox or from the owner's.
    ///
    /// # Errors
    /// The database.
    pub async fn of(tx: &mut Tx, case: &Case, mailbox_id: Option<MailboxId>) -> Result<Self> {
        let (settings, identity) = (tx.settings().await?, tx.mail().clone());
        let hours = hours(&*tx.calendar(case.desk_id).await?, tx.now());
        let row = Row::load(tx.db(), case, mailbox_id).await?;
        Ok(row.sender(&settings, &identity, hours))
    }

    /// Who would write on this case now, for showing it.
    ///
    /// # Errors
    /// The database.
    pub async fn read(
        db: &mut PgConnection,
        identity: &MailIdentity,
        case: &Case,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        let settings = Settings::load(&mut *db).await?;
        let calendar = calendar::load(&mut *db, case.desk_id).await?;
        let row = Row::load(db, case, None).await?;
        Ok(row.sender(&settings, identity, hours(&calendar, now)))
    }

    /// Name, telephone with its hours, address.
    fn signature(&self) -> String {
        let mut lines = vec![self.name.clone()];
        if let Some(phone) = &self.phone {
            lines.push(format!("電話 {phone}({})", self.hours));
        }
        lines.push(format!("メール {}", self.address));
        lines.join("\n")
    }

    /// What every mail on a case can say.
    pub fn values(&self, case: &Case) -> Values {
        Values::default()
            .with(Placeholder::CaseNumber, &case.number)
            .with(Placeholder::SenderName, &self.name)
            .with_some(Placeholder::SenderPhone, self.phone.as_ref())
            .with(Placeholder::SenderEmail, self.address.as_str())
            .with(Placeholder::Signature, self.signature())
            .with(Placeholder::OfficeHours, &self.hours)
    }
}

fn hours(calendar: &Calendar, now: DateTime<Utc>) -> String {
    calendar.week(tokyo_date(now)).in_words()
}

/// What is stored of a sender; without a name it is the help center.
struct Row {
    name: Option<String>,
    phone: Option<Phone>,
    address: Option<EmailAddress>,
}

impl Row {
    async fn load(
        db: &mut PgConnection,
        case: &Case,
        mailbox_id: Option<MailboxId>,
    ) -> Result<Self> {
        Ok(sqlx::query_as!(
            Self,
            r#"
            select d.name as "name?", d.phone as "phone?: Phone",
                coalesce(
                    (select address from mailbox where id = $2),
                    (select address from mailbox where active and desk_id = $1 order by created_at, id limit 1),
                    (select address from mailbox where active and desk_id is null order by created_at, id limit 1)
                ) as "address: EmailAddress"
            from (select $1::uuid as id) owner
            left join desk d on d.id = owner.id
            "#,
            case.desk_id.map(|id| *id),
            mailbox_id.map(|id| *id),
        )
        .fetch_one(db)
        .await?)
    }

    fn sender(self, settings: &Settings, identity: &MailIdentity, hours: String) -> Sender {
        let phone = match self.name {
            Some(_) => self.phone,
            None => settings.office_phone.clone(),
        };
        Sender {
            name: self
                .name
                .unwrap_or_else(|| settings.office_name.to_string()),
            phone: phone.as_ref().map(Phone::national),
            address: self.address.unwrap_or_else(|| identity.from.clone()),
            hours,
        }
    }
}

/// How somebody is addressed in writing.
pub fn addressed(name: Option<&str>) -> String {
    match name.map(str::trim).filter(|name| !name.is_empty()) {
        Some(name) => format!("{name} 様"),
        None => "ご担当者様".into(),
    }
}

/// Whether mail to this address comes back to ourselves: then no program of ours writes to it.
///
/// # Errors
/// The database.
pub async fn is_own_address(tx: &mut Tx, address: &EmailAddress) -> Result<bool> {
    Ok(are_own(tx, &[address]).await?[0])
}

/// As [`is_own_address`], of each.
///
/// # Errors
/// The database.
pub async fn are_own(tx: &mut Tx, addresses: &[&EmailAddress]) -> Result<Vec<bool>> {
    let keys: Vec<String> = addresses
        .iter()
        .map(|address| without_plus(&address.key()))
        .collect();
    let mut own = sqlx::query_scalar!(
        "select address_key from mailbox where address_key = any ((select $1::text[])::text[])",
        &keys
    )
    .fetch_all(tx.db())
    .await?;
    own.push(without_plus(&tx.mail().from.key()));
    Ok(keys.iter().map(|key| own.contains(key)).collect())
}
