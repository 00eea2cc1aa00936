//! The fixtures of `tests/mail`, each with what it is there for, and mail that nobody would write.

use super::*;
use proptest::prelude::*;
use std::{fs, path::PathBuf, sync::LazyLock};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/mail")
}

fn raw(name: &str) -> Vec<u8> {
    fs::read(folder().join(name).with_extension("eml")).unwrap()
}

static FIXTURES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let mut paths: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "eml"))
        .collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
});

fn mail(name: &str) -> ParsedMail {
    let envelope = Envelope {
        from: None,
        to: vec!["sodan@madoguchi.example".into()],
    };
    parse(&raw(name), &envelope).unwrap()
}

fn read(raw: impl AsRef<[u8]>) -> ParsedMail {
    parse(raw.as_ref(), &Envelope::default()).unwrap()
}

fn names(mail: &ParsedMail) -> Vec<&str> {
    mail.attachments
        .iter()
        .map(|file| file.filename.as_str())
        .collect()
}

fn from(mail: &ParsedMail) -> (&str, &str) {
    let from = mail.from.as_ref().unwrap();
    (from.address.as_str(), from.name.as_deref().unwrap_or(""))
}

const TEXT: &str = "テレワークの相談です。よろしくお願いします。";

#[test]
fn iso_2022_jp_and_its_relatives() {
    let all = "①㈱№ 髙橋 ﾃﾚﾜｰｸ";
    let mail_50221 = mail("jis-cp50221");
    assert_eq!(mail_50221.subject, all);
    assert_eq!(mail_50221.text, format!("{all}\n{TEXT}"));
    assert_eq!(mail("jis-shift-out").text, "ﾃﾚﾜｰｸ 相談");
    assert_eq!(mail("jis-x0212").text, "森鷗外 記念館");
    assert_eq!(mail("jis-unended").subject, "相談");
    assert_eq!(mail("jis-unended").text, "一行目\nsecond line");
    assert_eq!(mail("jis-carrier-picture").text, "本文〓です 〓");
    assert_eq!(mail("jis-carrier-picture").subject, "");
}

#[test]
fn missing_and_wrong_labels() {
    let no_label = mail("jis-no-label");
    assert_eq!(no_label.subject, "日程の相談");
    assert_eq!(from(&no_label), ("yamada@kaisha.example", "山田"));
    assert_eq!(mail("jis-label-utf8-body").subject, "相談です");
    for name in [
        "jis-no-label",
        "jis-label-ascii",
        "jis-label-utf8-body",
        "jis-label-cp932-body",
        "cp932-raw",
        "euc-raw",
        "utf8-raw",
        "utf8-label-cp932-body",
        "cp932-label-utf8-body",
        "latin1-label-cp932-body",
        "html-meta-cp932",
    ] {
        let mail = mail(name);
        assert_eq!(mail.text, TEXT, "{name}");
        assert_eq!(mail.warnings, Vec::<String>::new(), "{name}");
    }
    // Valid UTF-8 by accident.
    assert_eq!(mail("cp932-half-width").text, "ﾃﾚﾜｰｸ ﾂｱｰ ﾃﾂ");
    let latin = mail("latin1");
    assert_eq!(latin.subject, "Café");
    assert_eq!(from(&latin), ("rene@example.fr", "René"));
    assert_eq!(latin.text, "Déjà vu encore =é");
    assert_eq!(mail("utf7").text, "相談 hello");
}

#[test]
fn raw_headers() {
    // 表, 能 and ソ end in a backslash in Shift_JIS.
    assert_eq!(mail("cp932-raw").subject, "日程表の能力");
    assert_eq!(from(&mail("cp932-raw")), ("hyo@kaisha.example", "表 太郎"));
    for name in ["euc-raw", "utf8-raw"] {
        assert_eq!(mail(name).subject, "日程の相談");
        assert_eq!(from(&mail(name)), ("yamada@kaisha.example", "山田 太郎"));
    }
}

#[test]
fn encoded_words() {
    assert_eq!(mail("words-split").subject, "在宅勤務");
    assert_eq!(mail("words-split-jis").subject, "在宅勤務");
    assert_eq!(
        mail("words-odd").subject,
        "Re:相談 no?yes(1) \"表\" abca?=b end=?"
    );
}

