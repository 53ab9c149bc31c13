/** `/api/runs/...` */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { ServerParts } from '../parts.ts';
import { notFound } from '../refusal.ts';
import { runDetail } from '../run-detail.ts';
import { REPORT_POLICY } from '../security/guard.ts';
import { realPathInside } from '../security/inside.ts';
import { idIn } from './check.ts';

export function addRunRoutes(app: FastifyInstance, { catalogue }: ServerParts): void {
  app.get('/api/runs/:id', async (request) => runDetail(await catalogue.run(idIn(request.params))));

  app.get('/api/runs/:id/report', async (request, reply) => {
    const { entry, folder, place } = await catalogue.run(idIn(request.params));
    if (!entry.report) throw notFound('report');
    const path = await realPathInside(place.root, join(folder, 'report.html'));
    return reply
      .header('content-security-policy', REPORT_POLICY)
      .type('text/html; charset=utf-8')
      .send(createReadStream(path));
  });
}
