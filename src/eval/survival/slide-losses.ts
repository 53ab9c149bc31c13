/** Losses and targets by which PANTHER's published heads are trained, for comparison with its numbers. */
import { DataError, ShapeError, UsageError } from '../../errors.ts';
import { checkSurvival, eventCount, type SurvivalTimes } from './survival-times.ts';

/**
 * Mean over events of log(sum of e^{risk} over patients no earlier in the list) - risk, the list ordered by
 * falling time. Patients of equal time keep their order, so a tied patient counts only if it comes first: neither
 * Breslow's nor Efron's treatment.
 *
 * @throws DataError without an event.
 * @source PANTHER, arXiv:2405.11643.
 */
export function orderedCoxLoss(survival: SurvivalTimes, risks: ArrayLike<number>): number {
  checkSurvival('Cox loss', survival);
  const { times, events } = survival;
  if (risks.length !== times.length) {
    throw new ShapeError('Cox loss', {
      need: `${times.length} risks, one per patient`,
      found: `${risks.length}`,
    });
  }
  const count = eventCount(survival);
  if (count === 0) throw new DataError('Cox loss', { need: 'at least one event', found: 'none' });
  const order = Array.from(times, (_, i) => i).sort((a, b) => times[b]! - times[a]!);
  const most = Math.max(...Array.from(risks));
  let [sum, loss] = [0, 0];
  for (const i of order) {
    sum += Math.exp(risks[i]! - most);
    if (events[i]) loss += Math.log(sum) + most - risks[i]!;
  }
  return loss / count;
}

/** Times in classes for the discrete-hazard (NLL) head. */
export interface TimeBins {
  /** Inner edges, ascending: quantiles of the event times. */
  readonly edges: readonly number[];
  /** Per patient the number of edges at or below its time. */
  readonly bins: readonly number[];
}

/**
 * Cuts follow-up into classes that hold equally many events (edges by linear interpolation of the event times).
 *
 * @throws UsageError for fewer than 2 classes, DataError without an event.
 */
export function timeBins(survival: SurvivalTimes, classes: number): TimeBins {
  checkSurvival('time classes', survival);
  if (!(Number.isInteger(classes) && classes >= 2)) {
    throw new UsageError('time classes', { need: 'at least 2 classes', found: `${classes}` });
  }
  const times = Float64Array.from(survival.times);
  const sorted = times.filter((_, i) => survival.events[i]!).sort();
  if (sorted.length === 0) throw new DataError('time classes', { need: 'at least one event', found: 'none' });
  const edges = Array.from({ length: classes - 1 }, (_, i) => {
    const place = ((i + 1) / classes) * (sorted.length - 1);
    const low = sorted[Math.floor(place)]!;
    return low + (place % 1) * (sorted[Math.ceil(place)]! - low);
  });
  return { edges, bins: Array.from(times, (time) => edges.filter((edge) => edge <= time).length) };
}
