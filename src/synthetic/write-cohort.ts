/** Writes a generated cohort to disk in the layout that the cohort reader takes. */
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { writeFileAtomically } from '../core/atomic-file.ts';
import { Rng } from '../core/rng.ts';
import { stableJson } from '../core/stable-json.ts';
import { UsageError } from '../errors.ts';
import { countsTsv, spotsCsv, structureCsv, table } from './cohort-files.ts';
import { DRIVER_GENES, type DriverManifest, describeDrivers, driverShares } from './drivers.ts';
import { DEFAULT_GENES, drawCounts, type Gene, type GeneNumbers, genePanel } from './expression.ts';
import { addFineTexture, textureField } from './fine-texture.ts';
import { scannerStyle, scanPicture } from './scanner.ts';
import { measureSpots, type SpotStructure } from './spot-structure.ts';
import { stainStyle, stainTissue } from './stain.ts';
import { planTissue, SPOT_PITCH_UM } from './tissue-plan.ts';
import { drawTissue } from './tissue-raster.ts';

/** Size of a generated cohort. */
export interface SyntheticCohortOptions {
  /** Same seed and options, same bytes (for one version of the package). */
  readonly seed: number;
  /** Default 3. Each study has its own stain, focus, pixel size and expression shifts. */
  readonly studies?: number;
  /** Default 2. */
  readonly patientsPerStudy?: number;
  /** Default 1. */
  readonly sectionsPerPatient?: number;
  /** Default 120, at least 4. */
  readonly spotsPerSection?: number;
  /** Micrometres per pixel, varied by up to 8 % between studies; default 1.3. */
  readonly mpp?: number;
  /** Default {@link DEFAULT_GENES}, or {@link DRIVER_GENES} with `drivers`. */
  readonly genes?: GeneNumbers;
  /**
   * Genes with one known cause each, fine texture among the causes, and a scanner of its own for every study: writes
   * `drivers.json` and a column `fine_texture` in `structure.csv`. Default false.
   */
  readonly drivers?: boolean;
}

/** What was written. */
export interface SyntheticCohort {
  readonly folder: string;
  readonly sectionIds: readonly string[];
  readonly geneNames: readonly string[];
}

interface SectionJob {
  readonly drivers: boolean;
  readonly id: string;
  readonly patient: string;
  readonly study: string;
  readonly mpp: number;
  readonly seed: number;
}

interface SectionRecord {
  readonly patient: string;
  readonly spots: number;
  readonly genes: number;
  readonly image: readonly [number, number];
  readonly pitch_px: number;
  readonly um_per_px: number;
}

/**
 * Writes a cohort of tissue-like H&E sections whose gene counts depend on what the picture shows:
 * `cohort.csv` (id,path,patient,study), `meta.json` (`um_per_px` for each section folder) and, per section,
 * `he.jpg`, `spots.csv` (barcode,array_x,array_y,px,py), `counts.tsv.gz` (spots x genes) and
 * `structure.csv` (the hidden causes: area fractions and nuclei per mm2 under each spot).
 * `cohort.csv` is written last, so a folder without it is incomplete.
 *
 * @throws UsageError if a number is out of range or `folder` is not empty.
 */
export async function writeSyntheticCohort(
  folder: string,
  options: SyntheticCohortOptions,
): Promise<SyntheticCohort> {
  checkOptions(options);
  await requireEmptyFolder(folder);
  const genes = genePanel(`${options.seed}`, panelOf(options));
  const jobs = listSections(options);
  const meta: Record<string, SectionRecord> = {};
  const drawn: DrawnSection[] = [];
  for (const job of jobs) {
    const { record, ...section } = await writeSection(
      join(folder, job.id),
      job,
      genes,
      options.spotsPerSection ?? 120,
    );
    meta[job.id] = record;
    drawn.push(section);
  }
  if (options.drivers === true) {
    await writeFileAtomically(join(folder, 'drivers.json'), stableJson(driverManifest(jobs, genes, drawn)));
  }
  await writeFileAtomically(join(folder, 'meta.json'), `${JSON.stringify(meta, null, 1)}\n`);
  const rows = jobs.map(({ id, patient, study }) => [id, id, patient, study]);
  await writeFileAtomically(
    join(folder, 'cohort.csv'),
    table([['id', 'path', 'patient', 'study'], ...rows], ','),
  );
  return { folder, sectionIds: jobs.map(({ id }) => id), geneNames: genes.map(({ name }) => name) };
}

function panelOf({ genes, drivers = false }: SyntheticCohortOptions): GeneNumbers {
  return genes ?? (drivers ? DRIVER_GENES : DEFAULT_GENES);
}