/// As the fuzzer found it: where the search for the real end of a word stops is the middle of a letter.
#[test]
fn a_doubtful_end_of_a_word_before_letters_of_several_bytes() {
    for shift in ["", "x", "xx"] {
        let letters = format!("{shift}{}", "あ".repeat(40));
        let mail = read(format!("Subject: =?UTF-8?Q?a?=41{letters}?=\r\n\r\nx"));
        assert_eq!(mail.subject, format!("a?A{letters}"));
    }
}

#[test]
fn nothing_from_a_header_contains_control_characters() {
    let mail = mail("header-injection");
    assert_eq!(mail.subject, "hello Bcc: victim@example.com <b>");
    assert_eq!(from(&mail), ("yamada@kaisha.example", "山田 X: y"));
    assert_eq!(names(&mail), ["a bgpj.exe"]);
}

#[test]
fn addresses_as_they_come() {
    let carrier = mail("address-carrier");
    assert_eq!(from(&carrier).0, "taro..yamada.@docomo.ne.jp");
    let reply_to = carrier.reply_to.unwrap();
    assert_eq!(reply_to.address, "hanako..@ezweb.ne.jp");
    let recipients: Vec<_> = carrier
        .recipients
        .iter()
        .map(|to| (to.address.as_str(), to.name.as_deref().unwrap_or("")))
        .collect();
    assert_eq!(
        recipients,
        [
            ("sodan@madoguchi.example", ""),
            ("tokyo@desk.example", ""),
            ("osaka@desk.example", "Osaka, desk"),
            ("kyoto@desk.example", "京都"),
        ]
    );
    assert_eq!(
        from(&mail("address-word")),
        ("yamada@kaisha.example", "山田")
    );
    assert_eq!(
        from(&mail("address-comma")),
        ("yamada@kaisha.example", "Yamada, Taro")
    );
    // Somebody sent it, and nobody can be answered.
    let nobody = mail("address-none");
    assert_eq!(from(&nobody).0, "bulk@kaisha.example");
    assert!(nobody.must_not_answer);
}

#[test]
fn message_ids_and_date() {
    let mail = mail("references");
    assert_eq!(mail.message_id.as_deref(), Some("m1@kaisha.example"));
    assert_eq!(mail.in_reply_to, ["a@madoguchi.example"]);
    assert_eq!(
        mail.references,
        [
            "first@x.example",
            "second@x.example",
            "c.AA.BB.CC@madoguchi.example"
        ]
    );
    assert_eq!(
        mail.sent_at.unwrap().to_rfc3339(),
        "2026-11-22T01:00:00+00:00"
    );
    assert_eq!(read("Date: 31 Feb 2026 99:99:99\n\n").sent_at, None);
}

#[test]
fn file_names_in_every_form() {
    let mail = mail("names");
    let long = format!("{}.xlsx", "長".repeat(75));
    assert_eq!(
        names(&mail),
        [
            "一.txt",
            "二の.txt",
            "三.txt",
            "四の長.txt",
            "表の能力.txt",
            "六.txt",
            "七.txt",
            "八.txt",
            "九.txt",
            "十.txt",
            "表.txt",
            "passwd",
            "2026_11_22議事録.docx",
            "with blanks in it.txt",
            "never closed.txt",
            "attachment-16.png",
            &long,
            "十七.txt",
        ]
    );
    assert_eq!(mail.text, "添付します。");
}

#[test]
fn locked_files_are_marked_and_not_opened() {
    let mail = mail("ppap");
    let locked: Vec<_> = mail
        .attachments
        .iter()
        .filter(|file| file.is_encrypted)
        .map(|file| file.filename.as_str())
        .collect();
    assert_eq!(
        locked,
        [
            "locked.zip",
            "locked.xlsx",
            "locked.pdf",
            "locked.7z",
            "locked.rar",
            "locked5.rar"
        ]
    );
    assert_eq!(mail.attachments.len(), 12);
    assert_eq!(mail.warnings.len(), locked.len());
}

#[test]
fn files_of_odd_kinds() {
    assert_eq!(names(&mail("tnef")), ["winmail.dat"]);
    assert_eq!(
        mail("tnef").attachments[0].content_type,
        "application/ms-tnef"
    );
    assert_eq!(mail("uuencode").attachments[0].bytes, b"Cat");
    let mail = mail("text-file");
    assert_eq!(mail.text, "The text has a name.\nThe end.");
    assert_eq!(names(&mail), ["log.txt", "inline.txt", "attachment-3.ics"]);
}

