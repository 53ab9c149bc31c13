import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';

/** A folder that lives as long as the enclosing describe block. */
export function temporaryFolder(): { readonly path: string; write: Write } {
  let path = '';
  beforeAll(async () => {
    path = await mkdtemp(join(tmpdir(), 'spatial-'));
  });
  afterAll(() => rm(path, { recursive: true }));
  return {
    get path() {
      return path;
    },
    async write(name, content) {
      const file = join(path, name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
      return file;
    },
  };
}

export type Write = (name: string, content: string | Uint8Array) => Promise<string>;

/** Expects a rejection of that class with exactly that message. */
export async function expectRefusal(
  promise: Promise<unknown>,
  kind: new (...args: never[]) => Error,
  message: string,
): Promise<void> {
  const error = await promise.then(
    () => new Error('it was accepted'),
    (thrown: unknown) => thrown,
  );
  expect((error as Error).message).toBe(message);
  expect(error).toBeInstanceOf(kind);
}

/** Expects a thrown error with exactly that message. */
export function expectMessage(call: () => unknown, message: string): void {
  let found = 'nothing was thrown';
  try {
    call();
  } catch (error) {
    found = (error as Error).message;
  }
  expect(found).toBe(message);
}
