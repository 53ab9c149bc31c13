/** Pictures of slides for the routes: threads, bounded queues, and a cache of encoded tiles. */
import type { TissueOutline } from '../../contract/index.ts';
import { TileCache } from '../../slide/tiff/tile-cache.ts';
import { WorkLimit } from '../../slide/tiff/work-limit.ts';
import type { SlideRecord } from '../catalogue/records.ts';
import { Refusal } from '../refusal.ts';
import { realPathInside } from '../security/inside.ts';
import type { SlideFacts, SlideFile } from '../threads/calls.ts';
import { ServerThread } from '../threads/server-thread.ts';
import { deepZoomTile } from './deep-zoom.ts';

/** Encoded tiles that are kept. */
const CACHE_BYTES = 64 * 2 ** 20;
/** Tiles that one thread works on at a time; the rest of its time goes to waiting for the disk. */
const AT_A_TIME = 4;
/** Calls of a thread at a time, those of the catalogue among them. */
const AT_ONCE = 16;
/** Tiles that may wait; a screen shows about a hundred. */
const MOST_WAITING = 1_000;
const MOST_OUTLINES = 64;

interface Lane {
  readonly thread: ServerThread<'slides'>;
  readonly limit: WorkLimit;
  waiting: number;
}

export class SlideService {
  readonly #lanes: readonly Lane[];
  readonly #analysis: ServerThread<'analysis'>;
  readonly #tiles = new TileCache(CACHE_BYTES);
  readonly #outlines = new Map<string, Promise<TissueOutline>>();

  constructor(threads: number, analysis: ServerThread<'analysis'>) {
    this.#lanes = Array.from({ length: threads }, () => {
      return { thread: new ServerThread('slides', AT_ONCE), limit: new WorkLimit(AT_A_TIME), waiting: 0 };
    });
    this.#analysis = analysis;
  }

  /** A slide is always read by the same thread, which keeps it open. */
  #laneOf(path: string): Lane {
    let sum = 0;
    for (let i = 0; i < path.length; i++) sum = (31 * sum + path.charCodeAt(i)) >>> 0;
    return this.#lanes[sum % this.#lanes.length]!;
  }

  /** For the catalogue, which has checked the path. */
  async describe(file: SlideFile): Promise<SlideFacts> {
    return this.#laneOf(file.path).thread.call('describe', file);
  }

  async #file({ place, mppEvidence }: SlideRecord): Promise<SlideFile> {
    return { stamp: place.stamp, path: await realPathInside(place.root, place.absolute), mppEvidence };
  }

  async #queued<T>(lane: Lane, isWanted: () => boolean, work: () => Promise<T>): Promise<T> {
    if (lane.waiting >= MOST_WAITING)
      throw new Refusal(503, 'Too many tiles are waiting; try again in a moment.');
    lane.waiting++;
    try {
      return await lane.limit.run(async () => {
        if (!isWanted()) throw new Refusal(503, 'Nobody waits for this tile any more.');
        return work();
      });
    } finally {
      lane.waiting--;
    }
  }

  /**
   * JPEG of a Deep Zoom tile; requests for one tile at a time share one reading.
   *
   * @param isWanted false once the browser has gone; then tiles whose turn comes later are passed over.
   */
  async tile(
    record: SlideRecord,
    [level, column, row]: readonly [number, number, number],
    isWanted: () => boolean,
  ): Promise<Uint8Array> {
    const tile = deepZoomTile(record.entry, level, column, row);
    const file = await this.#file(record);
    const key = `${record.entry.id}/${file.stamp}/${level}/${column}_${row}`;
    const lane = this.#laneOf(record.place.absolute);
    const load = () => this.#queued(lane, isWanted, () => lane.thread.call('tile', { ...file, ...tile }));
    return this.#tiles.get(key, load).catch((error) => {
      // The one that began it has gone; another waits.
      if (error instanceof Refusal && error.status === 503 && isWanted()) return this.#tiles.get(key, load);
      throw error;
    });
  }

  async thumbnail(record: SlideRecord, sizePx: number): Promise<Uint8Array> {
    const file = await this.#file(record);
    const lane = this.#laneOf(record.place.absolute);
    const key = `${record.entry.id}/${file.stamp}/thumbnail/${sizePx}`;
    const always = () => true;
    return this.#tiles.get(key, () =>
      this.#queued(lane, always, () => lane.thread.call('thumbnail', { ...file, sizePx })),
    );
  }

  /** The tissue of a slide, found once. */
  async tissue(record: SlideRecord): Promise<TissueOutline> {
    const file = await this.#file(record);
    const key = `${record.entry.id}/${file.stamp}`;
    const known = this.#outlines.get(key);
    if (known !== undefined) return known;
    const finding = this.#analysis.call('tissue', file);
    this.#outlines.set(key, finding);
    for (const oldest of this.#outlines.keys()) {
      if (this.#outlines.size <= MOST_OUTLINES) break;
      this.#outlines.delete(oldest);
    }
    finding.catch(() => this.#outlines.delete(key));
    return finding;
  }

  async focus(record: SlideRecord, positions: Float32Array): Promise<number | null> {
    return this.#analysis.call('focus', { slide: await this.#file(record), positions });
  }

  async close(): Promise<void> {
    await Promise.all(this.#lanes.map(({ thread }) => thread.close()));
  }
}
