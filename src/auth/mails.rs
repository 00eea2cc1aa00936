//! Mails about the own account. Their texts are fixed, not templates: one that an office edits could lose its link or its
//! warning, and nobody would notice before it is needed.
//!
//! They go to the address of the account, and to none where that is a mailbox of ours: the help center would read it.

use crate::{
    error::Result,
    ids::*,
    messages::{self, Draft, sender::is_own_address},
    programme::MessageKind,
    store::Tx,
    users::{self, UserView},
};

/// What somebody is told about their account.
#[derive(Clone, Copy, Debug)]
pub(super) enum Notice {
    /// By a link of a mail.
    PasswordReset,
    SecondFactorSetUp,
    SecondFactorTurnedOff,
    /// By an admin, or on the command line.
    SecondFactorReset,
    RecoveryCodeUsed {
        /// How many are left.
        left: i64,
    },
}

impl Notice {
    /// Subject, what happened, and the same in English.
    fn text(self) -> (&'static str, String, String) {
        match self {
            Self::PasswordReset => (
                "パスワードが変更されました",
                "メールのリンクから、あなたのパスワードが変更されました。以前のログインはすべて終了しました。".into(),
                "Your password was changed by the link of a mail. You were signed out everywhere.".into(),
            ),
            Self::SecondFactorSetUp => (
                "2要素認証が設定されました",
                "あなたのアカウントに2要素認証が設定されました。次のログインから、認証アプリのコードが必要です。".into(),
                "A second factor was set up for your account.".into(),
            ),
            Self::SecondFactorTurnedOff => (
                "2要素認証が解除されました",
                "あなたのアカウントの2要素認証が解除されました。次のログインから、パスワードだけでログインできます。".into(),
                "The second factor of your account was turned off.".into(),
            ),
            Self::SecondFactorReset => (
                "2要素認証が管理者により解除されました",
                "事務局が、あなたのアカウントの2要素認証を解除しました。以前のログインはすべて終了しました。".into(),
                "An administrator reset the second factor of your account. You were signed out everywhere.".into(),
            ),
            Self::RecoveryCodeUsed { left } => (
                "回復用コードが使われました",
                format!("あなたのアカウントで、2要素認証の回復用コードが1つ使われました。残りは{left}個です。"),
                format!("A recovery code of your account was used; {left} are left."),
            ),
        }
    }
}

/// Tells somebody what happened to their account.
pub(super) async fn tell(tx: &mut Tx, user_id: UserId, notice: Notice) -> Result<()> {
    let user = users::show(tx.db(), user_id).await?;
    let (subject, japanese, english) = notice.text();
    let body = format!(
        "{japanese}\n\nお心当たりのない場合は、すぐに事務局へご連絡ください。\n\n\
         {english} If this was not you, tell your administrator at once."
    );
    write(tx, &user, subject, &body).await.map(drop)
}

/// Writes a mail to somebody; none to those who are deactivated, or whose address is a mailbox of ours.
pub(crate) async fn write(
    tx: &mut Tx,
    user: &UserView,
    subject: &str,
    text: &str,
) -> Result<Option<MessageId>> {
    if !user.active || is_own_address(tx, &user.email).await? {
        return Ok(None);
    }
    let office = tx.settings().await?.office_name.clone();
    let body = format!(
        "{} 様\n\n{office}のシステムからのお知らせです。\n{text}\n\nこのメールは自動送信です。",
        user.name
    );
    let draft = Draft {
        case: None,
        kind: MessageKind::Account,
        mailbox_id: None,
        to: &user.email,
        to_name: Some(user.name.as_str()),
        contact_id: None,
        subject,
        body: &body,
        calendar: None,
        in_reply_to: None,
        references: &[],
        attachments: &[],
        is_held: false,
    };
    messages::write(tx, &draft).await.map(Some)
}
