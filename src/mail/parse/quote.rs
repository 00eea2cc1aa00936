//! What is new in an answer: the text without the mails that it quotes.
//!
//! For showing only; the text keeps everything. Nothing a person wrote may disappear, so that in doubt a line stays:
//! answers between quoted lines stay with the lines that they answer, and where nothing would be left, all stays.

use std::ops::Range;

/// Quoted lines above an answer that stay with it; longer runs are a whole mail that was quoted first.
const MAX_CONTEXT: usize = 15;

/// Lines that one line of introduction (`On … wrote:`) may be wrapped into.
const MAX_WRAPPED: usize = 4;

/// Lines after an introduction in which its first words are looked for.
const MAX_HEADER_LINES: usize = 40;

/// Bytes of an introduction.
const MAX_INTRODUCTION: usize = 400;

/// What is new in a text.
pub fn reply(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let end = end_of_new(&lines);
    let reply = without_quotes(&lines[..end]);
    let reply = without_device_line(reply.trim_end());
    if has_words(reply) {
        // A first line may be indented.
        return reply.trim_start_matches(['\n', '\r']).to_owned();
    }
    // An answer below what it quotes, or a forwarded mail: there is no new part above.
    if end < lines.len() {
        let below = without_quotes(&lines[end..]);
        let below = below.trim();
        if has_words(below) && below.lines().count() < lines.len() - end {
            return below.to_owned();
        }
    }
    text.trim().to_owned()
}

fn has_words(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// Where a quoted mail without marks on its lines begins, if answers cannot stand in it.
fn end_of_new(lines: &[&str]) -> usize {
    for at in 0..lines.len() {
        let Some(after) = begins_unmarked(lines, at) else {
            continue;
        };
        // Lines with marks are looked at one by one.
        let is_marked = lines[after..]
            .iter()
            .take(MAX_HEADER_LINES)
            .filter(|line| !line.trim().is_empty() && !is_field(line))
            .take(3)
            .any(|line| is_quoted(line));
        if is_marked {
            continue;
        }
        // "I answer below in red": the rest is the answer.
        if lines[..at].iter().any(|line| announces_inline(line)) {
            return lines.len();
        }
        return at;
    }
    lines.len()
}

/// Whether a quoted mail begins here that carries no marks; returns the line behind what introduces it.
fn begins_unmarked(lines: &[&str], at: usize) -> Option<usize> {
    let line = lines[at].trim();
    if line.is_empty() || line.len() > MAX_INTRODUCTION {
        return None;
    }
    if is_divider(line) {
        return Some(at + 1);
    }
    if let Some(after) = header_block(lines, at) {
        return Some(after);
    }
    let after = introduction(lines, at)?;
    // Behind an introduction the mail follows; without any line it was the end of a sentence.
    lines[after..]
        .iter()
        .any(|line| !line.trim().is_empty())
        .then_some(after)
}

/// Words between two rules, as `-----Original Message-----`.
const DIVIDERS: &[&str] = &[
    "original message",
    "original appointment",
    "forwarded message",
    "forwarded by",
    "reply message",
    "元のメッセージ",
    "元のメール",
    "オリジナルメッセージ",
    "転送メッセージ",
    "転送されたメッセージ",
    "メッセージを転送",
    "転送元",
    "返信元",
    "引用元",
    "ここから引用",
    "ursprüngliche nachricht",
    "message d'origine",
    "message original",
    "mensaje original",
    "添付メール",
];

/// The same without rules.
const PLAIN_DIVIDERS: &[&str] = &[
    "begin forwarded message:",
    "転送されたメッセージ:",
    "転送されたメッセージ：",
    "開始転送メッセージ:",
    "以下は転送メッセージです",
];

fn is_divider(line: &str) -> bool {
    let lower = line.to_lowercase();
    if PLAIN_DIVIDERS.iter().any(|mark| lower == *mark) {
        return true;
    }
    let is_rule = |c: char| {
        matches!(
            c,
            '-' | '=' | '_' | '*' | '－' | '―' | '─' | '━' | 'ー' | '—' | ' ' | '　'
        )
    };
    let inside = lower.trim_matches(is_rule);
    let ruled = lower.len() - inside.len();
    let begins = lower.chars().take(2).all(|c| is_rule(c) && c != ' ');
    begins
        && ruled >= 4
        && DIVIDERS.iter().any(|mark| inside.contains(mark))
        && inside.chars().count() < 80
}

/// Names of fields in the block above a quoted mail (Outlook): the sender, and others.
const SENDERS: &[&str] = &["from", "差出人", "送信者", "送信元", "発信者", "von", "de"];
const FIELDS: &[&str] = &[
    "from",
    "sent",
    "date",
    "to",
    "cc",
    "subject",
    "reply-to",
    "importance",
    "差出人",
    "送信者",
    "送信元",
    "発信者",
    "送信日時",
    "送信日",
    "日時",
    "日付",
    "宛先",
    "件名",
    "題名",
    "返信先",
    "重要度",
    "von",
    "gesendet",
    "an",
    "betreff",
    "de",
    "envoyé",
    "à",
    "objet",
];

/// The name of a field that begins a line, in small letters: `From:`, `*差出人:*`, `件名：`, `> Date:`.
fn field(line: &str) -> Option<String> {
    let line =
        line.trim_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '>' | '＞' | '|'));
    let colon = line.find([':', '：'])?;
    if colon > 40 {
        return None;
    }
    let name: String = line[..colon]
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '*')
        .collect::<String>()
        .to_lowercase();
    FIELDS.contains(&name.as_str()).then_some(name)
}

