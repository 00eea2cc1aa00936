-- What the enterprise says: one-time links, dates offered, sessions confirmed and evaluated, the survey after closing.

create table public_link (
    id uuid primary key,
    -- What it lets its holder do, and nothing else.
    purpose text not null check (purpose in ('dates', 'session', 'evaluation', 'survey')),
    case_id uuid not null references case_file,
    -- The proposal of dates, the consultation, or the survey.
    subject_id uuid not null,
    -- sha256 of the token; the token is made of the id with a key that is not in the database, and stored nowhere.
    hash bytea not null constraint public_link_hash_key unique check (length(hash) = 32),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    -- The one time that it counted.
    used_at timestamptz,
    -- Taken back: the question is over, or others may have seen the mail.
    revoked_at timestamptz
);
comment on table public_link is 'one-time links to the public pages: hashed, expiring, each for one purpose; rows that are over are deleted after a month';
create index public_link_case on public_link (case_id);
create index public_link_subject on public_link (subject_id);
create index public_link_over on public_link (expires_at);

create table public_link_mail (
    message_id uuid primary key references message,
    link_id uuid not null references public_link on delete cascade
);
comment on table public_link_mail is 'which link a mail carries: its token is filled in when the mail is handed over';
create index public_link_mail_link on public_link_mail (link_id);

create table date_proposal (
    id uuid primary key,
    case_id uuid not null references case_file,
    state text not null check (state in ('open', 'chosen', 'other_wanted', 'revoked', 'expired')),
    mode text not null check (mode in ('online', 'phone', 'visit')),
    location text check (length(location) between 1 and 500),
    meeting_url text check (length(meeting_url) between 1 and 500),
    -- What those taking part should know; goes into the mails, never onto the page.
    note text check (length(note) between 1 and 2000),
    contact_id uuid references contact,
    -- Until then the times are held.
    answer_by timestamptz not null,
    created_at timestamptz not null,
    created_by uuid references app_user,
    -- When it was answered, revoked or expired.
    ended_at timestamptz,
    consultation_id uuid references consultation,
    -- The words of who wants another date stand there.
    interaction_id uuid references interaction,
    version bigint not null default 1,
    constraint date_proposal_ended check ((state = 'open') = (ended_at is null)),
    constraint date_proposal_chosen check ((state = 'chosen') = (consultation_id is not null)),
    constraint date_proposal_other check ((state = 'other_wanted') = (interaction_id is not null))
);
comment on table date_proposal is 'times offered to an enterprise for a session, held softly until it answers';
-- One question at a time.
create unique index date_proposal_open on date_proposal (case_id) where state = 'open';
create index date_proposal_case on date_proposal (case_id, created_at);
create index date_proposal_due on date_proposal (answer_by) where state = 'open';
create index date_proposal_contact on date_proposal (contact_id);
create index date_proposal_created_by on date_proposal (created_by);
create index date_proposal_consultation on date_proposal (consultation_id);
create index date_proposal_interaction on date_proposal (interaction_id);
create trigger date_proposal_version before update on date_proposal for each row execute function bump_version();

create table date_proposal_slot (
    proposal_id uuid not null references date_proposal,
    position int not null check (position between 1 and 20),
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    primary key (proposal_id, position),
    constraint date_proposal_slot_order check (ends_at > starts_at)
);
comment on table date_proposal_slot is 'one of the times offered';

create table date_proposal_manager (
    proposal_id uuid not null references date_proposal,
    manager_id uuid not null references manager,
    primary key (proposal_id, manager_id)
);
comment on table date_proposal_manager is 'who would give the session that is offered';
create index date_proposal_manager_manager on date_proposal_manager (manager_id);

