import { useState } from 'react';
import { api, body, ifMatch } from '@/api/client';
import type { CaseView, LimitRequest, WaitingOn, WaitRequest } from '@/api/schema';
import { useSend } from '@/api/send';
import { instant } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { RadioField, TextArea, TextField } from '@/ui/form';
import { useAfterMove } from '../moves';
import { Frame, frameWords } from './frame';

const words = texts(
  {
    on: 'だれの対応を待ちますか',
    until: 'いつまで',
    untilHint: '空欄なら、決められた日数の後に確認の期限が来ます。相手から連絡があると、待ちは自動で終わります。',
    limit: '新しい上限(1〜9回)',
    limitWhat: (used: number) => `この案件だけの上限を変更します。すでに${used}回使っています。`,
  },
  {
    on: 'Whom does it wait for?',
    until: 'Until',
    untilHint: 'Empty: it is looked at again after the set number of days. A contact from them ends the wait.',
    limit: 'New limit (1 to 9)',
    limitWhat: (used: number) => `Changes the limit of this case only. ${used} sessions are used.`,
  },
);

interface WaitProps {
  seen: CaseView;
  onClose: () => void;
}

export function WaitDialog({ seen, onClose }: WaitProps) {
  const t = useTexts(words);
  const frame = useTexts(frameWords);
  const names = useWords();
  const [on, setOn] = useState<WaitingOn>('enterprise');
  const [until, setUntil] = useState('');
  const [reason, setReason] = useState('');
  const send = useSend(
    (request: WaitRequest, once) =>
      body(
        api.POST('/api/v1/cases/{id}/wait', {
          params: { path: { id: seen.id }, header: once },
          headers: ifMatch(seen.version),
          body: request,
        }),
      ),
    useAfterMove('wait', onClose),
  );
  const end = instant(until, '17:00');
  return (
    <Frame
      title={names.move.wait}
      act={names.move.wait}
      seen={seen}
      error={send.error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={() => send.mutate({ on, reason, ...(end ? { until: end } : {}) })}
    >
      <RadioField
        label={t.on}
        pointer="/on"
        value={on}
        onChange={setOn}
        choices={(['enterprise', 'manager', 'desk', 'help_center'] as const).map((word) => [word, names.waiting[word]])}
      />
      <TextField
        label={t.until}
        pointer="/until"
        type="date"
        hint={t.untilHint}
        className="max-w-xs"
        value={until}
        onChange={setUntil}
      />
      <TextArea label={frame.reason} pointer="/reason" required value={reason} onChange={setReason} />
    </Frame>
  );
}

export function LimitDialog({ seen, onClose }: WaitProps) {
  const t = useTexts(words);
  const frame = useTexts(frameWords);
  const names = useWords();
  const [limit, setLimit] = useState(String(seen.consultations.limit));
  const [reason, setReason] = useState('');
  const send = useSend(
    (request: LimitRequest, once) =>
      body(
        api.POST('/api/v1/cases/{id}/limit', {
          params: { path: { id: seen.id }, header: once },
          headers: ifMatch(seen.version),
          body: request,
        }),
      ),
    useAfterMove('limit', onClose),
  );
  return (
    <Frame
      title={names.move.limit}
      act={names.move.limit}
      seen={seen}
      error={send.error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={() => send.mutate({ limit: Number(limit), reason })}
    >
      <p className="text-std-16N-170">{t.limitWhat(seen.consultations.used)}</p>
      <TextField
        label={t.limit}
        pointer="/limit"
        type="number"
        min={1}
        max={9}
        className="max-w-xs"
        value={limit}
        onChange={setLimit}
      />
      <TextArea label={frame.reason} pointer="/reason" required value={reason} onChange={setReason} />
    </Frame>
  );
}
