/** `/api/jobs` and `/api/uploads`. */
import type { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Job } from '../../contract/index.ts';
import { ID_PATTERN } from '../catalogue/ids.ts';
import { hasEnded } from '../jobs/job-queue.ts';
import type { ServerParts } from '../parts.ts';
import { Refusal } from '../refusal.ts';
import { COMMON_HEADERS } from '../security/guard.ts';
import { checked, idIn } from './check.ts';

const ID = z.string().regex(ID_PATTERN, 'an id of the catalogue is needed');
/** Level-0 pixels; no slide is wider than two billion. */
const PLACE = z.number().int().min(-2e9).max(2e9);
const SIDE = z.number().int().min(1).max(2e9);

const jobRequest = z.strictObject({
  slideId: ID,
  headId: ID,
  weightsId: ID.optional(),
  genes: z.array(z.string().min(1).max(200)).max(50_000),
  region: z.strictObject({ x: PLACE, y: PLACE, width: SIDE, height: SIDE }).optional(),
});

const MOST_STREAMS = 64;
/** Proxies close streams on which nothing comes. */
const HEARTBEAT_MS = 15_000;

export function addJobRoutes(app: FastifyInstance, { jobs, expensive }: ServerParts): void {
  let streams = 0;
  app.get('/api/jobs', async () => jobs.list());

  app.post('/api/jobs', async (request, reply) => {
    expensive.take(request.ip);
    const { weightsId, region, ...rest } = checked(jobRequest, request.body);
    const job = await jobs.add({
      ...rest,
      ...(weightsId === undefined ? {} : { weightsId }),
      ...(region === undefined ? {} : { region }),
    });
    return reply.code(201).send(job);
  });

  app.get('/api/jobs/:id', async (request) => jobs.get(idIn(request.params)));

  app.delete('/api/jobs/:id', async (request) => jobs.cancel(idIn(request.params)));

  app.get('/api/jobs/:id/events', (request, reply) => {
    const job = jobs.get(idIn(request.params));
    if (streams >= MOST_STREAMS) throw new Refusal(503, 'Too many pages follow jobs; close some.');
    streams++;
    reply.hijack();
    const { raw } = reply;
    const headers = { ...COMMON_HEADERS, 'content-type': 'text/event-stream', 'cache-control': 'no-store' };
    raw.writeHead(200, headers);
    const send = (state: Job) => {
      raw.write(`data: ${JSON.stringify(state)}\n\n`);
      if (hasEnded(state)) raw.end();
    };
    const stop = jobs.watch(job.id, send);
    const heartbeat = setInterval(() => raw.write(':\n\n'), HEARTBEAT_MS);
    raw.on('error', () => undefined);
    raw.once('close', () => {
      streams--;
      clearInterval(heartbeat);
      stop();
    });
    send(job);
  });
}

/** A name as people give it: no control characters, not longer than file systems allow. */
const uploadQuery = z.object({
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
  name: z.string().regex(/^[^\u0000-\u001f\u007f/\\]{1,255}$/, 'a file name is needed'),
  slide: ID.optional(),
});

/** In a context of its own: here bodies of any type are files. */
export async function addUploadRoutes(
  app: FastifyInstance,
  { uploads, expensive }: ServerParts,
): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    scope.post('/api/uploads', { bodyLimit: Number.MAX_SAFE_INTEGER }, async (request, reply) => {
      expensive.take(request.ip);
      const { name, slide } = checked(uploadQuery, request.query);
      if (request.body === undefined || request.body === null)
        throw new Refusal(400, 'The file itself is missing.');
      return reply.code(201).send(await uploads.receive(request.body as Readable, name, slide));
    });
  });
}
