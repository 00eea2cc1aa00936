import { keepDraft, settled, type Draft, type ReportValues } from '@/data/drafts';
import type { TeleworkStatus } from '@/api/schema';
import { useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Button } from '@/ui/button';
import { Notice } from '@/ui/notice';
import { reportWords } from './text';

/** What two people wrote differently, side by side; one chooses field by field, and nothing is lost. */
export function Conflicts({ draft }: { draft: Draft }) {
  const t = useTexts(reportWords);
  const words = useWords();
  const names: Record<keyof ReportValues, string> = {
    situation: t.situation,
    advice: t.advice,
    next_steps: t.next,
    enterprise_tasks: t.tasks,
    telework_status: t.telework,
  };
  const show = (field: keyof ReportValues, value: string) =>
    value === '' ? t.empty : field === 'telework_status' ? words.telework[value as TeleworkStatus] : value;
  return (
    <Notice kind="warning" live title={t.both}>
      <p>{t.bothWhy}</p>
      {draft.conflicts.map((field) => {
        const [theirs, mine] = [draft.base.values[field], draft.values[field]];
        return (
          <section key={field} aria-label={names[field]} className="space-y-2 border-t border-line pt-3">
            <h2 className="text-dns-16B-130">{names[field]}</h2>
            <dl className="grid gap-3 sm:grid-cols-2">
              {(
                [
                  [t.theirs, theirs],
                  [t.mine, mine],
                ] as const
              ).map(([term, value]) => (
                <div key={term} className="min-w-0 rounded-6 bg-solid-gray-50 px-3 py-2">
                  <dt className="text-dns-14B-130 text-ink-soft">{term}</dt>
                  <dd className="whitespace-pre-wrap">{show(field, value)}</dd>
                </div>
              ))}
            </dl>
            <p className="flex flex-wrap gap-2">
              <Button size="sm" onClick={() => keepDraft(settled(draft, field, theirs))}>
                {t.useTheirs}
              </Button>
              <Button size="sm" onClick={() => keepDraft(settled(draft, field, mine))}>
                {t.useMine}
              </Button>
              {field === 'telework_status' ? null : (
                <Button size="sm" onClick={() => keepDraft(settled(draft, field, `${theirs}\n${mine}`))}>
                  {t.useBoth}
                </Button>
              )}
            </p>
          </section>
        );
      })}
    </Notice>
  );
}
