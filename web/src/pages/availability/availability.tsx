import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { api, body } from '@/api/client';
import type { Absence, AddAbsenceRequest, Conflict, DeclareConflictRequest } from '@/api/schema';
import { managers } from '@/data/directory';
import { enterpriseList } from '@/data/enterprises';
import { OfficeList } from '@/pages/admin/list';
import { filled, useSave } from '@/pages/admin/save';
import { TakeBack } from '@/pages/admin/take-back';
import { adminWords } from '@/pages/admin/text';
import { useMe } from '@/shell/use-me';
import { dateOf, dayStart, daysLater, instant, useDates } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { columnsOf, type Column } from '@/ui/data-table';
import { DialogForm } from '@/ui/dialog-form';
import { RadioField, TextField } from '@/ui/form';
import { Page, Section } from '@/ui/page';

const words = texts(
  {
    title: (name: string) => `${name}さんの不在と利害関係`,
    own: '不在と利害関係',
    absences: '不在',
    addAbsence: '不在を登録',
    noAbsence: '登録された不在はありません',
    absenceWhy: '不在の間は、打診も予約もできません。',
    when: '期間',
    reason: '理由',
    reasonHint: '本人と事業事務局だけに見えます。',
    first: '最初の日',
    last: '最後の日',
    from: '開始時刻',
    to: '終了時刻',
    timesHint: '時刻が空欄なら終日です。',
    remove: '取り消す',
    removeWhat: 'この登録を取り消します。',
    conflicts: '利害関係',
    addConflict: '利害関係を登録',
    noConflict: '申告された利害関係はありません',
    conflictWhy: '利害関係のある企業・団体には、打診できません。',
    enterprise: '企業・団体',
    find: '企業・団体を探す',
    kind: '関係',
    kinds: { employment: '雇用', contract: '契約', family: '親族', competitor: '競合', other: 'その他' },
    nameless: '匿名',
  },
  {
    title: (name: string) => `${name}: absences and conflicts of interest`,
    own: 'Absences and conflicts',
    absences: 'Absences',
    addAbsence: 'Enter an absence',
    noAbsence: 'No absences',
    absenceWhy: 'Nothing is offered or booked meanwhile.',
    when: 'When',
    reason: 'Reason',
    reasonHint: 'Only the manager and the programme office see it.',
    first: 'First day',
    last: 'Last day',
    from: 'From',
    to: 'To',
    timesHint: 'Without times: whole days.',
    remove: 'Take back',
    removeWhat: 'This entry is taken back.',
    conflicts: 'Conflicts of interest',
    addConflict: 'Declare a conflict',
    noConflict: 'No conflicts declared',
    conflictWhy: 'Cases of such an enterprise are not offered.',
    enterprise: 'Enterprise',
    find: 'Find the enterprise',
    kind: 'What it is',
    kinds: {
      employment: 'Employment',
      contract: 'Contract',
      family: 'Family',
      competitor: 'Competitor',
      other: 'Other',
    },
    nameless: 'anonymous',
  },
);

const KINDS = ['employment', 'contract', 'family', 'competitor', 'other'] as const;

/** When a telework manager is away, and which enterprises they have an interest in. */
export function AvailabilityPage() {
  const t = useTexts(words);
  const { id } = useParams({ from: '/app/managers/$id' });
  const me = useMe();
  const name = useQuery(managers).data?.find((manager) => manager.id === id)?.name;
  const isOwn = me.manager_id === id;
  return (
    <Page title={isOwn ? t.own : t.title(name ?? '')}>
      <Section title={t.absences}>
        <Absences manager={id} />
      </Section>
      <Section title={t.conflicts}>
        <Conflicts manager={id} mayDeclare={me.permissions.includes('manage_office')} />
      </Section>
    </Page>
  );
}

// ------------------------------------------------------------------------------------------------------- absences

const absenceColumns = columnsOf<Absence>();

function Absences({ manager }: { manager: string }) {
  const t = useTexts(words);
  const dates = useDates();
  const [opened, setOpened] = useState<'new' | Absence>();
  const query = useQuery({
    queryKey: ['absences', manager, 'all'],
    queryFn: ({ signal }) => {
      const params = { path: { id: manager }, query: { from: dayStart(dateOf(new Date())), limit: 200 } };
      return body(api.GET('/api/v1/managers/{id}/absences', { params, signal }));
    },
  });
  const span = ({ starts_at, ends_at }: Absence) => `${dates.dayTime(starts_at)}〜${dates.dayTime(ends_at)}`;
  const columns = [
    absenceColumns.display({ id: 'when', header: t.when, cell: ({ row }) => <strong>{span(row.original)}</strong> }),
    absenceColumns.display({ id: 'reason', header: t.reason, cell: ({ row }) => row.original.reason ?? '—' }),
    absenceColumns.display({
      id: 'remove',
      header: t.remove,
      cell: ({ row: { original } }) => (
        <Button size="sm" aria-label={`${t.remove}: ${span(original)}`} onClick={() => setOpened(original)}>
          {t.remove}
        </Button>
      ),
    }),
  ] as Column<Absence>[];
  const close = () => setOpened(undefined);
  return (
    <>
      <OfficeList
        caption={t.absences}
        add={t.addAbsence}
        onAdd={() => setOpened('new')}
        query={{ ...query, data: query.data?.items }}
        columns={columns}
        empty={{ icon: 'calendar', title: t.noAbsence, why: t.absenceWhy }}
      />
      {opened === 'new' ? <AddAbsence manager={manager} onClose={close} /> : null}
      {typeof opened === 'object' ? (
        <TakeBack
          act={t.remove}
          what={`${t.removeWhat} ${span(opened)}`}
          remove={() =>
            api.DELETE('/api/v1/managers/{id}/absences/{absence_id}', {
              params: { path: { id: manager, absence_id: opened.id } },
            })
          }
          onClose={close}
        />
      ) : null}
    </>
  );
}

