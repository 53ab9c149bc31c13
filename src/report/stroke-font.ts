/**
 * A small single-line font, drawn as SVG strokes. Text looks the same on every machine because no system
 * font is used: a bare server has none, and SVG text would come out empty there.
 */

/** Glyph: advance width and path. Capitals stand between y = 0 and the baseline y = 10, x-height is 3.2. */
type Glyph = readonly [width: number, path: string];

const BOWL_RIGHT = 'M0 6.6C0 4.6 1 3.2 2.5 3.2S5 4.6 5 6.6S4 10 2.5 10S0 8.6 0 6.6';
const BOWL_LEFT = 'M5 6.6C5 4.6 4 3.2 2.5 3.2S0 4.6 0 6.6S1 10 2.5 10S5 8.6 5 6.6';
const ARCH = 'M0 5.8C.4 4.2 1.4 3.2 2.7 3.2C4.1 3.2 4.8 4.1 4.8 5.8V10';
const CUP = 'M4.8 7.4C4.4 9 3.4 10 2.1 10C.7 10 0 9.1 0 7.4V3.2';
const ROUND = 'M3.6 0C1.4 0 0 2 0 5S1.4 10 3.6 10S7.2 8 7.2 5S5.8 0 3.6 0Z';
const HOOK = 'M0 10V0H3.2C4.7 0 5.6 1.1 5.6 2.7S4.7 5.4 3.2 5.4H0';
const DASH: Glyph = [3.6, 'M0 6H3.6'];