fn is_field(line: &str) -> bool {
    field(line).is_some()
}

/// Three fields below each other, the sender first; a field may be wrapped. People also write such lines about
/// themselves, but not these.
fn header_block(lines: &[&str], at: usize) -> Option<usize> {
    // Outlook on the web draws a line above it.
    let is_rule =
        |line: &str| line.len() >= 20 && line.chars().all(|c| matches!(c, '_' | '-' | '─' | '━'));
    let mut next = at;
    if is_rule(lines[at].trim()) {
        next += 1;
        while next < lines.len() && next < at + 3 && lines[next].trim().is_empty() {
            next += 1;
        }
    }
    let first = field(lines.get(next)?)?;
    if !SENDERS.contains(&first.as_str()) {
        return None;
    }
    let mut names = vec![first];
    let mut last = next;
    for (number, line) in lines.iter().enumerate().skip(next + 1).take(12) {
        if let Some(name) = field(line) {
            if !names.contains(&name) {
                names.push(name);
            }
            last = number;
        } else if line.trim().is_empty() && names.len() >= 3 || number > last + 2 {
            break;
        }
    }
    let has_more = names.iter().any(|name| {
        matches!(
            name.as_str(),
            "subject"
                | "件名"
                | "題名"
                | "sent"
                | "date"
                | "送信日時"
                | "送信日"
                | "日時"
                | "日付"
                | "gesendet"
                | "betreff"
                | "objet"
                | "envoyé"
        )
    });
    (names.len() >= 3 && has_more).then_some(last + 1)
}

/// Ends of a line that introduces a quoted mail.
const WROTE: &[&str] = &[
    "wrote:",
    "wrote :",
    "writes:",
    "schrieb:",
    "a écrit :",
    "a écrit:",
    "escribió:",
    "ha scritto:",
    "のメール:",
    "のメール：",
    "書きました:",
    "書きました：",
    "書きました。",
    "書き込みました:",
    "書き込みました：",
    "書いた:",
    "書いた：",
    "からのメール:",
    "さんのメッセージ:",
    "のメッセージ:",
];

/// A line, or a few, that introduces a quoted mail; returns the line behind it.
fn introduction(lines: &[&str], at: usize) -> Option<usize> {
    let mut joined = String::new();
    for (number, line) in lines.iter().enumerate().skip(at).take(MAX_WRAPPED) {
        let line = line.trim();
        if line.is_empty() || joined.len() + line.len() > MAX_INTRODUCTION || is_quoted(line) {
            return None;
        }
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(line);
        if is_introduction(&joined) {
            return Some(number + 1);
        }
        // Only what begins like one is looked at any further.
        if number == at && !begins_like_introduction(line) {
            return None;
        }
    }
    None
}

fn begins_like_introduction(line: &str) -> bool {
    ["On ", "Am ", "Le ", "El ", "In message", "(", "At ", "---"]
        .iter()
        .any(|word| line.starts_with(word))
        || begins_with_date(line)
}

