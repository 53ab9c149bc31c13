/** The state of a running pickle: a stack with marks and a memo. */
import type { ByteCursor } from './byte-cursor.ts';
import { applied, type PickleHooks, Placeholder } from './pickle-values.ts';

/** Long integers of more bytes are not counts or sizes of anything. */
const LONGEST_INTEGER_BYTES = 255;

/** Two's complement little-endian bytes as a number, as a bigint where a number would lose digits. */
export function integerOf(bytes: Uint8Array): number | bigint {
  if (bytes.length === 0) return 0;
  const digits = Buffer.from(bytes).reverse().toString('hex');
  const value = BigInt.asIntN(8 * bytes.length, BigInt(`0x${digits}`));
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** Operations that opcodes are made of; every one refuses what a sound pickle cannot ask for. */
export class PickleMachine {
  readonly cursor: ByteCursor;
  readonly hooks: PickleHooks;
  readonly #memo = new Map<number, unknown>();
  readonly #marks: number[] = [];
  readonly #stack: unknown[] = [];

  constructor(cursor: ByteCursor, hooks: PickleHooks) {
    this.cursor = cursor;
    this.hooks = hooks;
  }

  /** An error about the pickle as such. */
  damaged(found: string): Error {
    const { file, position } = this.cursor;
    return file.refuse('a sound pickle', `${found} before byte ${position}`, 'write the checkpoint again');
  }

  push(value: unknown): void {
    this.#stack.push(value);
  }

  #requireValue(): void {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) throw this.damaged('an empty stack');
  }

  pop(): unknown {
    this.#requireValue();
    return this.#stack.pop();
  }

  /** The topmost value, which stays. */
  top(): unknown {
    this.#requireValue();
    return this.#stack.at(-1);
  }

  mark(): void {
    this.#marks.push(this.#stack.length);
  }

  /** Everything above the last mark, which is removed too. */
  popToMark(): unknown[] {
    const start = this.#marks.pop();
    if (start === undefined) throw this.damaged('no mark');
    return this.#stack.splice(start);
  }

  /** Removes one value or, where there is none above it, the last mark. */
  discard(): void {
    if (this.#marks.at(-1) === this.#stack.length) this.#marks.pop();
    else this.pop();
  }

  popMany(count: number): unknown[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  popText(): string {
    const value = this.pop();
    if (typeof value !== 'string') throw this.damaged('a name that is no text');
    return value;
  }

  popArguments(): unknown[] {
    const value = this.pop();
    if (!Array.isArray(value)) throw this.damaged('arguments that are no tuple');
    return value;
  }

  remember(key: number): void {
    this.#memo.set(key, this.top());
  }

  rememberNext(): void {
    this.remember(this.#memo.size);
  }

  recall(key: number): void {
    if (!this.#memo.has(key)) throw this.damaged(`no remembered value ${key}`);
    this.push(this.#memo.get(key));
  }

  text(length: number, encoding: 'utf8' | 'latin1' = 'utf8'): void {
    this.push(Buffer.from(this.cursor.take(length)).toString(encoding));
  }

  bytes(length: number): void {
    this.push(Uint8Array.from(this.cursor.take(length)));
  }

  integer(length: number): void {
    if (length > LONGEST_INTEGER_BYTES) throw this.damaged(`an integer of ${length} bytes`);
    this.push(integerOf(this.cursor.take(length)));
  }

  call(callee: unknown, args: readonly unknown[]): void {
    this.push(applied(callee, args));
  }

  /** Appends to the list on top; a placeholder takes no content. */
  append(items: readonly unknown[]): void {
    const list = this.top();
    if (Array.isArray(list)) for (const item of items) list.push(item);
    else if (!(list instanceof Placeholder)) throw this.damaged('items without a list');
  }

  addToSet(items: readonly unknown[]): void {
    const set = this.top();
    if (set instanceof Set) for (const item of items) set.add(item);
    else if (!(set instanceof Placeholder)) throw this.damaged('items without a set');
  }

  /** Keys and values in turn into the dict on top; a placeholder takes no content. */
  setItems(items: readonly unknown[]): void {
    const dict = this.top();
    if (items.length % 2 !== 0) throw this.damaged('a key without a value');
    if (dict instanceof Map) for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1]);
    else if (!(dict instanceof Placeholder)) throw this.damaged('entries without a dict');
  }
}