create table session_question (
    consultation_id uuid not null references consultation,
    kind text not null check (kind in ('reminder', 'evaluation')),
    -- Of the consultation when it was asked: a session that moved is reminded of again.
    sequence int not null,
    asked_at timestamptz not null,
    -- Null where nobody could be asked (no address, no consent).
    link_id uuid references public_link on delete set null,
    is_sent boolean not null,
    answer text check (answer in ('coming', 'cannot_come')),
    score int check (score between 1 and 5),
    answered_at timestamptz,
    primary key (consultation_id, kind, sequence),
    constraint session_question_answer check (answer is null or kind = 'reminder'),
    constraint session_question_score check (score is null or kind = 'evaluation'),
    constraint session_question_answered check ((answered_at is not null) = (num_nonnulls(answer, score) = 1))
);
comment on table session_question is 'what was asked about a session: whether the enterprise comes, and how it was';
create index session_question_link on session_question (link_id);
create index session_question_asked on session_question (asked_at) where kind = 'evaluation' and is_sent;

create table survey (
    id uuid primary key,
    case_id uuid not null references case_file,
    -- The history row of the closing that it follows: a case that is closed again is asked again.
    status_seq int not null,
    state text not null check (state in ('planned', 'sent', 'answered', 'stopped', 'bounced', 'cancelled')),
    contact_id uuid references contact,
    -- As they were when it was sent, so that figures do not move with the case.
    desk_id uuid references desk,
    prefecture_code text check (prefecture_code ~ '^(0[1-9]|[1-3][0-9]|4[0-7])$'),
    outcome text not null check (outcome in ('answered', 'completed')),
    -- When the next mail of it is due; null where none follows.
    next_at timestamptz,
    sent_at timestamptz,
    reminders int not null default 0 check (reminders >= 0),
    -- When it was answered, stopped, given up or taken back.
    ended_at timestamptz,
    purpose_achieved text check (purpose_achieved in ('yes', 'partly', 'no')),
    telework text check (telework in ('introduced', 'planned', 'not_planned')),
    why_not text[] not null default '{}'
        check (why_not <@ array['no_suitable_work', 'cost', 'security', 'rules', 'staff', 'no_need', 'other']),
    constraint survey_once unique (case_id, status_seq),
    constraint survey_answered check ((state = 'answered') = (purpose_achieved is not null) and (state = 'answered') = (telework is not null)),
    constraint survey_sent check (sent_at is not null or state in ('planned', 'cancelled')),
    constraint survey_ended check ((state in ('planned', 'sent')) = (ended_at is null)),
    constraint survey_why check (why_not = '{}' or telework = 'not_planned')
);
comment on table survey is 'the survey after closing: when it is sent, and the answers without free text';
create index survey_due on survey (next_at) where state in ('planned', 'sent') and next_at is not null;
create index survey_sent_at on survey (sent_at, id) where sent_at is not null;
create index survey_contact on survey (contact_id);
create index survey_desk on survey (desk_id);

create table survey_stop (
    -- Keyed hash of the address: who asked for no more surveys, without saying who that is.
    address_hash bytea primary key check (length(address_hash) = 32),
    stopped_at timestamptz not null
);
comment on table survey_stop is 'addresses that get no more surveys';

create table free_text (
    id uuid primary key,
    source text not null check (source in ('survey', 'evaluation')),
    case_id uuid not null references case_file,
    -- The survey or the consultation.
    subject_id uuid not null,
    -- As it was written: personal, erasable, for staff only.
    written text check (length(written) between 1 and 2000),
    written_at timestamptz not null,
    state text not null check (state in ('unchecked', 'released', 'withheld')),
    -- As others than staff may read it.
    released_text text check (length(released_text) between 1 and 2000),
    checked_at timestamptz,
    checked_by uuid references app_user,
    constraint free_text_checked check ((state = 'unchecked') = (checked_at is null)),
    constraint free_text_released check (released_text is null or state = 'released')
);
comment on table free_text is 'free text of surveys and evaluations: checked for personal data before the ministry reads it; apart from the answers, because it can be erased while the figures stay';
create index free_text_case on free_text (case_id);
create index free_text_subject on free_text (subject_id);
create index free_text_state on free_text (state, written_at, id);
create index free_text_checked_by on free_text (checked_by);