fn is_introduction(text: &str) -> bool {
    let lower = text.to_lowercase();
    let has_date = has_date(&lower);
    let has_address = lower.contains('@');
    if WROTE.iter().any(|end| lower.ends_with(end)) {
        return has_date
            || has_address
            || lower.starts_with("on ")
            || lower.ends_with("さんは書きました:");
    }
    // Gmail: a date, a name, an address in brackets and a colon. Its brackets may be gone from HTML.
    let ends = lower.ends_with(">:")
        || lower.ends_with("&gt;:")
        || lower.ends_with("＞：")
        || lower.ends_with(">：")
        || lower.ends_with(">");
    let colon = lower.ends_with([':', '：']);
    begins_with_date(&lower) && has_address && (ends || colon) && lower.chars().count() < 200
}

/// `2026年11月22日`, `2026/11/22`, `2026-11-22` at the beginning.
fn begins_with_date(text: &str) -> bool {
    let text = text.trim_start_matches(['(', '（', '「', ' ']);
    let year: String = text.chars().take_while(char::is_ascii_digit).collect();
    if !(year.len() == 4 && (year.starts_with("19") || year.starts_with("20"))) {
        return false;
    }
    let rest = &text[4..];
    rest.starts_with(['年', '/', '-', '.'])
        && rest.chars().nth(1).is_some_and(|c| c.is_ascii_digit())
}

fn has_date(text: &str) -> bool {
    let is_year =
        |word: &str| word.len() == 4 && (word.starts_with("19") || word.starts_with("20"));
    text.split(|c: char| !c.is_ascii_digit()).any(is_year)
        || text
            .split(|c: char| !c.is_ascii_digit())
            .filter(|word| !word.is_empty())
            .count()
            >= 3
}

/// A line with a mark of quotation.
fn is_quoted(line: &str) -> bool {
    let trimmed = line.trim_start_matches([' ', '\t', '　']);
    if line.len() - trimmed.len() > 4 {
        return false;
    }
    trimmed.starts_with(['>', '＞', '》', '›'])
        || trimmed.starts_with("| ") && !trimmed[2..].contains('|')
        || trimmed == "|"
}

/// Words by which somebody says that the answers stand inside the quoted mail.
const INLINE: &[&str] = &[
    "赤字",
    "青字",
    "朱書",
    "インライン",
    "文中に",
    "本文中に",
    "下記に回答",
    "下記に返信",
    "下記にて回答",
    "以下に回答",
    "以下に返信",
    "下線部",
    "inline",
    "in-line",
    "in red",
    "in blue",
    "see below",
    "my answers below",
    "comments below",
];

fn announces_inline(line: &str) -> bool {
    let line = line.to_lowercase();
    INLINE.iter().any(|word| line.contains(word))
}

/// A run of lines of one kind.
struct Run {
    lines: Range<usize>,
    is_quoted: bool,
}

/// Without quoted lines that nothing answers: those at the end, and long ones at the beginning.
fn without_quotes(lines: &[&str]) -> String {
    let runs = runs(lines);
    let last_new = runs.iter().rposition(|run| !run.is_quoted);
    let mut kept = vec![true; lines.len()];
    let is_only_one = runs.iter().filter(|run| run.is_quoted).count() == 1;
    for (number, run) in runs.iter().enumerate().filter(|(_, run)| run.is_quoted) {
        let begin = introduction_above(lines, run.lines.start);
        // A quoted mail and the answer below it: nothing is answered in between.
        let is_on_top = is_only_one && lines[..begin].iter().all(|line| line.trim().is_empty());
        let is_answered = last_new.is_some_and(|last| last > number) && !is_on_top;
        if !is_answered || run.lines.len() > MAX_CONTEXT {
            kept[begin..run.lines.end].fill(false);
        }
    }
    let mut out = String::new();
    for (line, _) in lines.iter().zip(kept).filter(|(_, kept)| *kept) {
        out.push_str(line);
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out
}

/// Runs of quoted and of new lines; empty lines belong to the run before them.
fn runs(lines: &[&str]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if line.trim().is_empty() {
            if let Some(run) = runs.last_mut() {
                run.lines.end = at + 1;
            }
            continue;
        }
        let is_quoted = is_quoted(line);
        match runs.last_mut() {
            Some(run) if run.is_quoted == is_quoted => run.lines.end = at + 1,
            _ => runs.push(Run {
                lines: at..at + 1,
                is_quoted,
            }),
        }
    }
    runs
}

