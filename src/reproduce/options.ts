/** What a reproduction is asked for. */
import type { FeatureKind } from '../backbones/index.ts';
import type { PictureFormat } from '../pipeline/index.ts';
import type { Device } from '../tensor/index.ts';
import type { ScaleName } from './scales.ts';

/** Tasks beside gene expression, each for every backbone and seed. */
export interface OtherTasks {
  /** Labelled pictures. */
  readonly classification?: string | undefined;
  /** Labelled pictures with parts train and test, or support and gallery. */
  readonly retrieval?: readonly string[] | undefined;
  /** How these folders tell labels. */
  readonly format: PictureFormat;
  /** Slides, and their table of follow-up. */
  readonly survival?: { readonly slides: string; readonly table: string } | undefined;
}

export interface ReproduceOptions {
  /** Everything is written below it. */
  readonly out: string;
  /** `generated`, or what `readCohort` takes. */
  readonly data: string;
  readonly scale: ScaleName;
  /** Repetitions of pretraining: seeds 0 to seeds - 1. */
  readonly seeds: number;
  readonly backbones: readonly string[];
  readonly features: FeatureKind;
  /** Seed of the generated cohort. */
  readonly dataSeed: number;
  /** Other patches to pretrain on than those of the cohort. */
  readonly pictures?: string | undefined;
  readonly tasks: OtherTasks;
  /** Values of the run file's `ssl` over those of the scale. */
  readonly ssl?: Readonly<Record<string, unknown>> | undefined;
  /** Other sizes of the generated cohort. */
  readonly cohort?:
    | { readonly studies?: number; readonly patientsPerStudy?: number; readonly spotsPerSection?: number }
    | undefined;
  readonly device?: Device | undefined;
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}