const GLYPHS: Readonly<Record<string, Glyph>> = {
  ' ': [2.2, ''],
  '0': [6, 'M3 0C1 0 0 2 0 5S1 10 3 10S6 8 6 5S5 0 3 0Z'],
  '1': [6, 'M1 2.2L3.6 0V10'],
  '2': [6, 'M.3 2.6C.5 1 1.6 0 3.1 0C4.7 0 5.8 1 5.8 2.6C5.8 5 2 6.6 .2 10H6'],
  '3': [
    6,
    'M.4 1.8C1 .6 1.9 0 3 0C4.6 0 5.6 1 5.6 2.5S4.5 4.8 2.6 4.8C4.7 4.8 5.9 5.8 5.9 7.4S4.7 10 2.9 10C1.6 10 .6 9.4 0 8.2',
  ],
  '4': [6, 'M4.5 10V0L0 7H6'],
  '5': [6, 'M5.4 0H1L.6 4.6C1.2 4 2.1 3.7 3 3.7C4.8 3.7 6 5 6 6.8S4.8 10 2.9 10C1.6 10 .6 9.4 0 8.3'],
  '6': [
    6,
    'M5.4 1.3C4.8 .5 4 0 3.1 0C1.1 0 0 2 0 5.2C0 8.3 1 10 3 10C4.8 10 6 8.7 6 6.9S4.8 3.9 3.1 3.9C1.6 3.9 .4 4.8 0 6',
  ],
  '7': [6, 'M0 0H6L2.2 10'],
  '8': [
    6,
    'M3 4.7C1.4 4.7 .5 3.8 .5 2.4S1.4 0 3 0S5.5 1 5.5 2.4S4.6 4.7 3 4.7C1.1 4.7 0 5.8 0 7.3S1.2 10 3 10S6 8.9 6 7.3S4.9 4.7 3 4.7Z',
  ],
  '9': [
    6,
    'M.6 8.7C1.2 9.5 2 10 2.9 10C4.9 10 6 8 6 4.8C6 1.7 5 0 3 0C1.2 0 0 1.3 0 3.1S1.2 6.1 2.9 6.1C4.4 6.1 5.6 5.2 6 4',
  ],
  A: [7, 'M0 10L3.5 0L7 10M1.2 6.7H5.8'],
  B: [
    5.8,
    'M0 0V10H3.3C4.9 10 5.8 9 5.8 7.4S4.9 4.8 3.3 4.8H0M3.1 4.8C4.5 4.8 5.3 3.9 5.3 2.4S4.5 0 3.1 0H0',
  ],
  C: [6.5, 'M6.4 2.2C5.8 .8 4.8 0 3.5 0C1.3 0 0 2 0 5S1.3 10 3.5 10C4.8 10 5.8 9.2 6.4 7.8'],
  D: [6.4, 'M0 0V10H2.6C5 10 6.4 8.2 6.4 5S5 0 2.6 0Z'],
  E: [5.2, 'M5.2 0H0V10H5.2M0 4.8H4.5'],
  F: [5, 'M5 0H0V10M0 4.8H4.3'],
  G: [6.8, 'M6.4 2C5.8 .7 4.8 0 3.5 0C1.3 0 0 2 0 5S1.3 10 3.6 10C4.9 10 6 9.4 6.7 8.4V5.4H4'],
  H: [6.4, 'M0 0V10M6.4 0V10M0 4.8H6.4'],
  I: [0.6, 'M.3 0V10'],
  J: [4, 'M4 0V7.2C4 9 3.2 10 1.9 10C.9 10 .2 9.4 0 8.3'],
  K: [6, 'M0 0V10M5.8 0L0 6M2.2 3.9L6 10'],
  L: [5, 'M0 0V10H5'],
  M: [7.6, 'M0 10V0L3.8 7L7.6 0V10'],
  N: [6.4, 'M0 10V0L6.4 10V0'],
  O: [7.2, ROUND],
  P: [5.6, HOOK],
  Q: [7.2, `${ROUND}M4.4 7.6L7 10.6`],
  R: [5.9, `${HOOK}M3 5.4L5.9 10`],
  S: [
    5.8,
    'M5.5 1.9C5 .7 4.2 0 3 0C1.4 0 .4 1 .4 2.4C.4 5.8 5.8 4 5.8 7.4C5.8 9 4.7 10 3 10C1.5 10 .5 9.2 0 7.9',
  ],
  T: [6.4, 'M0 0H6.4M3.2 0V10'],
  U: [6.4, 'M0 0V6.6C0 8.8 1.2 10 3.2 10S6.4 8.8 6.4 6.6V0'],
  V: [6.8, 'M0 0L3.4 10L6.8 0'],
  W: [9.4, 'M0 0L2.4 10L4.7 1.2L7 10L9.4 0'],
  X: [6.4, 'M0 0L6.4 10M6.4 0L0 10'],
  Y: [6.6, 'M0 0L3.3 5.2L6.6 0M3.3 5.2V10'],
  Z: [6, 'M0 0H6L0 10H6'],
  a: [5, `M5 3.2V10${BOWL_LEFT}`],
  b: [5, `M0 0V10${BOWL_RIGHT}`],
  c: [4.8, 'M4.7 4.6C4.3 3.7 3.5 3.2 2.6 3.2C1 3.2 0 4.6 0 6.6S1 10 2.6 10C3.5 10 4.3 9.5 4.7 8.6'],
  d: [5, `M5 0V10${BOWL_LEFT}`],
  e: [5, 'M0 6.4H5C5 4.4 4 3.2 2.5 3.2S0 4.6 0 6.6S1 10 2.7 10C3.6 10 4.4 9.5 4.8 8.7'],
  f: [3.2, 'M3.4 .1C1.8 -.3 1.2 .6 1.2 2V10M0 3.2H3'],
  g: [5, `M5 3.2V10.4C5 12.2 4 13 2.5 13C1.5 13 .7 12.7 .2 12${BOWL_LEFT}`],
  h: [4.8, `M0 0V10${ARCH}`],
  i: [0.6, 'M.3 3.2V10M.3 .6V.9'],
  j: [1.6, 'M1.3 3.2V11C1.3 12.4 .8 13 -.4 13M1.3 .6V.9'],
  k: [4.6, 'M0 0V10M4.4 3.2L0 7.2M1.7 5.7L4.6 10'],
  l: [0.6, 'M.3 0V10'],
  m: [
    8,
    'M0 3.2V10M0 5.8C.3 4.2 1.1 3.2 2.2 3.2C3.4 3.2 4 4.1 4 5.8V10M4 5.8C4.3 4.2 5.1 3.2 6.2 3.2C7.4 3.2 8 4.1 8 5.8V10',
  ],
  n: [4.8, `M0 3.2V10${ARCH}`],
  o: [5.2, 'M2.6 3.2C1 3.2 0 4.6 0 6.6S1 10 2.6 10S5.2 8.6 5.2 6.6S4.2 3.2 2.6 3.2Z'],
  p: [5, `M0 3.2V13${BOWL_RIGHT}`],
  q: [5, `M5 3.2V13${BOWL_LEFT}`],
  r: [3, 'M0 3.2V10M0 6C.4 4.2 1.5 3.1 3.1 3.3'],
  s: [
    4.4,
    'M4.2 4.5C3.8 3.7 3.2 3.2 2.2 3.2C1.1 3.2 .3 3.8 .3 4.8C.3 7.2 4.4 5.8 4.4 8.2C4.4 9.3 3.5 10 2.2 10C1.1 10 .4 9.5 0 8.7',
  ],
  t: [3.1, 'M1.2 1V8.4C1.2 9.6 1.8 10.1 3.1 9.9M0 3.2H3'],
  u: [4.8, `M4.8 3.2V10${CUP}`],
  v: [5, 'M0 3.2L2.5 10L5 3.2'],
  w: [7.4, 'M0 3.2L1.9 10L3.7 4L5.5 10L7.4 3.2'],
  x: [4.8, 'M0 3.2L4.8 10M4.8 3.2L0 10'],
  y: [5, 'M0 3.2L2.6 9.8M5 3.2L2.2 11.2C1.8 12.4 1.2 13 0 12.8'],
  z: [4.4, 'M0 3.2H4.4L0 10H4.4'],
  '.': [0.6, 'M.3 9.7V10'],
  ',': [0.8, 'M.6 9.6L0 11.8'],
  ':': [0.6, 'M.3 4.4V4.7M.3 9.7V10'],
  ';': [0.8, 'M.6 4.4V4.7M.6 9.6L0 11.8'],
  '-': DASH,
  '\u2212': DASH,
  '\u2013': DASH,
  '+': [5, 'M2.5 3.5V8.5M0 6H5'],
  '=': [5, 'M0 4.6H5M0 7.4H5'],
  '<': [4.6, 'M4.6 3.2L0 6L4.6 8.8'],
  '>': [4.6, 'M0 3.2L4.6 6L0 8.8'],
  '(': [2, 'M2 -.8C.6 .8 0 2.8 0 5.2S.6 9.6 2 11.2'],
  ')': [2, 'M0 -.8C1.4 .8 2 2.8 2 5.2S1.4 9.6 0 11.2'],
  '[': [2, 'M2 -.8H0V11.2H2'],
  ']': [2, 'M0 -.8H2V11.2H0'],
  '/': [4.2, 'M4.2 -.6L0 11'],
  '|': [0.6, 'M.3 -.8V11.2'],
  _: [5, 'M0 11.8H5'],
  '%': [
    8,
    'M6.6 0L1.4 10M1.9 0C.7 0 0 .9 0 2.3S.7 4.6 1.9 4.6S3.8 3.7 3.8 2.3S3.1 0 1.9 0ZM6.1 5.4C4.9 5.4 4.2 6.3 4.2 7.7S4.9 10 6.1 10S8 9.1 8 7.7S7.3 5.4 6.1 5.4Z',
  ],
  '*': [4, 'M2 .4V4.4M.2 1.4L3.8 3.4M3.8 1.4L.2 3.4'],
  '#': [6, 'M2 1L1.2 9M4.8 1L4 9M0 3.6H6M0 6.6H6'],
  "'": [0.6, 'M.3 0V2.4'],
  '"': [2.4, 'M.3 0V2.4M2.1 0V2.4'],
  '?': [4.8, 'M0 2.4C.2 .9 1.1 0 2.4 0C3.8 0 4.8 .9 4.8 2.3C4.8 4.4 2.4 4.6 2.4 7M2.4 9.7V10'],
  '\u00b2': [3.2, 'M.2 1C.4 .4 1 0 1.6 0C2.5 0 3 .5 3 1.2C3 2.4 1 3 .1 4.6H3.2'],
  '\u00b5': [4.8, `M0 3.2V13M4.8 3.2V10${CUP}`],
  '\u03bc': [4.8, `M0 3.2V13M4.8 3.2V10${CUP}`],
};

