import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, body, ifMatch } from '@/api/client';
import type { AddCoverageRequest, Coverage, Desk, PlaceView } from '@/api/schema';
import { useSend } from '@/api/send';
import { coverageOf } from '@/data/directory';
import { dateOf, dayStart, useDates } from '@/text/dates';
import { useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { Dialog } from '@/ui/dialog';
import { Form, SelectField, TextField } from '@/ui/form';
import { PrefectureField } from '@/ui/prefecture';
import { prefectureName } from '@/ui/prefectures';
import { ProblemNotice } from '@/ui/problem-notice';
import { Loaded } from '@/ui/states';
import { prefectureOf } from './cover';
import { filled } from './save';
import { adminWords } from './text';

/** The areas of one desk. */
export function Areas({ desk, onClose }: { desk: Desk; onClose: () => void }) {
  const t = useTexts(adminWords);
  const query = useQuery(coverageOf(desk.id));
  return (
    <Dialog title={`${desk.name}: ${t.areas}`} onClose={onClose}>
      <Loaded query={query} lines={3}>
        {(items) =>
          items.length === 0 ? (
            <p className="text-dns-16N-130">{t.areaNone}</p>
          ) : (
            <ul className="mb-5">
              {items.map((area) => (
                <Area key={area.id} area={area} name={placeName(area)} />
              ))}
            </ul>
          )
        }
      </Loaded>
      <AddArea desks={[desk]} />
    </Dialog>
  );
}

export function placeName(area: Coverage): string {
  const prefecture = prefectureName(prefectureOf(area));
  // A municipality that was merged since has a code and no name.
  return area.municipality_code ? `${prefecture}${area.municipality ?? ` (${area.municipality_code})`}` : prefecture;
}

/** One area: since when, until when, and how it ends. */
export function Area({ area, name }: { area: Coverage; name: string }) {
  const t = useTexts(adminWords);
  const dates = useDates();
  const [to, setTo] = useState(area.to ?? '');
  const path = { id: area.desk_id, coverage_id: area.id };
  const remove = useSend(() => api.DELETE('/api/v1/desks/{id}/coverage/{coverage_id}', { params: { path } }));
  const end = useSend((date: string) =>
    body(
      api.PATCH('/api/v1/desks/{id}/coverage/{coverage_id}', {
        params: { path },
        headers: ifMatch(area.version),
        body: { to: date === '' ? null : date },
      }),
    ),
  );
  return (
    <li className="border-b border-line py-2 text-dns-16N-130">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <span>
          <strong>{name}</strong> {dates.fullDay(dayStart(area.from))}〜
          {area.to ? dates.fullDay(dayStart(area.to)) : t.open}
        </span>
        <span className="flex flex-wrap items-center gap-2">
          <input
            type="date"
            aria-label={`${t.until}: ${name}`}
            value={to}
            min={area.from}
            className="h-9 rounded-6 border border-line-strong px-2 text-dns-14N-130"
            onChange={(event) => setTo(event.target.value)}
          />
          <Button
            size="sm"
            aria-label={`${t.setEnd}: ${name}`}
            disabled={to === (area.to ?? '')}
            pending={end.isPending}
            onClick={() => end.mutate(to)}
          >
            {t.setEnd}
          </Button>
          <Button
            size="sm"
            look="text"
            aria-label={`${t.remove}: ${name}`}
            pending={remove.isPending}
            onClick={() => remove.mutate(null)}
          >
            {t.remove}
          </Button>
        </span>
      </div>
      {(end.error ?? remove.error) ? <ProblemNotice error={end.error ?? remove.error} /> : null}
    </li>
  );
}

interface AddProps {
  desks: readonly Desk[];
  /** Where the prefecture is given. */
  prefecture?: string;
}

/** A new area: a whole prefecture, or one municipality, found by its name. */
export function AddArea({ desks, prefecture: given }: AddProps) {
  const t = useTexts(adminWords);
  const [desk, setDesk] = useState(desks[0]?.id ?? '');
  const [prefecture, setPrefecture] = useState(given ?? '');
  const [typed, setTyped] = useState('');
  const [municipality, setMunicipality] = useState('');
  const [from, setFrom] = useState(dateOf(new Date()));
  const [to, setTo] = useState('');
  const found = useMunicipalities(prefecture, typed);
  const chosen = found.some(({ municipality_code }) => municipality_code === municipality) ? municipality : '';
  const send = useSend(
    (request: AddCoverageRequest, once) =>
      body(api.POST('/api/v1/desks/{id}/coverage', { params: { path: { id: desk }, header: once }, body: request })),
    () => {
      setTyped('');
      setMunicipality('');
    },
  );
  const area = chosen ? { municipality_code: chosen } : { prefecture_code: prefecture };
  return (
    <Form error={send.error} label={t.addArea} onSubmit={() => send.mutate({ from, ...filled({ ...area, to }) })}>
      <div className="grid gap-3 sm:grid-cols-2">
        {desks.length > 1 ? (
          <SelectField
            label={t.desk}
            pointer="#desk"
            value={desk}
            onChange={setDesk}
            choices={desks.map(({ id, name }) => [id, name])}
          />
        ) : null}
        {given ? null : (
          <PrefectureField
            label={t.prefecture}
            pointer="/prefecture_code"
            value={prefecture}
            onChange={setPrefecture}
          />
        )}
        <TextField label={t.municipality} hint={t.municipalityHint} pointer="#find" value={typed} onChange={setTyped} />
        {typed ? (
          <SelectField
            label={t.foundPlaces}
            pointer="/municipality_code"
            value={chosen}
            onChange={setMunicipality}
            choices={[
              ['', found.length === 0 ? t.noPlace : t.choosePlace],
              ...found.map(
                ({ municipality_code, municipality }) => [municipality_code ?? '', municipality ?? ''] as const,
              ),
            ]}
          />
        ) : null}
        <TextField label={t.since} pointer="/from" type="date" value={from} onChange={setFrom} />
        <TextField label={t.until} pointer="/to" type="date" value={to} onChange={setTo} />
      </div>
      <Button type="submit" pending={send.isPending} disabled={typed !== '' && chosen === ''}>
        {t.addArea}
      </Button>
    </Form>
  );
}

/** The municipalities that a name may mean, of one prefecture. */
function useMunicipalities(prefecture: string, typed: string): readonly PlaceView[] {
  const address = `${prefecture ? prefectureName(prefecture) : ''}${typed.trim()}`;
  const { data } = useQuery({
    queryKey: ['places', address],
    queryFn: ({ signal }) => body(api.GET('/api/v1/places', { params: { query: { address } }, signal })),
    enabled: typed.trim() !== '',
    staleTime: Infinity,
  });
  return (
    data?.items.filter(
      ({ municipality_code, prefecture_code }) => municipality_code && (!prefecture || prefecture_code === prefecture),
    ) ?? []
  );
}