#[test]
fn parts_and_their_ends() {
    let alternative = mail("alternative");
    assert_eq!(alternative.text, "こんにちは");
    assert_eq!(alternative.html.as_deref(), Some("<p>こんにちは</p>"));
    assert_eq!(names(&alternative), ["logo.png"]);
    assert!(alternative.attachments[0].is_inline);
    assert_eq!(mail("alternative-blank").text, "本文はHTMLだけ");
    assert_eq!(mail("boundary-prefix").text, "first");
    assert_eq!(names(&mail("boundary-prefix")), ["second.txt"]);
    assert_eq!(mail("boundary-missing").text, TEXT);
    assert_eq!(names(&mail("boundary-missing")), ["a.txt"]);
    assert_eq!(mail("boundary-unended").text, "text");
    assert_eq!(mail("boundary-unended").attachments[0].bytes, b"%PDF-1.4");
    assert_eq!(mail("boundary-never").text, "Only text.");
}

#[test]
fn broken_mail_is_read_all_the_same() {
    assert_eq!(
        mail("no-empty-line").text,
        "Hello, this is the text.\nSecond line."
    );
    let junk = mail("junk-in-header");
    assert_eq!(
        (junk.subject.as_str(), junk.text.as_str()),
        ("spaced", "text")
    );
    assert_eq!(mail("mbox").subject, "相談");
    assert_eq!(mail("mbox").text, "text");
    assert_eq!(mail("cr-only").text, "first\n\nsecond");
    assert_eq!(mail("cr-only").subject, "相談");
    assert_eq!(mail("cr-cr-lf").text, "first\nsecond");
    let headerless = mail("headerless");
    assert!(headerless.text.starts_with("相談したいことがあります。"));
    assert!(headerless.must_not_answer);
    assert_eq!(mail("base64-broken").text, "あいう");
    assert_eq!(mail("quoted-printable-broken").text, "あ 100% =ZZ い");
    assert_eq!(read("").text, "");
    assert_eq!(read("\n\n\n").subject, "");
}

#[test]
fn mail_in_the_mail() {
    let forwarded = mail("forwarded");
    assert_eq!(names(&forwarded), ["元の相談.eml", "inner.pdf"]);
    assert_eq!(
        forwarded.text,
        "転送します。\n\n---------- 添付メール ----------\n差出人: 山田太郎 <yamada@kaisha.example>\n\
         日時: Sun, 22 Nov 2026 10:00:00 +0900\n件名: 元の相談\n\n転送された本文"
    );
    assert_eq!(forwarded.reply_text, "転送します。");
    // Its Message-ID is not that of the mail.
    assert_eq!(forwarded.message_id.as_deref(), Some("m1@kaisha.example"));
    let encoded = mail("forwarded-base64");
    assert_eq!(names(&encoded), ["元の相談.eml", "inner.pdf"]);
    assert!(encoded.text.ends_with("転送された本文"));
}

#[test]
fn flowed_lines_are_joined() {
    assert_eq!(
        mail("flowed").text,
        "長い段落は折り返されます。\n> 引用も同じです。\n-- \n山田"
    );
}

#[test]
fn html_as_text_and_cleaned() {
    let mail = mail("html");
    assert_eq!(
        mail.text,
        "一行目\n二行目\n\n三行目 & <b>\n悪い 良い\n名前 山田\n会社 工業\n送信\n* 一\n* 二\n\n> 引用"
    );
    let html = mail.html.unwrap();
    for bad in [
        "script",
        "img",
        "http://",
        "style",
        "onload",
        "onclick",
        "javascript",
        "form",
        "input",
        "iframe",
        "svg",
        "hidden",
        "alert",
    ] {
        assert!(!html.contains(bad), "{bad}: {html}");
    }
    assert!(html.contains("href=\"https://www.example.jp/?a=1&amp;b=2\""));
    assert!(html.contains("<td>山田</td>"));
    assert_eq!(self::mail("html-as-plain").text, "本文");
}

fn kind(name: &str) -> (MailKind, bool) {
    let mail = mail(name);
    (mail.kind, mail.must_not_answer)
}

