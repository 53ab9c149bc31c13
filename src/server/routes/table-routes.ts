/** `/api/tables/...` */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { stemOf } from '../catalogue/records.ts';
import type { ServerParts } from '../parts.ts';
import { checked, idIn } from './check.ts';

const NAME = z.string().min(1).max(200);
/** Row numbers of a million rows are about 7 MB of text. */
const EXPORT_BYTES = 16 * 2 ** 20;

const exportRequest = z.strictObject({
  format: z.enum(['csv', 'geojson', 'h5ad']),
  rows: z.array(z.number().int().min(0)).min(1).optional(),
  genes: z.array(NAME).min(1).max(100_000).optional(),
});

const TYPES = {
  csv: 'text/csv; charset=utf-8',
  geojson: 'application/geo+json',
  h5ad: 'application/octet-stream',
} as const;

/** Little-endian float32, as this and every machine Node.js runs on stores it. */
function sendNumbers(reply: FastifyReply, { buffer, byteOffset, byteLength }: Float32Array): FastifyReply {
  return reply.type('application/octet-stream').send(Buffer.from(buffer, byteOffset, byteLength));
}

export function addTableRoutes(app: FastifyInstance, { catalogue, tables, expensive }: ServerParts): void {
  app.get('/api/tables/:id', async (request) => tables.detail(await catalogue.table(idIn(request.params))));

  app.get('/api/tables/:id/positions', async (request, reply) => {
    return sendNumbers(reply, await tables.positions(await catalogue.table(idIn(request.params))));
  });

  app.get('/api/tables/:id/barcodes', async (request) => {
    return tables.barcodes(await catalogue.table(idIn(request.params)));
  });

  app.get('/api/tables/:id/values', async (request, reply) => {
    const record = await catalogue.table(idIn(request.params));
    const { name } = checked(z.object({ name: NAME }), request.query);
    return sendNumbers(reply, await tables.values(record, name));
  });

  app.get('/api/tables/:id/projection', async (request, reply) => {
    expensive.take(request.ip);
    return sendNumbers(reply, await tables.projection(await catalogue.table(idIn(request.params))));
  });

  app.post('/api/tables/:id/export', { bodyLimit: EXPORT_BYTES }, async (request, reply) => {
    expensive.take(request.ip);
    const record = await catalogue.table(idIn(request.params));
    const { format, rows, genes } = checked(exportRequest, request.body);
    const wish = {
      format,
      ...(rows === undefined ? {} : { rows }),
      ...(genes === undefined ? {} : { genes }),
    };
    const bytes = await tables.export(record, wish);
    const name = stemOf(record.entry.name).replace(/[^\w.-]/g, '_');
    return reply
      .header('content-disposition', `attachment; filename="${name}.${format}"`)
      .type(TYPES[format])
      .send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  });
}
