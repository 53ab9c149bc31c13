/** What the student is trained on: the summands of the total loss, one function per term. */
import type { Rng } from '../core/rng.ts';
import {
  add,
  cat,
  chunk,
  detach,
  mulScalar,
  narrow,
  reshape,
  scope,
  sumAll,
  type Tensor,
  toDtype,
} from '../tensor/index.ts';
import type { Batch } from './batch.ts';
import type { Communicator } from './communicator.ts';
import type { DinoV2Config } from './config.ts';
import { dinoLoss } from './dino-loss.ts';
import { gatherRows, scaleGradient } from './gather-rows.ts';
import { ibotLoss } from './ibot-loss.ts';
import { koleoLoss } from './koleo-loss.ts';
import type { SslNetwork } from './network.ts';
import { gatherPatches, type TeacherTargets } from './teacher-targets.ts';

/** Names of the summands. */
export type LossName = 'dinoLocal' | 'dinoGlobal' | 'koleo' | 'ibot';

export interface StudentLosses {
  /** Weighted summands, scalars with gradient; one with weight 0 is absent. */
  readonly terms: ReadonlyMap<LossName, Tensor>;
  /** Their sum. */
  readonly total: Tensor;
  /** Class tokens of the global crops [2B, D], detached, for statistics. */
  readonly cls: Tensor;
  /** Why a term is 0. */
  readonly notes: readonly string[];
}

interface StudentTokens {
  /** [2B, D] */
  readonly globalCls: Tensor;
  /** [locals * B, D] */
  readonly localCls: Tensor | undefined;
  /** [M, D] of the masked patches. */
  readonly patches: Tensor;
}

/** Global crops with their masks, local crops without. */
function studentTokens(student: SslNetwork, batch: Batch, rng: Rng): StudentTokens {
  return scope(() => {
    const float = (crops: Tensor): Tensor => toDtype(crops, 'float32');
    const { cls, patches } = student.backbone.forward(float(batch.globalCrops), { mask: batch.mask, rng });
    const local = batch.localCrops && student.backbone.forward(float(batch.localCrops), { rng });
    return { globalCls: cls, localCls: local?.cls, patches: gatherPatches(patches, batch.maskedPositions) };
  });
}

/**
 * Each of the V local views against both teacher views, and each global view against the other one; the sum of these
 * 2V + 2 mean cross entropies divided by their number.
 */
function dinoTerms(
  student: SslNetwork,
  tokens: StudentTokens,
  targets: Tensor,
  temperature: number,
): [LossName, Tensor][] {
  const { globalCls, localCls } = tokens;
  const images = globalCls.size(0) / 2;
  const logits = student.dinoHead.forward(localCls === undefined ? globalCls : cat([globalCls, localCls]));
  const rows = (from: number, count: number, views: number): Tensor =>
    reshape(narrow(logits, 0, from, count), [views, count / views, logits.size(1)]);
  const locals = (localCls?.size(0) ?? 0) / images;
  const pairs = 2 * locals + 2;
  // All 2B global rows against all 2B swapped rows is one mean over both pairs, hence the factor 2.
  const flat = reshape(targets, [1, 2 * images, targets.size(2)]);
  const across = dinoLoss(rows(0, 2 * images, 1), flat, temperature);
  const terms: [LossName, Tensor][] = [['dinoGlobal', mulScalar(across, 2 / pairs)]];
  if (locals > 0) {
    const local = dinoLoss(rows(2 * images, locals * images, locals), targets, temperature);
    terms.unshift(['dinoLocal', mulScalar(local, 1 / pairs)]);
  }
  return terms;
}

/** KoLeo of each global view separately, before the head; the sum of the two. */
function koleoTerm(
  globalCls: Tensor,
  over: 'process' | 'group',
  group: Communicator,
): { loss: Tensor; notes: string[] } {
  const results = chunk(globalCls, 2).map((view) => {
    if (over === 'process' || group.size === 1) return koleoLoss(view);
    const { loss, ...rest } = koleoLoss(gatherRows(view, group));
    return { ...rest, loss: scaleGradient(loss, group.size) };
  });
  const notes = results.flatMap(({ skipped }) => skipped ?? []);
  return { loss: add(results[0]!.loss, results[1]!.loss), notes: notes.slice(0, 1) };
}

/** The masked patches' term; 0 (still part of the graph) when the batch has none. */
function ibotTerm(
  student: SslNetwork,
  patches: Tensor,
  target: Tensor,
  batch: Batch,
  temperature: number,
): Tensor {
  if (patches.size(0) === 0) return sumAll(patches);
  const weighting = { weights: batch.maskedWeights, images: batch.mask.size(0) };
  return ibotLoss(student.ibotHead.forward(patches), target, weighting, temperature);
}

export interface LossOptions {
  readonly losses: DinoV2Config['losses'];
  readonly group: Communicator;
  /** Source of stochastic depth. */
  readonly rng: Rng;
}

/**
 * total = dino * (local + global) + koleo * (k1 + k2) + ibot * masked
 *
 * @source DINOv2, arXiv:2304.07193. Published logs show the KoLeo and iBOT summands halved.
 */
export function studentLosses(
  student: SslNetwork,
  batch: Batch,
  targets: TeacherTargets,
  { losses, group, rng }: LossOptions,
): StudentLosses {
  return scope(() => {
    const tokens = studentTokens(student, batch, rng);
    const { studentTemperature } = losses;
    const terms = new Map<LossName, Tensor>();
    const notes: string[] = [];
    if (targets.cls !== undefined) {
      for (const [name, term] of dinoTerms(student, tokens, targets.cls, studentTemperature))
        terms.set(name, mulScalar(term, losses.dino));
    }
    if (losses.koleo > 0) {
      const koleo = koleoTerm(tokens.globalCls, losses.koleoOver, group);
      terms.set('koleo', mulScalar(koleo.loss, losses.koleo));
      notes.push(...koleo.notes);
    }
    if (targets.patches !== undefined) {
      const term = ibotTerm(student, tokens.patches, targets.patches, batch, studentTemperature);
      terms.set('ibot', mulScalar(term, losses.ibot));
      if (tokens.patches.size(0) === 0) notes.push('iBOT needs masked patches, found none');
    }
    const total = [...terms.values()].reduce((sum, term) => add(sum, term));
    return { terms, total, cls: detach(tokens.globalCls), notes };
  });
}
