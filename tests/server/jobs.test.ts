/** Predictions started from the browser, and files dropped into it. */
import { readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openBackbone } from '../../src/backbones/index.ts';
import {
  barcodesAddress,
  exportAddress,
  JOBS,
  type Job,
  type JobRequest,
  jobAddress,
  jobEventsAddress,
  positionsAddress,
  type RunEntry,
  type TableDetail,
  type TableEntry,
  tableAddress,
  UPLOADS,
  valuesAddress,
} from '../../src/contract/index.ts';
import { writeExpressionHead } from '../../src/eval/index.ts';
import { predictSlide } from '../../src/pipeline/index.ts';
import { createServerApp } from '../../src/server/index.ts';
import { writeSmallEncoder } from '../pipeline/slides/small-slides.ts';
import { temporaryFolder } from '../slide/pictures.ts';
import { GENES, serve, smallHead, writeSmallFolder } from './served.ts';

const file = temporaryFolder('jobs');
const root = () => file('data');
const at = (name: string) => join(root(), name);
const served = serve(
  root,
  async () => {
    await writeSmallFolder(root());
    // The same weights as the seeded ones of the other head, from a file.
    await writeSmallEncoder(at('model/encoder.safetensors'));
    const { backbone, weights } = await openBackbone({ weights: at('model/encoder.safetensors') });
    backbone.dispose();
    const card = { ...smallHead().card, weights };
    await writeExpressionHead(at('model/of-file.safetensors'), { ...smallHead(), card });
    await predictSlide(smallHead(), at('slides/a.svs'), {
      folder: file('reference'),
      mapGenes: [],
      patches: { grid: 'slide' },
    });
  },
  { maxUploadBytes: 2 ** 20 },
);

const REGION = { x: 300, y: 200, width: 900, height: 700 };

async function request(slide: string, more: Partial<JobRequest> = {}): Promise<JobRequest> {
  const { heads } = await served.catalogue();
  return { slideId: (await served.slide(slide)).id, headId: heads[0]!.id, genes: ['CD74', 'ERBB2'], ...more };
}

const post = (payload: JobRequest) => served.ask({ method: 'POST', url: JOBS, payload: { ...payload } });

/** Every message of the event stream, up to the end of the job. */
async function follow(id: string): Promise<Job[]> {
  const { body, headers } = await served.ask(jobEventsAddress(id));
  expect(headers['content-type']).toBe('text/event-stream');
  return body
    .split('\n\n')
    .filter((message) => message.startsWith('data: '))
    .map((message) => JSON.parse(message.slice(6)) as Job);
}

/** Names in the folder of results, hidden ones too. */
const results = () => readdir(at('predictions')).catch(() => [] as string[]);

/** Rows of the whole-slide prediction as barcode, x, y and the genes of the head. */
function reference(): string[][] {
  const lines = readFileSync(file('reference/predictions.csv'), 'utf8').trimEnd().split('\n');
  return lines.slice(1).map((line) => line.split(','));
}

