import type { Backbone } from '../backbones/index.ts';
import { AdamW, conventionalNoDecay, parameterGroups, publishedNoDecay } from '../optim/index.ts';
import { copyInto, type Device, keep, noGrad, type Tensor, zeros } from '../tensor/index.ts';
import { type Communicator, singleProcess } from './communicator.ts';
import type { DinoV2Config } from './config.ts';
import { SslNetwork } from './network.ts';
import type { Centres } from './teacher-targets.ts';
import { type StepValues, trainingSchedules } from './training-schedules.ts';

export interface DinoV2Place {
  /** Where weights, moments and all computation are. */
  readonly device?: Device;
  /** The processes that train together. */
  readonly group?: Communicator;
}

/** AdamW over the parts of a network, each sorted into groups by its own names. */
function makeOptimizer(student: SslNetwork, { optimizer }: DinoV2Config): AdamW {
  const rules = {
    layerDecay: optimizer.layerDecay,
    patchEmbedMultiplier: optimizer.patchEmbedMultiplier,
    noDecay: optimizer.decay === 'published' ? publishedNoDecay : conventionalNoDecay,
  };
  const groups = [...student.parts].flatMap(([name, part]) =>
    parameterGroups(part.namedParameters(), rules, `${name}.`),
  );
  return new AdamW(groups, optimizer);
}

/**
 * Everything that a pretraining run carries from step to step: student, teacher, optimiser, centres, step number.
 * {@link trainStep} moves it on; {@link stateOf} and {@link restore} save it.
 *
 * The student starts from the published initial distributions and the teacher as its copy. With several processes all
 * start from process 0's weights.
 *
 * @source DINOv2, arXiv:2304.07193; options as in MV_Hybrid, arXiv:2508.00383.
 */
export class DinoV2 {
  readonly config: DinoV2Config;
  readonly group: Communicator;
  readonly device: Device;
  readonly student: SslNetwork;
  readonly teacher: SslNetwork;
  readonly optimizer: AdamW;
  /** Values of a step. */
  readonly schedules: (step: number) => StepValues;
  /** Running means of the teacher's logits; with softmax centering only. */
  readonly centres: Centres | undefined;
  /** Number of the next step. */
  step = 0;

  /** @param makeBackbone called twice, for student and teacher; its weights are then initialised from the seed. */
  constructor(makeBackbone: () => Backbone, config: DinoV2Config, place: DinoV2Place = {}) {
    const { device = 'cpu', group = singleProcess } = place;
    this.config = config;
    this.group = group;
    this.device = device;
    this.schedules = trainingSchedules(config, group.size);
    this.student = new SslNetwork(makeBackbone(), config).initialize(config.seed).to(device);
    this.teacher = new SslNetwork(makeBackbone(), config).setRequiresGrad(false).to(device);
    if (config.centering.kind === 'softmax') {
      const centre = (prototypes: number): Tensor => keep(zeros([prototypes], { dtype: 'float32', device }));
      this.centres = {
        dino: centre(this.student.dinoHead.prototypes),
        ibot: centre(this.student.ibotHead.prototypes),
      };
    }
    this.optimizer = makeOptimizer(this.student, config);
    group.broadcast([...this.student.namedParameters().values()], 0);
    this.resetTeacher();
  }

  /** Copies the student's weights into the teacher, e.g. after loading pretrained ones into the student. */
  resetTeacher(): void {
    const source = this.student.namedParameters();
    noGrad(() => {
      for (const [name, target] of this.teacher.namedParameters()) copyInto(target, source.get(name)!);
    });
  }

  /** Frees all tensors. */
  dispose(): void {
    this.student.dispose();
    this.teacher.dispose();
    this.optimizer.dispose();
    for (const centre of Object.values(this.centres ?? {}) as Tensor[]) centre.dispose();
  }
}
