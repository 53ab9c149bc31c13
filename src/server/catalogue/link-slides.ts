/** Which slide a table lies on: what its file says first, then names. */
import { basename } from 'node:path';
import type { SlideHints, SlideRecord } from './records.ts';

const partsOf = (path: string) => path.split(/[\\/]/).filter((part) => part !== '');

/** How many folders and names two paths share at their ends. */
function sharedEnd(a: string, b: string): number {
  const [x, y] = [partsOf(a), partsOf(b)];
  let shared = 0;
  while (shared < Math.min(x.length, y.length) && x.at(-1 - shared) === y.at(-1 - shared)) shared++;
  return shared;
}

/** The one slide with the best score; undefined where none scores or two are equally good. */
function onlyBest(
  slides: readonly SlideRecord[],
  score: (slide: SlideRecord) => number,
): SlideRecord | undefined {
  const scored = slides.map((slide) => ({ slide, value: score(slide) })).filter(({ value }) => value > 0);
  scored.sort((a, b) => b.value - a.value);
  return scored[0]?.value === scored[1]?.value ? undefined : scored[0]?.slide;
}

function byStamp(slide: SlideRecord, stamps: SlideHints['stamps'] = []): number {
  let best = 0;
  for (const { name, size, mtimeMs } of stamps) {
    if (slide.size !== size) continue;
    const sameTime = Math.round(slide.mtimeMs) === Math.round(mtimeMs);
    const sameName = name !== undefined && basename(slide.place.absolute) === name;
    // Copies lose their time; the name stands in for it.
    if (sameTime || sameName) best = Math.max(best, sameTime ? 2 : 1);
  }
  return best;
}

/** The id of the slide, or null. */
export function linkSlide(hints: SlideHints, slides: readonly SlideRecord[]): string | null {
  const { paths = [], stamps, names = [] } = hints;
  const exact = slides.find(({ place }) => paths.includes(place.absolute));
  if (exact !== undefined) return exact.entry.id;
  const stamped = onlyBest(slides, (slide) => byStamp(slide, stamps));
  if (stamped !== undefined) return stamped.entry.id;
  const alike = onlyBest(slides, ({ place }) =>
    Math.max(0, ...paths.map((path) => sharedEnd(path, place.absolute))),
  );
  if (alike !== undefined) return alike.entry.id;
  for (const name of names) {
    const named = slides.filter(({ entry }) => entry.name === name);
    if (named.length === 1) return named[0]!.entry.id;
  }
  return null;
}
