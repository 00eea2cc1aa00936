-- Mail in both directions, and files.
--
-- What came in is stored first, as it came, and understood afterwards; what goes out is a row before it is a mail.

create table blob (
    -- The bytes' SHA-256; they stand under it in the data folder or in S3-compatible storage.
    sha256 bytea primary key check (length(sha256) = 32),
    size bigint not null check (size >= 0),
    created_at timestamptz not null
);
comment on table blob is 'content-addressed bytes kept outside the database: attachments';

create table mailbox (
    id uuid primary key,
    address text not null check (length(address) between 3 and 254),
    -- The address as it is compared.
    address_key text not null constraint mailbox_address_key unique check (length(address_key) between 3 and 254),
    -- What stands beside the address in a mail program.
    name text check (length(name) between 1 and 200),
    -- Whose it is; the help center's where null.
    desk_id uuid references desk,
    active boolean not null default true,
    version bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
comment on table mailbox is 'mailbox: an address where enterprises write to, of the help center or of a desk';
create index mailbox_desk on mailbox (desk_id);
create trigger mailbox_version before update on mailbox for each row execute function bump_version();

create table inbound_mail (
    id uuid primary key,
    -- To which mailbox it came; null for an address that is none, which counts as the help center's.
    mailbox_id uuid references mailbox,
    sha256 bytea not null check (length(sha256) = 32),
    size int not null check (size > 0),
    provider text not null check (provider in ('raw', 'postmark', 'mailgun', 'sendgrid', 'ses', 'ingest')),
    -- The provider's own name for this delivery; a repetition carries the same.
    delivery_id text check (length(delivery_id) between 1 and 300),
    -- SMTP's sender: null where nobody told, empty for the null sender.
    envelope_from text check (length(envelope_from) <= 1000),
    envelope_to text[] not null check (cardinality(envelope_to) <= 1000),
    -- False where the provider rebuilt the message: what is kept is what it delivered.
    is_original boolean not null,
    received_at timestamptz not null,
    state text not null check (state in ('pending', 'processed', 'quarantined')),
    -- Why a person must look at it.
    quarantine_reason text check (quarantine_reason in (
        'too_much', 'too_slow', 'unreadable', 'no_sender', 'own_address', 'sender_limit', 'stranger_with_number',
        'stranger_in_thread', 'automatic', 'unmatched_report', 'loop'
    )),
    kind text check (kind in ('normal', 'auto_reply', 'auto_reply_suspected', 'bounce', 'delay', 'delivery_success', 'arf', 'mdn', 'loop')),
    message_id text check (length(message_id) between 1 and 1000),
    in_reply_to text[] not null default '{}',
    reference_ids text[] not null default '{}',
    from_address text check (length(from_address) <= 1000),
    -- The sender's address as it is compared.
    from_key text check (length(from_key) <= 1000),
    from_name text check (length(from_name) <= 1000),
    subject text check (length(subject) <= 2000),
    sent_at timestamptz,
    body_text text,
    -- What is new in it: without the quoted mails before it.
    reply_text text,
    body_html text,
    warnings text[] not null default '{}',
    -- status, diagnostic, failed_recipients of a delivery report.
    delivery_report jsonb,
    -- The message that a delivery report is about: see message.
    reported_message_id uuid,
    case_id uuid references case_file,
    -- How it was placed.
    placed_by text check (placed_by in ('plus_address', 'message_id', 'known_message_id', 'number', 'same_message_id', 'delivery_report', 'new_case', 'staff')),
    -- A case it may belong to, where that is not certain enough.
    suggested_case_id uuid references case_file,
    -- Whether the sender was a known correspondent of the case.
    is_known_sender boolean,
    -- Managers read what a correspondent of the case wrote, and what staff put there; reports have no sender to be known.
    is_for_managers boolean not null generated always as (coalesce(is_known_sender or placed_by = 'staff', false)) stored,
    discarded_at timestamptz,
    discarded_by uuid references app_user,
    discard_reason text check (length(discard_reason) between 1 and 2000),
    processed_at timestamptz,
    attempts int not null default 0,
    version bigint not null default 1,
    -- The same bytes to the same mailbox are the same mail.
    constraint inbound_mail_once unique nulls not distinct (mailbox_id, sha256),
    constraint inbound_mail_state check ((state = 'pending') = (processed_at is null)),
    constraint inbound_mail_to_check check ((state = 'quarantined') = (quarantine_reason is not null)),
    constraint inbound_mail_placed check ((case_id is null) = (placed_by is null)),
    constraint inbound_mail_discarded check ((discarded_at is null) = (discard_reason is null))
);
comment on table inbound_mail is 'mail that came in, one row per mailbox; state quarantined is a mail to be checked (要確認メール)';
create unique index inbound_mail_delivery_key on inbound_mail (provider, delivery_id, mailbox_id) nulls not distinct where delivery_id is not null;
create index inbound_mail_order on inbound_mail (received_at desc, id desc);
create index inbound_mail_to_check on inbound_mail (received_at desc, id desc) where state = 'quarantined' and discarded_at is null;
create index inbound_mail_pending on inbound_mail (received_at) where state = 'pending';
create index inbound_mail_case on inbound_mail (case_id, received_at desc);
create index inbound_mail_suggested_case on inbound_mail (suggested_case_id);
create index inbound_mail_message_id on inbound_mail (message_id);
create index inbound_mail_from on inbound_mail (from_key, received_at desc);
create index inbound_mail_discarded_by on inbound_mail (discarded_by);
create trigger inbound_mail_version before update on inbound_mail for each row execute function bump_version();

create table inbound_raw (
    inbound_mail_id uuid primary key references inbound_mail,
    -- As it was received, byte for byte.
    bytes bytea not null
);
comment on table inbound_raw is 'the bytes of mail as it came: kept in the database, so that mail and row are stored together or not at all';
-- Mail is mostly base64: compressing it costs more than it saves.
alter table inbound_raw alter column bytes set storage external;

create table mail_sender (
    -- The sender's address as it is compared.
    address_key text primary key check (length(address_key) between 1 and 1000),
    last_received_at timestamptz not null
);
comment on table mail_sender is 'who writes to us: locked while a mail of theirs is placed, so that two first mails at once are not two cases unnoticed';

create table mailgun_token (
    -- SHA-256 of a token that came with a good signature.
    token_hash bytea primary key check (length(token_hash) = 32),
    -- SHA-256 of what came with it: the signature says nothing about that.
    delivery_hash bytea not null check (length(delivery_hash) = 32),
    -- Until then a signature with this token is good.
    expires_at timestamptz not null
);
comment on table mailgun_token is 'tokens of Mailgun that were used: with another mail they are a replay';
create index mailgun_token_over on mailgun_token (expires_at);

create table template (
    id uuid primary key,
    -- What the program itself uses it for; null for the texts of staff.
    purpose text constraint template_purpose_key unique check (purpose in (
        'acknowledgement', 'acknowledgement_out_of_hours', 'invitation', 'invitation_changed', 'invitation_cancelled',
        'notice_routed', 'notice_mail', 'notice_offer', 'notice_offer_closed', 'notice_answer',
        'date_proposal', 'session_reminder', 'evaluation_request', 'survey', 'survey_reminder'
    )),
    name text not null constraint template_name_key unique check (length(name) between 1 and 80),
    subject text not null check (length(subject) between 1 and 200),
    body text not null check (length(body) between 1 and 20000),
    active boolean not null default true,
    version bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
comment on table template is 'template: subject and body of mails, with placeholders that are checked when it is saved';
create trigger template_version before update on template for each row execute function bump_version();

-- The program's own texts. The office edits them as it edits its own (src/templates/placeholders.rs says what may stand
-- between the braces; a test has each of them checked).
insert into template (id, purpose, name, subject, body, created_at, updated_at) values
    ('019ab000-0000-7000-8000-000000000001', 'acknowledgement', '受付確認(受付時間内)', '【{{case.number}}】お問い合わせを受け付けました',
'{{recipient}}

お問い合わせいただき、ありがとうございます。{{sender.name}}です。
いただいたメールを下記のとおり受け付けました。

  案件番号: {{case.number}}
  件名: {{mail.subject}}

担当者が内容を確認し、{{answer.by}}までにご連絡いたします。

追加のご連絡や資料がございましたら、このメールにご返信ください。宛先を変えずにご返信いただくと、同じご相談として承ります。
お電話でのお問い合わせは{{sender.phone}}(受付時間 {{office.hours}})で承ります。その際は、上の案件番号をお知らせください。

このメールは自動送信です。お心当たりのない場合は、お手数ですが破棄してください。

――――――――――
{{sender.signature}}', now(), now()),
    ('019ab000-0000-7000-8000-000000000002', 'acknowledgement_out_of_hours', '受付確認(受付時間外)', '【{{case.number}}】お問い合わせを受け付けました',
'{{recipient}}

お問い合わせいただき、ありがとうございます。{{sender.name}}です。
いただいたメールを下記のとおり受け付けました。

  案件番号: {{case.number}}
  件名: {{mail.subject}}

ただいまは受付時間外です。次の受付時間({{office.next_opening}}から)に担当者が内容を確認し、{{answer.by}}までにご連絡いたします。

追加のご連絡や資料がございましたら、このメールにご返信ください。宛先を変えずにご返信いただくと、同じご相談として承ります。
お電話でのお問い合わせは{{sender.phone}}(受付時間 {{office.hours}})で承ります。その際は、上の案件番号をお知らせください。

このメールは自動送信です。お心当たりのない場合は、お手数ですが破棄してください。

――――――――――
{{sender.signature}}', now(), now()),
    ('019ab000-0000-7000-8000-000000000003', 'invitation', '日程のご案内', '【{{case.number}}】コンサルティングの日程のご案内',
'{{recipient}}

いつもお世話になっております。{{sender.name}}です。
コンサルティングの日程が下記のとおり決まりましたので、ご案内いたします。

  案件番号: {{case.number}}
  企業・団体: {{enterprise.name}}
  日時: {{consultation.when}}
  方法: {{consultation.mode}}
  場所: {{consultation.place}}
  担当専門家: {{consultation.managers}}
  支援段階: {{consultation.stage}}
  ご連絡事項: {{consultation.note}}

予定表に登録できるファイルを添付しております。
日程の変更やお取りやめをご希望の場合は、このメールへのご返信またはお電話で、お早めにお知らせください。
当日はどうぞよろしくお願いいたします。

――――――――――
{{sender.signature}}', now(), now()),
    ('019ab000-0000-7000-8000-000000000004', 'invitation_changed', '日程変更のご案内', '【{{case.number}}】コンサルティングの日程変更のご案内',
'{{recipient}}

いつもお世話になっております。{{sender.name}}です。
コンサルティングの日程が下記のとおり変更になりましたので、ご案内いたします。

  案件番号: {{case.number}}
  企業・団体: {{enterprise.name}}
  変更後の日時: {{consultation.when}}
  変更前の日時: {{consultation.before}}
  方法: {{consultation.mode}}
  場所: {{consultation.place}}
  担当専門家: {{consultation.managers}}
  支援段階: {{consultation.stage}}
  ご連絡事項: {{consultation.note}}

添付のファイルを開くと、予定表に登録済みの予定が新しい日時に変わります。
ご都合の合わない場合は、このメールへのご返信またはお電話で、お早めにお知らせください。

――――――――――
{{sender.signature}}', now(), now()),
    ('019ab000-0000-7000-8000-000000000005', 'invitation_cancelled', '日程取消のご案内', '【{{case.number}}】コンサルティングの日程取消のご案内',
'{{recipient}}

いつもお世話になっております。{{sender.name}}です。
下記のコンサルティングの日程を取り消しましたので、お知らせいたします。

  案件番号: {{case.number}}
  企業・団体: {{enterprise.name}}
  取り消した日時: {{consultation.when}}
  方法: {{consultation.mode}}
  担当専門家: {{consultation.managers}}

添付のファイルを開くと、予定表に登録済みの予定が取り消されます。
ご不明な点は、このメールへのご返信またはお電話でお問い合わせください。

――――――――――
{{sender.signature}}', now(), now()),
    ('019ab000-0000-7000-8000-000000000006', 'notice_routed', '振り分けの通知(地域窓口あて)', '【通知】案件{{case.number}}が振り分けられました',
'{{recipient}}

案件{{case.number}}が貴窓口に振り分けられました。
{{case.accept_by}}までに、受理または差し戻しをお願いいたします。

{{link}}

相談の内容は、上のリンクからログインしてご確認ください。
このメールは自動送信です。', now(), now()),
    ('019ab000-0000-7000-8000-000000000007', 'notice_mail', 'メール受信の通知(地域窓口あて)', '【通知】案件{{case.number}}にメールが届きました',
'{{recipient}}

案件{{case.number}}に、企業・団体からのメールが届きました。

{{link}}

メールの内容は、上のリンクからログインしてご確認ください。ご返信いただくまでの間、続けて届いたメールは1時間に1回だけお知らせします。
このメールは自動送信です。', now(), now()),
    ('019ab000-0000-7000-8000-000000000008', 'notice_offer', '担当依頼の通知(専門家あて)', '【担当依頼】案件{{case.number}}へのご回答のお願い',
'{{recipient}}

いつもお世話になっております。{{sender.name}}です。
案件{{case.number}}(区分: {{offer.line}})の担当をお願いしたく、ご連絡いたします。
{{offer.reply_by}}までに、承諾または辞退のご回答をお願いいたします。

{{link}}

相談の内容は、上のリンクからログインしてご確認ください。
このメールは自動送信です。

――――――――――
{{sender.signature}}', now(), now()),
    ('019ab000-0000-7000-8000-000000000009', 'notice_offer_closed', '担当依頼終了の通知(専門家あて)', '【担当依頼】案件{{case.number}}の担当依頼が終了しました',
'{{recipient}}

いつもお世話になっております。{{sender.name}}です。
案件{{case.number}}(区分: {{offer.line}})の担当依頼は、{{offer.end}}。ご回答は不要です。

{{link}}

ご検討いただき、ありがとうございました。
このメールは自動送信です。

――――――――――
{{sender.signature}}', now(), now());

create table message (
    id uuid primary key,
    case_id uuid references case_file,
    kind text not null check (kind in ('reply', 'acknowledgement', 'invitation', 'notice', 'account', 'question')),
    state text not null check (state in ('waiting', 'queued', 'sending', 'sent', 'unknown', 'failed', 'taken_back')),
    -- From which mailbox it goes; the office's own address where null.
    mailbox_id uuid references mailbox,
    to_address text not null check (length(to_address) between 3 and 254),
    to_name text check (length(to_name) between 1 and 200),
    contact_id uuid references contact,
    subject text not null check (length(subject) between 1 and 400),
    body text not null check (length(body) between 1 and 40000),
    -- An iCalendar part, whose METHOD says whether it invites or cancels.
    calendar text check (length(calendar) between 1 and 20000),
    in_reply_to text check (length(in_reply_to) between 1 and 1000),
    reference_ids text[] not null default '{}',
    -- The one Message-ID that it carries whenever it is sent.
    message_id text not null constraint message_message_id_key unique check (length(message_id) between 3 and 250),
    -- Until then its writer can take it back.
    release_at timestamptz not null,
    next_attempt_at timestamptz,
    attempts int not null default 0,
    -- The attempt that holds it: fences a worker that was thought dead.
    attempt_id uuid,
    sent_at timestamptz,
    -- What the last attempt came to, in words for staff.
    last_error text check (length(last_error) <= 2000),
    -- What a delivery report said later.
    delivery text check (delivery in ('delayed', 'failed', 'delivered')),
    delivery_detail text check (length(delivery_detail) <= 2000),
    created_at timestamptz not null,
    -- Null for the program itself.
    created_by uuid references app_user,
    version bigint not null default 1,
    constraint message_sent check ((state = 'sent') = (sent_at is not null)),
    constraint message_sending check ((state = 'sending') = (attempt_id is not null))
);
comment on table message is 'outgoing mail: a row before it is a mail';
create index message_case on message (case_id, created_at desc);
create index message_mailbox on message (mailbox_id);
create index message_contact on message (contact_id);
create index message_created_by on message (created_by);
create index message_order on message (created_at desc, id desc);
create index message_to on message (to_address, created_at desc);
-- How many acknowledgements an address got, whatever its letters' case.
create index message_acknowledged on message (lower(to_address), created_at) where kind = 'acknowledgement';
create index message_open on message (next_attempt_at) where state in ('waiting', 'queued', 'sending');
create index message_to_look_at on message (created_at desc) where state in ('unknown', 'failed');
create trigger message_version before update on message for each row execute function bump_version();
alter table inbound_mail add constraint inbound_mail_reported_message foreign key (reported_message_id) references message (id);
alter table password_reset add constraint password_reset_message foreign key (message_id) references message (id);
create index password_reset_message on password_reset (message_id);
create index inbound_mail_reported_message on inbound_mail (reported_message_id);

-- The legal steps of a message. A test keeps this equal to messages/state.rs.
create table message_step (
    from_state text not null,
    to_state text not null,
    primary key (from_state, to_state)
);
comment on table message_step is 'read-only: the legal steps between the states of a message';
insert into message_step (from_state, to_state) values
    ('waiting', 'queued'),
    ('waiting', 'taken_back'),
    ('queued', 'sending'),
    ('sending', 'sent'),
    ('sending', 'queued'),
    ('sending', 'failed'),
    ('sending', 'unknown'),
    ('unknown', 'queued'),
    ('failed', 'queued');
create function check_message_step() returns trigger language plpgsql as $$
begin
    if not exists (
        select from public.message_step s where s.from_state = old.state and s.to_state = new.state
    ) then
        raise exception 'message % cannot go from % to %', new.id, old.state, new.state
            using errcode = 'check_violation', constraint = 'message_legal_step';
    end if;
    return new;
end
$$;
create trigger message_legal_step before update of state on message
    for each row when (old.state <> new.state) execute function check_message_step();

create table message_attempt (
    id uuid primary key,
    message_id uuid not null references message,
    started_at timestamptz not null,
    -- Set, and committed, just before the mail itself is handed over: whoever dies after that cannot know whether it
    -- was taken.
    data_started_at timestamptz,
    ended_at timestamptz,
    outcome text check (outcome in ('sent', 'deferred', 'refused', 'unknown', 'not_reached')),
    -- What the other side said.
    reply text check (length(reply) <= 2000),
    constraint message_attempt_ended check ((ended_at is null) = (outcome is null))
);
comment on table message_attempt is 'one try to hand a message over by SMTP';
create index message_attempt_message on message_attempt (message_id, started_at);

create table attachment (
    id uuid primary key,
    case_id uuid references case_file,
    inbound_mail_id uuid references inbound_mail,
    -- Its place in the mail.
    position int,
    sha256 bytea not null references blob,
    size bigint not null check (size >= 0),
    filename text not null check (length(filename) between 1 and 255),
    content_type text not null check (length(content_type) between 1 and 255),
    -- Locked with a password (PPAP): nobody can check what is in it.
    is_encrypted boolean not null default false,
    -- Shown inside the mail's HTML rather than beside it.
    is_inline boolean not null default false,
    created_at timestamptz not null,
    created_by uuid references app_user,
    constraint attachment_place unique (inbound_mail_id, position),
    constraint attachment_owner check (case_id is not null or inbound_mail_id is not null)
);
comment on table attachment is 'a file: of a case, or of a mail that came in';
create index attachment_case on attachment (case_id, created_at);
create index attachment_sha256 on attachment (sha256);
create index attachment_created_by on attachment (created_by);

create table message_attachment (
    message_id uuid not null references message,
    attachment_id uuid not null references attachment,
    position int not null check (position between 1 and 20),
    primary key (message_id, position),
    constraint message_attachment_once unique (message_id, attachment_id)
);
comment on table message_attachment is 'which files go with a message';
create index message_attachment_attachment on message_attachment (attachment_id);
