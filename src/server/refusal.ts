/** What the server refuses, and how any error becomes a status and one sentence. */
import { DataError, EngineError, EngineMissingError, isMvHybridError, UsageError } from '../errors.ts';

/** A request that is not answered; `message` is shown to the user. */
export class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
  }
}

/** A status and one sentence; plain data that threads and processes can send. */
export interface RefusalMessage {
  readonly status: number;
  readonly message: string;
}

function statusOf(error: unknown): number {
  if (error instanceof Refusal) return error.status;
  if (error instanceof UsageError) return 400;
  if (error instanceof EngineMissingError) return 503;
  if (error instanceof EngineError) return 500;
  return error instanceof DataError || isMvHybridError(error) ? 422 : 500;
}

/** The sentence for an error. What nobody foresaw gets a general one: its text may tell about the machine. */
export function refusalMessage(error: unknown): RefusalMessage {
  const status = statusOf(error);
  const known = error instanceof Refusal || isMvHybridError(error);
  const message = known ? error.message : 'The server could not do this; its own output says why.';
  return { status, message: message.replace(/\s*[\r\n]+\s*/g, ' ') };
}

/** The same sentence without the absolute paths of the served folders. */
export function withoutFolders(message: string, folders: readonly string[]): string {
  let text = message;
  for (const folder of folders)
    text = text.replaceAll(`${folder}/`, '').replaceAll(folder, 'the served folder');
  return text;
}

export function notFound(what: string): Refusal {
  return new Refusal(404, `There is no ${what} of that name here; ask for the catalogue again.`);
}
