//! The iCalendar part of an invitation (RFC 5545, RFC 5546). Pure.
//!
//! One session is one event for ever: its UID is the session's id, and every change raises SEQUENCE. Times are in UTC,
//! which needs no VTIMEZONE.

use super::Session;
use crate::{
    programme::{Mode, SessionState},
    text::EmailAddress,
};
use chrono::{DateTime, Utc};
use icalendar::{Calendar, Component, Event, EventLike, EventStatus, Property};

/// Who made the program, as RFC 5545 wants it said.
const PRODUCT: &str = "-//Madoguchi//Madoguchi//JA";

/// An address, with the name beside it.
pub struct Party<'a> {
    /// The name.
    pub name: &'a str,
    /// The address.
    pub address: &'a str,
}

/// Whom the event is for.
pub enum Audience<'a> {
    /// One who is invited: told of the session, or that it is off.
    Invited {
        /// The name; the address alone where there is none.
        name: Option<&'a str>,
        /// The address.
        address: &'a EmailAddress,
    },
    /// Whoever downloads it.
    Anybody,
}

/// The event as a file.
pub fn event(
    session: &Session,
    organizer: &Party<'_>,
    audience: &Audience<'_>,
    now: DateTime<Utc>,
) -> String {
    let is_off = !matches!(session.state, SessionState::Booked | SessionState::Held);
    let method = match (is_off, audience) {
        (true, _) => "CANCEL",
        (false, Audience::Invited { .. }) => "REQUEST",
        (false, Audience::Anybody) => "PUBLISH",
    };
    let mut event = Event::with_uid(&session.id.to_string());
    event
        .sequence(session.sequence.try_into().unwrap_or_default())
        .timestamp(now)
        .starts(session.starts_at)
        .ends(session.ends_at)
        .summary(&format!("コンサルティング({})", session.case_number))
        .description(&plain(&description(session)))
        .location(&plain(&session.place()))
        .status(match is_off {
            true => EventStatus::Cancelled,
            false => EventStatus::Confirmed,
        })
        .append_property(organizer_property(organizer));
    if let (Mode::Online, Some(url)) = (session.mode, &session.meeting_url) {
        event.url(url);
    }
    if let Audience::Invited { name, address } = audience {
        event.append_multi_property(attendee_property(*name, address));
    }
    let mut calendar = Calendar::empty();
    for (name, value) in [
        ("VERSION", "2.0"),
        ("PRODID", PRODUCT),
        ("CALSCALE", "GREGORIAN"),
        ("METHOD", method),
    ] {
        calendar.append_property(Property::new(name, value));
    }
    calendar.push(event);
    folded(&calendar.to_string())
}

/// Longest line in octets, without its end (RFC 5545, 3.1).
const MAX_LINE: usize = 75;

/// The same lines, folded anew between characters. The library leaves the last piece of a folded line one octet too long.
fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len() + text.len() / 20);
    for line in text.replace("\r\n ", "").split_inclusive("\r\n") {
        let mut octets = 0;
        for c in line.chars() {
            let is_end = matches!(c, '\r' | '\n');
            if !is_end && octets + c.len_utf8() > MAX_LINE {
                folded.push_str("\r\n ");
                octets = 1;
            }
            octets += c.len_utf8();
            folded.push(c);
        }
    }
    folded
}

fn description(session: &Session) -> String {
    let mut lines = vec![
        format!("案件番号: {}", session.case_number),
        format!("方法: {}", session.mode.japanese()),
        format!("支援段階: {}", session.stage.japanese()),
    ];
    if !session.managers.is_empty() {
        lines.push(format!("担当専門家: {}", session.managers_in_words()));
    }
    lines.extend(session.note.clone());
    lines.join("\n")
}

/// Without the control characters that no content line may hold.
fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control() || *c == '\n')
        .collect()
}

/// In a parameter neither quotes nor control characters may stand, and nothing escapes them.
fn parameter(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control() && *c != '"')
        .collect()
}

fn organizer_property(organizer: &Party<'_>) -> Property {
    let mut property = Property::new("ORGANIZER", format!("mailto:{}", organizer.address));
    property.add_parameter("CN", &parameter(organizer.name));
    property
}

/// They have agreed already, on the phone or by mail: nobody needs to answer.
fn attendee_property(name: Option<&str>, address: &EmailAddress) -> Property {
    let mut property = Property::new("ATTENDEE", format!("mailto:{address}"));
    let name = name.unwrap_or(address.as_str());
    property
        .add_parameter("CN", &parameter(name))
        .add_parameter("ROLE", "REQ-PARTICIPANT")
        .add_parameter("PARTSTAT", "NEEDS-ACTION")
        .add_parameter("RSVP", "FALSE");
    property
}

#[cfg(test)]
mod tests {
    use super::{super::SessionManager, *};
    use crate::{ids::*, programme::Stage};
    use proptest::prelude::*;

