/**
 * Runs synchronous work with a clock that stands still at 1970. HDF5 stamps every object with the time it was made, and
 * its WebAssembly build has no option against it; with this, equal content gives equal bytes.
 */
export function withFixedClock<T>(work: () => T): T {
  const { now } = Date;
  Date.now = () => 0;
  try {
    return work();
  } finally {
    Date.now = now;
  }
}
