/** What one benchmark is: how to set it up, what one run does, how much work that is. */

/** One run of the work, ready to be timed, and how to take it down. */
export interface Ready {
  /** Useful floating-point operations of one run: its matrix products, as src/backbones/flops.ts counts them. */
  readonly flops?: number;
  run(): void;
  dispose(): void;
}

/** A limit that the speed should keep on an otherwise idle machine. */
export type Target =
  | { readonly kind: 'milliseconds'; readonly atMost: number }
  | { readonly kind: 'ceiling'; readonly atLeast: number };

export interface BenchCase {
  /** Unique, kebab-case; what a user selects it by. */
  readonly name: string;
  /** Sizes of the inputs, for people. */
  readonly shape: string;
  /** Things that one run gets done, e.g. 16 patches. */
  readonly items?: { readonly count: number; readonly unit: string };
  readonly target?: Target;
  /** Inputs are made here, outside the timed part. */
  prepare(): Ready;
}
