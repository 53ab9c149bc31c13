/** `/api/slides/...` */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { MppStatement, SlideDetail } from '../../contract/index.ts';
import type { SlideRecord } from '../catalogue/records.ts';
import type { ServerParts } from '../parts.ts';
import { Refusal } from '../refusal.ts';
import { maxLevelOf, TILE_PX } from '../slides/deep-zoom.ts';
import { checked, idIn, wholeNumber } from './check.ts';

/** A changed slide is noticed after this time at the latest. */
const CACHE_CONTROL = 'private, max-age=300';

function mppStatements({ facts }: SlideRecord): MppStatement[] {
  return facts.mppRows.map(({ source, field, mppX, mppY, why, used }) => {
    const mpp = Number.isFinite(mppX + mppY) ? (mppX + mppY) / 2 : null;
    return { source: `${source}: ${field}`, mpp, note: why, chosen: used };
  });
}

function detailOf(record: SlideRecord, tables: readonly string[]): SlideDetail {
  const { entry, facts } = record;
  return {
    ...entry,
    tileSize: TILE_PX,
    maxLevel: maxLevelOf(entry),
    reader: facts.reader === 'openslide' ? 'openslide' : 'built-in',
    mppSources: mppStatements(record),
    levels: facts.levels,
    tables,
    tissue: true,
  };
}

const size = z.object({
  size: z
    .string()
    .default('256')
    .transform(wholeNumber)
    .refine((px) => px >= 64 && px <= 1024, 'a size from 64 to 1024 is needed'),
});

export function addSlideRoutes(app: FastifyInstance, { catalogue, slides }: ServerParts): void {
  app.get('/api/slides/:id', async (request) => {
    const record = await catalogue.slide(idIn(request.params));
    const tables = await catalogue.tablesOn(record.entry.id);
    return detailOf(
      record,
      tables.map(({ id }) => id),
    );
  });

  app.get('/api/slides/:id/tiles/:level/:file', async (request, reply) => {
    const record = await catalogue.slide(idIn(request.params));
    const { level, file } = request.params as { level: string; file: string };
    const [, column, row] = /^(\d{1,9})_(\d{1,9})\.jpg$/.exec(file) ?? [];
    if (column === undefined || row === undefined) throw new Refusal(404, 'Tiles are named column_row.jpg.');
    const etag = `"${record.place.stamp}-${level}-${column}-${row}"`;
    const place = [wholeNumber(level), Number(column), Number(row)] as const;
    void reply.header('cache-control', CACHE_CONTROL);
    if (request.headers['if-none-match'] === etag) return reply.header('etag', etag).code(304).send();
    const isWanted = () => !reply.raw.destroyed;
    const jpeg = await slides.tile(record, place, isWanted);
    return reply.header('etag', etag).type('image/jpeg').send(jpeg);
  });

  app.get('/api/slides/:id/thumbnail.jpg', async (request, reply) => {
    const record = await catalogue.slide(idIn(request.params));
    const jpeg = await slides.thumbnail(record, checked(size, request.query).size);
    return reply.header('cache-control', CACHE_CONTROL).type('image/jpeg').send(jpeg);
  });

  app.get('/api/slides/:id/tissue', async (request) => {
    return slides.tissue(await catalogue.slide(idIn(request.params)));
  });
}