/** Drawn for characters the font does not have, so that nothing disappears silently. */
const UNKNOWN: Glyph = [5, 'M0 0H5V10H0Z'];
const GAP = 2.4;
const CAP_HEIGHT = 10;

/** Where and how a text stands. */
export interface TextStyle {
  readonly x: number;
  /** Baseline. */
  readonly y: number;
  /** Height of capitals in pixels. */
  readonly capPx: number;
  /** Which end of the text `x` is; default start. */
  readonly anchor?: 'start' | 'middle' | 'end';
  /** CSS colour; default near black. */
  readonly colour?: string;
  /** Line thickness in tenths of the capital height; default 1.15, bold is about 1.6. */
  readonly weight?: number;
}

/** Width in pixels of a text whose capitals are `capPx` high. */
export function textWidth(text: string, capPx: number): number {
  const units = [...text].reduce((sum, character) => sum + glyph(character)[0] + GAP, 0);
  return (Math.max(0, units - GAP) * capPx) / CAP_HEIGHT;
}

/** The text as an SVG group of stroked paths. Unknown characters become boxes. */
export function textSvg(text: string, style: TextStyle): string {
  const { x, y, capPx, anchor = 'start', colour = '#1f2328', weight = 1.15 } = style;
  const scale = capPx / CAP_HEIGHT;
  const width = textWidth(text, capPx);
  const left = x - (anchor === 'start' ? 0 : anchor === 'middle' ? width / 2 : width);
  let pen = 0;
  const paths = [...text].map((character) => {
    const [advance, path] = glyph(character);
    const at = pen;
    pen += advance + GAP;
    return path === '' ? '' : `<path transform="translate(${round(at)} 0)" d="${path}"/>`;
  });
  const place = `translate(${round(left)} ${round(y - capPx)}) scale(${round(scale)})`;
  const stroke = `stroke="${colour}" stroke-width="${weight}" stroke-linecap="round" stroke-linejoin="round"`;
  return `<g transform="${place}" fill="none" ${stroke}>${paths.join('')}</g>`;
}

function glyph(character: string): Glyph {
  return Object.hasOwn(GLYPHS, character) ? GLYPHS[character]! : UNKNOWN;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
