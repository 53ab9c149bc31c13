/** Terminal colours, only where a person reads them. */

/** What decides about colour: a stream and the environment. */
export interface ColorTarget {
  readonly isTTY?: boolean | undefined;
}

export type ColorName = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';
/** One function per style; each returns its text unchanged where colours are off. */
export type Colors = Readonly<Record<ColorName, (text: string) => string>>;

const CODES: Record<ColorName, readonly [on: number, off: number]> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

/**
 * Whether to colour. FORCE_COLOR decides when set (`0` or `false`: no, else yes), then NO_COLOR when not empty (no),
 * then whether the stream is a terminal that is not `dumb`.
 */
export function wantsColor(target: ColorTarget, env: NodeJS.ProcessEnv = process.env): boolean {
  const { FORCE_COLOR: force, NO_COLOR: never, TERM: terminal } = env;
  if (force !== undefined) return force !== '0' && force !== 'false';
  if (never !== undefined && never !== '') return false;
  return target.isTTY === true && terminal !== 'dumb';
}

/** Styles for a stream. */
export function createColors(target: ColorTarget, env: NodeJS.ProcessEnv = process.env): Colors {
  const enabled = wantsColor(target, env);
  const style = (name: ColorName) => {
    const [on, off] = CODES[name];
    return (text: string) => (enabled ? `\u001b[${on}m${text}\u001b[${off}m` : text);
  };
  const names = Object.keys(CODES) as ColorName[];
  return Object.fromEntries(names.map((name) => [name, style(name)])) as Colors;
}