/// The first line of what introduces a quotation: `On … wrote:`, a divider, the fields of its header.
fn introduction_above(lines: &[&str], quote: usize) -> usize {
    let mut above = quote;
    while above > 0 && lines[above - 1].trim().is_empty() && quote - above < 3 {
        above -= 1;
    }
    let last = above.checked_sub(1).map_or("", |at| lines[at].trim());
    let may_introduce =
        last.ends_with([':', '：', '>', '＞', '。']) || is_field(last) || is_divider(last);
    if !may_introduce {
        return quote;
    }
    for begin in above.saturating_sub(MAX_WRAPPED)..above {
        if introduction(lines, begin) == Some(above) {
            return begin;
        }
    }
    if let Some(begin) = loose_introduction(lines, above) {
        return begin;
    }
    let mut begin = above;
    while begin > 0
        && above - begin < 12
        && (is_field(lines[begin - 1]) || is_divider(lines[begin - 1].trim()))
    {
        begin -= 1;
    }
    if begin < above { begin } else { quote }
}

/// Directly above quoted lines, any language: at most three lines with an address or a date, and a colon at the end.
fn loose_introduction(lines: &[&str], above: usize) -> Option<usize> {
    let mut joined = String::new();
    for begin in (above.saturating_sub(3)..above).rev() {
        let line = lines[begin].trim();
        if line.is_empty() || line.len() > MAX_INTRODUCTION || is_quoted(line) {
            return None;
        }
        joined.insert_str(0, line);
        if !joined.ends_with([':', '：']) {
            return None;
        }
        let is_named = joined.contains('@') && (has_date(&joined) || joined.contains('<'));
        if is_named
            && (begins_like_introduction(line) || line.starts_with(|c: char| c.is_ascii_digit()))
        {
            return Some(begin);
        }
    }
    None
}

/// Last lines that a device writes, not a person.
const DEVICES: &[&str] = &[
    "iphoneから送信",
    "ipadから送信",
    "sent from my iphone",
    "sent from my ipad",
    "sent from my android",
    "androidから送信",
    "androidのoutlookから送信",
    "outlook for ios を入手",
    "outlook for android を入手",
    "ios 版 outlook を入手",
    "yahoo!メール for",
    "get outlook for",
    "xperiaから送信",
    "galaxyから送信",
];

