import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import type { MailView } from '@/api/schema';
import { saveRawMail } from '@/api/download';
import { oneMail } from '@/data/mail';
import { useMe } from '@/shell/use-me';
import { useDates } from '@/text/dates';
import { fileSize } from '@/text/format';
import { useMailWords } from '@/text/mail-words';
import { useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { Files } from '@/ui/files';
import { Icon } from '@/ui/icon';
import { Notice } from '@/ui/notice';
import { Facts, Page, Section } from '@/ui/page';
import { ProblemNotice } from '@/ui/problem-notice';
import { LoadedPage } from '@/ui/states';
import { Steps } from './steps';
import { mailsWords } from './text';

/** One mail: why it is here, what it says, and what can be done with it. */
export function MailPage() {
  const { id } = useParams({ from: '/app/mails/$id' });
  const query = useQuery(oneMail(id));
  return <LoadedPage query={query}>{(mail) => <Mail key={mail.id} mail={mail} />}</LoadedPage>;
}

function Mail({ mail }: { mail: MailView }) {
  const t = useTexts(mailsWords);
  return (
    <Page title={mail.subject ?? t.noSubject} over={<Back mail={mail} />}>
      <Reason mail={mail} />
      <div className="grid gap-x-10 gap-y-6 wide:grid-cols-[minmax(0,1fr)_26rem]">
        <div className="min-w-0 space-y-6">
          <Head mail={mail} />
          <Report mail={mail} />
          <Text mail={mail} />
          {mail.attachments.length > 0 ? (
            <Section title={t.attachments}>
              <Files label={t.attachments} files={mail.attachments} />
            </Section>
          ) : null}
          <Raw mail={mail} />
        </div>
        <Steps mail={mail} />
      </div>
    </Page>
  );
}

/** Who checks mail goes back to the list; who came from a case, to the case. */
function Back({ mail }: { mail: MailView }) {
  const t = useTexts(mailsWords);
  const checks = useMe().permissions.includes('check_mail');
  const look = 'link inline-flex min-h-8 items-center text-dns-14N-130';
  return (
    <p className="flex flex-wrap gap-x-4">
      {checks ? (
        <Link to="/mails" className={look}>
          <Icon name="back" className="size-4" />
          {t.back}
        </Link>
      ) : null}
      {mail.case_id ? (
        <Link to="/cases/$id" params={{ id: mail.case_id }} className={look}>
          <Icon name="back" className="size-4" />
          {mail.case_number}
        </Link>
      ) : null}
    </p>
  );
}

function Reason({ mail }: { mail: MailView }) {
  const t = useTexts(mailsWords);
  const words = useMailWords();
  const dates = useDates();
  const { discarded } = mail;
  const unknown = mail.case_id && mail.is_known_sender === false;
  if (!mail.quarantine_reason && !discarded && !unknown) return null;
  return (
    <div className="mb-5 space-y-3">
      {mail.quarantine_reason && !discarded ? (
        <Notice kind="warning" title={words.reason[mail.quarantine_reason]}>
          {mail.quarantine_reason.startsWith('stranger') ? <p>{t.unproven}</p> : null}
        </Notice>
      ) : null}
      {discarded ? (
        <Notice kind="info" title={t.discardedBy(dates.dayTime(discarded.at), discarded.by?.name ?? '—')}>
          <p className="whitespace-pre-wrap">{discarded.reason}</p>
        </Notice>
      ) : null}
      {unknown ? (
        <Notice kind="warning" title={t.unknownSender}>
          <p>{t.unproven}</p>
        </Notice>
      ) : null}
    </div>
  );
}

function Head({ mail }: { mail: MailView }) {
  const t = useTexts(mailsWords);
  const words = useMailWords();
  const dates = useDates();
  return (
    <>
      <Facts
        facts={[
          [t.from, mail.from ? [mail.from.name, mail.from.address].filter(Boolean).join(' ') : t.noSender],
          [t.to, mail.mailbox?.address ?? mail.envelope.to.join(', ')],
          [t.sent, mail.sent_at && dates.dayTime(mail.sent_at)],
          [t.received, dates.dayTime(mail.received_at)],
          [t.kind, mail.kind && mail.kind !== 'normal' ? words.kind[mail.kind] : null],
          [t.placed, mail.placed_by && words.placed[mail.placed_by]],
        ]}
      />
      {mail.warnings.length > 0 ? (
        <Notice kind="warning" title={t.warnings}>
          <ul className="list-disc pl-5">
            {mail.warnings.map((warning) => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        </Notice>
      ) : null}
    </>
  );
}

function Report({ mail: { delivery_report: report } }: { mail: MailView }) {
  const t = useTexts(mailsWords);
  if (!report) return null;
  return (
    <Section title={t.report}>
      <Facts
        facts={[
          [t.recipients, report.failed_recipients.join(', ')],
          [t.status, report.status],
          [t.diagnostic, report.diagnostic],
        ]}
      />
    </Section>
  );
}

/** The text only, never the HTML: nothing in a mail runs, loads or links. */
function Text({ mail: { text, reply_text } }: { mail: MailView }) {
  const t = useTexts(mailsWords);
  const first = reply_text ?? text;
  return (
    <Section title={t.text}>
      <p className="text-std-16N-170 whitespace-pre-wrap">
        {first ? first : <span className="text-ink-soft">{t.noText}</span>}
      </p>
      {text && text !== first ? (
        <details className="mt-3">
          <summary className="inline-flex min-h-9 items-center text-dns-16N-130 text-blue-900 underline">
            {t.quote}
          </summary>
          <p className="mt-2 border-l-4 border-line pl-3 text-std-16N-170 whitespace-pre-wrap text-ink-soft">{text}</p>
        </details>
      ) : null}
    </Section>
  );
}

function Raw({ mail }: { mail: MailView }) {
  const t = useTexts(mailsWords);
  const save = useMutation({ mutationFn: () => saveRawMail(mail.id), networkMode: 'always' });
  return (
    <div className="space-y-2">
      <Button size="sm" pending={save.isPending} onClick={() => save.mutate()}>
        <Icon name="file" className="size-4" />
        {t.raw} ({fileSize(mail.size)})
      </Button>
      {save.error ? <ProblemNotice error={save.error} /> : null}
    </div>
  );
}
