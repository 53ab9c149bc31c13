import { Module } from '../nn/index.ts';

/** Modules named by their number: `0`, `1`, ... */
export class ModuleList<M extends Module> extends Module {
  readonly items: readonly M[];
  constructor(items: readonly M[]) {
    super();
    this.items = items.map((item, i) => this.child(String(i), item));
  }
}

/** A list one level deeper, so that names read `blocks.blocks.<i>` as in the published checkpoints. */
export class NestedBlocks<M extends Module> extends Module {
  readonly items: readonly M[];
  constructor(items: readonly M[]) {
    super();
    this.items = this.child('blocks', new ModuleList(items)).items;
  }
}