fn report(name: &str) -> (MailKind, DeliveryReport) {
    let mail = mail(name);
    assert!(mail.must_not_answer, "{name}");
    (mail.kind, mail.report.unwrap())
}

#[test]
fn delivery_reports_of_the_standard() {
    let (kind, told) = report("bounce-rfc3464");
    assert_eq!(kind, MailKind::Bounce);
    assert_eq!(
        told,
        DeliveryReport {
            status: "5.1.1".into(),
            diagnostic: "550 5.1.1 <yamada@kaisha.example>: User unknown".into(),
            failed_recipients: vec!["yamada@kaisha.example".into()],
            original_message_ids: vec!["c.AA.BB.CC@madoguchi.example".into()],
        }
    );
    let (kind, told) = report("bounce-some");
    assert_eq!(kind, MailKind::Bounce);
    assert_eq!(told.status, "5.2.2");
    assert_eq!(
        told.failed_recipients,
        ["full@kaisha.example", "gone@kaisha.example"]
    );
    assert_eq!(told.original_message_ids, ["c.AA.BB.CC@madoguchi.example"]);
    let (kind, told) = report("delay-rfc3464");
    assert_eq!((kind, told.status.as_str()), (MailKind::Delay, "4.4.1"));
    let (kind, told) = report("delivered");
    assert_eq!(
        (kind, told.status.as_str()),
        (MailKind::DeliverySuccess, "2.0.0")
    );
    let (kind, told) = report("bounce-base64-returned");
    assert_eq!(kind, MailKind::Bounce);
    assert_eq!(
        told.original_message_ids,
        [
            "c.AA.BB.CC@madoguchi.example",
            "c.AA.BB.DD@madoguchi.example"
        ]
    );
}

#[test]
fn delivery_reports_in_own_words() {
    for (name, kind, status, diagnostic, recipient) in [
        (
            "bounce-softbank-jis",
            MailKind::Bounce,
            "",
            "送信先のメールボックスが一杯で",
            "taro..@carrier.example",
        ),
        (
            "bounce-au",
            MailKind::Bounce,
            "5.0.0",
            "<<< 550 <hanako@carrier.example>: User unknown",
            "hanako@carrier.example",
        ),
        (
            "bounce-no-signal",
            MailKind::Bounce,
            "",
            "",
            "hanako@carrier.example",
        ),
        (
            "bounce-exim",
            MailKind::Bounce,
            "5.7.1",
            "host mail.kaisha.example [192.0.2.1]: 550 5.7.1 refused",
            "yamada@kaisha.example",
        ),
        (
            "bounce-qmail",
            MailKind::Bounce,
            "5.0.0",
            "Remote host said: 552 disk quota exceeded",
            "yamada@kaisha.example",
        ),
        (
            "bounce-exchange",
            MailKind::Bounce,
            "",
            "The recipient name is not recognized",
            "yamada@kaisha.example",
        ),
        (
            "delay-gmail",
            MailKind::Delay,
            "",
            "",
            "yamada@kaisha.example",
        ),
    ] {
        let (found, told) = report(name);
        assert_eq!(found, kind, "{name}");
        assert_eq!(told.status, status, "{name}");
        assert_eq!(told.diagnostic, diagnostic, "{name}");
        assert_eq!(told.failed_recipients, [recipient], "{name}");
        let returns_mail = !matches!(name, "bounce-au" | "bounce-exchange");
        let ours = returns_mail.then_some("c.AA.BB.CC@madoguchi.example");
        assert_eq!(told.original_message_ids, Vec::from_iter(ours), "{name}");
    }
}

#[test]
fn complaints_and_receipts() {
    for (name, kind) in [("complaint", MailKind::Arf), ("receipt", MailKind::Mdn)] {
        let (found, told) = report(name);
        assert_eq!(found, kind);
        assert_eq!(told.original_message_ids, ["c.AA.BB.CC@madoguchi.example"]);
        assert_eq!(told.failed_recipients, Vec::<String>::new());
    }
}

#[test]
fn automatic_mail() {
    assert_eq!(kind("out-of-office"), (MailKind::AutoReply, true));
    assert_eq!(
        kind("out-of-office-ja"),
        (MailKind::AutoReplySuspected, true)
    );
    assert_eq!(kind("loop"), (MailKind::Loop, true));
    // A form on a web page: a person wrote it, and is not behind its sender.
    assert_eq!(kind("generated"), (MailKind::Normal, true));
    assert_eq!(kind("list"), (MailKind::Normal, true));
}

