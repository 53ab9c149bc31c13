/** Checking what the client sends. */
import { z } from 'zod';
import { ID_PATTERN } from '../catalogue/ids.ts';
import { Refusal } from '../refusal.ts';

/** @throws Refusal 400 with the first problem in one sentence. */
export function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const place = issue.path.length > 0 ? `"${issue.path.join('.').slice(0, 60)}"` : 'the request';
  throw new Refusal(400, `${place} is not as it should be (${issue.message.slice(0, 200)}).`);
}

const idParameters = z.object({ id: z.string().regex(ID_PATTERN, 'an id of the catalogue is needed') });

/** The id in an address. */
export function idIn(parameters: unknown): string {
  return checked(idParameters, parameters).id;
}

/** Decimal digits only: no sign, exponent or space. */
export function wholeNumber(text: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
}
