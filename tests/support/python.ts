/** Running other people's Python libraries against files of this package, where they are installed. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The first Python on the path that can import the module, or undefined. */
export function pythonWith(module: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders
    .map((folder) => join(folder, 'python3'))
    .filter((path) => existsSync(path))
    .find((path) => spawnSync(path, ['-c', `import ${module}`], { stdio: 'ignore' }).status === 0);
}

/** What a script prints, read as JSON. The arguments are `sys.argv[1:]`. */
export function pythonJson<T>(python: string, script: string, ...args: string[]): T {
  const { status, stdout, stderr } = spawnSync(python, ['-c', script, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`python ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as T;
}