function AddAbsence({ manager, onClose }: { manager: string; onClose: () => void }) {
  const t = useTexts(words);
  const admin = useTexts(adminWords);
  const [first, setFirst] = useState(dateOf(new Date()));
  const [last, setLast] = useState('');
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const [reason, setReason] = useState('');
  const save = useSave((request: AddAbsenceRequest, once) => {
    const params = { path: { id: manager }, header: once };
    return body(api.POST('/api/v1/managers/{id}/absences', { params, body: request }));
  }, onClose);
  const end = last === '' ? first : last;
  return (
    <DialogForm
      title={t.addAbsence}
      act={admin.save}
      error={save.error}
      pending={save.isPending}
      onClose={onClose}
      onSubmit={() =>
        save.mutate({
          starts_at: instant(first, from || '00:00') ?? '',
          // A whole day goes on to the next midnight.
          ends_at: (to === '' ? instant(daysLater(end, 1), '00:00') : instant(end, to)) ?? '',
          ...filled({ reason }),
        })
      }
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField label={t.first} pointer="/starts_at" type="date" required value={first} onChange={setFirst} />
        <TextField label={t.last} pointer="/ends_at" type="date" value={last} onChange={setLast} />
        <TextField label={t.from} pointer="#from" type="time" value={from} onChange={setFrom} />
        <TextField label={t.to} pointer="#to" type="time" value={to} onChange={setTo} />
      </div>
      <p className="text-dns-14N-130 text-ink-soft">{t.timesHint}</p>
      <TextField label={t.reason} hint={t.reasonHint} pointer="/reason" value={reason} onChange={setReason} />
    </DialogForm>
  );
}

// ------------------------------------------------------------------------------------------------------ conflicts

const conflictColumns = columnsOf<Conflict>();

function Conflicts({ manager, mayDeclare }: { manager: string; mayDeclare: boolean }) {
  const t = useTexts(words);
  const [opened, setOpened] = useState<'new' | Conflict>();
  const query = useQuery({
    queryKey: ['conflicts', manager],
    queryFn: ({ signal }) =>
      body(api.GET('/api/v1/managers/{id}/conflicts', { params: { path: { id: manager } }, signal })),
  });
  const nameOf = ({ enterprise_name }: Conflict) => enterprise_name ?? t.nameless;
  const columns = [
    conflictColumns.display({
      id: 'enterprise',
      header: t.enterprise,
      cell: ({ row }) => <strong>{nameOf(row.original)}</strong>,
    }),
    conflictColumns.display({ id: 'kind', header: t.kind, cell: ({ row }) => t.kinds[row.original.kind] }),
    ...(mayDeclare
      ? [
          conflictColumns.display({
            id: 'remove',
            header: t.remove,
            cell: ({ row: { original } }) => (
              <Button size="sm" aria-label={`${t.remove}: ${nameOf(original)}`} onClick={() => setOpened(original)}>
                {t.remove}
              </Button>
            ),
          }),
        ]
      : []),
  ] as Column<Conflict>[];
  const close = () => setOpened(undefined);
  return (
    <>
      <OfficeList
        caption={t.conflicts}
        {...(mayDeclare ? { add: t.addConflict, onAdd: () => setOpened('new') } : {})}
        query={{ ...query, data: query.data?.items }}
        columns={columns}
        empty={{ icon: 'shield', title: t.noConflict, why: t.conflictWhy }}
      />
      {opened === 'new' ? <AddConflict manager={manager} onClose={close} /> : null}
      {typeof opened === 'object' ? (
        <TakeBack
          act={t.remove}
          what={`${t.removeWhat} ${nameOf(opened)}`}
          remove={() =>
            api.DELETE('/api/v1/managers/{id}/conflicts/{conflict_id}', {
              params: { path: { id: manager, conflict_id: opened.id } },
            })
          }
          onClose={close}
        />
      ) : null}
    </>
  );
}

function AddConflict({ manager, onClose }: { manager: string; onClose: () => void }) {
  const t = useTexts(words);
  const admin = useTexts(adminWords);
  const [text, setText] = useState('');
  const [enterprise, setEnterprise] = useState('');
  const [kind, setKind] = useState<Conflict['kind']>('employment');
  const found =
    useInfiniteQuery({ ...enterpriseList(text), enabled: text.trim().length > 1 }).data?.pages[0]?.items ?? [];
  const save = useSave((request: DeclareConflictRequest, once) => {
    const params = { path: { id: manager }, header: once };
    return body(api.POST('/api/v1/managers/{id}/conflicts', { params, body: request }));
  }, onClose);
  return (
    <DialogForm
      title={t.addConflict}
      act={admin.save}
      error={save.error}
      pending={save.isPending}
      onClose={onClose}
      onSubmit={() => save.mutate({ enterprise_id: enterprise, kind })}
    >
      <TextField label={t.find} pointer="#find" type="search" value={text} onChange={setText} />
      <RadioField
        label={t.enterprise}
        pointer="/enterprise_id"
        value={enterprise}
        onChange={setEnterprise}
        choices={found
          .slice(0, 8)
          .map(({ id, name, address }) => [id, `${name ?? t.nameless} ${address ?? ''}`] as const)}
      />
      <RadioField
        label={t.kind}
        pointer="/kind"
        value={kind}
        onChange={setKind}
        choices={KINDS.map((word) => [word, t.kinds[word]])}
      />
    </DialogForm>
  );
}
