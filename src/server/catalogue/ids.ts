/** Names of things for the browser: opaque, the same after every start. */
import { createHash } from 'node:crypto';

export type ThingKind = 'slide' | 'table' | 'run' | 'head' | 'weights';

/** Form of every id; anything else is refused before it is looked up. */
export const ID_PATTERN = /^[0-9a-f]{16}$/;

/** @param path relative to the served folder, with `/`. */
export function idOf(kind: ThingKind, path: string): string {
  return createHash('sha256').update(`${kind}\0${path}`).digest('hex').slice(0, 16);
}
