import { Command } from 'commander';
import type { OpenBackbone } from '../backbones/index.ts';
import { addBackboneOptions, type EncoderFlags } from './encoder-options.ts';
import { inputSide } from './option-parsers.ts';
import { createOutput } from './output.ts';
import { runCommand } from './run-command.ts';
import { packageVersion } from './version.ts';

interface ExportFlags extends Pick<EncoderFlags, 'backbone' | 'weights' | 'randomInit'> {
  readonly onnx: string;
  readonly size?: number;
  readonly json?: boolean;
}

interface ExportResult {
  readonly file: string;
  readonly bytes: number;
  readonly backbone: string;
  readonly weights: string;
  readonly imagePx: number;
}

function report({ file, bytes, backbone, weights, imagePx }: ExportResult): string {
  return [
    `${file}: ${(bytes / 2 ** 20).toFixed(1)} MiB, ${backbone} (${weights})`,
    `input   images [batch, 3, ${imagePx}, ${imagePx}], normalised with mean and std of the metadata's card`,
    'outputs cls, patches, embedding (class token beside the mean patch token, as embed writes it)',
  ].join('\n');
}

async function writeOnnx(opened: OpenBackbone, { onnx, size }: ExportFlags): Promise<ExportResult> {
  const { backboneToOnnx } = await import('../onnx/index.ts');
  const { writeFileAtomically } = await import('../core/atomic-file.ts');
  const { backbone, name, options, weights } = opened;
  const bytes = backboneToOnnx(backbone, {
    imagePx: size,
    version: packageVersion(),
    metadata: { backbone: name, backboneOptions: JSON.stringify(options), weights },
  });
  await writeFileAtomically(onnx, bytes);
  return { file: onnx, bytes: bytes.length, backbone: name, weights, imagePx: size ?? backbone.card.imagePx };
}

export function exportCommand(): Command {
  const command = new Command('export')
    .summary('a backbone as ONNX, for other runtimes and for browsers')
    .description(
      'Writes MV_Hybrid or a ViT as a standard ONNX model (operator set 17) for square images of one size and any batch. ONNX Runtime runs it in Node and in the browser.',
    )
    .requiredOption('--onnx <file>', 'the file to write')
    .option('--weights <file>', 'weights: .safetensors, or a PyTorch checkpoint (.pth)');
  return addBackboneOptions(command)
    .option('--size <px>', "side of the images (default: the backbone's own, 256)", inputSide)
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ mvhybrid export --weights run/teacher.safetensors --onnx teacher.onnx
  $ mvhybrid export --weights vit.pth --backbone vit-12 --size 224 --onnx vit.onnx`,
    )
    .action(
      runCommand(async (_context, flags: ExportFlags) => {
        const { openBackbone } = await import('../backbones/index.ts');
        const { backbone, weights, randomInit } = flags;
        const opened = await openBackbone({ backbone, weights, randomInit });
        try {
          createOutput(flags.json ?? false).result(await writeOnnx(opened, flags), report);
        } finally {
          opened.backbone.dispose();
        }
      }),
    );
}
