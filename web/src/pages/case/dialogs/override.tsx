import { isProblemOf } from '@/api/problem';
import type { Conflict } from '@/data/conflicts';
import { useMe } from '@/shell/use-me';
import { texts, useTexts } from '@/text/preferences';
import { TextField } from '@/ui/form';

const words = texts(
  {
    label: 'それでも予約する理由',
    hint: '不在・担当枠・委嘱期間などに反するときは、統括・事務局だけが理由を付けて予約できます。',
  },
  { label: 'Why it is booked all the same', hint: 'Supervisors and the office may do so with a reason.' },
);

/** Whether a reason would set aside what speaks against a time, and this person may give one. */
export function useNeedsReason(conflicts: readonly Conflict[], error: unknown): boolean {
  const { role } = useMe();
  const lead = role === 'supervisor' || role === 'admin';
  return lead && (conflicts.some(({ kind }) => kind === 'absent' || kind === 'busy') || isProblemOf(error, 'conflict'));
}

export function OverrideField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const t = useTexts(words);
  return <TextField label={t.label} hint={t.hint} pointer="/override_reason" value={value} onChange={onChange} />;
}
