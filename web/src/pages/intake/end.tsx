import { useEffect, useEffectEvent } from 'react';
import { OUTCOMES } from '@/pages/case/dialogs/outcomes';
import { useMe } from '@/shell/use-me';
import { shortDesk } from '@/text/format';
import { useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { RadioField, SelectField, TextArea, TextField } from '@/ui/form';
import { Section } from '@/ui/page';
import { prefectureName } from '@/ui/prefectures';
import { useDesksFor } from './desk';
import type { Typed } from './inquiry';
import { intakeWords } from './text';

interface EndProps {
  typed: Typed;
  onChange: (part: Partial<Typed>) => void;
  desk: string;
  onDesk: (desk: string) => void;
  note: string;
  onNote: (note: string) => void;
}

/** What happens with the call: to a desk with its reason, kept, or answered at once. */
export function EndFields({ typed, onChange, desk, onDesk, note, onNote }: EndProps) {
  const t = useTexts(intakeWords);
  const words = useWords();
  const me = useMe();
  // A desk's own case stays with it; only the help center routes.
  const ends = me.permissions.includes('route_cases')
    ? (['route', 'keep', 'close'] as const)
    : (['keep', 'close'] as const);
  return (
    <Section title={t.end}>
      <div className="space-y-3">
        <RadioField
          label={t.then}
          pointer="#end"
          value={typed.end}
          onChange={(end) => onChange({ end })}
          choices={ends.map((end) => [end, end === 'keep' && me.role === 'desk' ? t.keepAtDesk : t.ends[end]])}
        />
        {typed.end === 'route' ? (
          <DeskFields prefecture={typed.prefecture} desk={desk} onDesk={onDesk} note={note} onNote={onNote} />
        ) : null}
        {typed.end === 'close' ? (
          <>
            <SelectField
              label={t.outcome}
              pointer="/close_as/outcome"
              className="max-w-xs"
              value={typed.outcome}
              onChange={(outcome) => onChange({ outcome })}
              choices={OUTCOMES.filter((outcome) => outcome !== 'completed').map((outcome) => [
                outcome,
                words.outcome[outcome],
              ])}
            />
            <TextArea
              label={t.answer}
              pointer="/close_as/note"
              value={typed.answer}
              onChange={(answer) => onChange({ answer })}
            />
          </>
        ) : null}
      </div>
    </Section>
  );
}

interface DeskProps {
  prefecture: string;
  desk: string;
  onDesk: (desk: string) => void;
  note: string;
  onNote: (note: string) => void;
}

function DeskFields({ prefecture, desk, onDesk, note, onNote }: DeskProps) {
  const t = useTexts(intakeWords);
  const { found, all } = useDesksFor(prefecture);
  const proposed = found[0]?.id ?? '';
  const propose = useEffectEvent(onDesk);
  // Another place, another proposal; what one chose by hand afterwards stays.
  useEffect(() => {
    if (proposed) propose(proposed);
  }, [proposed]);
  const others = all.filter(({ id }) => !found.some((one) => one.id === id));
  const hint = !prefecture ? t.deskNone : found.length === 0 ? t.deskMissing : undefined;
  return (
    <div className="space-y-3">
      <SelectField
        label={t.desk}
        pointer="/desk_id"
        hint={hint}
        required
        value={desk}
        onChange={onDesk}
        choices={[
          ['', '—'],
          ...found.map(
            ({ id, name }) => [id, `${shortDesk(name) ?? name}(${t.deskWhy(prefectureName(prefecture))})`] as const,
          ),
          ...others.map(({ id, name }) => [id, shortDesk(name) ?? name] as const),
        ]}
      />
      <TextField label={t.routeNote} pointer="/note" value={note} onChange={onNote} />
    </div>
  );
}
