import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import type { ConsultationView, ReportView } from '@/api/schema';
import { oneCase, report } from '@/data/cases';
import { dropDraft, useDraft } from '@/data/drafts';
import { oneSession } from '@/data/sessions';
import { useMe } from '@/shell/use-me';
import { useDates } from '@/text/dates';
import { useTexts } from '@/text/preferences';
import { useWords, type ReportState } from '@/text/words';
import { Button } from '@/ui/button';
import { Chip } from '@/ui/chip';
import { Icon } from '@/ui/icon';
import { Notice } from '@/ui/notice';
import { Facts, Page } from '@/ui/page';
import { LoadedPage } from '@/ui/states';
import { ReportText, Review } from './review';
import { reportWords } from './text';
import { Write } from './write';

/** The report of a session: written by the expert on a phone, read and approved at the desk. */
export function ReportPage() {
  const { id } = useParams({ from: '/app/reports/$id' });
  const session = useQuery(oneSession(id));
  const written = useQuery(report(id));
  return (
    <LoadedPage query={session}>
      {(known) => (
        <LoadedPage query={written}>{(text) => <Report key={known.id} session={known} written={text} />}</LoadedPage>
      )}
    </LoadedPage>
  );
}

function Report({ session, written }: { session: ConsultationView; written: ReportView }) {
  const t = useTexts(reportWords);
  const words = useWords();
  const dates = useDates();
  const { permissions } = useMe();
  const seen = useQuery({ ...oneCase(session.case_id), refetchInterval: false }).data;
  const state = written.state as ReportState;
  const open = state === 'none' || state === 'draft';
  return (
    <Page
      title={t.title}
      width="text"
      over={
        <Link
          to="/cases/$id"
          params={{ id: session.case_id }}
          className="link no-print inline-flex min-h-9 items-center text-dns-14N-130"
        >
          <Icon name="back" className="size-4" />
          {session.case_number}
        </Link>
      }
      beside={
        <p className="flex items-center gap-4">
          <Chip tone={state === 'approved' ? 'green' : 'gray'}>{words.report[state]}</Chip>
          {state === 'none' ? null : (
            <Link
              to="/reports/$id/print"
              params={{ id: session.id }}
              className="link no-print inline-flex min-h-9 items-center gap-1 text-dns-14N-130"
            >
              <Icon name="print" className="size-4" />
              {t.print}
            </Link>
          )}
        </p>
      }
    >
      <div className="mb-5">
        <Facts
          facts={[
            [t.enterprise, seen?.enterprise.name],
            [t.session, `${session.session ? t.nth(session.session) : ''} ${words.stage[session.stage]}`],
            [t.held, dates.span(session.started_at ?? session.starts_at, session.ended_at ?? session.ends_at)],
            [t.mode, words.mode[session.mode]],
            [t.managers, session.managers.map(({ name }) => name).join('、')],
            [t.attendees, session.attendees?.join('、')],
          ]}
        />
      </div>
      {written.return_reason && open ? (
        <div className="mb-5">
          <Notice kind="warning" title={t.returned}>
            <p className="whitespace-pre-wrap">{written.return_reason}</p>
          </Notice>
        </div>
      ) : null}
      {open && permissions.includes('write_reports') ? (
        <Write session={session} written={written} />
      ) : (
        <>
          <LeftOver session={session.id} />
          <Review session={session} written={written} />
        </>
      )}
    </Page>
  );
}

/** What was typed here while the report was submitted elsewhere. */
function LeftOver({ session }: { session: string }) {
  const t = useTexts(reportWords);
  const me = useMe();
  const draft = useDraft(me.id, session);
  // On its way it is no left-over: the answer to its submission is still to come.
  if (!draft || draft.wanted) return null;
  const { telework_status, ...texts } = draft.values;
  const mine = { ...texts, telework_status: telework_status || null };
  return (
    <div className="mb-6">
      <Notice kind="warning" title={t.over}>
        <p>{t.overWhy}</p>
        <ReportText written={mine} />
        <Button size="sm" onClick={() => dropDraft(me.id, session)}>
          {t.discard}
        </Button>
      </Notice>
    </div>
  );
}
