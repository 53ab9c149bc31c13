/** Weights from any of the file formats in use, told apart by content, not by name. */
import { UsageError } from '../errors.ts';
import { COPY_AGAIN, closingOnFailure, type FileBytes, openBytes } from './file-bytes.ts';
import { partWithNames, underPart } from './parameter-names.ts';
import { readSafetensors } from './safetensors.ts';
import { findStateDict, type StateDict } from './state-dict.ts';
import type { StoredTensor } from './stored-tensor.ts';
import { readTorchLegacy } from './torch-legacy.ts';
import { readTorchZip } from './torch-zip.ts';

export type CheckpointFormat = 'safetensors' | 'torch zip' | 'torch legacy';

export interface CheckpointOptions {
  /**
   * Which part to take when there are several, e.g. `student`. Without it: the first of teacher, model, state_dict,
   * model_state_dict, student that holds tensors, and so on inside it; else the whole file.
   */
  readonly under?: string;
  /**
   * Names of the parameters that are wanted. Given these, prefixes of wrappers (`module.`, `_orig_mod.`, `model.`,
   * `backbone.`, `teacher.`, `student.`) that lead to them are removed, and heads are left out.
   */
  readonly names?: ReadonlySet<string>;
}

/** An open checkpoint; its tensors are fetched one by one. */
export interface Checkpoint {
  readonly path: string;
  readonly format: CheckpointFormat;
  /** Each access to a tensor's `bytes` reads that part of the file; nothing is kept. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** The part that was taken, keys joined by dots; empty for the whole file. */
  readonly foundUnder: string;
  /** What was removed from the front of every name. */
  readonly prefix: string;
  /** Names of tensors of that part that were left out. */
  readonly ignored: readonly string[];
  /** Texts that a safetensors file has under `__metadata__`; empty for others. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Closes the file; later access to `bytes` throws UsageError. Closing twice is allowed. */
  close(): void;
}

/** Files that are often saved in place of a checkpoint. */
const MISTAKEN: readonly (readonly [start: string, what: string, next: string])[] = [
  ['version https://git-lfs', 'a Git LFS pointer', 'fetch the file itself with git lfs pull'],
  ['<', 'a web page or XML', 'download the file itself'],
  ['\x89HDF', 'an HDF5 file', 'choose a weights file'],
  ['\x1f\x8b', 'a gzip file', 'unpack it'],
];

function formatOf(file: FileBytes): CheckpointFormat {
  const head = Buffer.from(file.read(0, Math.min(64, file.size))).toString('latin1');
  if (head.startsWith('PK\x03\x04')) return 'torch zip';
  if (head.startsWith('\x80')) return isSafetensors(file, head) ? 'safetensors' : 'torch legacy';
  if (head[8] === '{') return 'safetensors';
  const mistaken = MISTAKEN.find(([start]) => head.startsWith(start));
  const [, what, next] = mistaken ?? ['', `${file.size} bytes of something else`, COPY_AGAIN];
  throw file.refuse('a safetensors file or a PyTorch checkpoint', what, next);
}

/** A header length of 0x80 in its lowest byte looks like the start of a pickle. */
function isSafetensors(file: FileBytes, head: string): boolean {
  if (head[8] !== '{') return false;
  const length = Buffer.from(head.slice(0, 8), 'latin1').readBigUInt64LE();
  return length <= BigInt(file.size);
}

interface Content extends StateDict {
  readonly metadata: Readonly<Record<string, string>>;
}

async function contentOf(file: FileBytes, format: CheckpointFormat, under?: string): Promise<Content> {
  if (format === 'safetensors') {
    const { tensors, metadata } = readSafetensors(file);
    return { tensors, metadata, foundUnder: '', parts: [] };
  }
  const root = format === 'torch zip' ? await readTorchZip(file) : readTorchLegacy(file);
  return { ...findStateDict(root, file, under), metadata: {} };
}

/** An error that names what the checkpoint has instead of the part asked for. */
function missingPart(under: string, { parts, tensors }: Content, path: string): UsageError {
  const tops = [...tensors.keys()].map((name) => name.split('.')[0]!);
  const choice = [...new Set([...parts, ...tops])];
  return new UsageError('read weights', {
    need: `tensors under "${under}"`,
    found: `${choice.slice(0, 6).join(', ')}${choice.length > 6 ? ', ...' : ''} in ${path}`,
    next: 'name one of these, or none for the usual choice',
  });
}

/** Among flat names, the part asked for. */
function chosenPart(
  content: Content,
  under: string | undefined,
  path: string,
): Content & { ignored: readonly string[] } {
  const { tensors, foundUnder } = content;
  if (under === undefined || foundUnder.split('.').includes(under)) return { ...content, ignored: [] };
  const part = underPart(tensors, under);
  if (part.tensors.size === 0) throw missingPart(under, content, path);
  return { ...content, ...part, foundUnder: foundUnder === '' ? under : `${foundUnder}.${under}` };
}

/**
 * Opens a checkpoint: safetensors, or what `torch.save` wrote (zip and legacy layout). Nothing in it is run: of
 * Python objects only dicts, lists, numbers, texts and tensors are understood. Close it when done.
 *
 * @throws UsageError when there is no such file or no such part, DataError when it is damaged, of another kind, or
 * holds no tensors by name.
 * @example
 * const checkpoint = await readCheckpoint('teacher_checkpoint.pth');
 * console.log(checkpoint.foundUnder, [...checkpoint.tensors.keys()]);
 * checkpoint.close();
 */
export async function readCheckpoint(path: string, options: CheckpointOptions = {}): Promise<Checkpoint> {
  const { under, names } = options;
  const file = openBytes(path);
  return closingOnFailure(file, async () => {
    const format = formatOf(file);
    const { tensors, metadata, foundUnder, ignored } = chosenPart(
      await contentOf(file, format, under),
      under,
      path,
    );
    const part = names === undefined ? { tensors, prefix: '', ignored: [] } : partWithNames(tensors, names);
    return {
      path,
      format,
      tensors: part.tensors,
      foundUnder,
      prefix: part.prefix,
      ignored: [...ignored, ...part.ignored],
      metadata,
      close: () => file.close(),
    };
  });
}
