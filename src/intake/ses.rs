//! Amazon SES through SNS: the receipt action that publishes a mail to a topic.
//!
//! - SNS repeats 5xx (and 429) by the topic's retry policy; other refusals are final, and go to the dead-letter queue where
//!   there is one. So what may get better is 503.
//! - The proof is a signature (version 2, SHA-256) by a certificate that the message names. The certificate counts because
//!   of where it is: it is fetched by HTTPS, without redirects, from the one host that SNS has in the region of a topic
//!   that we were told of. Amazon publishes the certificate alone, without those between it and a root, so a chain is
//!   verified where one is given, and the name and the dates always. Nothing else in the message leads anywhere.
//! - A topic that we were told of is confirmed by itself, at the same host.
//! - Because the signature covers the mail, a replay is a duplicate; so there is no limit on the age of a signature, and a
//!   delivery that is repeated late is not lost.
//! - With encoding Base64 the mail is the original. As UTF-8 it may have been changed (Amazon: "may not preserve all
//!   special characters"). Mail above 150 KB bounces at Amazon; where attachments are expected, use another door.

use super::{
    door::{Doors, Sender, counted, not_proven},
    receive::{Delivery, Provider, Receipt},
};
use crate::{
    access::{Access, permit},
    error::{Error, Problem, ProblemBody, ProblemType, Result},
    http::Answer,
    mail::parse::Envelope,
    routes::ServiceConfig,
};
use actix_web::{
    HttpRequest, post,
    web::{Data, Payload},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject};
use serde::Deserialize;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::Semaphore;
use webpki::EndEntityCert;

/// SNS publishes up to 256 KiB; this is that with everything escaped.
const MAX_BODY: usize = 2 * 1024 * 1024;

/// Largest page that is read from SNS, in bytes: a certificate, or the answer to a confirmation.
const MAX_PAGE: usize = 64 * 1024;

/// Certificates that are remembered; SNS has one per region and changes it now and then.
const MAX_CERTIFICATES: usize = 64;

/// How long SNS may take to give out a certificate.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Mounts the door.
pub fn mount(config: &mut ServiceConfig) {
    config.service(receive_ses);
}

/// Gets a page at an address that was found to be SNS's own.
pub trait Pages: Send + Sync {
    /// The page, where the answer is 2xx.
    ///
    /// # Errors
    /// Why there is none, for the log.
    fn get(&self, url: String) -> BoxFuture<'_, Result<Vec<u8>, String>>;
}

/// Amazon SES through SNS, where it is set up.
pub struct Ses {
    topics: Vec<Topic>,
    pages: Arc<dyn Pages>,
    certificates: Mutex<HashMap<String, Vec<u8>>>,
    /// Strangers can make us fetch certificates, but only a few at a time.
    fetches: Semaphore,
}

/// A topic that mail may come from.
#[derive(Debug, PartialEq)]
struct Topic {
    arn: String,
    /// Where SNS is reached in its region.
    host: String,
}

impl Topic {
    /// `arn:aws:sns:REGION:ACCOUNT:NAME`.
    fn parse(arn: &str) -> Option<Self> {
        let parts: Vec<_> = arn.split(':').collect();
        let [
            "arn",
            partition @ ("aws" | "aws-cn" | "aws-us-gov"),
            "sns",
            region,
            account,
            name,
        ] = parts[..]
        else {
            return None;
        };
        let is_region =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if region.is_empty()
            || !region.bytes().all(is_region)
            || !account.bytes().all(|byte| byte.is_ascii_digit())
            || name.is_empty()
        {
            return None;
        }
        let end = if partition == "aws-cn" { ".cn" } else { "" };
        Some(Self {
            arn: arn.to_owned(),
            host: format!("sns.{region}.amazonaws.com{end}"),
        })
    }

    /// Whether the address is the topic's own SNS, by HTTPS and without a port, a user or a fragment.
    fn has_page(&self, url: &str, is_path: impl Fn(&str) -> bool) -> bool {
        url.strip_prefix("https://")
            .and_then(|rest| rest.strip_prefix(&self.host))
            .is_some_and(|path| {
                path.starts_with('/')
                    && path
                        .bytes()
                        .all(|byte| byte.is_ascii_graphic() && byte != b'#')
                    && is_path(path)
            })
    }

    fn has_certificate(&self, url: &str) -> bool {
        self.has_page(url, |path| {
            let name = path[1..].strip_suffix(".pem").unwrap_or_default();
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
            (1..=200).contains(&name.len()) && name.bytes().all(is_plain)
        })
    }

    fn has_confirmation(&self, url: &str) -> bool {
        self.has_page(url, |path| {
            path.starts_with("/?Action=ConfirmSubscription&")
        })
    }
}

