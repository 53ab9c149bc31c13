/** Host and Origin headers: who may be spoken to, and from which pages. */
import { hostname, networkInterfaces } from 'node:os';
import { Refusal } from '../refusal.ts';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

export function isLoopback(host: string): boolean {
  return ['localhost', '::1', '[::1]'].includes(host) || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Hosts that stand for all addresses of this machine. */
export function isEveryAddress(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

/** As in an address: IPv6 in brackets. */
export function inAddress(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

/** Names under which a server bound to `host` may be asked for; for "all interfaces" those of the machine. */
export function allowedHosts(host: string, more: readonly string[]): ReadonlySet<string> {
  const own = isEveryAddress(host)
    ? [
        hostname(),
        ...Object.values(networkInterfaces()).flatMap((list) => list?.map(({ address }) => address) ?? []),
      ]
    : [host];
  return new Set([...LOOPBACK, ...[...own, ...more].map((name) => inAddress(name).toLowerCase())]);
}

/**
 * A page of another site cannot choose the Host header, so names made to point at this machine end here.
 *
 * @throws Refusal 403 for any other host.
 */
export function checkHost(header: string | undefined, allowed: ReadonlySet<string>): void {
  const [, name] = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i.exec(header ?? '') ?? [];
  if (name !== undefined && allowed.has(name.toLowerCase())) return;
  throw new Refusal(
    403,
    'This server does not answer under that name; start it with --allow-host to add one.',
  );
}

/**
 * What changes something, and streams, are only for the server's own pages. Programs send no Origin.
 *
 * @throws Refusal 403 for a page of another origin.
 */
export function checkOrigin(headers: {
  readonly origin?: string | undefined;
  readonly host?: string | undefined;
  readonly 'sec-fetch-site'?: string | string[] | undefined;
}): void {
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  const isOwnSite = site === undefined || site === 'same-origin' || site === 'none';
  const isOwnOrigin = origin === undefined || /^https?:\/\/([^/@\s]+)$/.exec(origin)?.[1] === host;
  if (isOwnSite && isOwnOrigin) return;
  throw new Refusal(403, 'Requests from pages of other sites are refused.');
}
