/**
 * Progress of long work, on stderr. A terminal sees one line redrawn in place; a log file gets a line about every
 * ten seconds. Work that is over within two seconds shows nothing.
 */

/** The part of a stream that progress needs. */
export interface ProgressStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export interface ProgressOptions {
  /** What is going on, e.g. `embedding`. */
  readonly label: string;
  /** How much there is; undefined when unknown (then no time left is shown). */
  readonly total?: number | undefined;
  /** Plural noun for what is counted, e.g. `patches`. */
  readonly unit: string;
  /** Already done before the start (a resumed run); does not count towards the rate. */
  readonly initial?: number;
  /** Default: process.stderr. */
  readonly stream?: ProgressStream;
  /** Clock in ms; default performance.now. */
  readonly now?: () => number;
}

const QUIET_MS = 2_000;
const REDRAW_MS = 100;
const LINE_MS = 10_000;

/** `12 s`, `3 min 05 s`, `2 h 07 min`. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  const two = (value: number) => String(value).padStart(2, '0');
  if (minutes < 60) return `${minutes} min ${two(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

/** Three digits of a rate that can be read: `0.42`, `7.1`, `310`. */
function formatRate(perSecond: number): string {
  if (perSecond >= 100) return perSecond.toFixed(0);
  return perSecond >= 1 ? perSecond.toFixed(1) : perSecond.toFixed(2);
}

/**
 * A counter that reports itself. Call {@link update} or {@link advance} as work goes on and {@link stop} (or leave a
 * `using` block) at its end.
 */
export class Progress implements Disposable {
  readonly #options: ProgressOptions;
  readonly #stream: ProgressStream;
  readonly #now: () => number;
  readonly #start: number;
  #done: number;
  #lastShown = Number.NEGATIVE_INFINITY;
  #shown = false;
  #detail: string | undefined;
  #stopped = false;

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#stream = options.stream ?? process.stderr;
    this.#now = options.now ?? (() => performance.now());
    this.#start = this.#now();
    this.#done = options.initial ?? 0;
  }

  /** Sets how much is done; `detail` stands behind the line while it is current. */
  update(done: number, detail?: string): void {
    this.#done = done;
    this.#detail = detail;
    const now = this.#now();
    const interval = this.#stream.isTTY ? REDRAW_MS : LINE_MS;
    if (this.#stopped || now - this.#start < QUIET_MS || now - this.#lastShown < interval) return;
    this.#lastShown = now;
    this.#shown = true;
    this.#show(this.#describe(now));
  }

  /** Adds to how much is done; default 1. */
  advance(count = 1): void {
    this.update(this.#done + count);
  }

  /** Removes the redrawn line and, where anything was shown, leaves one line with the totals. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (!this.#shown) return;
    const { label, unit } = this.#options;
    const elapsed = this.#now() - this.#start;
    if (this.#stream.isTTY) this.#stream.write('\r\u001b[K');
    this.#stream.write(
      `${label}: ${this.#count()} ${unit} in ${formatDuration(elapsed)}, ${this.#rate(elapsed)}\n`,
    );
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #count(): string {
    const { total } = this.#options;
    return total === undefined ? `${this.#done}` : `${this.#done} of ${total}`;
  }

  #perSecond(elapsed: number): number {
    return elapsed > 0 ? ((this.#done - (this.#options.initial ?? 0)) * 1000) / elapsed : 0;
  }

  #rate(elapsed: number): string {
    return `${formatRate(this.#perSecond(elapsed))} ${this.#options.unit}/s`;
  }

  #describe(now: number): string {
    const { label, total, unit } = this.#options;
    const elapsed = now - this.#start;
    const parts = [`${label}: ${this.#count()} ${unit}`, this.#rate(elapsed)];
    const perSecond = this.#perSecond(elapsed);
    if (total !== undefined && perSecond > 0) {
      parts.push(`${formatDuration((Math.max(0, total - this.#done) / perSecond) * 1000)} left`);
    }
    if (this.#detail !== undefined) parts.push(this.#detail);
    return parts.join(', ');
  }

  #show(text: string): void {
    if (!this.#stream.isTTY) {
      this.#stream.write(`${text}\n`);
      return;
    }
    // A line that wraps could not be redrawn.
    const room = (this.#stream.columns ?? 80) - 1;
    this.#stream.write(`\r\u001b[K${text.slice(0, room)}`);
  }
}