/// What SNS posts.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Published {
    r#type: String,
    message_id: String,
    topic_arn: String,
    subject: Option<String>,
    message: String,
    timestamp: String,
    token: Option<String>,
    #[serde(rename = "SubscribeURL")]
    subscribe_url: Option<String>,
    signature_version: String,
    signature: String,
    #[serde(rename = "SigningCertURL")]
    signing_cert_url: String,
}

/// The message of the receipt action.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Notice {
    notification_type: String,
    content: Option<String>,
    receipt: Option<NoticeReceipt>,
    mail: Option<NoticeMail>,
}

#[derive(Deserialize)]
struct NoticeReceipt {
    #[serde(default)]
    recipients: Vec<String>,
    action: Option<NoticeAction>,
}

#[derive(Deserialize)]
struct NoticeAction {
    encoding: Option<String>,
}

#[derive(Deserialize)]
struct NoticeMail {
    source: Option<String>,
}

/// Hand in a mail from Amazon SES
///
/// For an HTTPS subscription of the topic that a receipt rule publishes to; confirms itself. 404 unless it is set up.
#[utoipa::path(
    tag = "mail",
    operation_id = "receive_ses",
    request_body(content = String, content_type = "text/plain", description = "As SNS sends it: JSON, whatever the type says"),
    responses(
        (status = 200, description = "The mail is safe", body = Receipt),
        (status = 204, description = "Understood; there was no mail in it"),
        (status = 404, description = "This door is not set up", body = ProblemBody, content_type = "application/problem+json"),
    ),
    extensions(("x-permission" = json!("anyone")))
)]
#[post("/intake/email/ses")]
async fn receive_ses(
    access: Access<permit::Anyone>,
    request: HttpRequest,
    payload: Payload,
    doors: Data<Doors>,
) -> Result<Answer> {
    let Some(ses) = &doors.ses else {
        return Err(Error::not_found());
    };
    let taken = async {
        let body = doors
            .read(&request, payload, MAX_BODY, Sender::Stranger)
            .await?;
        let published: Published = serde_json::from_slice(&body.bytes).map_err(|_| unreadable())?;
        let topic = ses.verify(&published, access.now()).await?;
        match published.r#type.as_str() {
            "Notification" => take(&access, &doors, &published).await,
            "SubscriptionConfirmation" => ses.confirm(topic, &published).await,
            // Somebody ended the subscription; the topic's owner knows why.
            _ => {
                tracing::warn!("a subscription of a mail topic was ended");
                Ok(Answer::no_content())
            }
        }
    };
    counted(Provider::Ses, taken.await)
}

async fn take(
    access: &Access<permit::Anyone>,
    doors: &Doors,
    published: &Published,
) -> Result<Answer> {
    let notice: Notice = serde_json::from_str(&published.message).map_err(|_| unreadable())?;
    // Amazon tries the topic when the rule is made.
    if notice.notification_type != "Received" {
        return Ok(Answer::no_content());
    }
    let content = notice.content.ok_or_else(|| {
        Error::problem(
            ProblemType::Malformed,
            "There is no mail in the notice: use the SNS action, with encoding Base64.",
        )
    })?;
    let (receipt, mail) = (notice.receipt, notice.mail);
    let encoding = receipt
        .as_ref()
        .and_then(|receipt| receipt.action.as_ref()?.encoding.as_deref());
    let decoded = encoding
        .filter(|encoding| encoding.eq_ignore_ascii_case("base64"))
        .and_then(|_| BASE64_STANDARD.decode(without_space(&content)).ok());
    let is_original = decoded.is_some();
    let delivery = Delivery {
        bytes: &decoded.unwrap_or_else(|| content.into_bytes()),
        envelope: &Envelope {
            from: mail.and_then(|mail| mail.source),
            to: receipt
                .map(|receipt| receipt.recipients)
                .unwrap_or_default(),
        },
        provider: Provider::Ses,
        delivery_id: Some(&published.message_id),
        is_original,
    };
    Ok(Answer::ok(&doors.accept(access, &delivery).await?))
}

fn without_space(text: &str) -> String {
    text.split_ascii_whitespace().collect()
}

fn unreadable() -> Error {
    Error::problem(ProblemType::Malformed, "This is not what SNS sends.")
}

fn later() -> Error {
    Error::Problem(Box::new(Problem {
        kind: ProblemType::Unavailable,
        detail: "SNS could not be reached to check this. Nothing was stored; send it again.".into(),
        errors: Vec::new(),
        retry_after: Some(30),
    }))
}

