/** Token buckets: bursts are allowed, floods are not. */
import { Refusal } from '../refusal.ts';

/** Callers that are remembered. */
const MOST_CALLERS = 10_000;

export class RateLimit {
  readonly #burst: number;
  readonly #perSecond: number;
  readonly #now: () => number;
  readonly #callers = new Map<string, { tokens: number; at: number }>();

  /** @param now clock in ms. */
  constructor(burst: number, perSecond: number, now: () => number = () => performance.now()) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#now = now;
  }

  /** @throws Refusal 429 when the caller has used up its tokens. */
  take(caller: string): void {
    const now = this.#now();
    const known = this.#callers.get(caller) ?? { tokens: this.#burst, at: now };
    const tokens = Math.min(this.#burst, known.tokens + ((now - known.at) / 1000) * this.#perSecond);
    this.#callers.delete(caller);
    this.#callers.set(caller, { tokens: Math.max(0, tokens - 1), at: now });
    for (const oldest of this.#callers.keys()) {
      if (this.#callers.size <= MOST_CALLERS) break;
      this.#callers.delete(oldest);
    }
    if (tokens < 1) throw new Refusal(429, 'Too many requests of this kind; wait some seconds.');
  }
}
