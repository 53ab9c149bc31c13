/** `embed` on whole slides. */
import type { Command } from 'commander';
import type { EmbedSlidesRun, EncoderSettings } from '../pipeline/index.ts';
import { isListName, isSlideName } from '../pipeline/slides/slide-list.ts';
import { failureLines, PATCH_ORIGIN_NAMES, reportFailures } from './cohort-options.ts';
import { embedProgress } from './embed-progress.ts';
import { createOutput } from './output.ts';
import type { CommandContext } from './run-command.ts';
import {
  DECIDED_BY_COORDS,
  patchOptions,
  refuseIdleLimits,
  refuseOptions,
  runOptions,
  type SlideFlags,
  slideTable,
} from './slide-options.ts';

/** Flags that `embed` has for slides. */
export interface EmbedSlideFlags extends SlideFlags {
  readonly out: string;
  readonly slides?: boolean;
  readonly json?: boolean;
}

/** True where the arguments can only be slides: several of them, a slide by its name, or a list. Folders need --slides. */
export function namesSlides(inputs: readonly string[]): boolean {
  return inputs.length > 1 || inputs.some((input) => isSlideName(input) || isListName(input));
}

/** Embeds all slides and prints what became of each. */
export async function runEmbedSlides(
  { signal, markFailed }: CommandContext,
  inputs: readonly string[],
  flags: EmbedSlideFlags,
  settings: EncoderSettings,
  command: Command,
): Promise<void> {
  refuseOptions(
    command,
    ['sections', 'matrix', 'unplacedCounts', 'pictures', ...PATCH_ORIGIN_NAMES],
    'embedding of whole slides',
  );
  if (flags.coords !== undefined) refuseOptions(command, DECIDED_BY_COORDS, 'embedding with --coords');
  refuseIdleLimits(flags);
  const { embedSlides, listSlides } = await import('../pipeline/index.ts');
  const entries = await listSlides(inputs);
  using progress = embedProgress();
  let place = '';
  const run: EmbedSlidesRun = await embedSlides(entries, flags.out, settings, {
    patches: await patchOptions(flags),
    run: {
      ...runOptions(flags, signal),
      onSlide: (_entry, index, total) => {
        place = total > 1 ? ` (slide ${index + 1} of ${total})` : '';
      },
    },
    onProgress: (id, done, total) => progress.onProgress(`${id}${place}`, done, total),
  });
  progress.stop();
  const failures = failureLines(run.failures);
  createOutput(flags.json ?? false).result({ ...run, failures }, () => slideTable(run));
  reportFailures(run.failures, markFailed);
}