impl Ses {
    /// For these topics, by their ARNs.
    ///
    /// # Errors
    /// A sentence for the operator: one of them is no topic.
    pub fn new(arns: &[String], pages: Arc<dyn Pages>) -> Result<Self, String> {
        let topics: Option<_> = arns.iter().map(|arn| Topic::parse(arn.trim())).collect();
        Ok(Self {
            topics: topics.ok_or("each must be arn:aws:sns:REGION:ACCOUNT:NAME")?,
            pages,
            certificates: Mutex::default(),
            fetches: Semaphore::new(4),
        })
    }

    /// The topic that the message is of, when everything about it holds.
    async fn verify(&self, published: &Published, now: DateTime<Utc>) -> Result<&Topic> {
        let topic = self
            .topics
            .iter()
            .find(|topic| topic.arn == published.topic_arn)
            .ok_or_else(not_proven)?;
        if published.signature_version != "2" || !topic.has_certificate(&published.signing_cert_url)
        {
            return Err(not_proven());
        }
        let signed = published.canonical().ok_or_else(not_proven)?;
        let signature = BASE64_STANDARD
            .decode(&published.signature)
            .map_err(|_| not_proven())?;
        let pem = self.certificate(&published.signing_cert_url).await?;
        check_signature(&pem, &topic.host, now, signed.as_bytes(), &signature).map_err(
            |reason| {
                tracing::warn!(
                    mail.reason = reason,
                    "a message of SNS is not signed by SNS"
                );
                not_proven()
            },
        )?;
        Ok(topic)
    }

    async fn certificate(&self, url: &str) -> Result<Vec<u8>> {
        let known = || self.certificates.lock().expect("no panic while it is held");
        if let Some(pem) = known().get(url) {
            return Ok(pem.clone());
        }
        let _turn = self.fetches.try_acquire().map_err(|_| later())?;
        let pem = self.pages.get(url.to_owned()).await.map_err(|reason| {
            tracing::warn!(
                mail.reason = reason,
                "a certificate of SNS cannot be fetched"
            );
            later()
        })?;
        // What is no certificate is not remembered.
        if CertificateDer::from_pem_slice(&pem).is_ok() {
            let mut certificates = known();
            if certificates.len() >= MAX_CERTIFICATES {
                certificates.clear();
            }
            certificates.insert(url.to_owned(), pem.clone());
        }
        Ok(pem)
    }

    async fn confirm(&self, topic: &Topic, published: &Published) -> Result<Answer> {
        let url = published.subscribe_url.as_deref().unwrap_or_default();
        if !topic.has_confirmation(url) {
            return Err(not_proven());
        }
        self.pages.get(url.to_owned()).await.map_err(|reason| {
            tracing::warn!(mail.reason = reason, "a subscription cannot be confirmed");
            later()
        })?;
        tracing::info!("the subscription of a mail topic is confirmed");
        Ok(Answer::no_content())
    }
}

