/** From a request of the browser to the work of a job's process. */
import type { JobRequest } from '../../contract/index.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { HeadRecord, SlideRecord, TableRecord } from '../catalogue/records.ts';
import { Refusal } from '../refusal.ts';
import { checkTreeInside, realPathInside } from '../security/inside.ts';
import type { TableService } from '../tables/table-service.ts';
import type { JobWork } from './job-work.ts';

export type JobPlan = Omit<JobWork, 'folder'> & { readonly slide: SlideRecord };

const SEEDED = /^random initialisation, seed \d+$/;

function checkRequest({ genes, region }: JobRequest, head: HeadRecord, { entry }: SlideRecord): void {
  const unknown = genes.find((gene) => !head.entry.genes.includes(gene));
  if (unknown !== undefined) throw new Refusal(400, `This head does not predict "${unknown.slice(0, 60)}".`);
  if (new Set(genes).size !== genes.length) throw new Refusal(400, 'A gene may be asked for once.');
  if (region === undefined) return;
  const { x, y, width, height } = region;
  const touches = x < entry.width && y < entry.height && x + width > 0 && y + height > 0;
  if (!touches) throw new Refusal(400, 'The region lies beside the slide.');
}

/** The weights file, or undefined for seeded random weights. */
async function weightsPath(
  catalogue: Catalogue,
  head: HeadRecord,
  id: string | undefined,
): Promise<string | undefined> {
  const { encoder } = head.entry;
  if (id === undefined) {
    if (SEEDED.test(encoder)) return undefined;
    throw new Refusal(
      400,
      `This head was fitted on weights with ${encoder}; choose that file among the weights.`,
    );
  }
  const { entry, place } = await catalogue.weights(id);
  if (place === undefined) {
    if (entry.name === encoder) return undefined;
    throw new Refusal(400, `This head was fitted on other weights (${encoder}).`);
  }
  if (SEEDED.test(encoder))
    throw new Refusal(400, `This head was fitted on ${encoder}; choose no file for it.`);
  return realPathInside(place.root, place.absolute);
}

async function sectionTarget(
  record: TableRecord,
  slide: SlideRecord,
  tables: TableService,
): Promise<JobWork['target'] | undefined> {
  const { mpp } = slide.entry;
  if (record.sectionPath === undefined || mpp === null) return undefined;
  await checkTreeInside(record.place.root, record.place.absolute);
  const { sizePx } = await tables.facts(record);
  const imagePath = await realPathInside(slide.place.root, slide.place.absolute);
  const { source } = record;
  const moved = 'transform' in source ? { transform: source.transform } : {};
  const options = source.from === 'section' ? source.options : moved;
  return {
    kind: 'section',
    path: record.sectionPath,
    options: { ...options, imagePath, mpp },
    spotUm: sizePx * mpp,
  };
}

/** At the spots of a section where the slide is the image of one, else everywhere on the tissue. */
async function targetOf(
  catalogue: Catalogue,
  slide: SlideRecord,
  tables: TableService,
): Promise<JobWork['target']> {
  const section = await catalogue.sectionOn(slide.entry.id);
  const atSpots = section === undefined ? undefined : await sectionTarget(section, slide, tables);
  if (atSpots !== undefined) return atSpots;
  const { mpp } = slide.entry;
  if (mpp === null) {
    throw new Refusal(
      422,
      'The pixel size of this slide is not certain, so patches of the right size cannot be cut.',
    );
  }
  const path = await realPathInside(slide.place.root, slide.place.absolute);
  return { kind: 'slide', path, mpp };
}

/** @throws Refusal 404 for unknown ids, 400 for genes, regions and weights that do not fit. */
export async function planJob(
  request: JobRequest,
  catalogue: Catalogue,
  tables: TableService,
): Promise<JobPlan> {
  const slide = await catalogue.slide(request.slideId);
  const head = await catalogue.head(request.headId);
  checkRequest(request, head, slide);
  const weights = await weightsPath(catalogue, head, request.weightsId);
  return {
    slide,
    headPath: await realPathInside(head.place.root, head.place.absolute),
    ...(weights === undefined ? {} : { weightsPath: weights }),
    genes: request.genes,
    ...(request.region === undefined ? {} : { region: request.region }),
    target: await targetOf(catalogue, slide, tables),
  };
}
