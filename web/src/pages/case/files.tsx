/** Files of a case: those that came by mail and those that staff added. */
import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import { api, body } from '@/api/client';
import type { AttachmentView, CaseView } from '@/api/schema';
import { useSend } from '@/api/send';
import { caseFiles } from '@/data/mail';
import { useMe } from '@/shell/use-me';
import { texts, useTexts } from '@/text/preferences';
import { Files } from '@/ui/files';
import { Icon } from '@/ui/icon';
import { Section } from '@/ui/page';
import { ProblemNotice } from '@/ui/problem-notice';
import { Loaded } from '@/ui/states';
import { say } from '@/ui/toast';

const words = texts(
  {
    title: 'ファイル',
    none: 'ファイルはありません。',
    add: 'ファイルを追加',
    adding: '送信しています…',
    added: 'ファイルを追加しました。',
    hint: '1つ25MBまで',
  },
  {
    title: 'Files',
    none: 'No files.',
    add: 'Add files',
    adding: 'Sending…',
    added: 'Files added.',
    hint: 'up to 25 MB each',
  },
);

export function CaseFiles({ seen }: { seen: CaseView }) {
  const t = useTexts(words);
  const query = useQuery(caseFiles(seen.id));
  const me = useMe();
  return (
    <Section title={t.title}>
      <Loaded query={query} lines={1}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="text-dns-16N-130 text-ink-soft">{t.none}</p>
          ) : (
            <Files label={t.title} files={items} />
          )
        }
      </Loaded>
      {me.permissions.includes('add_attachments') ? <Upload id={seen.id} /> : null}
    </Section>
  );
}

interface Chosen {
  /** By which the same choice is known again when it is sent a second time. */
  names: string[];
  files: File[];
}

/** A button that sends files to a case at once. */
export function Upload({ id, onAdded }: { id: string; onAdded?: (files: readonly AttachmentView[]) => void }) {
  const t = useTexts(words);
  const input = useId();
  const add = useSend(
    ({ files }: Chosen, once) =>
      body(
        api.POST('/api/v1/cases/{id}/attachments', {
          params: { path: { id }, header: once },
          // The names of the parts do not matter to the API.
          body: { files: [] },
          bodySerializer: () => {
            const form = new FormData();
            for (const file of files) form.append('files', file);
            return form;
          },
        }),
      ),
    ({ items }) => {
      say(t.added);
      onAdded?.(items);
    },
  );
  return (
    <div className="mt-2 space-y-2">
      <p className="flex flex-wrap items-center gap-3 text-dns-14N-130 text-ink-soft">
        <label
          htmlFor={input}
          className="inline-flex min-h-9 items-center gap-1.5 rounded-6 border border-current px-3 text-oln-14B-100 text-blue-900 hover:bg-blue-50 hover:underline has-[:focus-visible]:outline-4 has-[:focus-visible]:outline-black"
        >
          <Icon name="file" className="size-4" />
          {add.isPending ? t.adding : t.add}
          <input
            id={input}
            type="file"
            multiple
            className="sr-only"
            disabled={add.isPending}
            onChange={(event) => {
              const files = [...(event.target.files ?? [])];
              event.target.value = '';
              if (files.length === 0) return;
              add.mutate({
                names: files.map(({ name, size, lastModified }) => `${name} ${size} ${lastModified}`),
                files,
              });
            }}
          />
        </label>
        {t.hint}
      </p>
      {add.error ? <ProblemNotice error={add.error} /> : null}
    </div>
  );
}
