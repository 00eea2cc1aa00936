//! Who writes: the desk that has the case, else the help center. As a mail names it.

use crate::{
    calendar::OFFICE_HOURS,
    cases::Case,
    error::Result,
    ids::MailboxId,
    mail::{MailIdentity, token::without_plus},
    settings::Settings,
    store::Tx,
    templates::{Placeholder, Values},
    text::{EmailAddress, Phone},
};
use sqlx::PgConnection;

/// Who writes.
pub struct Sender {
    /// As enterprises know it.
    pub name: String,
    /// Where it is rung, for reading.
    pub phone: Option<String>,
    /// Where it is written to: the address that its mail comes from.
    pub address: EmailAddress,
}

impl Sender {
    /// Who writes on this case, from this mailbox or from the owner's.
    ///
    /// # Errors
    /// The database.
    pub async fn of(
        db: &mut PgConnection,
        settings: &Settings,
        mail: &MailIdentity,
        case: &Case,
        mailbox_id: Option<MailboxId>,
    ) -> Result<Self> {
        let row = sqlx::query!(
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
        .await?;
        let address = row.address.unwrap_or_else(|| mail.from.clone());
        Ok(match row.name {
            Some(name) => Self {
                name,
                phone: row.phone.map(|phone| phone.national()),
                address,
            },
            None => Self {
                name: settings.office_name.to_string(),
                phone: settings.office_phone.as_ref().map(Phone::national),
                address,
            },
        })
    }

    /// Name, telephone with its hours, address.
    fn signature(&self) -> String {
        let mut lines = vec![self.name.clone()];
        if let Some(phone) = &self.phone {
            lines.push(format!("電話 {phone}({OFFICE_HOURS})"));
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
            .with(Placeholder::OfficeHours, OFFICE_HOURS)
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
    let key = without_plus(&address.key());
    if key == without_plus(&tx.mail().from.key()) {
        return Ok(true);
    }
    Ok(sqlx::query_scalar!(
        r#"select exists (select from mailbox where address_key = $1) as "is_own!""#,
        key
    )
    .fetch_one(tx.db())
    .await?)
}
