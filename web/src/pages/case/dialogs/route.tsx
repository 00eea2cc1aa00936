import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, body, ifMatch } from '@/api/client';
import type { CaseView, RouteRequest } from '@/api/schema';
import { useSend } from '@/api/send';
import { deskProposals } from '@/data/cases';
import { desks } from '@/data/directory';
import { texts, useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Group, SelectField, TextArea } from '@/ui/form';
import { Loaded } from '@/ui/states';
import { useAfterMove } from '../moves';
import { Frame, frameWords } from './frame';

export const routeWords = texts(
  {
    proposed: '担当窓口の候補',
    none: '所在地を担当する窓口が見つかりません。下の一覧から選んでください。',
    other: 'ほかの窓口',
    choose: '選んでください',
    note: '窓口への申し送り',
    again: '予約中の回は取り消されます。使用済みの回数はそのままです。',
  },
  {
    proposed: 'Proposed desks',
    none: 'No desk covers the place. Choose one below.',
    other: 'Another desk',
    choose: 'Choose',
    note: 'Note to the desk',
    again: 'Future bookings are cancelled. Used sessions stay used.',
  },
);

export function RouteDialog({ seen, onClose }: { seen: CaseView; onClose: () => void }) {
  const t = useTexts(routeWords);
  const frame = useTexts(frameWords);
  const words = useWords();
  const proposals = useQuery(deskProposals(seen.id));
  const [chosen, setChosen] = useState<string>();
  const [note, setNote] = useState('');
  const [reason, setReason] = useState('');
  const again = seen.status !== 'received';
  const desk = chosen ?? (again ? '' : (proposals.data?.items[0]?.desk_id ?? ''));
  const send = useSend(
    (request: RouteRequest, once) =>
      body(
        api.POST('/api/v1/cases/{id}/route', {
          params: { path: { id: seen.id }, header: once },
          headers: ifMatch(seen.version),
          body: request,
        }),
      ),
    useAfterMove('route', onClose),
  );
  return (
    <Frame
      title={words.move.route}
      act={words.move.route}
      seen={seen}
      error={send.error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={() => send.mutate({ desk_id: desk, ...(note ? { note } : {}), ...(again ? { reason } : {}) })}
    >
      {again ? <p className="text-std-16N-170">{t.again}</p> : null}
      <Loaded query={proposals} lines={2}>
        {({ items }) => <DeskChoice proposals={items} value={desk} onChange={setChosen} />}
      </Loaded>
      {again ? <TextArea label={frame.reason} pointer="/reason" required value={reason} onChange={setReason} /> : null}
      <TextArea label={t.note} pointer="/note" rows={2} value={note} onChange={setNote} />
    </Frame>
  );
}

interface DeskChoiceProps {
  proposals: readonly { desk_id: string; name: string; reasons: string[] }[];
  value: string;
  onChange: (desk: string) => void;
}

/** The proposed desks with their reasons, and all others below. */
export function DeskChoice({ proposals, value, onChange }: DeskChoiceProps) {
  const t = useTexts(routeWords);
  const all = useQuery(desks).data?.items ?? [];
  const others = all.filter((desk) => desk.active && !proposals.some(({ desk_id }) => desk_id === desk.id));
  const isOther = others.some(({ id }) => id === value);
  return (
    <>
      <Group label={t.proposed} pointer="/desk_id">
        {proposals.length === 0 ? <p className="text-dns-16N-130 text-ink-soft">{t.none}</p> : null}
        <ul className="space-y-2">
          {proposals.map(({ desk_id, name, reasons }) => (
            <li key={desk_id}>
              <label className="flex items-start gap-3 rounded-8 border border-line p-3 text-dns-16N-130 has-checked:border-2 has-checked:border-blue-900 has-checked:bg-blue-50">
                <input
                  type="radio"
                  name="desk"
                  className="mt-0.5 size-5 shrink-0 accent-blue-900"
                  checked={value === desk_id}
                  onChange={() => onChange(desk_id)}
                />
                <span>
                  <span className="text-dns-16B-130">{name}</span>
                  <span className="block text-dns-14N-130 text-ink-soft">{reasons.join('・')}</span>
                </span>
              </label>
            </li>
          ))}
        </ul>
      </Group>
      <SelectField
        label={t.other}
        pointer="/desk_id#other"
        value={isOther ? value : ''}
        onChange={onChange}
        choices={[['', t.choose], ...others.map(({ id, name }) => [id, name] as const)]}
      />
    </>
  );
}
