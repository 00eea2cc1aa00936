import { useState } from 'react';
import { api, body, ifMatch } from '@/api/client';
import type { CaseManager, CaseView } from '@/api/schema';
import { useSend } from '@/api/send';
import { texts, useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { TextArea } from '@/ui/form';
import { useAfterMove } from '../moves';
import { Frame, frameWords } from './frame';

type ReasonMove = 'return' | 'reopen' | 'guard_override' | 'escalate' | 'release';

const words = texts(
  {
    what: {
      return: '相談センターへ差し戻します。回答待ちの打診は取り下げられます。',
      reopen: '案件を、担当していたところに戻します。使用済みの回数は戻りません。',
      guard_override: '今年度の先の案件があっても、この案件で予約できるようにします。',
      escalate: '苦情として統括に知らせます。確認が済むまで、案件に表示されます。',
      release: 'この専門家の今後の予約は取り消されます。実施済の回の報告書は、引き続き書けます。',
    },
    release: (name: string) => `${name}さんの担当を解除`,
    releaseAct: '担当を解除',
  },
  {
    what: {
      return: 'The case goes back to the help center. Open offers are revoked.',
      reopen: 'The case goes back to where it was owned. Used sessions stay used.',
      guard_override: 'Sessions may be booked although the enterprise has an earlier case this year.',
      escalate: 'The supervisor is told, and the case shows it until it is settled.',
      release: 'Their future appointments are cancelled. Reports on sessions that were held can still be written.',
    },
    release: (name: string) => `Release ${name}`,
    releaseAct: 'Release',
  },
);

interface ReasonProps {
  seen: CaseView;
  move: ReasonMove;
  manager?: CaseManager;
  onClose: () => void;
}

/** The moves that need a reason and nothing else. */
export function ReasonDialog({ seen, move, manager, onClose }: ReasonProps) {
  const t = useTexts(words);
  const frame = useTexts(frameWords);
  const names = useWords();
  const [reason, setReason] = useState('');
  const send = useSend(
    (text: string, once) => {
      const params = { path: { id: seen.id }, header: once };
      const options = { params, headers: ifMatch(seen.version), body: { reason: text } };
      switch (move) {
        case 'return':
          return body(api.POST('/api/v1/cases/{id}/return', options));
        case 'reopen':
          return body(api.POST('/api/v1/cases/{id}/reopen', options));
        case 'guard_override':
          return body(api.POST('/api/v1/cases/{id}/guard-override', options));
        case 'escalate':
          return body(
            api.POST('/api/v1/cases/{id}/escalate', { ...options, body: { kind: 'complaint', reason: text } }),
          );
        case 'release': {
          const id = manager?.assignment_id ?? '';
          return body(
            api.POST('/api/v1/assignments/{id}/release', {
              params: { path: { id }, header: once },
              body: { reason: text },
            }),
          );
        }
      }
    },
    useAfterMove(move, onClose),
  );
  const title = move === 'release' ? t.release(manager?.name ?? '') : names.move[move];
  return (
    <Frame
      title={title}
      act={move === 'release' ? t.releaseAct : names.move[move]}
      seen={seen}
      error={send.error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={() => send.mutate(reason)}
    >
      <p className="text-std-16N-170">{t.what[move]}</p>
      <TextArea label={frame.reason} pointer="/reason" required autoFocus value={reason} onChange={setReason} />
    </Frame>
  );
}
