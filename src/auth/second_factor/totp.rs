//! One-time codes by the time of day (RFC 6238): HMAC-SHA-1, six digits, thirty seconds, which is what every authenticator
//! app has. Pure.
//!
//! Own code, because it is the truncation of RFC 4226 over an HMAC that is in the tree already; the vectors of both RFCs
//! are its tests.

use chrono::{DateTime, Utc};
use data_encoding::BASE32_NOPAD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use ring::hmac;

/// Bytes of a secret: as many as SHA-1 gives (RFC 4226, 4).
pub(super) const SECRET_BYTES: usize = 20;

/// Seconds of a step.
const STEP: i64 = 30;

/// Steps before and after the present one whose codes count too: clocks differ, and people type slowly (RFC 6238, 5.2).
const TOLERANCE: i64 = 1;

/// The code of a step.
fn code(secret: &[u8], step: i64) -> u32 {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let mac = tag.as_ref();
    let start = usize::from(mac[mac.len() - 1] & 0x0f);
    let word = mac[start..start + 4]
        .iter()
        .fold(0, |word, byte| word << 8 | u32::from(*byte));
    (word & 0x7fff_ffff) % 1_000_000
}

/// The step whose code this is, of those that count now. A code counts once, so only steps after the last one used do.
pub(super) fn step_of(
    secret: &[u8],
    typed: u32,
    now: DateTime<Utc>,
    last: Option<i64>,
) -> Option<i64> {
    let present = now.timestamp().div_euclid(STEP);
    (present - TOLERANCE..=present + TOLERANCE)
        .filter(|step| last.is_none_or(|last| *step > last))
        .find(|step| code(secret, *step) == typed)
}

/// The secret, for typing it into an app.
pub(super) fn base32(secret: &[u8]) -> String {
    BASE32_NOPAD.encode(secret)
}

/// The secret with all that an app must know, for a QR code (the Key URI Format, which has no other standard than the
/// apps that read it).
pub(super) fn uri(secret: &[u8], issuer: &str, account: &str) -> String {
    let (issuer, account) = (
        utf8_percent_encode(issuer, NON_ALPHANUMERIC),
        utf8_percent_encode(account, NON_ALPHANUMERIC),
    );
    format!(
        "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits=6&period={STEP}",
        base32(secret)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of both RFCs' vectors.
    const SECRET: &[u8] = b"12345678901234567890";

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn vectors_of_rfc_4226() {
        let codes = [
            755_224, 287_082, 359_152, 969_429, 338_314, 254_676, 287_922, 162_583, 399_871,
            520_489,
        ];
        for (count, expected) in (0..).zip(codes) {
            assert_eq!(code(SECRET, count), expected, "{count}");
        }
    }

    /// Those of the appendix have eight digits; six are the last of them.
    #[test]
    fn vectors_of_rfc_6238() {
        for (seconds, expected) in [
            (59, 94_287_082),
            (1_111_111_109, 7_081_804),
            (1_111_111_111, 14_050_471),
            (1_234_567_890, 89_005_924),
            (2_000_000_000, 69_279_037),
            (20_000_000_000, 65_353_130),
        ] {
            let step = seconds / STEP;
            let typed = expected % 1_000_000;
            assert_eq!(code(SECRET, step), typed, "{seconds}");
            assert_eq!(step_of(SECRET, typed, at(seconds), None), Some(step));
        }
    }

    #[test]
    fn a_code_counts_from_the_step_before_to_the_step_after() {
        let start = 1_111_111_110;
        let (typed, step) = (code(SECRET, start / STEP), start / STEP);
        for (seconds, counts) in [
            (-31, false),
            (-30, true),
            (0, true),
            (59, true),
            (60, false),
        ] {
            let found = step_of(SECRET, typed, at(start + seconds), None);
            assert_eq!(found.is_some(), counts, "{seconds}");
        }
        assert_eq!(
            step_of(SECRET, typed, at(start), Some(step - 1)),
            Some(step)
        );
        assert_eq!(step_of(SECRET, typed, at(start), Some(step)), None);
    }

    #[test]
    fn the_uri_names_office_and_person() {
        assert_eq!(
            uri(SECRET, "相談 A&B", "hanako@example.jp"),
            "otpauth://totp/%E7%9B%B8%E8%AB%87%20A%26B:hanako%40example%2Ejp\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=%E7%9B%B8%E8%AB%87%20A%26B\
             &algorithm=SHA1&digits=6&period=30"
        );
    }
}