function driverManifest(
  jobs: readonly SectionJob[],
  genes: readonly Gene[],
  drawn: readonly DrawnSection[],
): DriverManifest {
  const driven = describeDrivers(genes, drawn);
  const studies = [...new Map(jobs.map((job) => [job.study, job])).values()];
  return {
    seed: jobs[0]!.seed,
    shares: driverShares(driven),
    genes: driven,
    studies: studies.map(({ study, mpp, seed }) => ({
      study,
      mpp,
      stain: stainStyle(`${seed}/${study}`),
      scanner: scannerStyle(`${seed}/${study}`),
    })),
  };
}

function checkOptions(options: SyntheticCohortOptions): void {
  const { studies = 1, patientsPerStudy = 1, sectionsPerPatient = 1, spotsPerSection = 4, mpp = 1 } = options;
  const counts = [studies, patientsPerStudy, sectionsPerPatient, spotsPerSection - 3];
  const genes = Object.values(panelOf(options));
  const whole = counts.every((n) => Number.isInteger(n) && n >= 1) && Number.isSafeInteger(options.seed);
  const panel = genes.every((n) => Number.isInteger(n) && n >= 0) && genes.some((n) => n > 0);
  if (whole && panel && mpp >= 0.2 && mpp <= 5) return;
  throw new UsageError('writeSyntheticCohort', {
    need: 'a whole seed, counts of 1 or more (4 or more spots), some genes, and mpp from 0.2 to 5',
    found: JSON.stringify(options),
  });
}

/** Nothing is ever overwritten: left-over sections of another run would look like part of this one. */
async function requireEmptyFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const entries = await readdir(folder);
  if (entries.length === 0) return;
  throw new UsageError('writeSyntheticCohort', {
    need: 'an empty or new folder',
    found: `${entries.length} entries in ${folder}`,
    next: 'name another folder or delete this one',
  });
}

function listSections(options: SyntheticCohortOptions): SectionJob[] {
  const {
    studies = 3,
    patientsPerStudy = 2,
    sectionsPerPatient = 1,
    mpp = 1.3,
    seed,
    drivers = false,
  } = options;
  const jobs: SectionJob[] = [];
  for (let s = 1; s <= studies; s++) {
    const study = `study${s}`;
    const factor = new Rng(`${seed}/${study}/scanner`).uniform(0.92, 1.08);
    const studyMpp = Math.round(1000 * mpp * factor) / 1000;
    for (let p = 1; p <= patientsPerStudy; p++) {
      const patient = `${study}-p${p}`;
      for (let k = 1; k <= sectionsPerPatient; k++) {
        jobs.push({ id: `${patient}-s${k}`, patient, study, mpp: studyMpp, seed, drivers });
      }
    }
  }
  return jobs;
}

/** What a section leaves in memory. */
interface DrawnSection {
  readonly structure: readonly SpotStructure[];
  readonly counts: readonly Uint32Array[];
}

async function writeSection(
  folder: string,
  job: SectionJob,
  genes: readonly Gene[],
  spotCount: number,
): Promise<DrawnSection & { readonly record: SectionRecord }> {
  const name = (part: string) => `${job.seed}/${part}`;
  const plan = planTissue(name(job.id), spotCount);
  const raster = drawTissue(plan, job.mpp);
  const texture = job.drivers ? addFineTexture(raster, textureField(name(job.id)), plan.seed) : undefined;
  const structure = measureSpots(plan, raster, texture);
  const seeds = { study: name(job.study), patient: name(job.patient), section: name(job.id) };
  const counts = drawCounts(genes, structure, seeds);
  const { widthPx, heightPx } = raster;
  const stained = await stainTissue(raster, stainStyle(name(job.study)), plan.seed);
  const pixels = job.drivers
    ? await scanPicture(stained, raster, scannerStyle(name(job.study)), plan.seed)
    : stained;
  const jpeg = await sharp(pixels, { raw: { width: widthPx, height: heightPx, channels: 3 } })
    .jpeg({ quality: 92, chromaSubsampling: '4:4:4' })
    .toBuffer();
  await writeFileAtomically(join(folder, 'he.jpg'), jpeg);
  await writeFileAtomically(join(folder, 'spots.csv'), spotsCsv(plan, job.mpp));
  await writeFileAtomically(join(folder, 'structure.csv'), structureCsv(plan, structure));
  await writeFileAtomically(join(folder, 'counts.tsv.gz'), countsTsv(plan, genes, counts));
  const record: SectionRecord = {
    patient: job.patient,
    spots: plan.spots.length,
    genes: genes.length,
    image: [widthPx, heightPx],
    pitch_px: Math.round((100 * SPOT_PITCH_UM) / job.mpp) / 100,
    um_per_px: job.mpp,
  };
  return { record, structure, counts };
}
