/**
 * An ONNX graph under construction: values by name, nodes in the order they are computed.
 *
 * @source onnx.proto3 of ONNX 1.12 (IR version 8), operator set 17.
 */
import { Message } from './protobuf.ts';

/** Field numbers of the messages used here. */
const MODEL = { irVersion: 1, producer: 2, producerVersion: 3, doc: 6, graph: 7, opset: 8, metadata: 14 };
const GRAPH = { node: 1, name: 2, initializer: 5, input: 11, output: 12 };
const NODE = { input: 1, output: 2, name: 3, op: 4, attribute: 5 };
const ATTRIBUTE = { name: 1, float: 2, integer: 3, text: 4, graph: 6, integers: 8, type: 20 };
const TENSOR = { dims: 1, type: 2, name: 8, raw: 9 };

const FLOAT = 1;
const INT64 = 7;
const IR_VERSION = 8;
const OPSET = 17;

/** A value of the graph, known by its name. */
export type Value = string;
/** Sizes of an input or output; a string names a size that is known only when the model runs. */
export type Sizes = readonly (number | string)[];
/** An attribute of a node: whole numbers as given, others as floats; a graph for the body of a loop. */
export type Attribute = number | string | readonly number[] | { readonly float: number } | Graph;

function attributeMessage(name: string, value: Attribute): Message {
  const message = new Message().text(ATTRIBUTE.name, name);
  if (value instanceof Graph)
    return message.message(ATTRIBUTE.graph, value.encode()).integer(ATTRIBUTE.type, 5);
  if (typeof value === 'number') return message.integer(ATTRIBUTE.integer, value).integer(ATTRIBUTE.type, 2);
  if (typeof value === 'string') return message.text(ATTRIBUTE.text, value).integer(ATTRIBUTE.type, 3);
  if ('float' in value) return message.float(ATTRIBUTE.float, value.float).integer(ATTRIBUTE.type, 1);
  for (const one of value) message.integer(ATTRIBUTE.integers, one);
  return message.integer(ATTRIBUTE.type, 7);
}

function tensorMessage(name: string, type: number, sizes: readonly number[], raw: Uint8Array): Message {
  const message = new Message();
  for (const size of sizes) message.integer(TENSOR.dims, size);
  return message.integer(TENSOR.type, type).text(TENSOR.name, name).bytes(TENSOR.raw, raw);
}

/** ValueInfoProto: name, then type { tensor { element type, shape } }. */
function valueInfo(name: string, sizes: Sizes): Message {
  const shape = new Message();
  for (const size of sizes) {
    const dimension = new Message();
    if (typeof size === 'number') dimension.integer(1, size);
    else dimension.text(2, size);
    shape.message(1, dimension);
  }
  const tensor = new Message().integer(1, FLOAT).message(2, shape);
  return new Message().text(1, name).message(2, new Message().message(1, tensor));
}

/** Builds one graph. Names of intermediate values are made up; a loop's body shares the numbering of its outer graph. */
export class Graph {
  readonly #name: string;
  readonly #counter: { next: number };
  readonly #nodes: Message[] = [];
  readonly #initializers: Message[] = [];
  readonly #inputs: Message[] = [];
  readonly #outputs: Message[] = [];
  readonly #tables = new Set<Value>();
  readonly #constants = new Map<string, Value>();

  constructor(name: string, outer?: Graph) {
    this.#name = name;
    this.#counter = outer === undefined ? { next: 0 } : outer.#counter;
  }

  /** A body for Scan or Loop, which may use this graph's values. */
  body(name: string): Graph {
    return new Graph(name, this);
  }

  /** A name that nothing else has. */
  fresh(hint: string): Value {
    return `${hint}_${this.#counter.next++}`;
  }

  input(name: string, sizes: Sizes): Value {
    this.#inputs.push(valueInfo(name, sizes));
    return name;
  }

  /** Gives a value its name as an output. */
  output(name: string, value: Value, sizes: Sizes): void {
    this.#node('Identity', [value], [name], {});
    this.#outputs.push(valueInfo(name, sizes));
  }

  /** Stored numbers; `name` as in the checkpoint. */
  weight(name: string, sizes: readonly number[], values: Float32Array): Value {
    const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.#initializers.push(tensorMessage(name, FLOAT, sizes, raw));
    return name;
  }

  /** A table that several layers use, made and stored once. */
  shared(name: string, sizes: readonly number[], make: () => Float32Array): Value {
    if (!this.#tables.has(name)) this.#tables.add(this.weight(name, sizes, make()));
    return name;
  }

  /** A constant number. */
  scalar(value: number): Value {
    return this.#constant(`scalar ${value}`, () => [
      FLOAT,
      [],
      new Uint8Array(Float32Array.of(value).buffer),
    ]);
  }

  /** A list of whole numbers, such as a shape. */
  integers(values: readonly number[]): Value {
    return this.#constant(`integers ${values}`, () => [
      INT64,
      [values.length],
      new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
    ]);
  }

  #constant(key: string, make: () => [type: number, sizes: number[], raw: Uint8Array]): Value {
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const name = this.fresh('constant');
    this.#initializers.push(tensorMessage(name, ...make()));
    this.#constants.set(key, name);
    return name;
  }

  #node(
    op: string,
    inputs: readonly Value[],
    outputs: readonly Value[],
    attributes: Record<string, Attribute>,
  ): void {
    const node = new Message();
    for (const name of inputs) node.text(NODE.input, name);
    for (const name of outputs) node.text(NODE.output, name);
    node.text(NODE.name, this.fresh(op)).text(NODE.op, op);
    for (const [name, value] of Object.entries(attributes))
      node.message(NODE.attribute, attributeMessage(name, value));
    this.#nodes.push(node);
  }

  /** One node with one result. */
  op(name: string, inputs: readonly Value[], attributes: Record<string, Attribute> = {}): Value {
    return this.ops(name, inputs, 1, attributes)[0]!;
  }

  /** One node with several results. */
  ops(
    name: string,
    inputs: readonly Value[],
    count: number,
    attributes: Record<string, Attribute> = {},
  ): Value[] {
    const outputs = Array.from({ length: count }, () => this.fresh(name));
    this.#node(name, inputs, outputs, attributes);
    return outputs;
  }

  /** GraphProto. */
  encode(): Message {
    const graph = new Message();
    for (const node of this.#nodes) graph.message(GRAPH.node, node);
    graph.text(GRAPH.name, this.#name);
    for (const one of this.#initializers) graph.message(GRAPH.initializer, one);
    for (const one of this.#inputs) graph.message(GRAPH.input, one);
    for (const one of this.#outputs) graph.message(GRAPH.output, one);
    return graph;
  }
}

/** ModelProto: what goes into a `.onnx` file. */
export function encodeModel(
  graph: Graph,
  { version, doc, metadata }: { version: string; doc: string; metadata: Readonly<Record<string, string>> },
): Uint8Array {
  const model = new Message()
    .integer(MODEL.irVersion, IR_VERSION)
    .text(MODEL.producer, 'mvhybrid')
    .text(MODEL.producerVersion, version)
    .text(MODEL.doc, doc)
    .message(MODEL.graph, graph.encode())
    .message(MODEL.opset, new Message().text(1, '').integer(2, OPSET));
  for (const [key, value] of Object.entries(metadata))
    model.message(MODEL.metadata, new Message().text(1, key).text(2, value));
  return model.toBytes();
}
