import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useRouter, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { saveExport } from '@/api/download';
import type { ExportState, ExportView } from '@/api/schema';
import { exportList } from '@/data/exports';
import { useMe } from '@/shell/use-me';
import { useDates } from '@/text/dates';
import { fileSize } from '@/text/format';
import { useNow } from '@/text/now';
import { useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { Chip, type Tone } from '@/ui/chip';
import { columnsOf, DataTable, type Column } from '@/ui/data-table';
import { Page } from '@/ui/page';
import { ProblemNotice } from '@/ui/problem-notice';
import { Empty, Forbidden, Loaded } from '@/ui/states';
import { say } from '@/ui/toast';
import { ExportDialog } from './export-dialog';
import { wishOf } from './filter';
import { FilterWords } from './filter-words';
import { exportWords } from './text';

/** The own files: being made, to be saved, or why there is none. */
export function ExportsPage() {
  const t = useTexts(exportWords);
  const may = useMe().permissions.includes('make_exports');
  const [isNew, setIsNew] = useState(false);
  const { history } = useRouter();
  const navigate = useNavigate();
  const wish = wishOf(useSearch({ from: '/app/exports' }));
  const stay = () => {
    setIsNew(false);
    if (wish) void navigate({ to: '/exports', search: {}, replace: true });
  };
  if (!may) {
    return (
      <Page title={t.title}>
        <Forbidden />
      </Page>
    );
  }
  return (
    <Page
      title={t.title}
      beside={
        <Button look="solid" onClick={() => setIsNew(true)}>
          {t.add}
        </Button>
      }
    >
      <p className="mb-4 max-w-3xl text-std-16N-170">{t.why}</p>
      <Files />
      {wish || isNew ? (
        <ExportDialog
          from={wish}
          onMade={() => {
            say(t.begun);
            stay();
          }}
          // Back to the list that one came from.
          onClose={() => (wish && history.canGoBack() ? history.back() : stay())}
        />
      ) : null}
    </Page>
  );
}

function Files() {
  const t = useTexts(exportWords);
  const client = useQueryClient();
  const list = useInfiniteQuery(exportList);
  const saving = useMutation({
    mutationFn: ({ id, filename }: ExportView) => saveExport(id, filename),
    networkMode: 'always',
    // It may be gone by now.
    onError: () => void client.invalidateQueries({ queryKey: exportList.queryKey }),
  });
  const columns = useColumns((file) => saving.mutate(file), saving.isPending ? saving.variables.id : undefined);
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <Progress making={rows.filter(({ state }) => state === 'waiting').length} />
      {saving.error ? (
        <div className="mb-4">
          <ProblemNotice error={saving.error} title={t.notSaved} />
        </div>
      ) : null}
      <Loaded query={{ ...list, data: list.data }}>
        {() =>
          rows.length === 0 ? (
            <Empty icon="file" title={t.none}>
              {t.noneWhy}
            </Empty>
          ) : (
            <DataTable caption={t.title} columns={columns} rows={rows} idOf={(row) => row.id} />
          )
        }
      </Loaded>
      {list.hasNextPage ? (
        <Button className="mt-4" pending={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {t.more}
        </Button>
      ) : null}
    </>
  );
}

/** Says to who cannot see it that something is being made, and that it is done. */
function Progress({ making }: { making: number }) {
  const t = useTexts(exportWords);
  const [before, setBefore] = useState(making);
  const [isDone, setIsDone] = useState(false);
  if (before !== making) {
    setBefore(making);
    setIsDone(making === 0);
  }
  return (
    <p role="status" className="sr-only">
      {making > 0 ? t.making(making) : isDone ? t.ready : ''}
    </p>
  );
}

const TONES: Record<ExportState, Tone> = { waiting: 'blue', ready: 'green', failed: 'red', expired: 'gray' };

const helper = columnsOf<ExportView>();

function useColumns(onSave: (file: ExportView) => void, saving: string | undefined): Column<ExportView>[] {
  const t = useTexts(exportWords);
  const dates = useDates();
  const now = useNow();
  /** It is deleted a little after its time. */
  const stateOf = ({ state, expires_at }: ExportView): ExportState =>
    state === 'ready' && expires_at && Date.parse(expires_at) <= now.getTime() ? 'expired' : state;
  return [
    helper.display({
      id: 'list',
      header: t.list,
      cell: ({ row: { original } }) => (
        <div className="space-y-1">
          <strong>{t.kinds[original.kind]}</strong> {original.is_masked ? <Chip>{t.masked}</Chip> : null}
          <div className="text-dns-14N-130 text-ink-soft">
            <FilterWords kind={original.kind} filter={original.filter} />
          </div>
        </div>
      ),
    }),
    helper.display({
      id: 'asked',
      header: t.asked,
      cell: ({ row }) => <span className="whitespace-nowrap">{dates.dayTime(row.original.created_at)}</span>,
    }),
    helper.display({
      id: 'format',
      header: t.format,
      cell: ({ row: { original } }) =>
        original.format === 'csv' ? `${t.formats.csv} ${t.encodings[original.encoding]}` : t.formats.xlsx,
    }),
    helper.display({
      id: 'state',
      header: t.state,
      cell: ({ row: { original } }) => <Standing file={original} state={stateOf(original)} />,
    }),
    helper.display({
      id: 'size',
      header: t.size,
      cell: ({ row: { original } }) =>
        typeof original.rows === 'number' && typeof original.size === 'number' ? (
          <span className="whitespace-nowrap">
            {t.rows(original.rows)}・{fileSize(original.size)}
          </span>
        ) : (
          '—'
        ),
    }),
    helper.display({
      id: 'until',
      header: t.until,
      cell: ({ row: { original } }) =>
        stateOf(original) === 'ready' && original.expires_at ? (
          <span className="whitespace-nowrap">{dates.dayTime(original.expires_at)}</span>
        ) : (
          '—'
        ),
    }),
    helper.display({
      id: 'save',
      header: t.save,
      cell: ({ row: { original } }) =>
        stateOf(original) === 'ready' ? (
          <Button
            size="sm"
            aria-label={t.saveWhat(original.filename)}
            pending={saving === original.id}
            onClick={() => onSave(original)}
          >
            {t.save}
          </Button>
        ) : (
          '—'
        ),
    }),
  ] as Column<ExportView>[];
}

function Standing({ file, state }: { file: ExportView; state: ExportState }) {
  const t = useTexts(exportWords);
  const { failure, uncarried_characters: uncarried } = file;
  return (
    <div className="space-y-1">
      <Chip tone={TONES[state]}>{t.states[state]}</Chip>
      {failure ? <p className="text-dns-14N-130">{failure}</p> : null}
      {uncarried.length > 0 ? (
        <details className="max-w-md text-dns-14N-130">
          <summary className="min-h-9 cursor-pointer py-1.5 text-blue-900 underline">
            {t.uncarried(uncarried.length)}
          </summary>
          <ul className="flex flex-wrap gap-x-4 gap-y-1 py-1">
            {uncarried.map(({ character, count }) => (
              <li key={character}>
                <span className="text-dns-16B-130">{character}</span> {t.times(count)}
              </li>
            ))}
          </ul>
          <p className="text-ink-soft">{t.uncarriedWhy}</p>
        </details>
      ) : null}
    </div>
  );
}
