/** JSON whose bytes depend on the values alone. */

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
