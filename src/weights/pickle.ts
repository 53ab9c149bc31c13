/**
 * A restricted reader of Python pickles. It builds plain values and what {@link PickleHooks} allow; it knows no way
 * to import or run anything.
 */
import type { ByteCursor } from './byte-cursor.ts';
import { PickleMachine } from './pickle-machine.ts';
import { OPCODES, STOP } from './pickle-opcodes.ts';
import type { PickleHooks } from './pickle-values.ts';

/** More steps than any checkpoint needs; bounds the memory that a pickle made for the purpose could take. */
const MOST_STEPS = 5_000_000;

/**
 * Reads one pickle; the cursor then stands behind it.
 *
 * @throws DataError for opcodes that are unknown or that do not fit what is on the stack, and for truncated files.
 */
export function unpickle(cursor: ByteCursor, hooks: PickleHooks): unknown {
  const machine = new PickleMachine(cursor, hooks);
  for (let steps = 0; steps < MOST_STEPS; steps++) {
    const opcode = cursor.uint8();
    if (opcode === STOP) return machine.pop();
    const step = OPCODES[opcode];
    if (step === undefined) throw machine.damaged(`opcode 0x${opcode.toString(16).padStart(2, '0')}`);
    step(machine);
  }
  throw machine.damaged(`more than ${MOST_STEPS} steps`);
}
