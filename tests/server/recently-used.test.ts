import { expect, it } from 'vitest';
import { RecentlyUsed } from '../../src/server/threads/recently-used.ts';

function cache(limits: { bytes: number; count?: number }) {
  const log: string[] = [];
  const kept = new RecentlyUsed<string>({
    ...limits,
    bytesOf: (value) => value.length,
    drop: (value) => void log.push(`drop ${value}`),
  });
  const get = (value: string): Promise<string> =>
    kept.get(value, async () => {
      log.push(`make ${value}`);
      return value;
    });
  return { kept, get, log };
}

it('keeps the last used within the bytes, and one whatever its size', async () => {
  const { get, log } = cache({ bytes: 5 });
  for (const value of ['aa', 'bb', 'aa', 'cc', 'bb', 'dddddddd']) await get(value);
  await Promise.resolve();
  expect(log).toEqual([
    'make aa',
    'make bb',
    // aa was used since, so bb goes.
    'make cc',
    'drop bb',
    'make bb',
    'drop aa',
    'make dddddddd',
    'drop cc',
    'drop bb',
  ]);
  await get('dddddddd');
  expect(log).toHaveLength(9);
});

it('keeps at most so many', async () => {
  const { get, log } = cache({ bytes: 100, count: 2 });
  for (const value of ['a', 'b', 'c']) await get(value);
  await Promise.resolve();
  expect(log.at(-1)).toBe('drop a');
});

it('makes a thing once for two who ask at once, and again after a failure', async () => {
  const { kept, get, log } = cache({ bytes: 100 });
  expect(await Promise.all([get('a'), get('a')])).toEqual(['a', 'a']);
  expect(log).toEqual(['make a']);
  const fail = (): Promise<string> => Promise.reject(new Error('no such file'));
  await expect(kept.get('b', fail)).rejects.toThrow('no such file');
  expect(await get('b')).toBe('b');
});
