/** When something happened, or how long it is known not to have happened. */
import { DataError } from '../../errors.ts';

/** Follow-up of n patients, all times in one unit (months in the TCGA tables). */
export interface SurvivalTimes {
  readonly times: ArrayLike<number>;
  /** True: the event was seen at that time. False: censored, no event up to it. */
  readonly events: readonly boolean[];
}

/**
 * @throws DataError for lists of unequal length or times that are negative or not finite.
 */
export function checkSurvival(operation: string, { times, events }: SurvivalTimes, rows?: number): void {
  const count = rows ?? times.length;
  if (times.length !== count || events.length !== count) {
    throw new DataError(operation, {
      need: `${count} times and ${count} events, one per patient`,
      found: `${times.length} and ${events.length}`,
    });
  }
  for (let i = 0; i < count; i++) {
    if (Number.isFinite(times[i]!) && times[i]! >= 0) continue;
    throw new DataError(operation, {
      need: 'finite times of 0 or more',
      found: `${times[i]} at patient ${i}`,
      next: 'leave patients without follow-up out',
    });
  }
}

/** The named patients, in the order given. */
export function selectSurvival({ times, events }: SurvivalTimes, rows: readonly number[]): SurvivalTimes {
  return { times: Float64Array.from(rows, (i) => times[i]!), events: rows.map((i) => events[i]!) };
}

/** Number of events. */
export function eventCount({ events }: SurvivalTimes): number {
  return events.filter(Boolean).length;
}

/** Patients of equal time. */
export interface TimePoint {
  readonly time: number;
  /** All patients with this time; those with an event are in `events` too. */
  readonly patients: readonly number[];
  readonly events: readonly number[];
  /** Patients with this or a later time. */
  readonly atRisk: number;
}

/** Distinct times, ascending. */
export function timePoints({ times, events }: SurvivalTimes): TimePoint[] {
  const order = Array.from(times, (_, i) => i).sort((a, b) => times[a]! - times[b]! || a - b);
  const points: TimePoint[] = [];
  for (let start = 0; start < order.length; ) {
    const time = times[order[start]!]!;
    let end = start;
    while (end < order.length && times[order[end]!] === time) end++;
    const patients = order.slice(start, end);
    points.push({ time, patients, events: patients.filter((i) => events[i]), atRisk: order.length - start });
    start = end;
  }
  return points;
}
