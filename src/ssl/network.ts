import type { Backbone } from '../backbones/index.ts';
import { Module } from '../nn/index.ts';
import type { DinoV2Config } from './config.ts';
import { DinoHead } from './head.ts';

/** Parts that are clipped separately and whose parameters are sorted into groups separately. */
export type PartName = 'backbone' | 'dino_head' | 'ibot_head';

/** A backbone with its projection heads: the student, and the teacher. */
export class SslNetwork extends Module {
  readonly backbone: Backbone;
  readonly dinoHead: DinoHead;
  /** The DINO head itself when the two are shared. */
  readonly ibotHead: DinoHead;
  readonly parts: ReadonlyMap<PartName, Module>;

  constructor(backbone: Backbone, { dinoHead, ibotHead }: Pick<DinoV2Config, 'dinoHead' | 'ibotHead'>) {
    super();
    const { width } = backbone.card;
    const parts = new Map<PartName, Module>();
    const part = <M extends Module>(name: PartName, module: M): M => {
      parts.set(name, module);
      return this.child(name, module);
    };
    this.backbone = part('backbone', backbone);
    this.dinoHead = part('dino_head', new DinoHead(width, dinoHead));
    this.ibotHead = ibotHead === 'shared' ? this.dinoHead : part('ibot_head', new DinoHead(width, ibotHead));
    this.parts = parts;
  }
}
