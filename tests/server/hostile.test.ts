/** Requests that must be refused: each with a 4xx and one sentence, none of them ending the server. */
import { copyFile, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { InjectOptions } from 'fastify';
import { describe, expect, it } from 'vitest';
import { type Catalogue, JOBS, slideAddress, tileAddress, UPLOADS } from '../../src/contract/index.ts';
import { AccessToken, createServerApp } from '../../src/server/index.ts';
import { RateLimit } from '../../src/server/security/rate-limit.ts';
import { temporaryFolder } from '../slide/pictures.ts';
import { serve, writeSmallFolder } from './served.ts';

const file = temporaryFolder('hostile');
const root = () => file('data');
const at = (name: string) => join(root(), name);
const app = () => file('app');
const served = serve(
  root,
  async () => {
    await writeSmallFolder(root());
    await writeFile(file('secret.txt'), 'secret');
    await mkdir(file('outside/section'), { recursive: true });
    for (const name of ['a.svs', 'later.svs']) await copyFile(at('slides/a.svs'), file(`outside/${name}`));
    await copyFile(at('slides/a.svs'), at('slides/later.svs'));
    await symlink(file('outside/a.svs'), at('slides/link.svs'));
    await symlink(file('outside'), at('folder-link'));
    await symlink('../../../../../etc/passwd', at('slides/passwd.svs'));
    // A section whose image lies elsewhere, and a manifest that names one elsewhere.
    await mkdir(at('planted'));
    await copyFile(at('cohort/study1-p1-s1/spots.csv'), at('planted/spots.csv'));
    await copyFile(at('cohort/study1-p1-s1/counts.tsv.gz'), at('planted/counts.tsv.gz'));
    await writeFile(at('planted/meta.json'), '{"um_per_px": 1}');
    await copyFile(at('cohort/study1-p1-s1/he.jpg'), file('outside/he.jpg'));
    await symlink(file('outside/he.jpg'), at('planted/he.jpg'));
    await mkdir(at('manifest'));
    await writeFile(at('manifest/cohort.csv'), `id,path,patient,study\nx,${file('outside/section')},p,s\n`);
    await mkdir(join(app(), 'assets'), { recursive: true });
    await writeFile(join(app(), 'index.html'), '<!doctype html><title>app</title>');
    await writeFile(join(app(), 'assets/a.js'), 'export {};');
  },
  { maxUploadBytes: 2 ** 16 },
);

const BAD_ID = '0123456789abcdef';
const json = { 'content-type': 'application/json' };
const post = (url: string, payload: string | object, headers: Record<string, string> = {}): InjectOptions => {
  return { method: 'POST', url, payload, headers: { ...json, ...headers } };
};

/** Requests by what they try; `S`, `T` and `H` stand for ids of a slide, a table and a head. */
function hostile({ slides, tables, heads }: Catalogue): (string | InjectOptions)[] {
  const S = slides.find(({ name }) => name === 'a')!.id;
  const T = tables[0]!.id;
  const H = heads[0]!.id;
  const tile = (rest: string) => `/api/slides/${S}/tiles/${rest}`;
  const job = { slideId: S, headId: H, genes: ['CD74'] };
  const exporting = `/api/tables/${T}/export`;
  const foreign = { origin: 'http://evil.example' };
  return [
    // Paths.
    '/../../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/%252e%252e/%252e%252e/etc/passwd',
    '/..%2f..%2fetc%2fpasswd',
    '/..\\..\\windows\\win.ini',
    '/%5c..%5c..%5cetc%5cpasswd',
    '/assets/../../secret.txt',
    '/assets/%2e%2e/%2e%2e/secret.txt',
    '/assets/a.js%00.txt',
    '/assets//a.js',
    '/assets/.',
    '//evil.example/a',
    '/etc/passwd',
    '/.git/config',
    `/file://${'/'}etc/passwd`,
    '/%',
    '/%ff%fe',
    '/api/slides/..%2f..%2fsecret.txt',
    '/api/slides/%2e%2e',
    '/api/slides/slides%2Fa.svs',
    '/api/slides/%00',
    // Ids.
    `/api/slides/${BAD_ID}`,
    `/api/tables/${BAD_ID}`,
    `/api/runs/${BAD_ID}`,
    `/api/runs/${BAD_ID}/report`,
    `/api/jobs/${BAD_ID}`,
    `/api/jobs/${BAD_ID}/events`,
    `/api/slides/${S.toUpperCase()}x`,
    `/api/slides/${'a'.repeat(3000)}`,
    '/api/slides/__proto__',
    '/api/tables/constructor',
    `/api/tables/${S}`,
    // Tiles.
    tile('NaN/0_0.jpg'),
    tile('-1/0_0.jpg'),
    tile('99999999999999999999/0_0.jpg'),
    tile('12/0_0.jpg'),
    tile('11/8_0.jpg'),
    tile('11/0_-1.jpg'),
    tile('11/0_1e3.jpg'),
    tile('11/999999999_999999999.jpg'),
    tile('11/0_0.png'),
    tile('11/0_0.jpg%00'),
    tile('11/..%2f0_0.jpg'),
    tile('1.5/0_0.jpg'),
    `/api/slides/${S}/thumbnail.jpg?size=0`,
    `/api/slides/${S}/thumbnail.jpg?size=1e3`,
    `/api/slides/${S}/thumbnail.jpg?size=100000`,
    `/api/slides/${S}/thumbnail.jpg?size=64&size=65`,
    // Values.
    `/api/tables/${T}/values`,
    `/api/tables/${T}/values?name=__proto__`,
    `/api/tables/${T}/values?name=${'g'.repeat(201)}`,
    `/api/tables/${T}/values?name=a&name=b`,
    `/api/tables/${T}/values?name[]=a`,
    // Bodies.
    post(exporting, '{"format":"csv"'),
    post(exporting, '{"__proto__":{"format":"csv"}}'),
    post(exporting, '{"format":"csv","constructor":{"prototype":{"x":1}}}'),
    post(exporting, { format: 'exe' }),
    post(exporting, { format: 'csv', rows: [-1] }),
    post(exporting, { format: 'csv', rows: [1e15] }),
    post(exporting, { format: 'csv', rows: [0.5] }),
    post(exporting, { format: 'csv', rows: [0, 0] }),
    post(exporting, { format: 'csv', rows: 'all' }),
    post(exporting, { format: 'csv', path: '/etc/passwd' }),
    post(exporting, 'null'),
    post(exporting, '[]'),
    post(exporting, `{"format":"csv","genes":["${'x'.repeat(17 * 2 ** 20)}"]}`),
    post(exporting, 'format=csv', { 'content-type': 'application/x-www-form-urlencoded' }),
    post(exporting, '{"format":"csv"}', { 'content-type': 'text/plain' }),
    post(JOBS, {}),
    post(JOBS, { ...job, headId: S }),
    post(JOBS, { ...job, slideId: '../a' }),
    post(JOBS, { ...job, folder: '/etc' }),
    post(JOBS, { ...job, genes: ['__proto__'] }),
    post(JOBS, { ...job, region: { x: 0, y: 0, width: -5, height: 5 } }),
    post(JOBS, { ...job, region: { x: Number.MAX_VALUE, y: 0, width: 5, height: 5 } }),
    post(JOBS, `{"pad":"${'x'.repeat(2 ** 20)}"}`),
    // Uploads.
    post(UPLOADS, 'x'),
    post(`${UPLOADS}?name=../../evil.h5ad`, 'x'),
    post(`${UPLOADS}?name=a%00.h5ad`, 'x'),
    post(`${UPLOADS}?name=a.sh`, 'x'),
    post(`${UPLOADS}?name=a.h5ad&slide=../x`, 'x'),
    post(`${UPLOADS}?name=a.csv`, 'x'.repeat(2 ** 16 + 1)),
    { method: 'POST', url: `${UPLOADS}?name=a.csv` },
    // Methods.
    { method: 'POST', url: '/api/catalogue' },
    { method: 'DELETE', url: `/api/slides/${S}` },
    { method: 'PUT', url: `/api/tables/${T}` },
    { method: 'PATCH', url: '/' },
    { method: 'OPTIONS', url: '/api/catalogue' },
    `/api/tables/${T}/export`,
    UPLOADS,
    // Hosts and origins.
    { url: '/api/catalogue', headers: { host: 'evil.example' } },
    { url: '/api/catalogue', headers: { host: 'localhost.evil.example' } },
    { url: '/api/catalogue', headers: { host: 'localhost@evil.example' } },
    { url: '/api/catalogue', headers: { host: 'local host' } },
    { url: '/', headers: { host: '192.0.2.7:8000' } },
    post(exporting, { format: 'csv' }, foreign),
    post(exporting, { format: 'csv' }, { origin: 'null' }),
    post(exporting, { format: 'csv' }, { origin: 'http://localhost:9999' }),
    post(exporting, { format: 'csv' }, { 'sec-fetch-site': 'cross-site' }),
    post(JOBS, job, foreign),
    { method: 'DELETE', url: `/api/jobs/${BAD_ID}`, headers: foreign },
    { url: `/api/jobs/${BAD_ID}/events`, headers: foreign },
    `/api/catalogue?x=${'y'.repeat(5000)}`,
  ];
}

describe('hostile requests', () => {
  it('are all refused with one sentence, and good ones are answered afterwards', async () => {
    const catalogue = await served.catalogue();
    const requests = hostile(catalogue);
    expect(requests.length).toBeGreaterThan(90);
    const wrong: unknown[] = [];
    for (const request of requests) {
      // Each as another visitor: the limits of rate have a test of their own.
      const visitor = { remoteAddress: `127.0.0.${1 + (requests.indexOf(request) % 200)}` };
      const options = typeof request === 'string' ? { url: request } : request;
      const answer = await served.ask({ ...visitor, ...options });
      const { statusCode, headers, body } = answer;
      const message = String(headers['content-type']).includes('json') ? answer.json().message : undefined;
      const isRefused = statusCode >= 400 && statusCode < 500;
      const isSentence = typeof message === 'string' && /^.{10,400}$/.test(message);
      const tells = body.includes(root()) || body.includes('node_modules') || body.includes('    at ');
      if (!isRefused || !isSentence || tells || headers['x-content-type-options'] !== 'nosniff')
        wrong.push([options, statusCode, body.slice(0, 200)]);
    }
    expect(wrong).toEqual([]);
    expect(({} as { format?: string }).format).toBeUndefined();
    const { id } = await served.slide('a');
    expect((await served.ask(slideAddress(id))).statusCode).toBe(200);
    expect((await served.ask(tileAddress(id, 11, 0, 0))).statusCode).toBe(200);
  });

  it('cannot reach files outside through links in the folder', async () => {
    const { slides, tables, problems } = await served.catalogue();
    expect(slides.map(({ name }) => name).sort()).toEqual(['a', 'later', 'study1-p1-s1', 'study2-p1-s1']);
    expect(tables.map(({ path }) => path)).not.toContain('planted');
    const paths = new Set(problems.map(({ path }) => path));
    for (const path of [
      'slides/link.svs',
      'slides/passwd.svs',
      'folder-link',
      'planted',
      'manifest/cohort.csv',
    ])
      expect(paths).toContain(path);
  });

  it('cannot reach a file that became a link after it was found', async () => {
    const { id } = await served.slide('later');
    expect((await served.ask(tileAddress(id, 11, 0, 0))).statusCode).toBe(200);
    await rename(at('slides/later.svs'), at('kept.bin'));
    await symlink(file('outside/later.svs'), at('slides/later.svs'));
    const answer = await served.ask(tileAddress(id, 11, 1, 0));
    expect(answer.statusCode).toBe(403);
    expect(answer.json()).toEqual({
      message: 'slides/later.svs leads out of the served folder and is not read.',
    });
    await rm(at('slides/later.svs'));
  });

  it('of a kind that takes seconds are limited for each visitor', async () => {
    let now = 0;
    const limit = new RateLimit(3, 1, () => now);
    for (let i = 0; i < 3; i++) limit.take('a');
    expect(() => limit.take('a')).toThrow(/wait/);
    limit.take('b');
    now = 1_000;
    limit.take('a');
    expect(() => limit.take('a')).toThrow(/wait/);
  });

  it('that are no HTTP end their connection and nothing else', async () => {
    const { server: raw } = served.server.app;
    await served.server.app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = raw.address() as { port: number };
    const talk = (text: string) =>
      new Promise<string>((resolve, reject) => {
        let answer = '';
        const socket = connect(port, '127.0.0.1', () => socket.write(text));
        socket.on('data', (bytes) => {
          answer += bytes;
        });
        socket.on('close', () => resolve(answer));
        socket.on('error', reject);
      });
    const broken = [
      'nonsense\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n',
      `GET /${'a'.repeat(20_000)} HTTP/1.1\r\n\r\n`,
    ];
    for (const text of broken) expect(await talk(text)).toMatch(/^HTTP\/1\.1 4\d\d [\s\S]*"message"/);
    const both =
      'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
    expect(await talk(both)).toMatch(/^HTTP\/1\.1 4\d\d/);
    const noHost = 'GET /api/jobs HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n';
    expect(await talk(noHost)).toMatch(/^HTTP\/1\.1 403/);
    expect(await talk('GET /api/jobs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 200/,
    );
  });
});

describe('the app', () => {
  it('is served with a policy that lets nothing else run', async () => {
    const { app: other } = await createServerApp({ folder: root(), appFolder: app(), threads: 1 });
    try {
      const page = await other.inject({ url: '/', headers: { host: 'localhost' } });
      expect([page.statusCode, page.body]).toEqual([200, '<!doctype html><title>app</title>']);
      expect(page.headers['content-security-policy']).toContain("script-src 'self'");
      expect(page.headers['content-security-policy']).not.toContain('unsafe');
      const script = await other.inject({ url: '/assets/a.js', headers: { host: 'localhost' } });
      expect(script.headers['content-type']).toContain('text/javascript');
      expect(script.headers['cache-control']).toContain('immutable');
    } finally {
      await other.close();
    }
  });
});

describe('an access token', () => {
  it('opens the server once it was given, by cookie or header, and nothing before', async () => {
    const token = new AccessToken('right-and-long');
    const { app: locked } = await createServerApp({ folder: root(), token, threads: 1, host: '0.0.0.0' });
    const get = (url: string, headers: Record<string, string> = {}) =>
      locked.inject({ url, headers: { host: 'localhost', ...headers } });
    try {
      for (const url of [
        '/',
        '/api/catalogue',
        '/?token=',
        '/?token=wrong',
        '/api/catalogue?token=right-and-lon',
      ]) {
        const answer = await get(url);
        expect([answer.statusCode, Object.keys(answer.json())]).toEqual([401, ['message']]);
      }
      const cookie = `${token.cookieName}=wrong`;
      expect((await get('/api/catalogue', { cookie })).statusCode).toBe(401);
      expect((await get('/api/catalogue', { authorization: 'Bearer wrong' })).statusCode).toBe(401);
      const exchanged = await get('/?token=right-and-long');
      expect([exchanged.statusCode, exchanged.headers.location]).toEqual([303, '/']);
      expect(exchanged.headers['set-cookie']).toMatch(/; HttpOnly; SameSite=Strict; Path=\/$/);
      expect((await get('//evil.example/?token=right-and-long')).headers.location).toBe('/evil.example/');
      const kept = String(exchanged.headers['set-cookie']).split(';')[0]!;
      expect((await get('/api/jobs', { cookie: `other=1; ${kept}` })).statusCode).toBe(200);
      expect((await get('/api/jobs', { authorization: 'Bearer right-and-long' })).statusCode).toBe(200);
    } finally {
      await locked.close();
    }
  });
});
