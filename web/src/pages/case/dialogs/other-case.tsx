import { useState } from 'react';
import { api, body, ifMatch } from '@/api/client';
import type { CaseView, LinkKind } from '@/api/schema';
import { useSend } from '@/api/send';
import { idOfNumber } from '@/data/cases';
import { texts, useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { RadioField, TextArea, TextField } from '@/ui/form';
import { say } from '@/ui/toast';
import { useAfterMove } from '../moves';
import { Frame, frameWords } from './frame';

const words = texts(
  {
    number: '相手の案件番号',
    numberHint: '例 TW-2026-000123',
    kind: '関係',
    linked: '関連付けました。',
    merge: '相手の案件は「重複」として終了し、この案件に統合されます。使用済みの回数はこの案件に移ります。',
    unmerge: '統合を取り消し、相手の案件を統合前の状態に戻します。',
    mergeAct: '統合する',
    unmergeAct: '統合を取り消す',
    linkAct: '関連付ける',
    from: 'この操作は、統合先の案件から行います。',
  },
  {
    number: 'Number of the other case',
    numberHint: 'as in TW-2026-000123',
    kind: 'How they belong together',
    linked: 'Linked.',
    merge: 'The other case closes as a duplicate of this one; its used sessions move here.',
    unmerge: 'The other case goes back to where it was before the merge.',
    mergeAct: 'Merge',
    unmergeAct: 'Undo the merge',
    linkAct: 'Link',
    from: 'This is done from the case that survived.',
  },
);

interface OtherProps {
  seen: CaseView;
  onClose: () => void;
}

export function LinkDialog({ seen, onClose }: OtherProps) {
  const t = useTexts(words);
  const names = useWords();
  const [number, setNumber] = useState('');
  const [kind, setKind] = useState<LinkKind>('related');
  const send = useSend(
    async (request: { number: string; kind: LinkKind }, once) => {
      const other_id = await idOfNumber(request.number, '/other_id');
      return body(
        api.POST('/api/v1/cases/{id}/links', {
          params: { path: { id: seen.id }, header: once },
          body: { other_id, kind: request.kind },
        }),
      );
    },
    () => {
      onClose();
      say(t.linked);
    },
  );
  return (
    <Frame
      title={names.move.link}
      act={t.linkAct}
      error={send.error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={() => send.mutate({ number, kind })}
    >
      <TextField
        label={t.number}
        hint={t.numberHint}
        pointer="/other_id"
        required
        value={number}
        onChange={setNumber}
      />
      <RadioField
        label={t.kind}
        pointer="/kind"
        value={kind}
        onChange={setKind}
        choices={(['related', 'same_group', 'follow_up'] as const).map((word) => [word, names.link[word]])}
      />
    </Frame>
  );
}

/** Merges another case into this one, or undoes that; seen from a merged case, this one is the other. */
export function MergeDialog({ seen, undo, onClose }: OtherProps & { undo: boolean }) {
  const t = useTexts(words);
  const frame = useTexts(frameWords);
  const names = useWords();
  const [number, setNumber] = useState('');
  const [reason, setReason] = useState('');
  const survivor = seen.merged_into;
  const send = useSend(
    async (request: { number: string; reason: string }, once) => {
      const other_id = survivor ? seen.id : await idOfNumber(request.number, '/other_id');
      const id = survivor ?? seen.id;
      const options = {
        params: { path: { id }, header: once },
        ...(survivor ? {} : { headers: ifMatch(seen.version) }),
        body: { other_id, reason: request.reason },
      };
      return body(
        undo ? api.POST('/api/v1/cases/{id}/unmerge', options) : api.POST('/api/v1/cases/{id}/merge', options),
      );
    },
    useAfterMove(undo ? 'unmerge' : 'merge', onClose),
  );
  return (
    <Frame
      title={undo ? names.move.unmerge : names.move.merge}
      act={undo ? t.unmergeAct : t.mergeAct}
      seen={seen}
      error={send.error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={() => send.mutate({ number, reason })}
    >
      <p className="text-std-16N-170">{undo ? t.unmerge : t.merge}</p>
      {survivor ? null : (
        <TextField
          label={t.number}
          hint={t.numberHint}
          pointer="/other_id"
          required
          value={number}
          onChange={setNumber}
        />
      )}
      <TextArea label={frame.reason} pointer="/reason" required value={reason} onChange={setReason} />
    </Frame>
  );
}
