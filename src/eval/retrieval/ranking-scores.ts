/** Scores of one ranked list. */

/** Share of relevant entries among the first k; of all, where the list is shorter. NaN for an empty list. */
export function precisionAt(relevant: readonly boolean[], k: number): number {
  const top = relevant.slice(0, k);
  return top.length === 0 ? Number.NaN : top.filter(Boolean).length / top.length;
}

/** 1 when any of the first k is relevant, else 0. */
export function hitAt(relevant: readonly boolean[], k: number): number {
  return relevant.slice(0, k).some(Boolean) ? 1 : 0;
}

/**
 * Mean over the relevant entries of the precision at their place. NaN when none is relevant.
 *
 * @param relevant the whole ranked gallery.
 */
export function averagePrecisionOfList(relevant: readonly boolean[]): number {
  let [found, sum] = [0, 0];
  for (const [place, isRelevant] of relevant.entries()) {
    if (!isRelevant) continue;
    found++;
    sum += found / (place + 1);
  }
  return found === 0 ? Number.NaN : sum / found;
}

/** The most frequent class of the first k; of equally frequent ones the lowest index. */
export function majorityAt(codes: readonly number[], k: number, classCount: number): number {
  const counts = new Array<number>(classCount).fill(0);
  for (const code of codes.slice(0, k)) counts[code]!++;
  return counts.indexOf(Math.max(...counts));
}
