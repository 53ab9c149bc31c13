/** Finding the tensors by name inside whatever object a checkpoint holds. */
import type { FileBytes } from './file-bytes.ts';
import { Placeholder } from './pickle-values.ts';
import type { StoredTensor } from './stored-tensor.ts';
import { TorchTensor } from './torch-tensor.ts';

/** Keys under which training programs keep state dicts, the preferred ones first. */
export const STATE_DICT_KEYS: readonly string[] = [
  'teacher',
  'model',
  'state_dict',
  'model_state_dict',
  'student',
];

/** Dicts in dicts that names are joined through, e.g. `backbone` and `dino_head` under `teacher`. */
const DEEPEST = 4;
const MOST_ENTRIES = 1_000_000;

/** Tensors by name and where they were. */
export interface StateDict {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Keys that lead to it, joined by dots; empty for the object itself. */
  readonly foundUnder: string;
  /** Keys at the top under which there are tensors. */
  readonly parts: readonly string[];
}

type Dict = ReadonlyMap<unknown, unknown>;

interface Found {
  readonly dict: Dict;
  readonly path: readonly string[];
}

/** Tensors of a dict and of dicts in it, names joined by dots. Other values are left out. */
function flattened(dict: Dict, file: FileBytes): Map<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  let seen = 0;
  const visit = (here: Dict, prefix: string, depth: number): void => {
    for (const [key, value] of here) {
      if (++seen > MOST_ENTRIES) throw file.refuse(`at most ${MOST_ENTRIES} entries`, 'more');
      if (typeof key !== 'string') continue;
      if (value instanceof TorchTensor) tensors.set(prefix + key, value);
      else if (value instanceof Map && depth < DEEPEST) visit(value, `${prefix}${key}.`, depth + 1);
    }
  };
  visit(dict, '', 1);
  return tensors;
}

/** The dict under a key, when it holds tensors. */
function partOf(dict: Dict, key: string, file: FileBytes): Dict | undefined {
  const part = dict.get(key);
  return part instanceof Map && flattened(part, file).size > 0 ? part : undefined;
}

/** The dict under a key that the caller names: at the top, or below one of the usual keys. */
function partNamed(root: Dict, under: string, file: FileBytes): Found | undefined {
  const top = partOf(root, under, file);
  if (top !== undefined) return { dict: top, path: [under] };
  for (const key of STATE_DICT_KEYS) {
    const outer = partOf(root, key, file);
    const part = outer === undefined ? undefined : partOf(outer, under, file);
    if (part !== undefined) return { dict: part, path: [key, under] };
  }
  return undefined;
}

function partsOf(root: Dict, file: FileBytes): string[] {
  const keys = [...root.keys()].filter((key) => typeof key === 'string');
  return keys.filter((key) => partOf(root, key, file) !== undefined);
}

/** Follows the usual keys as long as they lead to tensors. */
function descend(root: Dict, file: FileBytes): Found {
  let dict = root;
  const path: string[] = [];
  while (path.length < DEEPEST) {
    const key = STATE_DICT_KEYS.find((name) => partOf(dict, name, file) !== undefined);
    if (key === undefined) break;
    dict = partOf(dict, key, file)!;
    path.push(key);
  }
  return { dict, path };
}

function describe(root: unknown): string {
  if (root instanceof Placeholder) return `an object of class ${root.name}`;
  if (root instanceof TorchTensor) return 'a single tensor';
  return root instanceof Map ? 'a dict without tensors' : 'something else';
}

/**
 * The state dict in a checkpoint's object: the first of {@link STATE_DICT_KEYS} that holds tensors, and so on inside
 * it; the object itself when there is none.
 *
 * @param under key to take instead, at the top or below one of the usual keys. When no dict has it, the search goes
 * on among the names (see `underPart`).
 * @throws DataError when there are no tensors by name.
 */
export function findStateDict(root: unknown, file: FileBytes, under?: string): StateDict {
  if (root instanceof Map) {
    const named = under === undefined ? undefined : partNamed(root, under, file);
    const { dict, path } = descend(named?.dict ?? root, file);
    const tensors = flattened(dict, file);
    if (tensors.size > 0) {
      return { tensors, foundUnder: [...(named?.path ?? []), ...path].join('.'), parts: partsOf(root, file) };
    }
  }
  throw file.refuse(
    'a state dict, that is tensors by name',
    describe(root),
    'save the state_dict() of the model with torch.save',
  );
}