#[test]
fn subjects_of_automatic_answers() {
    let kind = |subject: &str| read(format!("From: a@b.example\nSubject: {subject}\n\nx")).kind;
    for subject in [
        "自動応答: 日程の件",
        "【自動返信】お問い合わせありがとうございます",
        "【山田工業】自動返信メール",
        "不在のお知らせ",
        "休暇中です",
        "開封済み: 日程",
        "Automatic reply: hello",
        "Out of Office: hello",
        "Read: hello",
    ] {
        assert_eq!(kind(subject), MailKind::AutoReplySuspected, "{subject}");
    }
    for subject in [
        "自動応答システムの導入について",
        "自動返信メールが届きません",
        "休暇制度の相談",
        "休暇中の在宅勤務",
        "不在時の電話転送",
        "Re: 自動応答: 日程の件",
        "Read this",
        "【相談】在宅勤務",
    ] {
        assert_eq!(kind(subject), MailKind::Normal, "{subject}");
    }
    // Away, without a sender, and naming somebody else: no delivery report.
    let away = "From: a@b.example\nReturn-Path: <>\nSubject: 出張中\n\n\
                Please write to the following address: c@b.example\n";
    assert_eq!(read(away).kind, MailKind::Normal);
    assert!(read(away).must_not_answer);
}

#[test]
fn people_are_not_taken_for_programs() {
    for name in [
        "answer",
        "person-asks-about-bounces",
        "person-forwards-bounce",
        "person-asks-about-auto-reply",
        "jis-cp50221",
    ] {
        assert_eq!(kind(name), (MailKind::Normal, false), "{name}");
        assert_eq!(mail(name).report, None, "{name}");
    }
}

#[test]
fn nobody_is_answered_who_must_not_be() {
    let must_not = |header: &str| {
        let raw = format!("From: yamada@kaisha.example\r\n{header}\r\n\r\nhello\r\n");
        read(raw).must_not_answer
    };
    for header in [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated; type=x",
        "Auto-Submitted: auto-notified",
        "Precedence: bulk",
        "Precedence: Junk",
        "X-Precedence: list",
        "List-Unsubscribe: <mailto:x@y.example>",
        "List-Id: x",
        "X-Auto-Response-Suppress: OOF, AutoReply",
        "X-Loop: other@kaisha.example",
        "X-Autoreply: yes",
        "Return-Path: <>",
        "Reply-To: no-reply@kaisha.example",
    ] {
        assert!(must_not(header), "{header}");
    }
    for header in [
        "Subject: x",
        "Auto-Submitted: no",
        "Precedence: first-class",
        "X-Auto-Response-Suppress: DR, RN",
        "Return-Path: <yamada@kaisha.example>",
        "Reply-To: taro@kaisha.example",
    ] {
        assert!(!must_not(header), "{header}");
    }
    for local in [
        "no-reply",
        "noreply",
        "no_reply",
        "NoReply",
        "donotreply",
        "do-not-reply",
        "mailer-daemon",
        "MAILER-DAEMON",
        "postmaster",
        "root",
        "bounce+123",
        "owner-list",
        "list-request",
        "order-noreply",
    ] {
        assert!(
            read(format!("From: {local}@kaisha.example\n\nx")).must_not_answer,
            "{local}"
        );
    }
    for local in ["reply", "noriko", "info", "rooter", "taro.bounce"] {
        assert!(
            !read(format!("From: {local}@kaisha.example\n\nx")).must_not_answer,
            "{local}"
        );
    }
    let null = Envelope {
        from: Some(String::new()),
        to: vec![],
    };
    assert!(
        parse(b"From: a@b.example\n\nx", &null)
            .unwrap()
            .must_not_answer
    );
}

#[test]
fn an_answer() {
    let mail = mail("answer");
    assert_eq!(mail.subject, "Re: 【相談 TW-2026-000001】日程");
    assert_eq!(mail.reply_text, "25日の午後でお願いします。");
    assert!(mail.text.contains("> ご希望の日をお知らせください。"));
    assert_eq!(mail.in_reply_to, ["c.AA.BB.CC@madoguchi.example"]);
    assert!(
        mail.recipients
            .iter()
            .any(|to| to.address == "sodan+token@madoguchi.example")
    );
}

