/** Type-ahead over gene names. */

/** Worse matches have higher numbers; undefined: no match. */
function rankOf(name: string, query: string): number | undefined {
  const at = name.indexOf(query);
  if (at < 0) return undefined;
  if (name.length === query.length) return 0;
  return at === 0 ? 1 : 2;
}

/**
 * Names that contain the query, whatever the case: the name itself first, then names that begin with it,
 * then the others; shorter names first, then by the alphabet. Without a query: the first names as they are.
 */
export function rankNames(query: string, names: readonly string[], limit: number): string[] {
  const wanted = query.trim().toLowerCase();
  if (wanted === '') return names.slice(0, limit);
  const found: { name: string; rank: number }[] = [];
  for (const name of names) {
    const rank = rankOf(name.toLowerCase(), wanted);
    if (rank !== undefined) found.push({ name, rank });
  }
  return found
    .sort(
      (a, b) =>
        a.rank - b.rank || a.name.length - b.name.length || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
    )
    .slice(0, limit)
    .map(({ name }) => name);
}
