/** What a pickle turns into. Lists and tuples become arrays, dicts Maps, sets Sets. */

/** Something this package does not build: its name is kept, its content is dropped, nothing of it is run. */
export class Placeholder {
  /** Python's module and class, e.g. `argparse.Namespace`. */
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** A name of the allow-list that makes a value out of arguments by a function of this package. */
export class Builder {
  readonly build: (args: readonly unknown[]) => unknown;

  constructor(build: (args: readonly unknown[]) => unknown) {
    this.build = build;
  }
}

/** How names and outside references in a pickle are understood. */
export interface PickleHooks {
  /** Value of `module.name`: a {@link Builder}, a {@link Placeholder} or a constant. */
  global(module: string, name: string): unknown;
  /** Value of a persistent id. */
  persistent(id: unknown): unknown;
}

/** Calls a builder; calling anything else gives a placeholder of its name. */
export function applied(callee: unknown, args: readonly unknown[]): unknown {
  if (callee instanceof Builder) return callee.build(args);
  return new Placeholder(callee instanceof Placeholder ? callee.name : 'an unnamed object');
}
