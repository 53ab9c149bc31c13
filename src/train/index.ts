/** DINOv2 pretraining runs: configuration, loop, checkpoints, logs. */
export { checkpointPath, savedSteps } from './checkpoints.ts';
export { mergeOptions, type RunConfig, type RunSources, readRunConfig } from './config.ts';
export { batchOf } from './crop-batch.ts';
export { writeCurves } from './curves-page.ts';
export { joinGroup, type TrainingGroup } from './join-group.ts';
export { type MetricsLine, metricsPath, readMetrics } from './metrics-log.ts';
export { nearestKey } from './nearest-key.ts';
export { PRESETS, type PresetName } from './presets.ts';
export { type PretrainOptions, type PretrainRun, pretrain, withEpochSteps } from './pretrain.ts';
