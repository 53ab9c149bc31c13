/** One folder for what lives as long as the server: uploads, and results of a read-only server. */
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class TemporaryFolder {
  #making: Promise<string> | undefined;
  #made: string | undefined;

  /** Real path of the folder once it exists. */
  get path(): string | undefined {
    return this.#made;
  }

  /** The folder, which only this user may read. */
  async root(): Promise<string> {
    this.#making ??= mkdtemp(join(tmpdir(), 'mvhybrid-serve-')).then((path) => realpath(path));
    this.#made = await this.#making;
    return this.#made;
  }

  async subfolder(name: string): Promise<string> {
    const path = join(await this.root(), name);
    await mkdir(path, { recursive: true });
    return path;
  }

  async remove(): Promise<void> {
    const path = await this.#making?.catch(() => undefined);
    if (path !== undefined) await rm(path, { recursive: true, force: true });
  }
}
