/** Where tensors live: `cpu`, or a GPU such as `cuda:0`. */
import { UsageError } from '../errors.ts';

/** A libtorch device name. */
export type Device = 'cpu' | 'cuda' | `cuda:${number}`;

/**
 * Checks a device name given by a user.
 *
 * @throws UsageError when it is not `cpu`, `cuda` or `cuda:N`.
 */
export function parseDevice(text: string): Device {
  if (text === 'cpu' || text === 'cuda' || /^cuda:\d+$/.test(text)) return text as Device;
  throw new UsageError('device', { need: 'cpu, cuda or cuda:N', found: `"${text}"` });
}
