/** The server as a Fastify application, not yet listening. */
import { realpath, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { UsageError } from '../errors.ts';
import { Catalogue } from './catalogue/catalogue.ts';
import { JobQueue } from './jobs/job-queue.ts';
import { JobResults } from './jobs/job-results.ts';
import type { ServerParts } from './parts.ts';
import { Refusal, type RefusalMessage, refusalMessage, withoutFolders } from './refusal.ts';
import { addAppRoutes } from './routes/app-routes.ts';
import { addJobRoutes, addUploadRoutes } from './routes/job-routes.ts';
import { addRunRoutes } from './routes/run-routes.ts';
import { addSlideRoutes } from './routes/slide-routes.ts';
import { addTableRoutes } from './routes/table-routes.ts';
import type { AccessToken } from './security/access-token.ts';
import { addGuard, COMMON_HEADERS } from './security/guard.ts';
import { allowedHosts } from './security/hosts.ts';
import { RateLimit } from './security/rate-limit.ts';
import { SlideService } from './slides/slide-service.ts';
import { TableService } from './tables/table-service.ts';
import { TemporaryFolder } from './temporary-folder.ts';
import { ServerThread } from './threads/server-thread.ts';
import { Uploads } from './uploads.ts';

export interface ServerOptions {
  /** The folder that is served. */
  readonly folder: string;
  /** Host it will listen on; default `127.0.0.1`. */
  readonly host?: string;
  /** Further names it may be asked for under, such as that of a proxy. */
  readonly allowHosts?: readonly string[];
  /** Absent: everyone who reaches the server may use it. */
  readonly token?: AccessToken;
  /** Threads that decode slides; default: cores but one, 1 to 4. */
  readonly threads?: number;
  /** Write nothing into the folder; results go to a temporary one. */
  readonly readOnly?: boolean;
  /** Largest upload; default 1 GiB. */
  readonly maxUploadBytes?: number;
  /** Folder of the built browser app; default `dist/web` of this package. */
  readonly appFolder?: string;
}

export interface ServerApp {
  readonly app: FastifyInstance;
  readonly parts: ServerParts;
  /** Whether the browser app is there. */
  readonly hasApp: boolean;
}

function defaultThreads(): number {
  return Math.min(4, Math.max(1, availableParallelism() - 1));
}

/** From `dist/server` and, under the test runner, from `src/server`. */
function builtApp(): string {
  return fileURLToPath(new URL('../../dist/web', import.meta.url));
}

async function requireServedFolder(folder: string): Promise<string> {
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory()) return realpath(folder);
  throw new UsageError('serve', {
    need: 'a folder of slides and results',
    found: `${found === undefined ? 'nothing' : 'no folder'} at ${folder}`,
    next: 'check the path',
  });
}

/** One sentence for what Fastify itself refuses. */
function frameworkMessage(error: FastifyError): RefusalMessage {
  const status = error.statusCode ?? 500;
  if (status >= 500) return refusalMessage(error);
  const sentences: Readonly<Record<number, string>> = {
    413: 'What was sent is too large.',
    415: 'Requests with a body must be JSON with the content type application/json.',
  };
  return { status, message: sentences[status] ?? 'This request cannot be understood.' };
}

function answerError(
  folders: () => string[],
  error: FastifyError | Error,
  reply: FastifyReply,
): FastifyReply {
  const isFramework = 'code' in error && String(error.code).startsWith('FST_');
  const hasStatus = 'statusCode' in error && !(error instanceof Refusal);
  const { status, message } =
    isFramework || hasStatus ? frameworkMessage(error as FastifyError) : refusalMessage(error);
  if (status === 500) process.stderr.write(`${error.stack}\n`);
  if (status === 429 || status === 503) void reply.header('retry-after', '2');
  return reply
    .headers(COMMON_HEADERS)
    .header('cache-control', 'no-store')
    .code(status)
    .send({ message: withoutFolders(message, folders()) });
}

function createFastify(folders: () => string[]): FastifyInstance {
  const app = Fastify({
    bodyLimit: 2 ** 20,
    // Large uploads on slow networks take their time; headers do not.
    requestTimeout: 900_000,
    keepAliveTimeout: 10_000,
    forceCloseConnections: true,
    http: { headersTimeout: 20_000, maxHeaderSize: 16_384 },
    routerOptions: { maxParamLength: 120 },
    frameworkErrors: (error: FastifyError, _request: FastifyRequest, reply: FastifyReply) => {
      void answerError(folders, error, reply);
    },
    clientErrorHandler: (_error, socket) => {
      const body = JSON.stringify({ message: 'This request cannot be understood.' });
      if (!socket.writable) return;
      socket.end(
        `HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
    },
  });
  // Forms of other pages can send plain text without being asked first.
  app.removeContentTypeParser('text/plain');
  app.setErrorHandler((error: FastifyError, _request, reply) => answerError(folders, error, reply));
  app.setNotFoundHandler((request, reply) => {
    const status = request.method === 'GET' || request.method === 'HEAD' ? 404 : 405;
    return answerError(folders, new Refusal(status, `There is nothing to ${request.method} here.`), reply);
  });
  return app;
}

/**
 * Builds the server for a folder. Close `app` when done: it ends threads and removes temporary files.
 *
 * @throws UsageError when the folder does not exist.
 */
export async function createServerApp(options: ServerOptions): Promise<ServerApp> {
  const { host = '127.0.0.1', allowHosts = [], token } = options;
  const root = await requireServedFolder(options.folder);
  const { parts, folders, close } = createParts(root, options);
  const app = createFastify(folders);
  addGuard(app, { allowedHosts: allowedHosts(host, allowHosts), ...(token === undefined ? {} : { token }) });
  app.get('/api/catalogue', async () => parts.catalogue.answer());
  addSlideRoutes(app, parts);
  addTableRoutes(app, parts);
  addRunRoutes(app, parts);
  addJobRoutes(app, parts);
  await addUploadRoutes(app, parts);
  const hasApp = await addAppRoutes(app, options.appFolder ?? builtApp());
  // Before connections are closed, so that streams of jobs end with their last message.
  app.addHook('preClose', () => parts.jobs.close());
  app.addHook('onClose', close);
  return { app, parts, hasApp };
}

/** Threads, catalogue, queue and temporary files of a folder. */
function createParts(root: string, options: ServerOptions) {
  const { threads = defaultThreads(), readOnly = false, maxUploadBytes = 2 ** 30 } = options;
  const temporary = new TemporaryFolder();
  const analysis = new ServerThread('analysis', 2);
  const thread = new ServerThread('tables', 4);
  const slides = new SlideService(threads, analysis);
  const catalogue = new Catalogue(root, (slide) => slides.describe(slide));
  const tables = new TableService({ catalogue, slides, thread, analysis });
  const results = new JobResults({ catalogue, temporary, readOnly });
  const parts: ServerParts = {
    catalogue,
    slides,
    tables,
    jobs: new JobQueue({ catalogue, tables, results }),
    uploads: new Uploads({ catalogue, tables, folder: temporary, mostBytes: maxUploadBytes }),
    temporary,
    expensive: new RateLimit(30, 1),
  };
  const close = async () => {
    await Promise.all([slides.close(), thread.close(), analysis.close()]);
    await temporary.remove();
  };
  /** Folders whose paths are not told. */
  const folders = () => [root, ...(temporary.path === undefined ? [] : [temporary.path])];
  return { parts, folders, close };
}
