/** Answers the contract's addresses from a {@link Fixture}, and serves the built page under its strict policy. */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import sharp from 'sharp';
import type { ExportRequest, Job, JobRequest } from '../../../src/contract/index.ts';
import type { Fixture, FixtureTable } from './fixture-data.ts';

export const POLICY =
  "default-src 'self'; img-src 'self' blob: data:; style-src 'self'; script-src 'self'; connect-src 'self'";

const TYPES: Record<string, string> = { html: 'text/html', js: 'text/javascript', css: 'text/css' };

export interface FixtureServer {
  readonly address: string;
  /** Bodies of the jobs that were asked for. */
  readonly requests: readonly JobRequest[];
  /** Jobs as they are now. */
  readonly jobs: ReadonlyMap<string, Job>;
  close(): Promise<void>;
}

/** One tile for all addresses: pink ground with violet dots, as costly to decode as a real one. */
async function tilePicture(): Promise<Buffer> {
  const dots = Array.from({ length: 120 }, (_, i) => {
    const [x, y] = [(i * 97) % 256, (i * 61 + i * i) % 256];
    return `<circle cx="${x}" cy="${y}" r="${3 + (i % 4)}" fill="#${i % 3 === 0 ? '5b3a8c' : '8a5aa8'}"/>`;
  });
  const picture = `<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256"><rect width="256" height="256" fill="#efc9dc"/>${dots.join('')}</svg>`;
  return sharp(Buffer.from(picture)).jpeg({ quality: 85 }).toBuffer();
}

function floats(count: number, value: (i: number) => number): Buffer {
  return Buffer.from(Float32Array.from({ length: count }, (_, i) => value(i)).buffer);
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function exported(table: FixtureTable, { format, rows, genes }: ExportRequest): string {
  const chosen = rows ?? table.barcodes.map((_, row) => row);
  const names = genes ?? table.detail.genes;
  if (format !== 'csv') return JSON.stringify({ type: 'FeatureCollection', features: chosen.length });
  const lines = chosen.map((row) => [
    table.barcodes[row],
    table.positions[2 * row],
    table.positions[2 * row + 1],
    ...names.map((name) => table.value(row, name)),
  ]);
  return [['barcode', 'x', 'y', ...names], ...lines].map((line) => line.join(',')).join('\n');
}

class Handler {
  readonly jobs = new Map<string, Job>();
  readonly requests: JobRequest[] = [];
  readonly fixture: Fixture;
  readonly web: string;
  readonly tile: Buffer;

  constructor(fixture: Fixture, web: string, tile: Buffer) {
    this.fixture = fixture;
    this.web = web;
    this.tile = tile;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('content-security-policy', POLICY);
    const url = new URL(request.url!, 'http://fixture');
    const [, top, kind, id, what] = url.pathname.split('/');
    if (top !== 'api') return this.page(url.pathname, response);
    const json = (value: unknown) =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
    if (kind === 'catalogue') return void json(this.fixture.catalogue);
    if (kind === 'runs') return void json(this.fixture.run);
    if (kind === 'jobs') return this.job(request, response, id, what);
    if (kind === 'slides' && what === undefined) return void json(this.fixture.slide);
    if (kind === 'slides' && what === 'tissue') return void json(this.fixture.tissue);
    if (kind === 'slides') {
      return void response
        .setHeader('cache-control', 'max-age=600')
        .setHeader('content-type', 'image/jpeg')
        .end(this.tile);
    }
    const table = this.fixture.tables.get(id ?? '');
    if (kind !== 'tables' || table === undefined) {
      response.statusCode = 404;
      return void json({ message: `table: needed a known table, found ${id}; reload the page` });
    }
    const count = table.detail.rows;
    if (what === undefined) return void json(table.detail);
    if (what === 'barcodes') return void json(table.barcodes);
    if (what === 'positions') return void response.end(floats(2 * count, (i) => table.positions[i]!));
    if (what === 'projection') return void response.end(floats(2 * count, (i) => table.projection![i]!));
    if (what === 'export')
      return void response.end(exported(table, JSON.parse(String(await bodyOf(request))) as ExportRequest));
    const name = url.searchParams.get('name')!;
    response.end(floats(count, (row) => table.value(row, name)));
  }

  async page(path: string, response: ServerResponse): Promise<void> {
    const name = path === '/' ? '/index.html' : path;
    try {
      const content = await readFile(join(this.web, name));
      response
        .setHeader('content-type', TYPES[name.split('.').at(-1)!] ?? 'application/octet-stream')
        .end(content);
    } catch {
      response.statusCode = 404;
      response.end();
    }
  }

  async job(request: IncomingMessage, response: ServerResponse, id?: string, what?: string): Promise<void> {
    const json = (value: unknown) =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
    if (id === undefined && request.method === 'POST') {
      const wanted = JSON.parse(String(await bodyOf(request))) as JobRequest;
      this.requests.push(wanted);
      const job: Job = {
        id: `j${this.requests.length}`,
        slideId: wanted.slideId,
        state: 'running',
        stage: 'embedding patches',
        done: 0,
        total: 50,
        secondsLeft: null,
        tableId: null,
        error: null,
      };
      this.jobs.set(job.id, job);
      return void json(job);
    }
    if (id === undefined) return void json([...this.jobs.values()]);
    if (request.method === 'DELETE') {
      this.jobs.set(id, { ...this.jobs.get(id)!, state: 'cancelled' });
      response.statusCode = 204;
      return void response.end();
    }
    if (what === 'events') this.events(id, response);
    else json(this.jobs.get(id));
  }

  /** Ten of fifty patches at each step; done after five unless it is cancelled. */
  events(id: string, response: ServerResponse): void {
    response.setHeader('content-type', 'text/event-stream').write('\n');
    const timer = setInterval(() => {
      const job = this.jobs.get(id)!;
      if (job.state === 'running') {
        const done = job.done + 10;
        const state = done >= job.total ? 'done' : 'running';
        this.jobs.set(id, {
          ...job,
          done,
          state,
          secondsLeft: (job.total - done) / 10,
          tableId: state === 'done' ? 'p1' : null,
        });
      }
      const now = this.jobs.get(id)!;
      response.write(`data: ${JSON.stringify(now)}\n\n`);
      if (now.state === 'running') return;
      clearInterval(timer);
      response.end();
    }, 250);
    response.on('close', () => clearInterval(timer));
  }
}

/** @param web folder of the built page */
export async function startFixtureServer(fixture: Fixture, web: string): Promise<FixtureServer> {
  const handler = new Handler(fixture, web, await tilePicture());
  const server = createServer((request, response) => {
    handler.answer(request, response).catch((error: Error) => {
      response.statusCode = 500;
      response.end(JSON.stringify({ message: error.message }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: handler.requests,
    jobs: handler.jobs,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
