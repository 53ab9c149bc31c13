/**
 * What each opcode of pickle protocols 2 to 5 does, as far as `torch.save` writes them (with Python 2 and 3).
 *
 * @source https://docs.python.org/3/library/pickletools.html (the opcodes' descriptions).
 */
import type { PickleMachine } from './pickle-machine.ts';

type Step = (machine: PickleMachine) => void;

const NEWEST_PROTOCOL = 5;

const scalars: Record<number, Step> = {
  78: (m) => m.push(null), // NONE
  136: (m) => m.push(true), // NEWTRUE
  137: (m) => m.push(false), // NEWFALSE
  74: (m) => m.push(m.cursor.int32()), // BININT
  75: (m) => m.push(m.cursor.uint8()), // BININT1
  77: (m) => m.push(m.cursor.uint16()), // BININT2
  138: (m) => m.integer(m.cursor.uint8()), // LONG1
  139: (m) => m.integer(m.cursor.uint32()), // LONG4
  71: (m) => m.push(m.cursor.bigEndianFloat64()), // BINFLOAT
  140: (m) => m.text(m.cursor.uint8()), // SHORT_BINUNICODE
  88: (m) => m.text(m.cursor.uint32()), // BINUNICODE
  141: (m) => m.text(m.cursor.uint64()), // BINUNICODE8
  85: (m) => m.text(m.cursor.uint8(), 'latin1'), // SHORT_BINSTRING, Python 2's text
  84: (m) => m.text(m.cursor.uint32(), 'latin1'), // BINSTRING
  67: (m) => m.bytes(m.cursor.uint8()), // SHORT_BINBYTES
  66: (m) => m.bytes(m.cursor.uint32()), // BINBYTES
  142: (m) => m.bytes(m.cursor.uint64()), // BINBYTES8
  150: (m) => m.bytes(m.cursor.uint64()), // BYTEARRAY8
};

const collections: Record<number, Step> = {
  40: (m) => m.mark(), // MARK
  93: (m) => m.push([]), // EMPTY_LIST
  41: (m) => m.push([]), // EMPTY_TUPLE
  125: (m) => m.push(new Map()), // EMPTY_DICT
  143: (m) => m.push(new Set()), // EMPTY_SET
  116: (m) => m.push(m.popToMark()), // TUPLE
  133: (m) => m.push(m.popMany(1)), // TUPLE1
  134: (m) => m.push(m.popMany(2)), // TUPLE2
  135: (m) => m.push(m.popMany(3)), // TUPLE3
  145: (m) => m.push(new Set(m.popToMark())), // FROZENSET
  97: (m) => m.append(m.popMany(1)), // APPEND
  101: (m) => m.append(m.popToMark()), // APPENDS
  115: (m) => m.setItems(m.popMany(2)), // SETITEM
  117: (m) => m.setItems(m.popToMark()), // SETITEMS
  144: (m) => m.addToSet(m.popToMark()), // ADDITEMS
};

const stackAndMemo: Record<number, Step> = {
  48: (m) => m.discard(), // POP
  49: (m) => void m.popToMark(), // POP_MARK
  50: (m) => m.push(m.top()), // DUP
  113: (m) => m.remember(m.cursor.uint8()), // BINPUT
  114: (m) => m.remember(m.cursor.uint32()), // LONG_BINPUT
  148: (m) => m.rememberNext(), // MEMOIZE
  104: (m) => m.recall(m.cursor.uint8()), // BINGET
  106: (m) => m.recall(m.cursor.uint32()), // LONG_BINGET
};

const objects: Record<number, Step> = {
  // GLOBAL
  99: (m) => m.push(m.hooks.global(m.cursor.line(), m.cursor.line())),
  // STACK_GLOBAL
  147(m) {
    const name = m.popText();
    m.push(m.hooks.global(m.popText(), name));
  },
  // REDUCE
  82(m) {
    const args = m.popArguments();
    m.call(m.pop(), args);
  },
  // NEWOBJ
  129(m) {
    const args = m.popArguments();
    m.call(m.pop(), args);
  },
  // NEWOBJ_EX
  146(m) {
    m.pop(); // keyword arguments: no name of the allow-list takes any
    const args = m.popArguments();
    m.call(m.pop(), args);
  },
  // BUILD: the state of an object is dropped; of allow-listed ones it is a state dict's version notes
  98(m) {
    m.pop();
    m.top();
  },
  81: (m) => m.push(m.hooks.persistent(m.pop())), // BINPERSID
};

const framing: Record<number, Step> = {
  // PROTO
  128(m) {
    const version = m.cursor.uint8();
    if (version > NEWEST_PROTOCOL) throw m.damaged(`protocol ${version}`);
  },
  // FRAME: its length only helps readers that fetch ahead
  149: (m) => void m.cursor.uint64(),
};

/** STOP: the value on top is the result. */
export const STOP = 0x2e;

/** All opcodes but {@link STOP}. */
export const OPCODES: Readonly<Record<number, Step>> = {
  ...scalars,
  ...collections,
  ...stackAndMemo,
  ...objects,
  ...framing,
};
