/** Entries whose name or path holds every word of the query, whatever the case. */
export function matching<T extends { readonly name: string; readonly path: string }>(
  entries: readonly T[],
  query: string,
): T[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return entries.filter(({ name, path }) => {
    const text = `${name} ${path}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