describe('a prediction', () => {
  it('on a region of a slide is that part of the whole one, for the genes asked for', async () => {
    const answer = await post(await request('a', { region: REGION }));
    expect(answer.statusCode).toBe(201);
    const messages = await follow(answer.json<Job>().id);
    expect(messages.some(({ state, total, done }) => state === 'running' && total > 0 && done > 0)).toBe(
      true,
    );
    const last = messages.at(-1)!;
    expect(last).toMatchObject({ state: 'done', error: null, secondsLeft: 0 });
    const detail = await served.json<TableDetail>(tableAddress(last.tableId!));
    expect(detail).toMatchObject({
      kind: 'predicted',
      slideId: last.slideId,
      genes: ['CD74', 'ERBB2'],
      sizePx: 224,
    });
    const inside = reference().filter(([, x, y]) => {
      const [dx, dy] = [Number(x) - REGION.x, Number(y) - REGION.y];
      return dx >= 0 && dy >= 0 && dx < REGION.width && dy < REGION.height;
    });
    expect(inside.length).toBeGreaterThan(3);
    expect([...(await served.numbers(positionsAddress(last.tableId!)))]).toEqual(
      inside.flatMap(([, x, y]) => [Number(x), Number(y)]),
    );
    const values = await served.numbers(valuesAddress(last.tableId!, 'CD74'));
    const cd74 = 3 + GENES.indexOf('CD74');
    // Other patches shared the batches.
    expect([...values]).toBeClose(
      inside.map((row) => Number(row[cd74])),
      { rtolOfMax: 1e-4 },
    );
    const [folder, ...more] = await results();
    expect(more).toEqual([]);
    expect(folder).toMatch(/^a-\d{8}-\d{6}-[0-9a-f]{4}$/);
    expect(readdirSync(join(at('predictions'), folder!))).toEqual(
      expect.arrayContaining(['predictions.csv', 'predictions.h5ad', 'predictions.json']),
    );
  });

  it('on the image of a section is made at its spots', async () => {
    const { slideId, headId } = await request('study1-p1-s1');
    const { weights } = await served.catalogue();
    const seeded = weights.find(({ path }) => path === '');
    const { id } = (await post({ slideId, headId, genes: [], weightsId: seeded!.id })).json<Job>();
    const last = (await follow(id)).at(-1)!;
    expect(last).toMatchObject({ state: 'done', slideId });
    const measured = await served.table('cohort/study1-p1-s1');
    const predicted = await served.json<TableDetail>(tableAddress(last.tableId!));
    expect(predicted).toMatchObject({ kind: 'predicted', slideId, rows: measured.rows, genes: GENES });
    expect(await served.numbers(positionsAddress(predicted.id))).toEqual(
      await served.numbers(positionsAddress(measured.id)),
    );
  });

  it('with weights from a file needs that file named', async () => {
    const { heads, weights } = await served.catalogue();
    const headId = heads.find(({ path }) => path === 'model/of-file.safetensors')!.id;
    const weightsId = weights.find(({ path }) => path === 'model/encoder.safetensors')!.id;
    const region = { x: 300, y: 200, width: 500, height: 400 };
    const wish = await request('a', { headId, region });
    expect((await post(wish)).json<{ message: string }>().message).toMatch(
      /fitted on weights with sha256 \w+; choose that file among the weights/,
    );
    const seeded = weights.find(({ path }) => path === '')!.id;
    expect((await post({ ...wish, weightsId: seeded })).statusCode).toBe(400);
    const { id } = (await post({ ...wish, weightsId })).json<Job>();
    const { tableId } = (await follow(id)).at(-1)!;
    const names = await served.json<string[]>(barcodesAddress(tableId!));
    const values = await served.numbers(valuesAddress(tableId!, 'CD74'));
    const cd74 = 3 + GENES.indexOf('CD74');
    const wanted = names.map((name) => Number(reference().find(([barcode]) => barcode === name)![cd74]));
    expect([...values]).toBeClose(wanted, { rtolOfMax: 1e-4 });
  });

  it('waits for the one before it, and leaves nothing when it is cancelled', async () => {
    const before = await results();
    const jobs = [await post(await request('a')), await post(await request('a'))].map((one) =>
      one.json<Job>(),
    );
    expect(jobs[1]!.state).toBe('waiting');
    const stage = async () => (await served.json<Job>(jobAddress(jobs[0]!.id))).stage;
    await expect.poll(stage, { timeout: 20_000 }).toMatch(/^(opening|embedding)/);
    expect((await results()).length).toBe(before.length + 1);
    const cancel = (id: string) => served.json<Job>({ method: 'DELETE', url: jobAddress(id) });
    expect((await cancel(jobs[1]!.id)).state).toBe('cancelled');
    expect((await cancel(jobs[0]!.id)).state).toBe('cancelled');
    await expect.poll(results, { timeout: 10_000 }).toEqual(before);
    expect((await served.json<Job[]>(JOBS)).filter(({ state }) => state === 'running')).toEqual([]);
  });

  it('that cannot be made says why', async () => {
    const beside = await post(await request('a', { region: { x: 5000, y: 0, width: 10, height: 10 } }));
    expect([beside.statusCode, beside.json()]).toEqual([
      400,
      { message: 'The region lies beside the slide.' },
    ]);
    expect((await post(await request('a', { genes: ['NONE'] }))).statusCode).toBe(400);
    // One pixel holds the centre of no patch.
    const { id } = (
      await post(await request('a', { region: { x: 1, y: 1, width: 1, height: 1 } }))
    ).json<Job>();
    const last = (await follow(id)).at(-1)!;
    expect(last).toMatchObject({ state: 'failed', tableId: null });
    expect(last.error).toMatch(/none of the \d+ patches on tissue has its centre in the region/);
    expect((await results()).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

describe('a server that ends', () => {
  it('ends its predictions and leaves nothing of them', async () => {
    const before = await results();
    const { app } = await createServerApp({ folder: root(), threads: 1 });
    const headers = { host: 'localhost' };
    await app.inject({ url: '/api/catalogue', headers });
    const payload = { ...(await request('a')) };
    const { id } = (await app.inject({ method: 'POST', url: JOBS, headers, payload })).json<Job>();
    const stage = async () => (await app.inject({ url: jobAddress(id), headers })).json<Job>().stage;
    await expect.poll(stage, { timeout: 20_000 }).toMatch(/^(opening|embedding)/);
    await app.close();
    expect(await results()).toEqual(before);
  });
});

describe('a dropped file', () => {
  const drop = (name: string, payload: Buffer | string, more = '') =>
    served.ask({
      method: 'POST',
      url: `${UPLOADS}?name=${encodeURIComponent(name)}${more}`,
      headers: { 'content-type': 'application/octet-stream' },
      payload,
    });

  it('of predictions becomes a table, on the slide that its card names', async () => {
    const answer = await drop('mine.h5ad', await readFile(file('reference/predictions.h5ad')));
    expect(answer.statusCode).toBe(201);
    const entry = answer.json<TableEntry>();
    expect(entry).toMatchObject({ name: 'mine', kind: 'predicted', rows: reference().length, genes: 4 });
    expect(entry.slideId).toBe((await served.slide('a')).id);
    expect((await served.catalogue()).tables).toContainEqual(entry);
    const values = await served.numbers(valuesAddress(entry.id, 'KRT8'));
    expect([...values]).toBeClose(
      reference().map((row) => Number(row[5])),
      { rtolOfMax: 1e-6 },
    );
    const csv = await served.ask({
      method: 'POST',
      url: exportAddress(entry.id),
      payload: { format: 'csv', rows: [0] },
    });
    expect(csv.headers['content-disposition']).toBe('attachment; filename="mine.csv"');
  });

  it('as text is laid on the slide it was dropped on', async () => {
    const { id } = await served.slide('study1-p1-s1');
    const text = 'barcode,x_px,y_px,CD74\ns1,10,20,0.5\ns2,110,20,\n';
    const entry = (await drop('two.csv', text, `&slide=${id}`)).json<TableEntry>();
    expect(entry).toMatchObject({ slideId: id, rows: 2, genes: 1 });
    expect([...(await served.numbers(valuesAddress(entry.id, 'CD74')))]).toEqual([0.5, Number.NaN]);
  });

  it('of a result becomes a run', async () => {
    const text = JSON.stringify({ kind: 'retrieval benchmark', protocol: { encoder: 'x' } });
    const entry = (await drop('result.json', text)).json<RunEntry>();
    expect(entry).toMatchObject({ name: 'result', kind: 'retrieval', report: false });
    expect(await served.json(`/api/runs/${entry.id}`)).toMatchObject({
      protocol: [['encoder', 'x']],
      splits: [],
    });
  });

  it('that is damaged, foreign or too large is refused and removed', async () => {
    const uploads = join(await served.server.parts.temporary.root(), 'uploads');
    const kept = readdirSync(uploads).length;
    expect(kept).toBe(3);
    expect((await drop('x.h5ad', 'nothing')).statusCode).toBe(422);
    expect((await drop('x.csv', 'a,b\n1,2\n')).statusCode).toBe(422);
    expect(
      (await drop('x.csv', 'barcode,x_px,y_px,A\ns1,1,2,three\n')).json<{ message: string }>().message,
    ).toMatch(/needed a name and 3 numbers in every line/);
    expect((await drop('result.json', '{"kind":"other"}')).statusCode).toBe(422);
    expect((await drop('x.exe', 'MZ')).statusCode).toBe(415);
    expect((await drop('x.h5ad', Buffer.alloc(2 ** 20 + 1))).statusCode).toBe(413);
    expect(readdirSync(uploads)).toHaveLength(kept);
  });
});

describe('a read-only server', () => {
  it('writes nothing into the folder', async () => {
    await rm(at('predictions'), { recursive: true, force: true });
    const { app } = await createServerApp({ folder: root(), threads: 1, readOnly: true });
    try {
      const headers = { host: 'localhost' };
      const { slides, heads } = (await app.inject({ url: '/api/catalogue', headers })).json();
      const slideId = slides.find(({ name }: { name: string }) => name === 'a').id;
      const payload = { slideId, headId: heads[0].id, genes: ['CD74'], region: REGION };
      const { id } = (await app.inject({ method: 'POST', url: JOBS, headers, payload })).json<Job>();
      await app.inject({ url: jobEventsAddress(id), headers });
      const job = (await app.inject({ url: jobAddress(id), headers })).json<Job>();
      expect(job.state).toBe('done');
      const table = await app.inject({ url: tableAddress(job.tableId!), headers });
      expect(table.json<TableDetail>()).toMatchObject({ genes: ['CD74'], slideId });
      expect(readdirSync(root())).not.toContain('predictions');
    } finally {
      await app.close();
    }
  });
});
