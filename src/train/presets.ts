/** Named starting points of a run; a run file changes what it names. */

/**
 * - `paper`: every value of the published configuration. Its 1536 images per step were 24 processes of 64.
 * - `small`: a quarter of the width and a third of the depth on small crops, for minutes on a CPU. Its numbers are this
 *   package's own choice; they come from no paper.
 */
export const PRESETS = {
  paper: {
    backbone: { name: 'mv-hybrid' },
    run: { checkpointSteps: 2465 },
  },
  small: {
    backbone: { name: 'mv-hybrid', width: 192, depth: 8, heads: 3 },
    patches: { sizePx: 128 },
    ssl: {
      batch: 32,
      crops: { globalPx: 96, localPx: 48, locals: 4 },
      dinoHead: { prototypes: 1024, hidden: 512, bottleneck: 128 },
      ibotHead: { prototypes: 1024, hidden: 512, bottleneck: 128 },
      schedule: {
        epochs: 20,
        warmupEpochs: 2,
        teacherTemperatureEpochs: 6,
        freezeLastLayerEpochs: 1,
        teacherMomentum: [0.99, 1],
      },
    },
    run: { checkpointSteps: 100, collapseSteps: 20 },
  },
} as const;

export type PresetName = keyof typeof PRESETS;
