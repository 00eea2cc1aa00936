import { lazy, Suspense, useState } from 'react';
import type { ExportKind } from '@/api/schema';
import type { ExportFilter } from '@/data/exports';
import { useMe } from '@/shell/use-me';
import { texts, useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';

// Beside lists that have to be there quickly: everything else comes when it is asked for.
const ExportDialog = lazy(async () => ({ default: (await import('./export-dialog')).ExportDialog }));

const words = texts({ act: '書き出す' }, { act: 'As a file' });

/** Makes a file of the list beside it, as it is filtered. */
export function ExportButton(list: { kind: ExportKind; filter: ExportFilter }) {
  const t = useTexts(words);
  const [open, setOpen] = useState(false);
  if (!useMe().permissions.includes('make_exports')) return null;
  return (
    <>
      <Button size="sm" onClick={() => setOpen(true)}>
        {t.act}
      </Button>
      <Suspense>{open ? <ExportDialog from={list} onClose={() => setOpen(false)} /> : null}</Suspense>
    </>
  );
}
