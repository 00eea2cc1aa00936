import { useQueries, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Coverage, Desk } from '@/api/schema';
import { coverageOf, desks } from '@/data/directory';
import { shortDesk } from '@/text/format';
import { dateOf } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { Dialog } from '@/ui/dialog';
import { TextField } from '@/ui/form';
import { prefectureName } from '@/ui/prefectures';
import { Loaded } from '@/ui/states';
import { AddArea, Area, placeName } from './areas';
import { coverOf, prefectureOf, type Cover } from './cover';
import { useTileKeys } from './tile-keys';
import { TILES, type Tile } from './tiles';

const words = texts(
  {
    label: '都道府県ごとの担当窓口',
    howTo: '矢印キーで都道府県を選び、Enterキーで担当を表示・変更します。',
    on: 'この日の担当を表示',
    gaps: (names: readonly string[]) =>
      names.length === 0
        ? 'すべての都道府県に担当窓口があります。'
        : `担当のない都道府県(${names.length}): ${names.join('、')}`,
    states: { whole: '全域', part: '一部のみ', gap: '担当なし' },
    marks: { whole: '●', part: '▲', gap: '×' },
    many: (n: number) => `${n}窓口`,
    title: (name: string) => `${name}の担当`,
    none: 'この都道府県の担当は登録されていません。',
    add: '担当を追加',
  },
  {
    label: 'Desks by prefecture',
    howTo: 'Arrow keys choose a prefecture, Enter shows and changes who covers it.',
    on: 'As of',
    gaps: (names: readonly string[]) =>
      names.length === 0 ? 'Every prefecture is covered.' : `Not covered (${names.length}): ${names.join(', ')}`,
    states: { whole: 'whole', part: 'in part', gap: 'nobody' },
    marks: { whole: '●', part: '▲', gap: '×' },
    many: (n: number) => `${n} desks`,
    title: (name: string) => `Who covers ${name}`,
    none: 'Nobody is entered for this prefecture.',
    add: 'Add an area',
  },
);

const LOOKS: Record<Cover['state'], string> = {
  whole: 'border-blue-700 bg-blue-50 text-ink',
  part: 'cover-part border-yellow-900 text-ink',
  gap: 'cover-gap border-error-2 text-ink font-bold',
};

/** Who covers which prefecture, and where nobody does. */
export function CoverageMap() {
  const t = useTexts(words);
  const [date, setDate] = useState(dateOf(new Date()));
  const [opened, setOpened] = useState<string>();
  const query = useQuery(desks);
  const all = query.data?.items.filter(({ active }) => active) ?? [];
  const areas = useQueries({ queries: all.map(({ id }) => coverageOf(id)) });
  const known = areas.flatMap(({ data }) => data ?? []);
  const loading = areas.some(({ data, error }) => data === undefined && !error);
  const gaps = TILES.filter(({ code }) => coverOf(known, code, date).state === 'gap');
  const failed = areas.find(({ error }) => error)?.error ?? query.error;
  return (
    <>
      <div className="mb-4 flex flex-wrap items-end gap-x-8 gap-y-3">
        <TextField label={t.on} pointer="#on" type="date" className="w-44" value={date} onChange={setDate} />
        <ul className="flex flex-wrap gap-x-5 gap-y-1 pb-2 text-dns-14N-130">
          {(['whole', 'part', 'gap'] as const).map((state) => (
            <li key={state} className="flex items-center gap-1.5">
              <span aria-hidden className={`inline-flex size-6 items-center justify-center border ${LOOKS[state]}`}>
                {t.marks[state]}
              </span>
              {t.states[state]}
            </li>
          ))}
        </ul>
      </div>
      <Loaded
        query={{ data: loading || !query.data ? undefined : known, error: failed, refetch: () => query.refetch() }}
        lines={10}
      >
        {() => (
          <>
            <p role="status" className="mb-3 text-dns-16N-130">
              {t.gaps(gaps.map(({ code }) => prefectureName(code)))}
            </p>
            <Tiles areas={known} desks={all} date={date} onOpen={setOpened} />
          </>
        )}
      </Loaded>
      {opened ? (
        <PrefectureDialog
          code={opened}
          areas={known.filter((area) => prefectureOf(area) === opened)}
          desks={all}
          onClose={() => setOpened(undefined)}
        />
      ) : null}
    </>
  );
}

