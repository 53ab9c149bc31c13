/** From the names in a checkpoint to the names in a module: wrappers' prefixes and the heads of training. */
import type { StoredTensor } from './stored-tensor.ts';

/** What wrappers and training programs put before a parameter's own name. */
const WRAPPERS = ['module.', '_orig_mod.', 'model.', 'backbone.', 'teacher.', 'student.'];
const MOST_WRAPPERS = 6;

/** Projection and classification heads, which no backbone has: `dino_head.*`, `ibot_head.*`, `head.*`. */
const HEAD = /^(?:\w+_)?head\./;

/** The prefixes of a name that are made of wrappers, the empty one first. */
function wrapperPrefixes(name: string): string[] {
  const prefixes = [''];
  for (let prefix = ''; prefixes.length <= MOST_WRAPPERS; prefixes.push(prefix)) {
    const next = WRAPPERS.find((wrapper) => name.startsWith(wrapper, prefix.length));
    if (next === undefined) break;
    prefix += next;
  }
  return prefixes;
}

/** Of equally fitting prefixes the teacher's comes before the student's, then a short one before a long one. */
function isBetter(prefix: string, than: string): boolean {
  const student = Number(prefix.includes('student.')) - Number(than.includes('student.'));
  return student === 0 ? prefix.length < than.length : student < 0;
}

/**
 * The one prefix under which most of the wanted names are found; empty when none are.
 *
 * @param names   names in the checkpoint.
 * @param wanted  names of the module's parameters.
 */
export function bestPrefix(names: ReadonlySet<string>, wanted: Iterable<string>): string {
  const list = [...wanted];
  const candidates = new Set([...names].flatMap(wrapperPrefixes));
  let best = '';
  let most = 0;
  for (const prefix of candidates) {
    const hits = list.filter((name) => names.has(prefix + name)).length;
    if (hits > most || (hits > 0 && hits === most && isBetter(prefix, best))) {
      best = prefix;
      most = hits;
    }
  }
  return best;
}

/** Tensors with the names of the module, and the names of those that are left out. */
export interface NamedPart {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Removed from the front of every name. */
  readonly prefix: string;
  /** Names, as in the checkpoint, of what lies outside the prefix and of heads. */
  readonly ignored: readonly string[];
}

/**
 * Removes the prefix that leads to the wanted names from all names. What has another prefix and heads that are not
 * wanted are left out; all else is kept, also what is not wanted, so that a wrong checkpoint shows.
 */
export function partWithNames(
  tensors: ReadonlyMap<string, StoredTensor>,
  wanted: ReadonlySet<string>,
): NamedPart {
  const prefix = bestPrefix(new Set(tensors.keys()), wanted);
  const kept = new Map<string, StoredTensor>();
  const ignored: string[] = [];
  for (const [name, stored] of tensors) {
    const own = name.slice(prefix.length);
    const used = name.startsWith(prefix) && (wanted.has(own) || !HEAD.test(own));
    if (used) kept.set(own, stored);
    else ignored.push(name);
  }
  return { tensors: kept, prefix, ignored };
}

/**
 * The tensors whose name has `part` among its wrappers, e.g. `student` for `module.student.backbone.norm.weight`.
 * Names lose everything up to and with it.
 */
export function underPart(
  tensors: ReadonlyMap<string, StoredTensor>,
  part: string,
): { readonly tensors: ReadonlyMap<string, StoredTensor>; readonly ignored: readonly string[] } {
  const kept = new Map<string, StoredTensor>();
  const ignored: string[] = [];
  for (const [name, stored] of tensors) {
    const before = wrapperPrefixes(name).find((prefix) => name.startsWith(`${part}.`, prefix.length));
    if (before === undefined) ignored.push(name);
    else kept.set(name.slice(before.length + part.length + 1), stored);
  }
  return { tensors: kept, ignored };
}
