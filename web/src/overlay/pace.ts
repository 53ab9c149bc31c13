/**
 * Decides, frame by frame, whether the spots are drawn anew or the last picture of them is only moved along.
 *
 * Where drawing is quick it always says "draw". Where frames that drew took long (no graphics card, very many
 * spots), most frames of a movement move the picture, and drawing takes a fixed share of the time.
 */
export class Pace {
  #costMs = 0;
  #drawnAtMs = -Infinity;
  #measuring = false;

  /** @param nowMs time of this frame */
  mayDraw(nowMs: number): boolean {
    return nowMs - this.#drawnAtMs >= this.intervalMs;
  }

  /** Least time between two drawings during a movement. */
  get intervalMs(): number {
    return this.#costMs <= QUICK_MS ? 0 : Math.min(MOST_INTERVAL_MS, PAUSE_FACTOR * this.#costMs);
  }

  /** Notes that this frame has drawn. */
  drew(nowMs: number): void {
    this.#drawnAtMs = nowMs;
    this.#measuring = true;
  }

  /**
   * Notes the second frame after a drawing: half the time since then is what a frame took. (Graphics commands are
   * queued; their cost shows in the frames that wait for them.)
   */
  secondFrame(nowMs: number): void {
    if (!this.#measuring) return;
    this.#measuring = false;
    const cost = Math.min(1000, (nowMs - this.#drawnAtMs) / 2);
    this.#costMs += WEIGHT * (cost - this.#costMs);
  }
}

/** A frame of this length is smooth. */
const QUICK_MS = 24;
const PAUSE_FACTOR = 5;
const MOST_INTERVAL_MS = 700;
/** Weight of the newest cost in the running mean. */
const WEIGHT = 0.35;
