/** 相談票: filled from a case, or empty for the counter. Both are the same paper. */
import type { ReactNode } from 'react';
import type { CaseView, EnterpriseView, FlagView } from '@/api/schema';
import { TOPICS } from '@/pages/queue/filter';
import { phone, postalCode } from '@/text/format';
import { wordsIn } from '@/text/words';
import { eraTime } from './japanese';
import { Boxes, GAP, NumberBox, Sheet } from './sheet';

const words = wordsIn('ja');

const CHANNELS = ['phone', 'visit', 'web', 'email', 'fax', 'letter', 'event'] as const;
const KINDS = [
  'company',
  'sole_proprietor',
  'association',
  'local_government',
  'worker',
  'other',
  'anonymous',
] as const;
const TELEWORK = ['none', 'considering', 'preparing', 'introduced'] as const;
const DIGITAL = ['low', 'basic', 'good'] as const;
const MODES = ['online', 'visit', 'phone'] as const;

function named<T extends string>(values: readonly T[], names: Record<T, string>) {
  return values.map((value) => [value, names[value]] as const);
}

/** What of a case stands on its sheet. */
export interface Filled {
  seen: CaseView;
  enterprise: EnterpriseView | undefined;
  /** Who took it, where the timeline says so. */
  receivedBy: string | undefined;
  late: FlagView | undefined;
}

export function IntakeForm({ filled, office }: { filled?: Filled; office: string | undefined }) {
  return (
    <Sheet
      title="テレワーク相談票"
      office={office}
      seals={['受付者', '担当者', '責任者']}
      number={<NumberBox number={filled?.seen.number} />}
    >
      <Receipt filled={filled} />
      <Enterprise filled={filled} />
      <Caller filled={filled} />
      <Matter filled={filled} />
      <Handling filled={filled} />
    </Sheet>
  );
}

interface PartProps {
  filled: Filled | undefined;
}

/** A frame whose first column says what the rows are about, upright. */
function Part({ title, rows, children }: { title: string; rows: number; children: [ReactNode, ...ReactNode[]] }) {
  const [first, ...rest] = children;
  return (
    <table className="form">
      <colgroup>
        <col style={{ width: '5%' }} />
        <col style={{ width: '17%' }} />
        <col style={{ width: '33%' }} />
        <col style={{ width: '15%' }} />
        <col style={{ width: '30%' }} />
      </colgroup>
      <tbody>
        <tr>
          <th scope="rowgroup" rowSpan={rows} className="side">
            {title}
          </th>
          {first}
        </tr>
        {rest.map((row, index) => (
          <tr key={index}>{row}</tr>
        ))}
      </tbody>
    </table>
  );
}

/** A term and what is written beside it, over the rest of the row or half of it. */
function Cell({
  term,
  half = false,
  tall = false,
  children,
}: {
  term: string;
  half?: boolean;
  tall?: boolean;
  children?: ReactNode;
}) {
  return (
    <>
      <th scope="row">{term}</th>
      <td colSpan={half ? 1 : 3} className={tall ? 'written' : 'blank'}>
        {children}
      </td>
    </>
  );
}

/** Written by hand: a line for the day and one for the time. */
const BLANK_TIME = (
  <>
    令和{GAP.repeat(3)}年{GAP.repeat(3)}月{GAP.repeat(3)}日
    <br />
    午前・午後{GAP.repeat(3)}時{GAP.repeat(3)}分
  </>
);

function Receipt({ filled }: PartProps) {
  const seen = filled?.seen;
  return (
    <Part title="受付" rows={2}>
      <>
        <Cell term="受付日時" half>
          {seen ? eraTime(seen.received_at) : BLANK_TIME}
        </Cell>
        <Cell term="受付者" half>
          {filled?.receivedBy}
        </Cell>
      </>
      <Cell term="受付の方法">
        <Boxes choices={named(CHANNELS, words.channel)} chosen={seen ? [seen.channel] : []} />
        {filled?.late ? (
          <p>
            (事後入力 {seen ? eraTime(seen.recorded_at) : ''} {filled.late.reason})
          </p>
        ) : null}
      </Cell>
    </Part>
  );
}

