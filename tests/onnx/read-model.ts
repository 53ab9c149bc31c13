/** Reads back the parts of an ONNX file that tests look at: a protobuf reader of its own, from the format's description. */

export type Field = { readonly field: number; readonly value: bigint | Uint8Array };

/** The fields of one message in their order. */
export function fieldsOf(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const field = tag >> 3;
    if ((tag & 7) === 0) fields.push({ field, value: varint() });
    else {
      const length = (tag & 7) === 5 ? 4 : Number(varint());
      fields.push({ field, value: bytes.subarray(at, at + length) });
      at += length;
    }
  }
  return fields;
}

export const text = (value: bigint | Uint8Array): string => new TextDecoder().decode(value as Uint8Array);

/** All values of one field of a message. */
export function all(bytes: Uint8Array, field: number): Uint8Array[] {
  return fieldsOf(bytes)
    .filter((one) => one.field === field)
    .map(({ value }) => value as Uint8Array);
}

export interface ModelParts {
  readonly opset: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** Operators of the main graph. */
  readonly operators: readonly string[];
  /** Stored float tensors: sizes by name. */
  readonly weights: ReadonlyMap<string, readonly number[]>;
}

export function readModel(bytes: Uint8Array): ModelParts {
  const graph = all(bytes, 7)[0]!;
  const number = (message: Uint8Array, field: number): number =>
    Number(fieldsOf(message).find((one) => one.field === field)!.value);
  const floats = all(graph, 5).filter((tensor) => number(tensor, 2) === 1);
  return {
    opset: number(all(bytes, 8)[0]!, 2),
    metadata: Object.fromEntries(
      all(bytes, 14).map((entry) => [text(all(entry, 1)[0]!), text(all(entry, 2)[0]!)]),
    ),
    operators: all(graph, 1).map((node) => text(all(node, 4)[0]!)),
    weights: new Map(
      floats.map((tensor) => [
        text(all(tensor, 8)[0]!),
        fieldsOf(tensor)
          .filter(({ field }) => field === 1)
          .map(({ value }) => Number(value)),
      ]),
    ),
  };
}
