/** Options of commands that take labelled pictures or labelled embeddings. */
import { type Command, Option } from 'commander';
import { UsageError } from '../errors.ts';
import type { LabelledData, PictureFormat } from '../pipeline/index.ts';
import { PICTURE_FORMATS } from '../pipeline/labelled-data.ts';
import { embedProgress } from './embed-progress.ts';
import { addEncoderOptions, type EncoderFlags, encoderSettings } from './encoder-options.ts';
import { formatTable } from './table.ts';

export interface LabelledFlags extends EncoderFlags {
  readonly labels?: string;
  readonly format: PictureFormat;
  readonly overwrite?: boolean;
}

export function addLabelledOptions(command: Command): Command {
  const labelled = command
    .option(
      '--labels <file>',
      'the data are embeddings (.h5); this table has item,label[,patient][,split], items named as the embeddings',
    )
    .addOption(
      new Option('--format <name>', 'how a folder of pictures tells labels')
        .choices([...PICTURE_FORMATS])
        .default('folders'),
    );
  return addEncoderOptions(labelled).option('--overwrite', 'replace embeddings made with other settings');
}

const ENCODER_FLAGS = [
  'backbone',
  'weights',
  'randomInit',
  'features',
  'size',
  'patchUm',
  'batch',
  'format',
  'overwrite',
] as const;

/** Options about encoding change nothing where the data are embeddings: refused, so that they do not look used. */
export function refuseEncoderFlags(flags: { readonly labels?: string }, command: Command): void {
  if (flags.labels === undefined) return;
  const given = ENCODER_FLAGS.filter((name) => command.getOptionValueSource(name) === 'cli');
  if (given.length === 0) return;
  const names = given.map((name) => `--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`);
  throw new UsageError('labelled data', {
    need: 'either embeddings with --labels, or pictures with an encoder',
    found: `--labels and ${names.join(', ')}`,
    next: 'leave one of them out',
  });
}

/** Reads (and embeds, where they are pictures) the data of one path. */
export async function readLabelled(path: string, out: string, flags: LabelledFlags): Promise<LabelledData> {
  const { labelledEmbeddings, labelledPictures } = await import('../pipeline/index.ts');
  if (flags.labels !== undefined) return labelledEmbeddings(path, flags.labels);
  using progress = embedProgress();
  return labelledPictures(path, flags.format, out, encoderSettings(flags), {
    overwrite: flags.overwrite ?? false,
    onProgress: progress.onProgress,
  });
}

/** A titled table and remarks for the terminal. */
export function titled(
  title: string,
  { columns, rows }: { columns: Parameters<typeof formatTable>[0]; rows: readonly (readonly string[])[] },
): string {
  return `${title}\n${formatTable(columns, rows)}`;
}