impl Published {
    /// What is signed (AWS: Verifying the signatures of Amazon SNS messages).
    fn canonical(&self) -> Option<String> {
        let fields: Vec<(&str, Option<&str>)> = match self.r#type.as_str() {
            "Notification" => vec![
                ("Message", Some(&self.message)),
                ("MessageId", Some(&self.message_id)),
                ("Subject", self.subject.as_deref()),
                ("Timestamp", Some(&self.timestamp)),
                ("TopicArn", Some(&self.topic_arn)),
                ("Type", Some(&self.r#type)),
            ],
            "SubscriptionConfirmation" | "UnsubscribeConfirmation" => vec![
                ("Message", Some(&self.message)),
                ("MessageId", Some(&self.message_id)),
                ("SubscribeURL", Some(self.subscribe_url.as_deref()?)),
                ("Timestamp", Some(&self.timestamp)),
                ("Token", Some(self.token.as_deref()?)),
                ("TopicArn", Some(&self.topic_arn)),
                ("Type", Some(&self.r#type)),
            ],
            _ => return None,
        };
        let lines = fields
            .into_iter()
            .filter_map(|(name, value)| value.map(|value| format!("{name}\n{value}\n")));
        Some(lines.collect())
    }
}

/// Whether the first certificate of the file is SNS's and good now, and signed this.
fn check_signature(
    pem: &[u8],
    host: &str,
    now: DateTime<Utc>,
    signed: &[u8],
    signature: &[u8],
) -> Result<(), &'static str> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|_| "no certificate")?;
    let (leaf, between) = chain.split_first().ok_or("no certificate")?;
    let certificate = EndEntityCert::try_from(leaf).map_err(|_| "no certificate")?;
    // Amazon's has the name without the region.
    let end = if host.ends_with(".cn") { ".cn" } else { "" };
    let is_named = |name: &str| {
        ServerName::try_from(name)
            .is_ok_and(|name| certificate.verify_is_valid_for_subject_name(&name).is_ok())
    };
    if !is_named(&format!("sns.amazonaws.com{end}")) && !is_named(host) {
        return Err("a certificate of another name");
    }
    let seconds = u64::try_from(now.timestamp()).map_err(|_| "no time")?;
    let chained = certificate.verify_for_usage(
        webpki::ALL_VERIFICATION_ALGS,
        webpki_roots::TLS_SERVER_ROOTS,
        between,
        UnixTime::since_unix_epoch(Duration::from_secs(seconds)),
        webpki::KeyUsage::server_auth(),
        None,
        None,
    );
    match chained {
        Ok(_) => {}
        // The dates and the usage were found to be good before anybody looked for an issuer; and a certificate alone is
        // trusted for where it was fetched from.
        Err(webpki::Error::UnknownIssuer) if between.is_empty() => {}
        Err(_) => return Err("a certificate that is not good now"),
    }
    certificate
        .verify_signature(webpki::ring::RSA_PKCS1_2048_8192_SHA256, signed, signature)
        .map_err(|_| "another signature")
}

/// SNS itself, by HTTPS.
pub struct Https(reqwest::Client);

impl Https {
    /// A client that follows no redirects.
    ///
    /// # Errors
    /// A sentence for the operator: the system has no root certificates.
    pub fn new() -> Result<Self, String> {
        crate::config::install_cryptography();
        reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .https_only(true)
            .timeout(TIMEOUT)
            .build()
            .map(Self)
            .map_err(|error| error.to_string())
    }
}

impl Pages for Https {
    fn get(&self, url: String) -> BoxFuture<'_, Result<Vec<u8>, String>> {
        Box::pin(async move {
            let failed = |error: reqwest::Error| error.without_url().to_string();
            let mut response = self.0.get(url).send().await.map_err(failed)?;
            if !response.status().is_success() {
                return Err(format!("it answers {}", response.status()));
            }
            let mut page = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(failed)? {
                page.extend_from_slice(&chunk);
                if page.len() > MAX_PAGE {
                    return Err("it is larger than any certificate".into());
                }
            }
            Ok(page)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_and_where_their_region_is() {
        let host = |arn: &str| Topic::parse(arn).map(|topic| topic.host);
        assert_eq!(
            host("arn:aws:sns:ap-northeast-1:123456789012:mail").as_deref(),
            Some("sns.ap-northeast-1.amazonaws.com")
        );
        assert_eq!(
            host("arn:aws-cn:sns:cn-north-1:123456789012:mail").as_deref(),
            Some("sns.cn-north-1.amazonaws.com.cn")
        );
        for bad in [
            "",
            "arn:aws:sqs:ap-northeast-1:1:mail",
            "arn:aws:sns::1:mail",
            "arn:aws:sns:evil.example/:1:mail",
            "arn:aws:sns:ap-northeast-1:x:mail",
            "arn:aws:sns:ap-northeast-1:1:",
            "arn:aws:sns:ap-northeast-1:1:a:b",
        ] {
            assert_eq!(host(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_sns_itself_is_asked() {
        let topic = Topic::parse("arn:aws:sns:us-east-1:123456789012:mail").unwrap();
        let good = "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-60eadc53.pem";
        assert!(topic.has_certificate(good));
        for bad in [
            "http://sns.us-east-1.amazonaws.com/a.pem",
            "https://sns.us-east-1.amazonaws.com.evil.example/a.pem",
            "https://sns.us-east-1.amazonaws.com@evil.example/a.pem",
            "https://sns.us-east-1.amazonaws.com:8443/a.pem",
            "https://sns.eu-west-1.amazonaws.com/a.pem",
            "https://evil.example/sns.us-east-1.amazonaws.com/a.pem",
            "https://SNS.us-east-1.amazonaws.com/a.pem",
            "https://sns.us-east-1.amazonaws.com/a.pem#.pem",
            "https://sns.us-east-1.amazonaws.com/a.pem?b=.pem",
            "https://sns.us-east-1.amazonaws.com/../a.pem",
            "https://sns.us-east-1.amazonaws.com/.pem",
            "https://sns.us-east-1.amazonaws.com/a.crt",
            "https://sns.us-east-1.amazonaws.com",
            "",
        ] {
            assert!(!topic.has_certificate(bad), "{bad}");
            assert!(!topic.has_confirmation(bad), "{bad}");
        }
        let confirm =
            "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=a&Token=b";
        assert!(topic.has_confirmation(confirm));
        assert!(!topic.has_confirmation(&confirm.replace("Confirm", "Delete")));
        assert!(!topic.has_confirmation(&format!("{confirm}\r\n")));
    }
}
