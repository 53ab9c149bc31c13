/** Results on stdout: text for people, or one JSON document for programs (`--json`). Messages belong on stderr. */

import { stableJson } from '../core/stable-json.ts';

/** Anything with a `write`, usually process.stdout. */
export interface TextSink {
  write(text: string): unknown;
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