function Enterprise({ filled }: PartProps) {
  const seen = filled?.seen;
  const place = seen?.site;
  const whole = filled?.enterprise;
  return (
    <Part title="企業・団体" rows={5}>
      <Cell term="種別">
        <Boxes choices={named(KINDS, words.enterprise)} chosen={seen ? [seen.enterprise.kind] : []} />
      </Cell>
      <Cell term="フリガナ">{seen?.enterprise.kana}</Cell>
      <Cell term="名称">
        <strong>{seen?.enterprise.name}</strong>
        {place?.name ? `${GAP}${place.name}` : ''}
      </Cell>
      <Cell term="所在地">
        {place
          ? `${place.postal_code ? `${postalCode(place.postal_code)}${GAP}` : ''}${place.prefecture ?? ''}${place.address ?? ''}`
          : '〒　　　-　　　　'}
      </Cell>
      <>
        <Cell term="法人番号" half>
          {seen?.enterprise.corporate_number}
        </Cell>
        <Cell term="従業員数" half>
          {seen ? whole?.employees : <span className="block text-right">名</span>}
          {whole?.employees === null || whole?.employees === undefined ? '' : '名'}
        </Cell>
      </>
    </Part>
  );
}

function Caller({ filled }: PartProps) {
  const contacts = filled?.seen.contacts ?? [];
  const contact = contacts.find(({ role }) => role === 'primary') ?? contacts.find(({ role }) => role !== 'agent');
  const agent = contacts.find(({ role }) => role === 'agent');
  return (
    <Part title="相談者" rows={4}>
      <>
        <Cell term="ふりがな" half>
          {contact?.kana}
        </Cell>
        <Cell term="部署・役職" half>
          {contact?.department}
        </Cell>
      </>
      <>
        <Cell term="氏名" half>
          {contact?.name}
        </Cell>
        <Cell term="電話番号" half>
          {contact?.phone ? phone(contact.phone) : null}
        </Cell>
      </>
      <Cell term="メールアドレス">{contact?.email}</Cell>
      <Cell term="代理人">
        {agent ? (
          <>
            {[agent.name, agent.organisation ?? agent.relation, agent.phone ? phone(agent.phone) : null]
              .filter(Boolean)
              .join('・')}{' '}
          </>
        ) : filled ? null : (
          `氏名・所属${GAP.repeat(20)}`
        )}
        {agent || !filled ? (
          <Boxes choices={[['yes', '委任を確認した']]} chosen={agent?.authority_confirmed ? ['yes'] : []} />
        ) : null}
      </Cell>
    </Part>
  );
}

function Matter({ filled }: PartProps) {
  const seen = filled?.seen;
  return (
    <Part title="相談" rows={6}>
      <Cell term="件名">{seen?.subject}</Cell>
      <Cell term="相談分野">
        <Boxes choices={named(TOPICS, words.topic)} chosen={seen?.topics ?? []} />
      </Cell>
      <Cell term="内容" tall>
        <div style={{ minHeight: filled ? '46mm' : '50mm' }}>{seen?.description}</div>
      </Cell>
      <Cell term="テレワーク状況">
        <Boxes choices={named(TELEWORK, words.telework)} chosen={seen?.telework_status ? [seen.telework_status] : []} />
      </Cell>
      <>
        <Cell term="希望の方法" half>
          <Boxes choices={named(MODES, words.mode)} chosen={seen?.desired_mode ? [seen.desired_mode] : []} />
        </Cell>
        <Cell term="デジタル化" half>
          <Boxes choices={named(DIGITAL, words.digital)} chosen={seen?.digital_level ? [seen.digital_level] : []} />
        </Cell>
      </>
      <Cell term="知ったきっかけ">{seen?.how_heard}</Cell>
    </Part>
  );
}

function Handling({ filled }: PartProps) {
  const seen = filled?.seen;
  if (!seen) {
    return (
      <Part title="処理" rows={3}>
        <Cell term="個人情報">
          <Boxes choices={[['yes', '個人情報の取扱いを説明し、同意を得た(説明文の版　　　　　　)']]} chosen={[]} />
        </Cell>
        <Cell term="その後の扱い">
          <Boxes
            choices={[
              ['route', '窓口へ振り分け(　　　　　　　　　　)'],
              ['answered', 'その場で回答して終了'],
              ['callback', '折り返し連絡(　　月　　日　　時)'],
            ]}
            chosen={[]}
          />
        </Cell>
        <Cell term="回答・備考" tall>
          <div style={{ minHeight: '13mm' }} />
        </Cell>
      </Part>
    );
  }
  const { limit, used } = seen.consultations;
  return (
    <Part title="処理" rows={3}>
      <>
        <Cell term="担当窓口" half>
          {seen.desk?.name}
        </Cell>
        <Cell term="担当専門家" half>
          {seen.managers.map(({ name }) => name).join('、')}
        </Cell>
      </>
      <>
        <Cell term="状況" half>
          {words.status[seen.status]}
          {seen.outcome ? `(${words.outcome[seen.outcome]})` : ''}
        </Cell>
        <Cell term="無料支援" half>
          {limit}回のうち{used}回使用
        </Cell>
      </>
      <Cell term="備考" tall>
        <div style={{ minHeight: '13mm' }} />
      </Cell>
    </Part>
  );
}
