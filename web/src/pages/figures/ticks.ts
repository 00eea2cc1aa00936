/** Round numbers from nothing to at least the largest, four or five of them. Counts have no fractions. */
export function ticksOf(most: number): number[] {
  const rough = Math.max(1, most) / 4;
  const power = 10 ** Math.floor(Math.log10(Math.max(1, rough)));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? 10 * power;
  const ticks = [0];
  do ticks.push((ticks.at(-1) ?? 0) + step);
  while ((ticks.at(-1) ?? 0) < most);
  return ticks;
}