interface TilesProps {
  areas: readonly Coverage[];
  desks: readonly Desk[];
  date: string;
  onOpen: (code: string) => void;
}

/** One stop of the Tab key; arrows go from tile to tile. */
function Tiles({ areas, desks, date, onOpen }: TilesProps) {
  const t = useTexts(words);
  const { map, current, setCurrent, onKeyDown } = useTileKeys();
  return (
    <>
      <p className="mb-2 text-dns-14N-130 text-ink-soft">{t.howTo}</p>
      <div
        ref={map}
        role="group"
        aria-label={t.label}
        className="grid auto-rows-[2.75rem] grid-cols-12 gap-0.5 sm:auto-rows-[4rem] sm:gap-1"
        onKeyDown={onKeyDown}
      >
        {TILES.map((tile) => (
          <TileButton
            key={tile.code}
            tile={tile}
            cover={coverOf(areas, tile.code, date)}
            desks={desks}
            isCurrent={tile.code === current}
            onOpen={() => {
              setCurrent(tile.code);
              onOpen(tile.code);
            }}
          />
        ))}
      </div>
    </>
  );
}

/** 「神奈川県」 is 「神奈川」 on a tile, 北海道 stays. */
function tileName(code: string): string {
  return prefectureName(code).replace(/[都府県]$/, '');
}

interface TileProps {
  tile: Tile;
  cover: Cover;
  desks: readonly Desk[];
  isCurrent: boolean;
  onOpen: () => void;
}

function TileButton({ tile, cover, desks, isCurrent, onOpen }: TileProps) {
  const t = useTexts(words);
  const names = cover.desks.map(
    (id) => shortDesk(desks.find((desk) => desk.id === id)?.name)?.replace(/窓口$/, '') ?? '',
  );
  const [only] = names;
  const who = names.length > 1 ? t.many(names.length) : (only ?? t.states.gap);
  const name = tileName(tile.code);
  return (
    <button
      type="button"
      data-code={tile.code}
      tabIndex={isCurrent ? 0 : -1}
      className={`focus-inside flex min-w-0 flex-col items-center justify-center rounded-4 border text-center text-[0.75rem] leading-tight tracking-tight hover:underline sm:text-dns-14N-120 ${LOOKS[cover.state]}`}
      style={{ gridColumn: tile.column, gridRow: tile.row }}
      onClick={onOpen}
    >
      <span className="sr-only">
        {name} {t.states[cover.state]} {names.join('、')}
      </span>
      <span aria-hidden className="whitespace-nowrap">
        {name.slice(0, 2)}
        <span className="max-sm:hidden">{name.slice(2)}</span>
      </span>
      <span aria-hidden className="sm:hidden">
        {t.marks[cover.state]}
        {names.length > 1 ? names.length : ''}
      </span>
      <span aria-hidden className="line-clamp-2 max-w-full px-0.5 max-sm:hidden">
        {t.marks[cover.state]}
        {who}
      </span>
    </button>
  );
}

interface PrefectureProps {
  code: string;
  areas: readonly Coverage[];
  desks: readonly Desk[];
  onClose: () => void;
}

function PrefectureDialog({ code, areas, desks, onClose }: PrefectureProps) {
  const t = useTexts(words);
  return (
    <Dialog title={t.title(prefectureName(code))} onClose={onClose}>
      {areas.length === 0 ? <p className="mb-4 text-dns-16N-130">{t.none}</p> : null}
      <ul className="mb-5">
        {areas.map((area) => (
          <Area
            key={`${area.id}${area.version}`}
            area={area}
            name={`${desks.find(({ id }) => id === area.desk_id)?.name ?? ''} ${area.municipality_code ? placeName(area) : t.states.whole}`}
          />
        ))}
      </ul>
      <h3 className="mb-2 text-dns-16B-130">{t.add}</h3>
      <AddArea desks={desks} prefecture={code} />
    </Dialog>
  );
}
