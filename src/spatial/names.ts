/** Lists of barcodes and genes: duplicates, uniqueness, and how they are shown in messages. */

/** `"A", "B", "C" and 4 more`: the first few names, quoted. */
export function nameSome(names: readonly string[], shown = 3): string {
  const head = names
    .slice(0, shown)
    .map((name) => `"${name}"`)
    .join(', ');
  return names.length > shown ? `${head} and ${names.length - shown} more` : head;
}

/** The first name that occurs a second time, or undefined. */
export function firstDuplicate(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return undefined;
}

/** Position of every name. */
export function indexByName(names: readonly string[]): Map<string, number> {
  return new Map(names.map((name, i) => [name, i]));
}

/**
 * Makes repeated gene names unique: the first keeps its name, later ones get `-1`, `-2`, ... and skip
 * suffixed names that the list already holds.
 *
 * @source the documented behaviour of AnnData's `var_names_make_unique` (scanpy's 10x readers need it too).
 */
export function makeNamesUnique(names: readonly string[]): string[] {
  const taken = new Set(names);
  const seen = new Set<string>();
  const lastSuffix = new Map<string, number>();
  return names.map((name) => {
    if (!seen.has(name)) {
      seen.add(name);
      return name;
    }
    let suffix = lastSuffix.get(name) ?? 0;
    let unique: string;
    do {
      suffix++;
      unique = `${name}-${suffix}`;
    } while (taken.has(unique));
    lastSuffix.set(name, suffix);
    taken.add(unique);
    return unique;
  });
}
