/** What a prediction notes beside its tables, for programs that draw them: the slide, and how large a row is. */
import { basename, join, relative, resolve, sep } from 'node:path';
import { writeFileAtomically } from '../core/atomic-file.ts';
import { stableJson } from '../core/stable-json.ts';
import type { ExpressionHead } from '../eval/index.ts';

/** Name of the card in a folder of predictions. */
export const PREDICTION_CARD = 'predictions.json';

export interface PredictionCard {
  /** Id of the section, where the rows are its spots. */
  readonly section?: string;
  /** Path of the slide or section image. */
  readonly slide: string;
  readonly shape: 'disc' | 'square';
  /** Diameter of a spot or side of a patch, level-0 pixels. */
  readonly sizePx: number;
  readonly head: Pick<ExpressionHead, 'card'>;
}

/** Writes `<folder>/predictions.json`; the slide's path in it starts at the folder. */
export async function writePredictionCard(folder: string, card: PredictionCard): Promise<void> {
  const { slide, head, ...rest } = card;
  const path = relative(resolve(folder), resolve(slide)).split(sep).join('/');
  const unit = head.card.transform ?? 'ln(1 + count)';
  const document = {
    kind: 'prediction',
    ...rest,
    slide: path,
    slideName: basename(slide),
    unit,
    head: head.card,
  };
  await writeFileAtomically(join(folder, PREDICTION_CARD), stableJson(document));
}