    fn session() -> Session {
        Session {
            id: ConsultationId("019ab000-0000-7000-8000-000000000000".parse().unwrap()),
            case_number: "TW-2026-000123".into(),
            state: SessionState::Booked,
            stage: Stage::Assessment,
            starts_at: "2026-11-27T01:00:00Z".parse().unwrap(),
            ends_at: "2026-11-27T02:30:00Z".parse().unwrap(),
            mode: Mode::Visit,
            location: Some("青森市長島1-1-1; 2階, 会議室".into()),
            meeting_url: None,
            note: Some("就業規則を\nご用意ください。".into()),
            sequence: 2,
            enterprise_name: None,
            managers: vec![SessionManager {
                name: "佐々木 健".into(),
                firm: Some("みちのく社会保険労務士事務所".into()),
                address: None,
            }],
            contact: None,
        }
    }

    fn organizer() -> Party<'static> {
        Party {
            name: "テレワーク相談センター, \"本部\"",
            address: "sodan+token@madoguchi.example",
        }
    }

    fn now() -> DateTime<Utc> {
        "2026-11-24T01:00:00Z".parse().unwrap()
    }

    fn invited(address: &EmailAddress) -> Audience<'_> {
        Audience::Invited {
            name: Some("工藤 和子: 総務"),
            address,
        }
    }

    /// The content lines, unfolded; each physical line is checked.
    fn lines(text: &str) -> Vec<String> {
        assert!(text.ends_with("\r\n"));
        for line in text.trim_end_matches("\r\n").split("\r\n") {
            assert!(line.len() <= 75, "{} octets: {line}", line.len());
            assert!(!line.contains(['\n', '\r']), "{line:?}");
        }
        let unfolded = text.replace("\r\n ", "");
        unfolded
            .trim_end_matches("\r\n")
            .split("\r\n")
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn an_invitation() {
        let address = EmailAddress::parse("soumu@example.co.jp").unwrap();
        let lines = lines(&event(&session(), &organizer(), &invited(&address), now()));
        for expected in [
            "METHOD:REQUEST",
            "UID:019ab000-0000-7000-8000-000000000000",
            "SEQUENCE:2",
            "DTSTAMP:20261124T010000Z",
            "DTSTART:20261127T010000Z",
            "DTEND:20261127T023000Z",
            "STATUS:CONFIRMED",
            "SUMMARY:コンサルティング(TW-2026-000123)",
            r"LOCATION:青森市長島1-1-1\; 2階\, 会議室",
            r"DESCRIPTION:案件番号: TW-2026-000123\n方法: 訪問\n支援段階: 現状把握\n担当専門家: 佐々木 健(みちのく社会保険労務士事務所)\n就業規則を\nご用意ください。",
            "ORGANIZER;CN=\"テレワーク相談センター, 本部\":mailto:sodan+token@madoguchi.example",
            "ATTENDEE;CN=\"工藤 和子: 総務\";PARTSTAT=NEEDS-ACTION;ROLE=REQ-PARTICIPANT;RSVP=FALSE:mailto:soumu@example.co.jp",
        ] {
            assert!(
                lines.contains(&expected.to_owned()),
                "{expected}\n{lines:#?}"
            );
        }
    }

    #[test]
    fn what_is_off_is_cancelled_for_everybody() {
        let mut session = session();
        session.state = SessionState::Cancelled;
        session.mode = Mode::Online;
        session.meeting_url = Some("https://meet.example/a?b=c,d;e".into());
        for audience in [
            Audience::Anybody,
            invited(&EmailAddress::parse("soumu@example.co.jp").unwrap()),
        ] {
            let lines = lines(&event(&session, &organizer(), &audience, now()));
            assert!(lines.contains(&"METHOD:CANCEL".into()));
            assert!(lines.contains(&"STATUS:CANCELLED".into()));
            assert!(lines.contains(&"URL:https://meet.example/a?b=c,d;e".into()));
        }
        session.state = SessionState::Held;
        let lines = lines(&event(&session, &organizer(), &Audience::Anybody, now()));
        assert!(lines.contains(&"METHOD:PUBLISH".into()));
        assert!(!lines.iter().any(|line| line.starts_with("ATTENDEE")));
    }

    proptest! {
        /// Nothing that people type breaks out of its line, and lines are folded between characters.
        #[test]
        fn texts_stay_in_their_lines(note in "\\PC{0,200}|[\r\n;,:\"\\\\ 　あ𠮷é]{0,200}", name in "[\r\n;,:\"\\\\あ𠮷a]{1,80}") {
            let mut session = session();
            session.note = Some(note.clone());
            session.managers[0].name = name.clone();
            session.location = Some(note);
            let address = EmailAddress::parse("soumu@example.co.jp").unwrap();
            let audience = Audience::Invited { name: Some(&name), address: &address };
            let organizer = Party { name: &name, address: "sodan@madoguchi.example" };
            let lines = lines(&event(&session, &organizer, &audience, now()));
            let events = lines.iter().filter(|line| line.starts_with("BEGIN:") || line.starts_with("END:"));
            prop_assert_eq!(events.count(), 4);
            prop_assert_eq!(lines.len(), 19, "{:#?}", lines);
        }
    }
}
