/** 対応履歴: everything that happened on a case, the oldest first, as it is filed. */
import type { CaseView, Desk, Manager, TimelineItem } from '@/api/schema';
import { describeIn } from '@/pages/case/describe';
import { mailWordsIn } from '@/text/mail-words';
import { wordsIn } from '@/text/words';
import { eraClock, eraDay, eraSpan, eraTime } from './japanese';
import { GAP, NumberBox, Sheet } from './sheet';

const words = wordsIn('ja');
const mailWords = mailWordsIn('ja');

/** What the program does on its own, and what the entry beside it says already. */
const NOISE = new Set(['report_saved', 'deadline_moved', 'message_sent', 'desk_proposed', 'enterprise_created']);

interface HistoryProps {
  seen: CaseView;
  items: readonly TimelineItem[];
  managers: readonly Manager[] | undefined;
  desks: readonly Desk[] | undefined;
  office: string | undefined;
  withNotes: boolean;
}

export function History({ seen, items, managers, desks, office, withNotes }: HistoryProps) {
  const describe = describeIn('ja', { span: eraSpan }, { managers, desks });
  const shown = items
    .filter((item) => !NOISE.has(item.kind) && item.message?.kind !== 'notice' && (withNotes || !item.note))
    .toReversed();
  return (
    <Sheet title="対応履歴" office={office} seals={['担当者', '責任者']} number={<NumberBox number={seen.number} />}>
      <table className="form">
        <colgroup>
          <col style={{ width: '18%' }} />
          <col style={{ width: '82%' }} />
        </colgroup>
        <tbody>
          <tr>
            <th scope="row">企業・団体</th>
            <td>{seen.enterprise.name ?? words.enterprise[seen.enterprise.kind]}</td>
          </tr>
          <tr>
            <th scope="row">件名</th>
            <td>{seen.subject}</td>
          </tr>
          <tr>
            <th scope="row">状況</th>
            <td>
              {words.status[seen.status]}
              {seen.outcome ? `(${words.outcome[seen.outcome]})` : ''}
              {GAP}無料支援 {seen.consultations.limit}回のうち
              {seen.consultations.used}回使用
            </td>
          </tr>
        </tbody>
      </table>
      <div style={{ height: '3mm' }} />
      <table className="form history">
        <colgroup>
          <col style={{ width: '24%' }} />
          <col style={{ width: '60%' }} />
          <col style={{ width: '16%' }} />
        </colgroup>
        <thead>
          <tr>
            <th scope="col">日時</th>
            <th scope="col">内容</th>
            <th scope="col">記録者</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((item) => (
            <Entry key={item.seq} item={item} sentence={describe(item)} />
          ))}
        </tbody>
      </table>
    </Sheet>
  );
}

/** Longer texts may break over the page. */
const LONG = 250;

function Entry({ item, sentence }: { item: TimelineItem; sentence: string }) {
  const { interaction, note, mail, message } = item;
  const late = Date.parse(item.recorded_at) - Date.parse(item.occurred_at) > 3_600_000;
  const text = interaction?.body ?? note?.body ?? mail?.text ?? message?.text ?? '';
  const title = interaction
    ? `${words.interaction[interaction.kind]}(${words.direction[interaction.direction]}): ${words.result[interaction.result]}`
    : sentence;
  return (
    <tr className={text.length > LONG ? 'long' : ''}>
      <td>
        {eraDay(item.occurred_at)}
        <span className="block">{eraClock(item.occurred_at)}</span>
        {late ? <span className="block">({eraTime(item.recorded_at)} 入力)</span> : null}
      </td>
      <td>
        <strong>{title}</strong>
        {mail ? (
          <span className="block">
            差出人 {[mail.from_name, mail.from_address].filter(Boolean).join(' ')}
            {GAP}件名 {mail.subject ?? '(件名なし)'}
          </span>
        ) : null}
        {message ? (
          <span className="block">
            宛先 {[message.to_name, message.to_address].filter(Boolean).join(' ')}
            {GAP}件名 {message.subject}({mailWords.state[message.state]})
          </span>
        ) : null}
        {interaction?.callback_at ? (
          <span className="block">折り返しの約束 {eraTime(interaction.callback_at)}</span>
        ) : null}
        {text ? <span className="block whitespace-pre-wrap">{text.trim()}</span> : null}
        {item.reason ? <span className="block whitespace-pre-wrap">理由: {item.reason}</span> : null}
      </td>
      <td>{item.actor?.name ?? 'システム'}</td>
    </tr>
  );
}
