/** Where results of jobs go: beside the slides, or into a temporary folder for a read-only server. */
import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { idOf } from '../catalogue/ids.ts';
import type { SlideRecord } from '../catalogue/records.ts';
import { tableOfFile } from '../catalogue/table-of-file.ts';
import { Refusal } from '../refusal.ts';
import { realPathInside } from '../security/inside.ts';
import type { TemporaryFolder } from '../temporary-folder.ts';

const FOLDER = 'predictions';

/** A folder being filled; it gets its name when everything is in it. */
export interface ResultFolder {
  /** To be filled; its name begins with a dot, so that the catalogue passes it over. */
  readonly unfinished: string;
  /** Gives the folder its name and adds the table to the catalogue; answers the table's id. */
  publish(table: string): Promise<string>;
  discard(): Promise<void>;
}

/** `20261125-013005` in local time. */
function timeName(now: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const date = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  return `${date}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
}

export class JobResults {
  readonly #catalogue: Catalogue;
  readonly #temporary: TemporaryFolder;
  readonly #readOnly: boolean;

  constructor(parts: { catalogue: Catalogue; temporary: TemporaryFolder; readOnly: boolean }) {
    this.#catalogue = parts.catalogue;
    this.#temporary = parts.temporary;
    this.#readOnly = parts.readOnly;
  }

  async #parent(): Promise<{ root: string; path: string }> {
    if (this.#readOnly)
      return { root: await this.#temporary.root(), path: await this.#temporary.subfolder(FOLDER) };
    const { root } = this.#catalogue;
    const wanted = join(root, FOLDER);
    await mkdir(wanted, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
      throw new Refusal(
        403,
        `Nothing can be written into the served folder (${error.code}); serve it with --read-only.`,
      );
    });
    return { root, path: await realPathInside(root, wanted) };
  }

  async create(slide: SlideRecord): Promise<ResultFolder> {
    const { root, path } = await this.#parent();
    const shown = slide.entry.name
      .replace(/[^\w.-]/g, '_')
      .replace(/^\.+/, '')
      .slice(0, 80);
    const name = `${shown === '' ? 'slide' : shown}-${timeName(new Date())}-${randomBytes(2).toString('hex')}`;
    const unfinished = join(path, `.${name}.part`);
    await mkdir(unfinished).catch((error: NodeJS.ErrnoException) => {
      throw new Refusal(
        403,
        `Nothing can be written into the served folder (${error.code}); serve it with --read-only.`,
      );
    });
    const discard = () => rm(unfinished, { recursive: true, force: true });
    const publish = async (table: string) => {
      const folder = join(path, name);
      await rename(unfinished, folder);
      const shownPath = `${FOLDER}/${name}/${table}`;
      if (this.#readOnly) {
        const slides = await this.#catalogue.slides();
        const place = { root, absolute: join(folder, table), path: shownPath, name };
        this.#catalogue.addTable(await tableOfFile({ ...place, slideId: slide.entry.id, slides }));
      } else {
        // A search that was under way may have passed by before.
        await this.#catalogue.refresh(0);
        await this.#catalogue.refresh(0);
      }
      return idOf('table', shownPath);
    };
    return { unfinished, publish, discard };
  }
}
