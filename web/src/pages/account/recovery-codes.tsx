import { useState } from 'react';
import { save } from '@/api/download';
import { useMe } from '@/shell/use-me';
import { useDates } from '@/text/dates';
import { useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { copyText } from '@/ui/copy';
import { CheckField } from '@/ui/form';
import { say, sayFailed } from '@/ui/toast';
import { factorWords } from './text';

/** The only time that they are seen: gone on from when they were kept. Printed, only they are on the paper. */
export function RecoveryCodes({ codes, onKept }: { codes: readonly string[]; onKept: () => void }) {
  const t = useTexts(factorWords);
  const me = useMe();
  const made = useDates().day(new Date().toISOString());
  const [kept, setKept] = useState(false);
  const text = [t.program, t.codes, me.email, t.made(made), t.once, '', ...codes, ''].join('\r\n');
  return (
    <div className="space-y-4">
      <p className="no-print text-std-16N-170">{t.keepWhy}</p>
      <div className="hidden text-dns-16N-130 print:block">
        <p>{me.email}</p>
        <p>{t.made(made)}</p>
        <p>{t.once}</p>
      </div>
      <ol
        aria-label={t.codes}
        className="grid gap-x-8 gap-y-1 rounded-8 border border-line-strong bg-ground px-5 py-4 font-mono text-std-18N-160 sm:grid-cols-2 print:bg-white"
      >
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ol>
      <div className="no-print flex flex-wrap gap-3">
        <Button
          onClick={() =>
            void copyText(codes.join('\n')).then((done) => (done ? say(t.copied) : sayFailed(t.notCopied)))
          }
        >
          {t.copy}
        </Button>
        <Button onClick={() => save(new Blob([text]), 'madoguchi-recovery-codes.txt')}>{t.save}</Button>
        <Button onClick={() => window.print()}>{t.print}</Button>
      </div>
      <div className="no-print space-y-3">
        <CheckField label={t.kept} checked={kept} onChange={setKept} />
        <div>
          <Button look="solid" size="lg" disabled={!kept} onClick={onKept}>
            {t.finish}
          </Button>
        </div>
      </div>
    </div>
  );
}
