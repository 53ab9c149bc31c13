/** The set-up's modules are plain JavaScript; this gives the tests their types. */

/** Imports `scripts/lib/<name>.mjs`. */
export async function loadScript<T>(name: string): Promise<T> {
  const url = new URL(`../../scripts/lib/${name}.mjs`, import.meta.url);
  return (await import(/* @vite-ignore */ url.href)) as T;
}
