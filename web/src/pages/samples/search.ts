/** Which sample, as it stands in the address: the same address draws the same cases. */
export interface SampleSearch {
  year?: string;
  size?: string;
  seed?: string;
}

const SHAPES: Record<keyof SampleSearch, RegExp> = { year: /^\d{4}$/, size: /^\d{1,3}$/, seed: /^\d{1,15}$/ };

export function readSampleSearch(search: Record<string, unknown>): SampleSearch {
  return Object.fromEntries(
    Object.entries(SHAPES).flatMap(([name, shape]) => {
      const value = search[name];
      return typeof value === 'string' && shape.test(value) ? [[name, value]] : [];
    }),
  );
}
