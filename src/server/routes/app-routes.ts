/** The browser app: only files that its build left in one folder, each under its own name. */
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { notFound } from '../refusal.ts';
import { APP_POLICY } from '../security/guard.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
};

/** Said at the start, and shown instead of the app. */
export const APP_MISSING = 'The viewer is not built yet; run `npm run build` once and start again.';

const MISSING_PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>mvhybrid</title></head><body><p>${APP_MISSING}</p></body></html>
`;

/** Addresses of the built files; empty where there is no build. */
export async function listApp(folder: string): Promise<Map<string, string>> {
  const names = await readdir(folder, { recursive: true }).catch(() => [] as string[]);
  const known = names.filter((name) => TYPES[extname(name)] !== undefined);
  return new Map(known.map((name) => [`/${name.split(sep).join('/')}`, join(folder, name)]));
}

export async function addAppRoutes(app: FastifyInstance, folder: string): Promise<boolean> {
  const files = await listApp(folder);
  const index = files.get('/index.html');
  app.get('/', async (_request, reply) => {
    void reply.header('content-security-policy', APP_POLICY).header('cache-control', 'no-cache');
    const page = index === undefined ? undefined : await readFile(index).catch(() => undefined);
    return reply
      .code(page === undefined ? 503 : 200)
      .type(TYPES['.html']!)
      .send(page ?? MISSING_PAGE);
  });
  app.get('/*', async (request, reply) => {
    const path = request.url.split('?', 1)[0]!;
    const file = files.get(path);
    const bytes = file === undefined ? undefined : await readFile(file).catch(() => undefined);
    if (bytes === undefined) throw notFound('page');
    // Built files carry their digest in their names, the page does not.
    const isNamedByDigest = path.startsWith('/assets/');
    return reply
      .header('content-security-policy', APP_POLICY)
      .header('cache-control', isNamedByDigest ? 'private, max-age=31536000, immutable' : 'no-cache')
      .type(TYPES[extname(file!)]!)
      .send(bytes);
  });
  return index !== undefined;
}
