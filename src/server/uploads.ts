/** Files dropped into the viewer: kept in a temporary folder until the server ends. */
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { RunEntry, TableEntry } from '../contract/index.ts';
import type { Catalogue } from './catalogue/catalogue.ts';
import { readResult, runKind } from './catalogue/find-runs.ts';
import { idOf } from './catalogue/ids.ts';
import { stampOf } from './catalogue/peek-cache.ts';
import { stemOf } from './catalogue/records.ts';
import { tableOfFile } from './catalogue/table-of-file.ts';
import { Refusal } from './refusal.ts';
import type { TableService } from './tables/table-service.ts';
import type { TemporaryFolder } from './temporary-folder.ts';

const ENDINGS = ['.h5ad', '.h5', '.csv', '.json'];
const MOST_FILES = 50;
/** All uploads together, in units of the largest one. */
const MOST_TIMES = 4;

export class Uploads {
  readonly #catalogue: Catalogue;
  readonly #tables: TableService;
  readonly #folder: TemporaryFolder;
  readonly #mostBytes: number;
  #files = 0;
  #bytes = 0;

  constructor(parts: {
    catalogue: Catalogue;
    tables: TableService;
    folder: TemporaryFolder;
    mostBytes: number;
  }) {
    this.#catalogue = parts.catalogue;
    this.#tables = parts.tables;
    this.#folder = parts.folder;
    this.#mostBytes = parts.mostBytes;
  }

  /**
   * Takes a file in, reads it, and adds it to the catalogue.
   *
   * @param name its name on the user's machine; only shown, and its ending says the kind.
   * @throws Refusal 413 when it is too large, 415 for other endings, 422 when it cannot be read.
   */
  async receive(body: Readable, name: string, slideId: string | undefined): Promise<TableEntry | RunEntry> {
    const ending = extname(name).toLowerCase();
    if (!ENDINGS.includes(ending))
      throw new Refusal(415, `Files may end in ${ENDINGS.join(', ')}; this one does not.`);
    if (this.#files >= MOST_FILES)
      throw new Refusal(429, 'Too many files were dropped; start the server again.');
    if (slideId !== undefined) await this.#catalogue.slide(slideId);
    this.#files++;
    const absolute = join(
      await this.#folder.subfolder('uploads'),
      `${randomBytes(8).toString('hex')}${ending}`,
    );
    try {
      await this.#save(body, absolute);
      return ending === '.json'
        ? await this.#addRun(absolute, name)
        : await this.#addTable(absolute, name, slideId);
    } catch (error) {
      this.#files--;
      const { size } = await stat(absolute).catch(() => ({ size: 0 }));
      this.#bytes -= size;
      await rm(absolute, { force: true });
      throw error;
    }
  }

  async #save(body: Readable, absolute: string): Promise<void> {
    let bytes = 0;
    const count = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        bytes += chunk.length;
        this.#bytes += chunk.length;
        const isLarge = bytes > this.#mostBytes || this.#bytes > MOST_TIMES * this.#mostBytes;
        const limit = Math.round(this.#mostBytes / 2 ** 20);
        if (isLarge)
          done(new Refusal(413, `Files of more than ${limit} MB are not taken; put them into the folder.`));
        else done(null, chunk);
      },
    });
    try {
      await pipeline(body, count, createWriteStream(absolute, { mode: 0o600 }));
    } catch (error) {
      // What was counted but not written.
      const { size } = await stat(absolute).catch(() => ({ size: 0 }));
      this.#bytes -= bytes - size;
      throw error instanceof Refusal
        ? error
        : new Refusal(400, 'The file did not arrive completely; drop it again.');
    }
  }

  async #addTable(absolute: string, name: string, slideId: string | undefined): Promise<TableEntry> {
    const record = await tableOfFile({
      root: await this.#folder.root(),
      absolute,
      // The stored name tells two files of one name apart.
      path: `dropped/${stemOf(absolute)}/${name}`,
      name,
      slides: await this.#catalogue.slides(),
      ...(slideId === undefined ? {} : { slideId }),
    });
    const { rows } = await this.#tables.facts(record);
    const whole = { ...record, entry: { ...record.entry, rows } };
    this.#catalogue.addTable(whole);
    return whole.entry;
  }

  async #addRun(absolute: string, name: string): Promise<RunEntry> {
    const kind = runKind((await readResult(absolute)).kind);
    if (kind === undefined)
      throw new Refusal(422, `${name} is no result of a benchmark or analysis of this package.`);
    const path = `dropped/${stemOf(absolute)}/${name}`;
    const entry = { id: idOf('run', path), name: stemOf(name), path, kind, report: false };
    const root = await this.#folder.root();
    const stamp = stampOf(await stat(absolute));
    this.#catalogue.addRun({ entry, place: { root, absolute, stamp }, folder: join(root, 'uploads') });
    return entry;
  }
}