#[test]
fn too_much_is_refused() {
    let refused = |raw: String| parse(raw.as_bytes(), &Envelope::default()).unwrap_err().0;
    let nested = "Content-Type: message/rfc822\n\n".repeat(limits::MAX_DEPTH + 2);
    assert_eq!(refused(nested), "parts are nested too deeply");
    let parts = "--a\n\nx\n".repeat(limits::MAX_PARTS + 1);
    let parts = format!("Content-Type: multipart/mixed; boundary=a\n\n{parts}");
    assert_eq!(refused(parts), "too many parts");
    let fields = "a: b\n".repeat(limits::MAX_HEADERS + 2);
    assert_eq!(refused(fields), "the header is too long");
    let long = format!(
        "Subject: {}\nTo: x\n\n",
        "x".repeat(limits::MAX_HEADER_BYTES + 1)
    );
    assert_eq!(refused(long), "the header is too long");
    let files = "--a\nContent-Type: image/png\n\nx\n".repeat(limits::MAX_ATTACHMENTS + 1);
    let files = format!("Content-Type: multipart/mixed; boundary=a\n\n{files}");
    assert_eq!(refused(files), "too many files");
}

#[test]
fn decoded_bytes_are_counted() {
    let mut budget = Budget::new();
    assert_eq!(budget.take_bytes(limits::MAX_DECODED_BYTES), Ok(()));
    assert_eq!(
        budget.take_bytes(1),
        Err(TooMuch("decoded parts are too large"))
    );
}

#[test]
fn long_things_are_shortened() {
    let ids: String = (0..1000).map(|n| format!("<{n}@x.example> ")).collect();
    let to: String = (0..1000).map(|n| format!("{n}@x.example, ")).collect();
    let raw = format!(
        "Subject: {}\nTo: {to}\nReferences: {ids}\nMessage-ID: <{}@x>\n\n{}",
        "件".repeat(2000),
        "x".repeat(1000),
        "長い本文".repeat(300_000),
    );
    let mail = read(raw);
    assert_eq!(mail.subject.chars().count(), MAX_SUBJECT);
    assert_eq!(mail.recipients.len(), MAX_ADDRESSES);
    assert_eq!(mail.references.len(), MAX_REFERENCES);
    assert_eq!(mail.references[0], "0@x.example");
    assert_eq!(mail.references[MAX_REFERENCES - 1], "999@x.example");
    assert_eq!(mail.message_id, None);
    assert!(mail.text.len() <= MAX_TEXT);
    assert_eq!(mail.warnings.len(), 1);
}

/// A piece of mail that made some parser quadratic, and where it is repeated.
fn attacks() -> Vec<(&'static str, String)> {
    let html = "From: a@b.example\nContent-Type: text/html\n\n";
    let mixed = "Content-Type: multipart/mixed; boundary=a\n\n";
    let bounce = "From: MAILER-DAEMON@x\nSubject: failure notice\n\ncould not be delivered\n";
    let mut attacks = vec![];
    let mut add = |head: &'static str, piece: &'static str, times: usize| {
        attacks.push((piece, format!("{head}{}", piece.repeat(times))));
    };
    for piece in ["=?x?Q?", "=?x?Q?a?=3D", "=?utf-8?B?5Zyo?= =?sjis?Q?=82?= "] {
        add("Subject: ", piece, 20_000);
    }
    for piece in ["<", "(", ",", "\"", "a:", "@", "a@b,", "aaaaaaaa,", "\\"] {
        add("From: ", piece, 100_000);
    }
    for piece in [";", "a=\";", "a*0*=x;"] {
        add("Content-Type: text/plain; ", piece, 100_000);
    }
    for piece in [
        "--a\n",
        "--aaaaaaaaa\na:\n",
        "--a\nContent-Type: multipart/mixed; boundary=b\n\n",
    ] {
        add(mixed, piece, 900);
        add("Content-Type: multipart/mixed\n\n", piece, 100_000);
    }
    for piece in [
        "<div>",
        "<b>",
        "<b a=1><p>",
        "<table><tr><td>",
        "<blockquote>x<br>",
        "<ul><li>x",
        "<a><b>",
        "<",
        "<!--",
        "<!-->",
        "<a b=\"",
        "<a b='>",
        "<script>",
        "<svg>",
        "&amp",
        "<hr>",
        "<dl><dt>a<dd>b",
        "</p>",
    ] {
        add(html, piece, 20_000);
    }
    for piece in [
        "On \n",
        "From: x\nTo: y\nSubject: z\n",
        "> x\ny\n",
        "> x\ny:\n",
        "2026/1/1 a@b\n",
        "-----Original Message-----\n> x\n",
        "____________________\n\n",
    ] {
        add("From: a@b.example\n\n", piece, 30_000);
    }
    for piece in [
        "a@b.c d\n",
        "550 550 550\n",
        "5.1.1.1.1",
        "Received: x\n",
        "Action: failed\nFinal-Recipient: rfc822;a@b.c\n\n",
    ] {
        add(bounce, piece, 100_000);
    }
    attacks
}

