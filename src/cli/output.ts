/** Results on stdout: text for people, or one JSON document for programs (`--json`). Messages belong on stderr. */

/** Anything with a `write`, usually process.stdout. */
export interface TextSink {
  write(text: string): unknown;
}

/** Arrays of any numeric kind become plain lists; keys are sorted; NaN and infinities, unknown to JSON, become null. */
function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return Array.from(value as unknown as ArrayLike<number | bigint>, plain);
  }
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Map) return plain(Object.fromEntries(value));
  if (value instanceof Set) return [...value].map(plain);
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, plain(inner)]));
}

/** JSON with sorted keys, two-space indentation and a newline at the end: equal results give equal bytes. */
export function stableJson(value: unknown): string {
  return `${JSON.stringify(plain(value), null, 2)}\n`;
}

/** Where a command hands over its result. */
export interface Output {
  /** True under `--json`. */
  readonly json: boolean;
  /** Prints `value` as JSON, or what `human` makes of it; call it once per command. */
  result<T>(value: T, human: (value: T) => string): void;
}

/** Output of one command, to process.stdout unless told otherwise. */
export function createOutput(json: boolean, sink: TextSink = process.stdout): Output {
  return {
    json,
    result(value, human) {
      const text = json ? stableJson(value) : human(value);
      sink.write(text === '' || text.endsWith('\n') ? text : `${text}\n`);
    },
  };
}
