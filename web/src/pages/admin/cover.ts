/** Who covers a prefecture on a day. Pure. */
import type { Coverage } from '@/api/schema';

export interface Cover {
  /** The whole of it, only some municipalities, or nobody. */
  state: 'whole' | 'part' | 'gap';
  desks: string[];
  areas: Coverage[];
}

/** The prefecture of an area; municipality codes begin with it. */
export function prefectureOf({ prefecture_code, municipality_code }: Coverage): string {
  return prefecture_code ?? municipality_code?.slice(0, 2) ?? '';
}

export function coverOf(areas: readonly Coverage[], prefecture: string, date: string): Cover {
  const live = areas.filter(
    (area) => prefectureOf(area) === prefecture && area.from <= date && (!area.to || date <= area.to),
  );
  const whole = live.some(({ prefecture_code }) => prefecture_code);
  return {
    state: whole ? 'whole' : live.length > 0 ? 'part' : 'gap',
    desks: [...new Set(live.map(({ desk_id }) => desk_id))],
    areas: live,
  };
}
