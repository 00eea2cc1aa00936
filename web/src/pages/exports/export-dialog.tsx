import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { ExportEncoding, ExportFormat, ExportKind } from '@/api/schema';
import { useSend } from '@/api/send';
import { desks, managers } from '@/data/directory';
import { createExport, type ExportFilter } from '@/data/exports';
import { useMe } from '@/shell/use-me';
import { shortDesk } from '@/text/format';
import { useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { DialogForm } from '@/ui/dialog-form';
import { CheckField, RadioField, SelectField, TextField } from '@/ui/form';
import { Facts } from '@/ui/page';
import { choiceInWords, filterOf, type Typed } from './filter';
import { FilterWords } from './filter-words';
import { fieldsOf, listsOf, type FilterField } from './kinds';
import { exportWords } from './text';

interface ExportDialogProps {
  /** The list that one comes from, as it is filtered there; to be chosen where absent. */
  from?: { kind: ExportKind; filter: ExportFilter } | undefined;
  onMade: () => void;
  onClose: () => void;
}

/** Asks for a list as a file. */
export function ExportDialog({ from, onMade, onClose }: ExportDialogProps) {
  const t = useTexts(exportWords);
  const me = useMe();
  const lists = listsOf(me);
  const [kind, setKind] = useState<ExportKind>(from?.kind ?? lists[0] ?? 'cases');
  const [typed, setTyped] = useState<Typed>({});
  const [format, setFormat] = useState<ExportFormat>('xlsx');
  const [encoding, setEncoding] = useState<ExportEncoding>('utf8');
  const fields = fieldsOf(kind, me);
  const filter = from?.filter ?? filterOf(fields, typed);
  const send = useSend(createExport, onMade);
  return (
    <DialogForm
      title={t.title}
      act={t.act}
      error={send.error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={() => send.mutate({ kind, filter, format, ...(format === 'csv' ? { encoding } : {}) })}
    >
      {from ? (
        <Facts
          facts={[
            [t.list, t.kinds[kind]],
            [t.what, <FilterWords key="filter" kind={kind} filter={filter} />],
          ]}
        />
      ) : (
        <>
          <SelectField
            label={t.list}
            pointer="/kind"
            value={kind}
            onChange={setKind}
            choices={lists.map((one) => [one, t.kinds[one]])}
          />
          <div className="grid gap-4 sm:grid-cols-2">
            {fields.map((field) => (
              <FilterControl
                key={field.name}
                field={field}
                value={typed[field.name] ?? ''}
                onChange={(value) => setTyped({ ...typed, [field.name]: value })}
              />
            ))}
          </div>
        </>
      )}
      <RadioField
        label={t.format}
        hint={t.formatHint}
        pointer="/format"
        value={format}
        onChange={setFormat}
        choices={[
          ['xlsx', t.formats.xlsx],
          ['csv', t.formats.csv],
        ]}
      />
      {format === 'csv' ? (
        <RadioField
          label={t.encoding}
          hint={t.encodingHint}
          pointer="/encoding"
          value={encoding}
          onChange={setEncoding}
          choices={[
            ['utf8', t.encodings.utf8],
            ['cp932', t.encodings.cp932],
          ]}
        />
      ) : null}
      <p className="text-dns-14N-130 text-ink-soft">{me.role === 'auditor' ? t.maskedWhy : t.seenWhy}</p>
    </DialogForm>
  );
}

interface ControlProps {
  field: FilterField;
  value: string;
  onChange: (value: string) => void;
}

function FilterControl({ field, value, onChange }: ControlProps) {
  const t = useTexts(exportWords);
  const words = useWords();
  const label = t.fields[field.name] ?? field.name;
  const shared = { label, pointer: `/filter/${field.name}`, value, onChange };
  switch (field.as) {
    case 'text':
      return <TextField {...shared} type="search" />;
    case 'from':
    case 'to':
      return <TextField {...shared} type="date" />;
    case 'yes':
      return (
        <CheckField
          label={label}
          checked={value !== ''}
          className="self-end"
          onChange={(checked) => onChange(checked ? 'true' : '')}
        />
      );
    case 'desk':
      return <DeskControl {...shared} />;
    case 'manager':
      return <ManagerControl {...shared} />;
    case 'choice':
      return (
        <SelectField
          {...shared}
          choices={[
            ['', t.any],
            ...field.values.map((one) => [one, choiceInWords(field.group, one, { words, open: t.open })] as const),
          ]}
        />
      );
  }
}

interface SharedProps {
  label: string;
  pointer: string;
  value: string;
  onChange: (value: string) => void;
}

function DeskControl(shared: SharedProps) {
  const t = useTexts(exportWords);
  const items = useQuery(desks).data?.items ?? [];
  return (
    <SelectField
      {...shared}
      choices={[['', t.any], ...items.map(({ id, name }) => [id, shortDesk(name) ?? name] as const)]}
    />
  );
}

function ManagerControl(shared: SharedProps) {
  const t = useTexts(exportWords);
  const items = useQuery(managers).data ?? [];
  return (
    <SelectField
      {...shared}
      choices={[['', t.any], ...items.map(({ id, name, firm }) => [id, firm ? `${name}(${firm})` : name] as const)]}
    />
  );
}