-- The program's own texts for these mails. Without its link such a mail is nothing: the program refuses to save it so.
insert into template (id, purpose, name, subject, body, created_at, updated_at) values
    ('019ab000-0000-7000-8000-000000000021', 'date_proposal', '日程候補のご案内', '【{{case.number}}】コンサルティングの日程をお選びください',
'{{recipient}}

いつもお世話になっております。{{sender.name}}です。
コンサルティングの日程の候補をご用意しました。次のページを開いて、ご都合のよい日時を1つお選びください。

{{answer.link}}

  案件番号: {{case.number}}
  方法: {{consultation.mode}}
  候補:
{{dates.offered}}
  ご連絡事項: {{consultation.note}}

{{answer.until}}までにお選びください。それまで候補の日時を確保しますが、先に埋まることもあります。
ご都合のよい候補がないときは、同じページで「別の日を希望する」をお選びください。
このリンクは、このメールを受け取られた方だけのものです。転送しないでください。

――――――――――
{{sender.signature}}', now(), now()),
    ('019ab000-0000-7000-8000-000000000022', 'session_reminder', '日程の確認', '【{{case.number}}】コンサルティングの日程の確認',
'{{recipient}}

いつもお世話になっております。{{sender.name}}です。
コンサルティングの日が近づきましたので、ご確認をお願いいたします。

  案件番号: {{case.number}}
  日時: {{consultation.when}}
  方法: {{consultation.mode}}
  場所: {{consultation.place}}
  担当専門家: {{consultation.managers}}
  ご連絡事項: {{consultation.note}}

次のページで、参加できるかどうかをお知らせください。

{{answer.link}}

このリンクは、このメールを受け取られた方だけのものです。転送しないでください。

――――――――――
{{sender.signature}}', now(), now()),
    ('019ab000-0000-7000-8000-000000000023', 'evaluation_request', 'コンサルティングの感想のお願い', '【{{case.number}}】コンサルティングのご感想をお聞かせください',
'{{recipient}}

{{sender.name}}です。このたびは、コンサルティングにご参加いただき、ありがとうございました。

  日時: {{consultation.when}}

よりよい支援のため、1分ほどでご感想をお聞かせください。

{{answer.link}}

{{answer.until}}までお答えいただけます。このリンクは、このメールを受け取られた方だけのものです。転送しないでください。

――――――――――
{{sender.signature}}', now(), now()),
    ('019ab000-0000-7000-8000-000000000024', 'survey', 'ご利用後のアンケート', '【{{case.number}}】ご利用後のアンケートのお願い',
'{{recipient}}

{{sender.name}}です。このたびは、ご相談いただき、ありがとうございました。
今後の支援をよりよくするため、アンケートにご協力をお願いいたします。質問は3つ、2分ほどで終わります。

{{answer.link}}

{{answer.until}}までお答えいただけます。このリンクは、このメールを受け取られた方だけのものです。転送しないでください。

アンケートのメールが不要な方は、次のページで配信を停止できます。
{{stop.link}}

――――――――――
{{sender.signature}}', now(), now()),
    ('019ab000-0000-7000-8000-000000000025', 'survey_reminder', 'ご利用後のアンケート(再度のお願い)', '【{{case.number}}】アンケートのお願い(再度のご案内)',
'{{recipient}}

{{sender.name}}です。先日お送りしたアンケートについて、あらためてご案内いたします。
行き違いでお答えいただいている場合は、どうぞご容赦ください。

{{answer.link}}

{{answer.until}}までお答えいただけます。このリンクは、このメールを受け取られた方だけのものです。転送しないでください。

アンケートのメールが不要な方は、次のページで配信を停止できます。
{{stop.link}}

――――――――――
{{sender.signature}}', now(), now()),
    ('019ab000-0000-7000-8000-000000000026', 'notice_answer', '企業・団体からの回答の通知(地域窓口あて)', '【通知】案件{{case.number}}に回答がありました',
'{{recipient}}

案件{{case.number}}に、企業・団体からリンクを通じた回答がありました。

{{link}}

回答の内容は、上のリンクからログインしてご確認ください。
このメールは自動送信です。', now(), now());
