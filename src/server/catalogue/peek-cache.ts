/** What was found out about files, until they change; what went wrong is remembered as well. */
import { refusalMessage, withoutFolders } from '../refusal.ts';
import type { FoundFile, Problem } from './walk.ts';

export function stampOf({ size, mtimeMs }: Pick<FoundFile, 'size' | 'mtimeMs'>): string {
  return `${size}-${Math.round(mtimeMs)}`;
}

/** A failure that may pass (`isPassing`) is not remembered. */
type Outcome = { readonly value: unknown } | { readonly message: string; readonly isPassing: boolean };

export class PeekCache {
  #known = new Map<string, { readonly stamp: string; readonly outcome: Outcome }>();
  #used = new Set<string>();
  problems: Problem[] = [];

  /** Begins a round; what is not asked for until {@link finish} is forgotten. */
  begin(): void {
    this.#used = new Set();
    this.problems = [];
  }

  finish(): void {
    for (const key of this.#known.keys()) if (!this.#used.has(key)) this.#known.delete(key);
  }

  /**
   * What `look` finds; undefined, with a problem noted, where it throws.
   *
   * @param subject what is looked at: kind, and path below the root.
   */
  async peek<T>(
    subject: { readonly kind: string; readonly path: string; readonly stamp: string; readonly root: string },
    look: () => Promise<T>,
  ): Promise<T | undefined> {
    const { kind, path, stamp, root } = subject;
    const key = `${kind}\0${root}\0${path}`;
    this.#used.add(key);
    const known = this.#known.get(key);
    const outcome: Outcome = known?.stamp === stamp ? known.outcome : await attempt(look, root);
    if ('isPassing' in outcome && outcome.isPassing) this.#known.delete(key);
    else this.#known.set(key, { stamp, outcome });
    if ('value' in outcome) return outcome.value as T;
    this.problems.push({ path, message: outcome.message });
    return undefined;
  }
}

async function attempt(look: () => Promise<unknown>, root: string): Promise<Outcome> {
  try {
    return { value: await look() };
  } catch (error) {
    const { status, message } = refusalMessage(error);
    if (status === 500) process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
    return { message: withoutFolders(message, [root]), isPassing: status >= 500 };
  }
}
