/** PyTorch checkpoints since 1.6: an uncompressed zip file with a pickle and one entry per storage. */
import yauzl from 'yauzl';
import { isMvHybridError } from '../errors.ts';
import { ByteCursor } from './byte-cursor.ts';
import { COPY_AGAIN, type FileBytes } from './file-bytes.ts';
import { unpickle } from './pickle.ts';
import { Placeholder } from './pickle-values.ts';
import { torchGlobals } from './torch-globals.ts';
import { storageReference } from './torch-storage.ts';
import { TorchStorage } from './torch-tensor.ts';

/** Where an entry's data lie in the file. */
interface ZipEntry {
  readonly position: number;
  readonly length: number;
  readonly plain: boolean;
}

/** Lets the zip library read through our open file, which checks every range and stays open. */
class FileReader extends yauzl.RandomAccessReader {
  readonly #file: FileBytes;

  constructor(file: FileBytes) {
    super();
    this.#file = file;
  }

  override read(
    target: Buffer,
    offset: number,
    length: number,
    position: number,
    done: (error: Error | null, bytesRead?: number) => void,
  ): void {
    let bytes: Uint8Array;
    try {
      bytes = this.#file.read(position, length);
    } catch (error) {
      done(error as Error);
      return;
    }
    target.set(bytes, offset);
    done(null, length);
  }
}

async function listEntries(file: FileBytes): Promise<Map<string, ZipEntry>> {
  const options = { autoClose: false, lazyEntries: true };
  const zip = await yauzl.fromRandomAccessReaderPromise(new FileReader(file), file.size, options);
  const entries = new Map<string, ZipEntry>();
  for await (const entry of zip.eachEntry()) {
    const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
    entries.set(entry.fileName, {
      position: fileDataStart,
      length: entry.compressedSize,
      plain: entry.compressionMethod === 0 && !entry.isEncrypted(),
    });
  }
  return entries;
}

/** Top folder of the archive: the one that holds the pickle. */
function rootOf(entries: ReadonlyMap<string, ZipEntry>, file: FileBytes): string {
  const pickle = [...entries.keys()].find((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickle === undefined) {
    throw file.refuse(
      'a zip file written by torch.save',
      'no data.pkl',
      'save the state dict with torch.save',
    );
  }
  const root = pickle.slice(0, -'data.pkl'.length);
  if (entries.has(`${root}constants.pkl`)) {
    throw file.refuse('a state dict', 'a TorchScript program', 'save its state_dict() with torch.save');
  }
  return root;
}

function plainEntry(entries: ReadonlyMap<string, ZipEntry>, name: string, file: FileBytes): ZipEntry {
  const entry = entries.get(name);
  if (entry === undefined) throw file.refuse(`an entry ${name}`, 'none', COPY_AGAIN);
  if (entry.plain) return entry;
  throw file.refuse(`an uncompressed entry ${name}`, 'a compressed one', 'save it again with torch.save');
}

function checkByteOrder(entries: ReadonlyMap<string, ZipEntry>, root: string, file: FileBytes): void {
  const name = `${root}byteorder`;
  if (!entries.has(name)) return; // written since PyTorch 2.1
  const { position, length } = plainEntry(entries, name, file);
  const order = Buffer.from(file.read(position, Math.min(length, 16)))
    .toString('latin1')
    .trim();
  if (order !== 'little') {
    throw file.refuse('little-endian numbers', `byte order "${order}"`, 'save it on a little-endian machine');
  }
}

/**
 * The pickled object of a zip checkpoint; tensors in it read their storages on demand.
 *
 * @throws DataError when the zip file, the pickle or a storage is damaged or unusual.
 */
export async function readTorchZip(file: FileBytes): Promise<unknown> {
  const entries = await listEntries(file).catch((cause: unknown) => {
    if (isMvHybridError(cause)) throw cause;
    const reason = cause instanceof Error ? cause.message : 'it cannot be read';
    throw file.refuse('a sound zip file', reason, COPY_AGAIN, cause);
  });
  const root = rootOf(entries, file);
  checkByteOrder(entries, root, file);
  const storages = new Map<string, TorchStorage>();
  const persistent = (id: unknown): unknown => {
    const reference = storageReference(id, file);
    if (reference instanceof Placeholder) return reference;
    const { key, dtype, count } = reference;
    const { position, length } = plainEntry(entries, `${root}data/${key}`, file);
    const storage = storages.get(key) ?? new TorchStorage(key, dtype, count, position);
    if (storage.byteLength !== length || storage.dtype !== dtype || storage.count !== count) {
      throw file.refuse(
        `${count} elements of type ${dtype} in storage ${key}`,
        `${length} bytes`,
        COPY_AGAIN,
      );
    }
    storages.set(key, storage);
    return storage;
  };
  const { position, length } = plainEntry(entries, `${root}data.pkl`, file);
  return unpickle(new ByteCursor(file, position, position + length), {
    global: torchGlobals(file),
    persistent,
  });
}
