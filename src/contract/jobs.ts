/** Body of `POST /api/jobs`: start a prediction on a slide. */
export interface JobRequest {
  readonly slideId: string;
  readonly headId: string;
  /** Weights from the catalogue; absent: what the head's card names (seeded random weights). */
  readonly weightsId?: string;
  readonly genes: readonly string[];
  /** Level-0 rectangle to predict in; absent: all tissue. */
  readonly region?: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  };
}

export type JobState = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';

/** `GET /api/jobs/:id`, and each message of the event stream `GET /api/jobs/:id/events`. */
export interface Job {
  readonly id: string;
  readonly slideId: string;
  readonly state: JobState;
  /** What is being done, as a sentence. */
  readonly stage: string;
  readonly done: number;
  readonly total: number;
  /** Seconds left, or null while unknown. */
  readonly secondsLeft: number | null;
  /** The new table, once done. */
  readonly tableId: string | null;
  /** Why it failed, as a sentence. */
  readonly error: string | null;
}

/** Every refusal: a status of 4xx or 5xx with this body. */
export interface Failure {
  /** One sentence: what was needed, what was found, what to do next. */
  readonly message: string;
}
