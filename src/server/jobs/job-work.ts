/** What a job's process is told, and what it says; plain data. */

export interface JobWork {
  readonly headPath: string;
  readonly weightsPath?: string;
  readonly genes: readonly string[];
  readonly region?: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  };
  /** Results go here; the folder is thrown away unless the job ends well. */
  readonly folder: string;
  readonly target:
    | { readonly kind: 'slide'; readonly path: string; readonly mpp?: number }
    | {
        readonly kind: 'section';
        readonly path: string;
        readonly options: Readonly<Record<string, unknown>>;
        readonly spotUm: number;
      };
}

export type JobMessage =
  | { readonly kind: 'progress'; readonly stage: string; readonly done: number; readonly total: number }
  /** Name of the table in the folder. */
  | { readonly kind: 'done'; readonly table: string }
  | { readonly kind: 'failed'; readonly message: string };
