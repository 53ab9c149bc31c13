/** Entry of a job's process: predicts a slide or section and tells how far it is. */
import { basename } from 'node:path';
import { readExpressionHead } from '../../eval/index.ts';
import { encoderOf, predictSection } from '../../pipeline/predict-section.ts';
import { selectHeadGenes } from '../../pipeline/select-genes.ts';
import { predictSlide } from '../../pipeline/slides/predict-slide.ts';
import { type ReadSectionOptions, readSection, type Section, selectBarcodes } from '../../spatial/index.ts';
import { Refusal, refusalMessage } from '../refusal.ts';
import type { JobMessage, JobWork } from './job-work.ts';

/** The time between two messages of progress. */
const PROGRESS_MS = 200;

function send(message: JobMessage): Promise<void> {
  return new Promise((resolve) => {
    process.send!(message, undefined, {}, () => resolve());
  });
}

function progress(): (id: string, done: number, total: number) => void {
  let last = 0;
  return (_id, done, total) => {
    const now = performance.now();
    if (done < total && now - last < PROGRESS_MS) return;
    last = now;
    const stage = done < total ? 'embedding patches' : 'writing the tables';
    void send({ kind: 'progress', stage, done, total });
  };
}

/** The spots whose centre lies in the region. */
function spotsIn(section: Section, region: JobWork['region']): Section {
  if (region === undefined) return section;
  const spots = section.spots.filter(({ x, y }) => {
    const [dx, dy] = [x - region.x, y - region.y];
    return dx >= 0 && dy >= 0 && dx < region.width && dy < region.height;
  });
  if (spots.length === 0)
    throw new Refusal(422, 'No spot of this section lies in the region; choose a larger one.');
  return {
    ...section,
    spots,
    counts: selectBarcodes(
      section.counts,
      spots.map(({ barcode }) => barcode),
    ),
  };
}

async function work({ headPath, weightsPath, genes, region, folder, target }: JobWork): Promise<string> {
  const head = selectHeadGenes(await readExpressionHead(headPath), genes);
  const common = { folder, mapGenes: [], weights: weightsPath };
  const onProgress = progress();
  if (target.kind === 'section') {
    const options = target.options as ReadSectionOptions;
    const section = spotsIn(await readSection(target.path, { unplacedCounts: 'drop', ...options }), region);
    const { spotUm } = target;
    const { table } = await predictSection(head, section, {
      ...common,
      spotUm,
      compare: false,
      embed: { onProgress },
    });
    return basename(table);
  }
  const { mpp, path } = target;
  const patches = {
    grid: 'slide' as const,
    ...(mpp === undefined ? {} : { mpp }),
    ...(region === undefined ? {} : { region }),
  };
  const { h5ad } = await predictSlide(head, path, { ...common, patches, onProgress });
  return basename(h5ad);
}

// Nobody waits for the result of a server that has gone.
process.on('disconnect', () => process.exit(1));
process.once('message', async (message: JobWork) => {
  try {
    const { batch } = encoderOf(await readExpressionHead(message.headPath), {});
    void send({
      kind: 'progress',
      stage: `opening the encoder (${batch} patches at a time)`,
      done: 0,
      total: 0,
    });
    await send({ kind: 'done', table: await work(message) });
    process.exit(0);
  } catch (error) {
    const refusal = refusalMessage(error);
    if (refusal.status === 500 && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    await send({ kind: 'failed', message: refusal.message });
    process.exit(1);
  }
});
