import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api, body, ifMatch } from '@/api/client';
import { faultyFields } from '@/api/problem';
import type { CaseView, Line, ManagerProposal, OfferRequest, OfferView } from '@/api/schema';
import { useSend } from '@/api/send';
import { managerProposals } from '@/data/cases';
import { instant, useDates } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Chip } from '@/ui/chip';
import { CheckField, Group, RadioField, TextArea, TextField } from '@/ui/form';
import { Loaded } from '@/ui/states';
import { say } from '@/ui/toast';
import { Frame } from './frame';
import { Slots } from './slots';

const words = texts(
  {
    act: '打診する',
    actPhone: '担当として記録する',
    line: '区分',
    candidates: '候補の専門家(適した順)',
    search: '氏名・所属・資格で絞り込み',
    none: '条件に合う専門家がいません。',
    note: '専門家への連絡事項',
    noteHint: '氏名や電話番号は書かないでください。連絡先は、承諾の後に専門家に表示されます。',
    replyBy: '回答期限',
    replyHint: '空欄なら、決められた営業日数の後です。',
    byPhone: '電話で承諾を得た(打診せずに担当を決める)',
    override: 'それでも打診する理由',
    overrideHint: '統括・事務局だけが、理由を付けて打診できます。',
    free: (n: number) => `今月あと${n}件`,
    firstFree: (when: string) => `最初の空き ${when}`,
    week: (name: string) => `${name}さんの週の予定(別のタブ)`,
    offered: '打診しました。',
    assigned: '担当を記録しました。',
    more: (n: number) => `ほか ${n} 人を表示`,
    choose: '専門家を選んでください。',
    revoke: '打診を取り下げ',
    revokeWhat: (name: string) => `${name}さんへの打診を取り下げます。`,
    revoked: '打診を取り下げました。',
  },
  {
    act: 'Offer',
    actPhone: 'Record the assignment',
    line: 'Line',
    candidates: 'Experts, the best fitting first',
    search: 'Filter by name, firm or qualification',
    none: 'No expert fits.',
    note: 'What the expert should know',
    noteHint: 'No names or phone numbers: the expert sees them after accepting.',
    replyBy: 'Answer by',
    replyHint: 'Empty: after the set number of business days.',
    byPhone: 'Accepted by phone (assign without an offer)',
    override: 'Why it is offered all the same',
    overrideHint: 'Supervisors and the office may do so with a reason.',
    free: (n: number) => `${n} more this month`,
    firstFree: (when: string) => `first free ${when}`,
    week: (name: string) => `The week of ${name} (another tab)`,
    offered: 'Offered.',
    assigned: 'Assigned.',
    more: (n: number) => `Show ${n} more`,
    choose: 'Choose an expert.',
    revoke: 'Revoke the offer',
    revokeWhat: (name: string) => `The offer to ${name} is taken back.`,
    revoked: 'Revoked.',
  },
);

/** The line that is still free; both fields may have an expert each. */
function firstLine(seen: CaseView): Line {
  const labour = seen.primary_topic === 'labour' || seen.primary_topic === 'rules';
  const preferred: Line = labour ? 'labour' : 'ict';
  const taken = seen.managers.map(({ line }) => line);
  return taken.includes(preferred) ? (preferred === 'ict' ? 'labour' : 'ict') : preferred;
}

