/** 支援実施報告書, as the expert hands it in and the desk files it. */
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { ConsultationView, ReportView, TeleworkStatus, TimelineItem } from '@/api/schema';
import { oneCase, report, wholeTimeline } from '@/data/cases';
import { settings } from '@/data/directory';
import { oneSession } from '@/data/sessions';
import { useTexts } from '@/text/preferences';
import { wordsIn } from '@/text/words';
import { Icon } from '@/ui/icon';
import { Notice } from '@/ui/notice';
import { Loaded, LoadedPage } from '@/ui/states';
import { eraDay, eraSpan } from './japanese';
import { GAP, NumberBox, PrintPage, Sheet } from './sheet';
import { printWords } from './text';

const words = wordsIn('ja');

export function ReportPrintPage() {
  const { id } = useParams({ from: '/app/reports/$id/print' });
  const session = useQuery(oneSession(id));
  const written = useQuery(report(id));
  return (
    <LoadedPage query={session}>
      {(known) => <LoadedPage query={written}>{(text) => <ReportPaper session={known} written={text} />}</LoadedPage>}
    </LoadedPage>
  );
}

interface PaperProps {
  session: ConsultationView;
  written: ReportView;
}

function ReportPaper({ session, written }: PaperProps) {
  const t = useTexts(printWords);
  const timeline = useQuery(wholeTimeline(session.case_id));
  return (
    <PrintPage
      title={`${session.case_number} ${t.report}`}
      over={
        <Link
          to="/reports/$id"
          params={{ id: session.id }}
          className="link inline-flex min-h-9 items-center text-dns-14N-130"
        >
          <Icon name="back" className="size-4" />
          {t.toReport}
        </Link>
      }
    >
      {written.state === 'approved' ? null : (
        <div className="no-print mb-4">
          <Notice kind="warning" title={t.notApproved} />
        </div>
      )}
      <Loaded query={timeline}>{(items) => <Paper session={session} written={written} items={items} />}</Loaded>
    </PrintPage>
  );
}

/** Who did what with the report of this session last. */
export function whoDid(items: readonly TimelineItem[], kind: string, session: string): string | undefined {
  const of = (item: TimelineItem) => (item.data as Record<string, unknown>)['consultation_id'];
  return items.find((item) => item.kind === kind && of(item) === session)?.actor?.name;
}

function Paper({ session, written, items }: PaperProps & { items: readonly TimelineItem[] }) {
  const seen = useQuery({ ...oneCase(session.case_id), refetchInterval: false }).data;
  const office = useQuery(settings).data?.office_name;
  const telework = written.telework_status as TeleworkStatus | null | undefined;
  const place = seen ? `${seen.site.prefecture ?? ''}${seen.site.address ?? ''}` : '';
  const approver = whoDid(items, 'report_approved', session.id);
  return (
    <Sheet
      title="支援実施報告書"
      office={office}
      seals={['専門家', '窓口担当者', '承認者']}
      number={<NumberBox number={session.case_number} />}
    >
      {written.state === 'approved' ? null : (
        <p className="unapproved">未承認({words.report[written.state as keyof typeof words.report]})</p>
      )}
      <table className="form">
        <colgroup>
          <col style={{ width: '18%' }} />
          <col style={{ width: '36%' }} />
          <col style={{ width: '16%' }} />
          <col style={{ width: '30%' }} />
        </colgroup>
        <tbody>
          <Row term="企業・団体">
            <strong>{seen?.enterprise.name}</strong>
            {seen?.site.name ? `${GAP}${seen.site.name}` : ''}
          </Row>
          <Row term="所在地">{place}</Row>
          <Row term="実施日時">
            {eraSpan(session.started_at ?? session.starts_at, session.ended_at ?? session.ends_at)}
          </Row>
          <Pair
            left={['回・支援段階', `${session.session ? `第${session.session}回` : ''} ${words.stage[session.stage]}`]}
            right={['方法', words.mode[session.mode]]}
          />
          <Pair
            left={['専門家', session.managers.map(({ name }) => name).join('、')]}
            right={['担当窓口', seen?.desk?.name]}
          />
          <Row term="参加者">
            {session.attendees?.join('、')}
            {session.desk_attended ? '(窓口の職員も同席)' : ''}
          </Row>
          <Long term="現状・課題" height="32mm">
            {written.situation}
          </Long>
          <Long term="助言の内容" height="40mm">
            {written.advice}
          </Long>
          <Long term="今後の進め方" height="28mm">
            {written.next_steps}
          </Long>
          <Long term="次回までに企業が取り組むこと" height="20mm">
            {written.enterprise_tasks}
          </Long>
          <Row term="テレワークの状況">{telework ? words.telework[telework] : ''}</Row>
          <Pair
            left={[
              '提出',
              written.submitted_at
                ? `${eraDay(written.submitted_at)} ${whoDid(items, 'report_submitted', session.id) ?? ''}`
                : '',
            ]}
            right={['承認', written.approved_at ? `${eraDay(written.approved_at)} ${approver ?? ''}` : '']}
          />
        </tbody>
      </table>
    </Sheet>
  );
}

function Row({ term, children }: { term: string; children: ReactNode }) {
  return (
    <tr>
      <th scope="row">{term}</th>
      <td colSpan={3} className="blank">
        {children}
      </td>
    </tr>
  );
}

type TermAndValue = readonly [term: string, value: ReactNode];

function Pair({ left, right }: { left: TermAndValue; right: TermAndValue }) {
  return (
    <tr>
      {[left, right].map(([term, value]) => [
        <th key={term} scope="row">
          {term}
        </th>,
        <td key={`${term} value`} className="blank">
          {value}
        </td>,
      ])}
    </tr>
  );
}

/** A text with room for it; a long one goes on over the page. */
function Long({ term, height, children }: { term: string; height: string; children: ReactNode }) {
  return (
    <tr className="long">
      <th scope="row">{term}</th>
      <td colSpan={3} className="written">
        <div style={{ minHeight: height }}>{children}</div>
      </td>
    </tr>
  );
}
