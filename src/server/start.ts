/** A listening server. */
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { UsageError } from '../errors.ts';
import { createServerApp, type ServerApp, type ServerOptions } from './app.ts';
import { AccessToken } from './security/access-token.ts';
import { inAddress, isEveryAddress, isLoopback } from './security/hosts.ts';

/** Where it begins to look when no port is named. */
export const FIRST_PORT = 8000;
const TRIES = 50;

export interface StartOptions extends Omit<ServerOptions, 'token'> {
  /** Default: the first free one from {@link FIRST_PORT} on. */
  readonly port?: number;
  /** Access token; default none on loopback, else a random one. */
  readonly token?: string;
}

export interface RunningServer extends Pick<ServerApp, 'parts' | 'hasApp'> {
  /** To be opened in a browser; with the access token, where there is one. */
  readonly address: string;
  /** The same for other machines, where it listens on all addresses of this one. */
  readonly fromElsewhere?: string;
  /** Ends requests and jobs, removes temporary files; may be called twice. */
  close(): Promise<void>;
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false);
      else reject(error);
    });
    probe.listen(port, host, () => probe.close(() => resolve(true)));
  });
}

async function choosePort(wanted: number | undefined, host: string): Promise<number> {
  try {
    if (wanted === 0 || (wanted !== undefined && (await isFree(wanted, host)))) return wanted;
    for (let port = FIRST_PORT; wanted === undefined && port < FIRST_PORT + TRIES; port++)
      if (await isFree(port, host)) return port;
  } catch (cause) {
    throw new UsageError('serve', {
      need: 'a host name or address of this machine',
      found: `${host} (${cause instanceof Error ? cause.message : String(cause)})`,
      next: 'leave --host out for this machine only',
      cause,
    });
  }
  throw new UsageError('serve', {
    need: `a free port on ${host}`,
    found: `${wanted ?? `${FIRST_PORT} to ${FIRST_PORT + TRIES - 1}`}, taken`,
    next: wanted === undefined ? 'name one with --port' : 'leave --port out to take the next free one',
  });
}

/**
 * Serves a folder until `close()`.
 *
 * @throws UsageError when the folder or the host does not exist, or no port is free.
 */
export async function startServer({
  port: wanted,
  token: text,
  ...options
}: StartOptions): Promise<RunningServer> {
  const { host = '127.0.0.1' } = options;
  const port = await choosePort(wanted, host);
  const token = text === undefined && isLoopback(host) ? undefined : new AccessToken(text);
  const { app, parts, hasApp } = await createServerApp({
    ...options,
    ...(token === undefined ? {} : { token }),
  });
  try {
    await app.listen({ port, host });
  } catch (error) {
    await app.close();
    throw error;
  }
  const bound = app.server.address();
  const actual = typeof bound === 'object' && bound !== null ? bound.port : port;
  const query = token === undefined ? '' : `?token=${encodeURIComponent(token.text)}`;
  const addressOf = (name: string) => `http://${inAddress(name)}:${actual}/${query}`;
  const running = { parts, hasApp, close: () => app.close() };
  if (!isEveryAddress(host)) return { address: addressOf(host), ...running };
  const outward = outwardAddress();
  const elsewhere = outward === undefined ? {} : { fromElsewhere: addressOf(outward) };
  return { address: addressOf('127.0.0.1'), ...elsewhere, ...running };
}

/** First address of this machine that others may reach. */
function outwardAddress(): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all.find(({ internal, family }) => !internal && family === 'IPv4')?.address;
}