fn without_device_line(text: &str) -> &str {
    let Some((before, last)) = text.rsplit_once('\n') else {
        return text;
    };
    let lower = last.trim().to_lowercase();
    if lower.len() < 100 && DEVICES.iter().any(|device| lower.starts_with(device)) {
        return before.trim_end();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = "25日でお願いします。\n山田";

    /// What stands below the answer in every program that people here use.
    const BELOW: &[&str] = &[
        // Gmail, and with its lines wrapped
        "2026年11月22日(日) 10:00 相談センター <sodan@madoguchi.example>:\n\n> ご希望の日は?\n>\n> センター",
        "2026年11月22日(日) 10:00 テレワーク相談センター\n<sodan@madoguchi.example>:\n\n> ご希望の日は?",
        "On Sun, Nov 22, 2026 at 10:00 AM Center <sodan@madoguchi.example> wrote:\n\n> When?\n",
        "On Sun, Nov 22, 2026 at 10:00 AM A Very Long Name of a Center\n<sodan@madoguchi.example> wrote:\n> When?\n",
        // iPhone
        "iPhoneから送信\n\n2026/11/22 10:00、相談センター <sodan@madoguchi.example>のメール:\n\n> ご希望の日は?",
        "On 2026/11/22, at 10:00, 相談センター <sodan@madoguchi.example> wrote:\n\nご希望の日は?\n",
        // Thunderbird
        "On 2026/11/22 10:00, 相談センター wrote:\n> ご希望の日は?",
        "(2026/11/22 10:00), 相談センター wrote:\n> ご希望の日は?",
        "相談センター さんは書きました:\n> ご希望の日は?",
        // Yahoo!
        "----- Original Message -----\nFrom: sodan@madoguchi.example\nTo: yamada@kaisha.example\nDate: 2026/11/22, Sun 10:00\nSubject: 日程\n\nご希望の日は?",
        "2026年11月22日(日) 10:00、相談センター <sodan@madoguchi.example>さんは書きました:\nご希望の日は?",
        // Outlook
        "-----Original Message-----\nFrom: 相談センター <sodan@madoguchi.example>\nSent: Sunday, November 22, 2026 10:00 AM\nTo: 山田\nSubject: 日程\n\nご希望の日は?",
        "-----元のメッセージ-----\n差出人: 相談センター\n送信日時: 2026年11月22日\n宛先: 山田\n件名: 日程\n\nご希望の日は?",
        "差出人: 相談センター <sodan@madoguchi.example>\n送信日時: 2026年11月22日 10:00\n宛先: 山田 <yamada@kaisha.example>\nCC: 田中\n件名: 日程\n\nご希望の日は?",
        "差出人：相談センター\n日時：2026年11月22日\n件名：日程\n\nご希望の日は?",
        "*From:* 相談センター\n*Sent:* Sunday\n*To:* 山田\n*Subject:* 日程\n\nご希望の日は?",
        "________________________________\n差出人: 相談センター\n送信日時: 2026年11月22日\n宛先: 山田\n件名: 日程\n\nご希望の日は?",
        // Quotations without an introduction, full-width marks
        "> ご希望の日は?\n> センター",
        "＞ご希望の日は?\n＞センター",
        "| ご希望の日は?\n| センター",
        // Forwards
        "---------- Forwarded message ---------\nFrom: 相談センター\nDate: 2026年11月22日\n\nご希望の日は?",
        "---------- 転送メッセージ ----------\nご希望の日は?",
        "Begin forwarded message:\n\nFrom: 相談センター\nご希望の日は?",
        // Other languages, marked
        "Am 22.11.2026 um 10:00 schrieb Center <sodan@madoguchi.example>:\n> Wann?",
        "22.11.2026 10:00 пользователь \"Center\" <\nsodan@madoguchi.example> написал:\n> Когда?",
    ];

    #[test]
    fn quoted_mails_are_folded() {
        for below in BELOW {
            let text = format!("{ANSWER}\n\n{below}");
            assert_eq!(reply(&text), ANSWER, "{below}");
        }
    }

    #[test]
    fn answers_below_and_between_stay() {
        let on_top = "On 2026/11/22 10:00, Center wrote:\n> When?\n> Where?\n\nTomorrow.";
        assert_eq!(reply(on_top), "Tomorrow.");
        let between = "こんにちは。\n\n> 日は?\n25日です。\n> 場所は?\n本社です。\n\n> センター\n";
        assert_eq!(
            reply(between),
            "こんにちは。\n\n> 日は?\n25日です。\n> 場所は?\n本社です。"
        );
        let below_divider =
            "-----Original Message-----\nFrom: a\nDate: b\nSubject: c\n> 日は?\n\n25日です。";
        assert_eq!(reply(below_divider), "25日です。");
        let in_red = "赤字で回答しました。\n\n-----Original Message-----\nFrom: a\nSent: b\nSubject: c\n\n日は?\n25日です。";
        assert_eq!(reply(in_red), in_red);
    }

    #[test]
    fn what_is_no_quotation_stays() {
        for text in [
            "相談です。\n\n会社名: 山田工業\n日時: 11月25日\n件名: 在宅勤務",
            "----------\n山田工業\n----------\n電話 03-0000-0000",
            "2026年11月22日に社員が言いました:\n在宅勤務がしたい。",
            "担当者は次のように書きました:",
            "From 10:00 to 12:00\nDate: any\nSubject: none",
            "| 部署 | 人数 |\n| 総務 | 3 |",
            "署名\n-- \n山田太郎",
            "→ はい\n1 > 0 です",
        ] {
            assert_eq!(reply(text), text);
        }
    }

    #[test]
    fn something_is_always_left() {
        for text in [
            "> only\n> quoted",
            "---------- Forwarded message ---------\nFrom: a\nDate: b\nSubject: c\n\nbody",
            "iPhoneから送信",
        ] {
            assert!(!reply(text).is_empty(), "{text}");
        }
        assert!(reply("---------- Forwarded message ---------\nFrom: a\n\nbody").contains("body"));
        assert_eq!(reply(""), "");
    }
}
