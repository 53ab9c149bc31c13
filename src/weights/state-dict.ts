/** Finding the tensors by name inside whatever object a checkpoint holds. */
import type { FileBytes } from './file-bytes.ts';
import { Placeholder } from './pickle-values.ts';
import type { StoredTensor } from './stored-tensor.ts';
import { TorchTensor } from './torch-tensor.ts';

/** Keys under which training programs keep state dicts, the preferred ones first. */
const STATE_DICT_KEYS: readonly string[] = ['teacher', 'model', 'state_dict', 'model_state_dict', 'student'];

/** Dicts in dicts that names are joined through, e.g. `backbone` and `dino_head` under `teacher`. */
const DEEPEST = 4;
/** Entries looked at in one search, far above any checkpoint's: dicts may be named many times. */
const MOST_ENTRIES = 5_000_000;

/** Tensors by name and where they were. */
export interface StateDict {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Keys that lead to it, joined by dots; empty for the object itself. */
  readonly foundUnder: string;
  /** Keys at the top under which there are tensors. */
  readonly parts: readonly string[];
}

type Dict = ReadonlyMap<unknown, unknown>;

/** A dict and the keys that lead to it. */
interface Found {
  readonly dict: Dict;
  readonly path: readonly string[];
}

/** One search through the dicts of one file. */
class DictSearch {
  readonly #file: FileBytes;
  #seen = 0;

  constructor(file: FileBytes) {
    this.#file = file;
  }

  /** Tensors of a dict and of dicts in it, names joined by dots. Other values are left out. */
  tensorsIn(dict: Dict, prefix = '', depth = 1): Map<string, StoredTensor> {
    const tensors = new Map<string, StoredTensor>();
    for (const [key, value] of dict) {
      this.#seen++;
      if (this.#seen > MOST_ENTRIES) throw this.#file.refuse(`at most ${MOST_ENTRIES} entries`, 'more');
      if (typeof key !== 'string') continue;
      if (value instanceof TorchTensor) tensors.set(prefix + key, value);
      if (!(value instanceof Map) || depth === DEEPEST) continue;
      for (const [name, stored] of this.tensorsIn(value, `${prefix}${key}.`, depth + 1))
        tensors.set(name, stored);
    }
    return tensors;
  }

  /** The dict under a key, when it holds tensors. */
  part(dict: Dict, key: string): Dict | undefined {
    const part = dict.get(key);
    return part instanceof Map && this.tensorsIn(part).size > 0 ? part : undefined;
  }

  /** All keys of a dict that lead to tensors. */
  parts(dict: Dict): string[] {
    return [...dict.keys()].filter((key) => typeof key === 'string' && this.part(dict, key)) as string[];
  }

  /** The dict under a key that the caller names: at the top, or below one of the usual keys. */
  named(root: Dict, key: string): Found | undefined {
    const top = this.part(root, key);
    if (top !== undefined) return { dict: top, path: [key] };
    for (const outerKey of STATE_DICT_KEYS) {
      const outer = this.part(root, outerKey);
      const dict = outer === undefined ? undefined : this.part(outer, key);
      if (dict !== undefined) return { dict, path: [outerKey, key] };
    }
    return undefined;
  }

  /** Follows the usual keys as long as they lead to tensors. */
  descend({ dict, path }: Found): Found {
    for (const key of STATE_DICT_KEYS) {
      const part = path.length < DEEPEST ? this.part(dict, key) : undefined;
      if (part !== undefined) return this.descend({ dict: part, path: [...path, key] });
    }
    return { dict, path };
  }
}

function describe(root: unknown): string {
  if (root instanceof Placeholder) return `an object of class ${root.name}`;
  if (root instanceof TorchTensor) return 'a single tensor';
  return root instanceof Map ? 'a dict without tensors' : 'something else';
}

/**
 * The state dict in a checkpoint's object: under the first of teacher, model, state_dict, model_state_dict, student
 * that holds tensors, and so on inside it; the object itself when there is none.
 *
 * @param under key to take instead, at the top or below one of the usual keys. When no dict has it, it is taken for
 * a part of the names (see `underPart`) and left to the caller.
 * @throws DataError when there are no tensors by name.
 */
export function findStateDict(root: unknown, file: FileBytes, under?: string): StateDict {
  if (root instanceof Map) {
    const search = new DictSearch(file);
    const named = under === undefined ? undefined : search.named(root, under);
    const { dict, path } = search.descend(named ?? { dict: root, path: [] });
    const tensors = search.tensorsIn(dict);
    if (tensors.size > 0) return { tensors, foundUnder: path.join('.'), parts: search.parts(root) };
  }
  throw file.refuse(
    'a state dict, that is tensors by name',
    describe(root),
    'save the state_dict() of the model with torch.save',
  );
}
