import type { DinoV2 } from '../ssl/index.ts';
import { saveModule } from '../weights/index.ts';
import { decisiveConfig, type RunConfig } from './config.ts';

/**
 * Writes the teacher's backbone as safetensors with a card from which `openBackbone` rebuilds it: family and options,
 * and how it was trained.
 */
export async function writeTeacher(path: string, model: DinoV2, config: RunConfig): Promise<void> {
  const { name, ...options } = config.backbone;
  const { card } = model.teacher.backbone;
  await saveModule(model.teacher.backbone, path, {
    kind: 'backbone',
    backbone: name,
    backboneOptions: JSON.stringify(options),
    card: JSON.stringify(card),
    training: JSON.stringify({ method: 'DINOv2, teacher', steps: model.step, ...decisiveConfig(config) }),
  });
}
