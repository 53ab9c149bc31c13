/** What every request passes, and what every answer carries. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../refusal.ts';
import type { AccessToken } from './access-token.ts';
import { checkHost, checkOrigin } from './hosts.ts';

export interface GuardOptions {
  readonly allowedHosts: ReadonlySet<string>;
  /** Absent: everyone who reaches the server may use it. */
  readonly token?: AccessToken;
}

const LONGEST_URL = 4_096;

/** The app: its own scripts and styles, nothing inline. */
export const APP_POLICY = [
  "default-src 'self'",
  "img-src 'self' blob: data:",
  "style-src 'self'",
  "script-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
].join('; ');
/** Reports are pages of ours with one style sheet and pictures inside; they run nothing. */
export const REPORT_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox";
const DATA_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox";

export const COMMON_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'content-security-policy': DATA_POLICY,
} as const;

/** Exchanges a right `?token=` for the cookie; true when the request is answered by that. */
function exchange(request: FastifyRequest, reply: FastifyReply, token: AccessToken): boolean {
  const [path = '/', query = ''] = request.url.split('?', 2);
  const parameters = new URLSearchParams(query);
  if (request.method !== 'GET' || !token.isRight(parameters.get('token') ?? undefined)) return false;
  parameters.delete('token');
  const rest = parameters.size > 0 ? `?${parameters}` : '';
  // Only a path of this server: `//host` would be another one.
  const target = `/${path.replace(/^[/\\]+/, '')}${rest}`;
  void reply.header('set-cookie', token.cookie()).redirect(target, 303);
  return true;
}

export function addGuard(app: FastifyInstance, { allowedHosts, token }: GuardOptions): void {
  app.addHook('onRequest', async (request, reply) => {
    void reply.headers(COMMON_HEADERS);
    if (request.url.length > LONGEST_URL) throw new Refusal(414, 'This address is too long.');
    checkHost(request.headers.host, allowedHosts);
    const reads = request.method === 'GET' || request.method === 'HEAD';
    if (!reads || /\/events(\?|$)/.test(request.url)) checkOrigin(request.headers);
    if (token === undefined) return undefined;
    if (exchange(request, reply, token)) return reply;
    if (token.isIn(request.headers)) return undefined;
    throw new Refusal(401, 'This server needs its access token; open the link that it printed at its start.');
  });
}