export function OfferDialog({ seen, onClose }: { seen: CaseView; onClose: () => void }) {
  const t = useTexts(words);
  const names = useWords();
  const [line, setLine] = useState<Line>(() => firstLine(seen));
  const [manager, setManager] = useState('');
  const [note, setNote] = useState('');
  const [replyBy, setReplyBy] = useState('');
  const [byPhone, setByPhone] = useState(false);
  const [override, setOverride] = useState('');
  const [unchosen, setUnchosen] = useState(false);
  const proposals = useQuery(managerProposals(seen.id, line));
  const chosen = proposals.data?.items.find(({ manager_id }) => manager_id === manager);
  const send = useSend(
    (request: OfferRequest, once) =>
      body(api.POST('/api/v1/cases/{id}/offers', { params: { path: { id: seen.id }, header: once }, body: request })),
    () => {
      onClose();
      say(byPhone ? t.assigned : t.offered);
    },
  );
  const end = instant(replyBy, '17:00');
  const obstacles = (chosen?.obstacles.length ?? 0) > 0;
  const submit = () => {
    setUnchosen(!chosen);
    if (!chosen) return;
    send.mutate({
      manager_id: chosen.manager_id,
      line,
      ...(note ? { note } : {}),
      ...(byPhone ? { accepted_by_phone: true } : end ? { reply_by: end } : {}),
      ...(obstacles && override ? { override_reason: override } : {}),
    });
  };
  const error = unchosen && !chosen ? faultyFields([{ pointer: '/manager_id', detail: t.choose }]) : send.error;
  return (
    <Frame
      title={names.move.offer}
      act={byPhone ? t.actPhone : t.act}
      seen={seen}
      wide
      error={error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={submit}
    >
      <RadioField
        label={t.line}
        pointer="/line"
        value={line}
        onChange={(next) => {
          setLine(next);
          setManager('');
        }}
        choices={(['ict', 'labour'] as const).map((word) => [word, names.line[word]])}
      />
      <div className="grid gap-5 md:grid-cols-[1.3fr_1fr]">
        <Loaded query={proposals} lines={4}>
          {({ items }) => <Candidates items={items} value={manager} onChange={setManager} />}
        </Loaded>
        <div className="space-y-4">
          {chosen ? (
            <>
              <Slots key={chosen.manager_id} managers={[chosen.manager_id]} minutes={60} desk={seen.desk?.id} />
              <Link
                className="link text-dns-14N-130"
                to="/schedule"
                search={{ manager_id: chosen.manager_id }}
                target="_blank"
              >
                {t.week(chosen.name)}
              </Link>
            </>
          ) : null}
          {obstacles ? (
            <TextArea
              label={t.override}
              hint={t.overrideHint}
              pointer="/override_reason"
              required
              rows={2}
              value={override}
              onChange={setOverride}
            />
          ) : null}
          <TextArea label={t.note} hint={t.noteHint} pointer="/note" value={note} onChange={setNote} />
          <CheckField label={t.byPhone} checked={byPhone} onChange={setByPhone} />
          {byPhone ? null : (
            <TextField
              label={t.replyBy}
              hint={t.replyHint}
              pointer="/reply_by"
              type="date"
              value={replyBy}
              onChange={setReplyBy}
            />
          )}
        </div>
      </div>
    </Frame>
  );
}

const SHOWN = 5;

interface CandidatesProps {
  items: readonly ManagerProposal[];
  value: string;
  onChange: (manager: string) => void;
}

function Candidates({ items, value, onChange }: CandidatesProps) {
  const t = useTexts(words);
  const [query, setQuery] = useState('');
  const [all, setAll] = useState(false);
  const fitting = items.filter(({ name, firm, qualifications }) =>
    [name, firm ?? '', ...qualifications].join(' ').includes(query.trim()),
  );
  const shown = all || query ? fitting : fitting.slice(0, SHOWN);
  return (
    <Group label={t.candidates} pointer="/manager_id">
      <TextField label={t.search} pointer="#search" className="mb-2" value={query} onChange={setQuery} />
      {fitting.length === 0 ? <p className="text-dns-16N-130 text-ink-soft">{t.none}</p> : null}
      <ul className="max-h-96 space-y-2 overflow-y-auto p-1">
        {shown.map((proposal) => (
          <li key={proposal.manager_id}>
            <Candidate proposal={proposal} checked={value === proposal.manager_id} onChange={onChange} />
          </li>
        ))}
      </ul>
      {shown.length < fitting.length ? (
        <button type="button" className="link mt-1 min-h-9 text-dns-14N-130" onClick={() => setAll(true)}>
          {t.more(fitting.length - shown.length)}
        </button>
      ) : null}
    </Group>
  );
}

interface CandidateProps {
  proposal: ManagerProposal;
  checked: boolean;
  onChange: (manager: string) => void;
}

function Candidate({ proposal, checked, onChange }: CandidateProps) {
  const t = useTexts(words);
  const names = useWords();
  const dates = useDates();
  const firstFree = proposal.first_free?.starts_at;
  return (
    <label className="flex items-start gap-3 rounded-8 border border-line p-3 text-dns-14N-130 has-checked:border-2 has-checked:border-blue-900 has-checked:bg-blue-50">
      <input
        type="radio"
        name="manager"
        className="mt-0.5 size-5 shrink-0 accent-blue-900"
        checked={checked}
        onChange={() => onChange(proposal.manager_id)}
      />
      <span className="min-w-0">
        <span className="text-dns-16B-130">{proposal.name}</span> <span className="text-ink-soft">{proposal.firm}</span>
        <span className="block text-ink-soft">{proposal.qualifications.join('・')}</span>
        <span className="block font-bold">
          {[t.free(proposal.free_this_month), ...(firstFree ? [t.firstFree(dates.dayTime(firstFree))] : [])].join('・')}
        </span>
        {proposal.reasons.map((reason) => (
          <span key={reason} className="block pl-[1em] -indent-[1em]">
            ・{withDays(reason, dates.day)}
          </span>
        ))}
        {proposal.obstacles.length > 0 ? (
          <span className="mt-1 flex flex-wrap gap-1">
            {proposal.obstacles.map((obstacle) => (
              <Chip key={obstacle} tone="red">
                {names.obstacle[obstacle]}
              </Chip>
            ))}
          </span>
        ) : null}
      </span>
    </label>
  );
}

/** The API writes the days of its reasons in digits. */
function withDays(reason: string, day: (date: string) => string): string {
  return reason.replaceAll(/\d{4}-\d{2}-\d{2}/g, (date) => day(`${date}T00:00:00+09:00`));
}

export function RevokeDialog({ offer, onClose }: { offer: OfferView; onClose: () => void }) {
  const t = useTexts(words);
  const send = useSend(
    (_: undefined, once) =>
      body(
        api.POST('/api/v1/offers/{id}/revoke', {
          params: { path: { id: offer.id }, header: once },
          headers: ifMatch(offer.version),
        }),
      ),
    () => {
      onClose();
      say(t.revoked);
    },
  );
  return (
    <Frame
      title={t.revoke}
      act={t.revoke}
      danger
      error={send.error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={() => send.mutate(undefined)}
    >
      <p className="text-std-16N-170">{t.revokeWhat(offer.manager.name)}</p>
    </Frame>
  );
}
