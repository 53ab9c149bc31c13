/** Bytes against the examples of the format's description. */
import { describe, expect, it } from 'vitest';
import { Message } from '../../src/onnx/protobuf.ts';

const hex = (message: Message): string => Buffer.from(message.toBytes()).toString('hex');

describe('protobuf messages', () => {
  it.each([
    // The examples of protobuf.dev/programming-guides/encoding.
    ['an integer', new Message().integer(1, 150), '089601'],
    ['a text', new Message().text(2, 'testing'), '120774657374696e67'],
    ['a message in a message', new Message().message(3, new Message().integer(1, 150)), '1a03089601'],
    [
      'repeated integers',
      new Message().text(4, 'hello').integer(6, 1).integer(6, 2).integer(6, 3),
      '220568656c6c6f300130023003',
    ],
    ['a float', new Message().float(5, 1), '2d0000803f'],
    ['-1 in ten bytes', new Message().integer(1, -1), '08ffffffffffffffffff01'],
    ['a field number above 15', new Message().integer(20, 5), 'a00105'],
    ['nothing', new Message(), ''],
  ])('encode %s', (_, message, expected) => {
    expect(hex(message)).toBe(expected);
  });
});
