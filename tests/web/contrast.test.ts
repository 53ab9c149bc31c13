/** Text of the page can be read in both themes: contrast of at least 4.5 (WCAG 2.2, level AA). */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('../../web/src/style/base.css', import.meta.url), 'utf8');

/** The page's colours by name: the first of each light-dark() pair, or the second. */
function colours(theme: 'light' | 'dark'): Map<string, string> {
  const pairs = css.matchAll(/--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);/g);
  return new Map([...pairs].map(([, name, light, dark]) => [name!, theme === 'light' ? light! : dark!]));
}

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const c = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light! + 0.05) / (dark! + 0.05);
}

const TEXT_ON: readonly (readonly [string, string])[] = [
  ...['text', 'soft', 'accent'].flatMap((text) =>
    ['surface', 'ground', 'raised'].map((on) => [text, on] as const),
  ),
  ['text', 'accent-ground'],
  ['on-accent', 'accent'],
  ['bad', 'bad-ground'],
];

describe('contrast', () => {
  it('is computed as the standard has it', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 6);
    expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
  });

  it.each(['light', 'dark'] as const)('of text suffices: %s', (theme) => {
    const known = colours(theme);
    const low = TEXT_ON.filter(([text, on]) => contrast(known.get(text)!, known.get(on)!) < 4.5);
    expect(low).toEqual([]);
    // Borders of controls need 3.
    expect(contrast(known.get('strong-line')!, known.get('surface')!)).toBeGreaterThanOrEqual(3);
  });
});
