/** Everything the page asks of the server. Every failure is an error whose message is a sentence to show. */
import {
  barcodesAddress,
  CATALOGUE,
  type Catalogue,
  type ExportRequest,
  exportAddress,
  type Failure,
  JOBS,
  type Job,
  type JobRequest,
  jobAddress,
  jobEventsAddress,
  positionsAddress,
  projectionAddress,
  type RunDetail,
  type RunEntry,
  runAddress,
  type SlideDetail,
  slideAddress,
  type TableDetail,
  type TableEntry,
  type TissueOutline,
  tableAddress,
  tissueAddress,
  UPLOADS,
  valuesAddress,
} from '../../src/contract/index.ts';

async function failureOf(response: Response): Promise<Error> {
  try {
    const { message } = (await response.json()) as Partial<Failure>;
    if (typeof message === 'string' && message !== '') return new Error(message);
  } catch {
    // Not the server's own refusal (a proxy's page, say): the status is all there is.
  }
  return new Error(
    `The server answered ${response.status} ${response.statusText} to ${new URL(response.url).pathname}.`,
  );
}

async function ask(address: string, init?: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(address, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Error('The server does not answer; see whether "mvhybrid serve" still runs, then reload.');
  }
  if (!response.ok) throw await failureOf(response);
  return response;
}

async function json<T>(address: string, init?: RequestInit): Promise<T> {
  return (await (await ask(address, init)).json()) as T;
}

async function floats(address: string): Promise<Float32Array<ArrayBuffer>> {
  const bytes = await (await ask(address)).arrayBuffer();
  return new Float32Array(bytes, 0, Math.floor(bytes.byteLength / 4));
}

function posted(body: unknown): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

export const api = {
  catalogue: () => json<Catalogue>(CATALOGUE),
  slide: (id: string) => json<SlideDetail>(slideAddress(id)),
  tissue: (id: string) => json<TissueOutline>(tissueAddress(id)),
  table: (id: string) => json<TableDetail>(tableAddress(id)),
  barcodes: (id: string) => json<string[]>(barcodesAddress(id)),
  positions: (id: string) => floats(positionsAddress(id)),
  values: (id: string, name: string) => floats(valuesAddress(id, name)),
  projection: (id: string) => floats(projectionAddress(id)),
  run: (id: string) => json<RunDetail>(runAddress(id)),
  jobs: () => json<Job[]>(JOBS),
  startJob: (request: JobRequest) => json<Job>(JOBS, posted(request)),
  cancelJob: async (id: string): Promise<void> => {
    await ask(jobAddress(id), { method: 'DELETE' });
  },
  exportRows: async (id: string, request: ExportRequest): Promise<Blob> =>
    (await ask(exportAddress(id), posted(request))).blob(),
  /** @param slideId the slide that a table is placed on when it names none itself */
  upload: (file: File, slideId: string | null) => {
    const query = new URLSearchParams({ name: file.name, ...(slideId === null ? {} : { slide: slideId }) });
    return json<TableEntry | RunEntry>(`${UPLOADS}?${query}`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: file,
    });
  },
};

/**
 * Follows a job until it ends or `stop()` is called.
 *
 * @param onJob called with each state of the job; the last one is done, failed or cancelled
 * @param onBroken called when the stream ends before the job does
 */
export function followJob(id: string, onJob: (job: Job) => void, onBroken: () => void): { stop(): void } {
  const source = new EventSource(jobEventsAddress(id));
  source.addEventListener('message', ({ data }) => {
    const job = JSON.parse(data as string) as Job;
    if (job.state !== 'waiting' && job.state !== 'running') source.close();
    onJob(job);
  });
  source.addEventListener('error', () => {
    // The browser tries again by itself unless the server refused for good.
    if (source.readyState === EventSource.CLOSED) onBroken();
  });
  return { stop: () => source.close() };
}

export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