/// Seconds that this thread has run, whatever else the machine is busy with; nothing where the system does not tell.
fn processor_time() -> f64 {
    let told = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = told.split(' ').next().and_then(|word| word.parse().ok());
    nanoseconds.unwrap_or(0.0) / 1e9
}

#[test]
fn attacks_take_no_longer_than_their_size() {
    for (piece, raw) in attacks() {
        let begin = processor_time();
        let read = parse(raw.as_bytes(), &Envelope::default());
        let took = processor_time() - begin;
        // Many times what it takes in a debug build; what is quadratic takes minutes.
        assert!(took < 20.0, "{piece:?} took {took} seconds");
        if let Ok(mail) = read {
            assert_bounded(&mail, raw.len());
        }
    }
}

/// What is returned is bounded, and clean enough to be stored and shown.
fn assert_bounded(mail: &ParsedMail, size: usize) {
    assert!(mail.text.len() <= MAX_TEXT && mail.reply_text.len() <= MAX_TEXT);
    assert!(mail.recipients.len() <= MAX_ADDRESSES && mail.references.len() <= MAX_REFERENCES);
    let files: usize = mail.attachments.iter().map(|file| file.bytes.len()).sum();
    assert!(files <= size.saturating_mul(limits::MAX_DEPTH));
    let report = mail.report.clone().unwrap_or_default();
    let lines = [&mail.subject, &report.diagnostic, &report.status]
        .into_iter()
        .chain(mail.attachments.iter().map(|file| &file.filename))
        .chain(
            mail.from
                .iter()
                .flat_map(|from| from.name.iter().chain([&from.address])),
        )
        .chain(mail.recipients.iter().map(|to| &to.address))
        .chain(&report.failed_recipients)
        .chain(&mail.references);
    for line in lines {
        assert!(!line.contains(char::is_control), "{line:?}");
    }
    assert!(
        mail.attachments
            .iter()
            .all(|file| !file.filename.is_empty())
    );
    assert!(
        !mail
            .text
            .contains(|c: char| c.is_control() && c != '\n' && c != '\t')
    );
    assert!(
        mail.html
            .iter()
            .all(|html| !html.contains("<img") && !html.contains("<script"))
    );
    assert!(mail.must_not_answer || mail.kind == MailKind::Normal);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes_are_read(raw in proptest::collection::vec(any::<u8>(), 0..2000)) {
        if let Ok(mail) = parse(&raw, &Envelope::default()) {
            assert_bounded(&mail, raw.len());
        }
    }

    /// Fixtures with bytes changed, cut out, doubled, and mixed with each other.
    #[test]
    fn damaged_mail_is_read(
        which in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..30),
    ) {
        let all = &*FIXTURES;
        let mut raw = all[which.index(all.len())].clone();
        let other = &all[other.index(all.len())];
        for (at, byte, how) in changes {
            let place = at.index(raw.len().max(1)).min(raw.len().saturating_sub(1));
            match how {
                0 if !raw.is_empty() => raw[place] = byte,
                1 if !raw.is_empty() => { raw.remove(place); }
                2 => raw.insert(place.min(raw.len()), byte),
                _ => {
                    let from = at.index(other.len());
                    let piece = &other[from..(from + usize::from(byte)).min(other.len())];
                    raw.splice(place..place, piece.iter().copied());
                }
            }
        }
        if let Ok(mail) = parse(&raw, &Envelope::default()) {
            assert_bounded(&mail, raw.len());
        }
    }
}
