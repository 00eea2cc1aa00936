import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type KeyboardEvent } from 'react';
import { api, body } from '@/api/client';
import type { FreeText, FreeTextState } from '@/api/schema';
import { useSend } from '@/api/send';
import { oneCase } from '@/data/cases';
import { answerWords } from '@/text/answer-words';
import { useDates } from '@/text/dates';
import { useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { Chip, type Tone } from '@/ui/chip';
import { Form, TextArea } from '@/ui/form';
import { useKept } from '@/ui/kept';
import { say } from '@/ui/toast';
import { partsOf, partsOfNames, type Part } from './suspects';
import { textsWords } from './texts-words';

const TONES: Record<FreeTextState, Tone> = { unchecked: 'yellow', released: 'green', withheld: 'gray' };

interface CheckProps {
  text: FreeText;
  /** After it was released or withheld. */
  onDone: () => void;
}

/** As it was written, what in it may be personal data, and beside it the text that others may read. */
export function CheckText({ text, onDone }: CheckProps) {
  const { written, case_id } = text;
  const [isAtWork, setAtWork] = useState(false);
  const names = useNames(case_id, isAtWork);
  const parts = written ? partsOf(written, partsOfNames(names)) : [];
  return (
    <article
      className="rounded-8 border border-line bg-white p-4 focus-within:border-blue-900"
      // A view of a case is kept with who looked: only of the one that is being checked.
      onFocus={() => setAtWork(true)}
    >
      <Head text={text} />
      <div className="grid gap-x-8 gap-y-4 wide:grid-cols-2">
        <Written written={written} parts={parts} names={names} isAtWork={isAtWork} />
        <Decide key={text.checked_at ?? ''} text={text} onDone={onDone} />
      </div>
    </article>
  );
}

/** The enterprise, its contacts and the experts of the case. */
function useNames(id: string | null | undefined, enabled: boolean): string[] {
  const { data } = useQuery({ ...oneCase(id ?? ''), enabled: enabled && Boolean(id), refetchInterval: false });
  if (!data) return [];
  const all = [
    data.enterprise.name,
    ...data.contacts.map(({ name }) => name),
    ...data.managers.map(({ name }) => name),
  ];
  return [...new Set(all.flatMap((name) => name ?? []))];
}

function Head({
  text: { source, state, case_id, case_number, written_at, checked_at, checked_by },
}: {
  text: FreeText;
}) {
  const t = useTexts(textsWords);
  const names = useTexts(answerWords);
  const dates = useDates();
  return (
    <p className="mb-3 flex flex-wrap items-center gap-x-3 gap-y-1 text-dns-16N-130">
      <Chip tone={TONES[state]}>{names.freeText[state]}</Chip>
      <strong>{names.source[source]}</strong>
      <span>{dates.dayTime(written_at)}</span>
      {case_id ? (
        <span>
          {t.case}{' '}
          <Link to="/cases/$id" params={{ id: case_id }} className="link">
            {case_number}
          </Link>
        </span>
      ) : null}
      {checked_at ? (
        <span className="text-dns-14N-130 text-ink-soft">
          {t.checked(dates.dayTime(checked_at), checked_by?.name ?? '')}
        </span>
      ) : null}
    </p>
  );
}

interface WrittenProps {
  written: string | null | undefined;
  parts: readonly Part[];
  names: readonly string[];
  isAtWork: boolean;
}

function Written({ written, parts, names, isAtWork }: WrittenProps) {
  const t = useTexts(textsWords);
  if (!written) return <p className="text-dns-16N-130 text-ink-soft">{t.erased}</p>;
  const suspects = [...new Set(parts.flatMap((part) => (part.suspect ? [part.text] : [])))];
  return (
    <div>
      <h2 className="mb-1.5 text-dns-16B-130">{t.written}</h2>
      <p className="rounded-8 bg-ground px-3 py-2 text-std-16N-170 whitespace-pre-wrap">
        {parts.map((part, index) =>
          part.suspect ? (
            <mark key={index} className="bg-yellow-200 font-bold text-ink underline decoration-2">
              {part.text}
            </mark>
          ) : (
            part.text
          ),
        )}
      </p>
      <dl className="mt-2 text-dns-14N-130">
        <dt className="text-ink-soft">{t.suspects}</dt>
        <dd className="mb-1">{suspects.length > 0 ? suspects.join('、') : t.noSuspects}</dd>
        <dt className="text-ink-soft">{t.names}</dt>
        <dd>{isAtWork ? names.join('、') : t.namesLater}</dd>
      </dl>
    </div>
  );
}

function Decide({ text, onDone }: CheckProps) {
  const t = useTexts(textsWords);
  const { id, written, released_text, state } = text;
  const kept = useKept(`free text ${id}`, { edited: released_text ?? written ?? '' });
  const [isEmpty, setEmpty] = useState(false);
  const edited = kept.values.edited.trim();
  const path = { params: { path: { id } } };
  const done = (said: string) => () => {
    kept.drop();
    say(said);
    onDone();
  };
  const release = useSend(
    (edited_text: string | undefined, once) =>
      body(
        api.POST('/api/v1/survey/free-texts/{id}/release', {
          params: { ...path.params, header: once },
          body: edited_text === undefined ? {} : { edited_text },
        }),
      ),
    done(t.released),
  );
  const withhold = useSend(
    (_: undefined, once) =>
      body(api.POST('/api/v1/survey/free-texts/{id}/withhold', { params: { ...path.params, header: once } })),
    done(t.withheld),
  );
  const isPending = release.isPending || withhold.isPending;
  const submit = () => {
    setEmpty(edited === '');
    if (edited !== '' && !isPending) release.mutate(edited === written?.trim() ? undefined : edited);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    submit();
  };
  if (!written) return null;
  return (
    <Form error={release.error ?? withhold.error} onSubmit={submit} className="space-y-3">
      <TextArea
        label={t.release}
        hint={t.hint}
        pointer="/edited_text"
        rows={4}
        value={kept.values.edited}
        wrong={isEmpty && edited === '' ? t.empty : undefined}
        onChange={(next) => kept.change({ edited: next })}
        onKeyDown={onKey}
      />
      <div className="flex flex-wrap gap-3">
        <Button type="submit" look="solid" pending={release.isPending}>
          {edited === written.trim() ? t.asItIs : t.edited}
        </Button>
        {state === 'withheld' ? null : (
          <Button pending={withhold.isPending} onClick={() => withhold.mutate(undefined)}>
            {t.withhold}
          </Button>
        )}
        {edited === written.trim() ? null : (
          <Button look="text" onClick={() => kept.change({ edited: written })}>
            {t.back}
          </Button>
        )}
      </div>
    </Form>
  );
}
