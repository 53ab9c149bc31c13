/** Heads and backbone weights, by the cards in their headers. */
import { openSafetensors } from '../../weights/index.ts';
import { idOf } from './ids.ts';
import { type PeekCache, stampOf } from './peek-cache.ts';
import { folderOf, type HeadRecord, stemOf, type WeightsRecord } from './records.ts';
import type { Listing } from './walk.ts';

type Metadata = Readonly<Record<string, string>>;

function metadataOf(path: string): Metadata {
  const file = openSafetensors(path);
  try {
    return file.metadata;
  } finally {
    file.close();
  }
}

function cardOf(metadata: Metadata): Record<string, string> {
  const parsed: unknown = JSON.parse(metadata.card ?? '{}');
  if (typeof parsed !== 'object' || parsed === null) return {};
  return Object.fromEntries(Object.entries(parsed).map(([name, value]) => [name, String(value)]));
}

function modelName(path: string): string {
  const folder = folderOf(path).split('/').at(-1)!;
  return folder === '' ? stemOf(path) : `${folder}/${stemOf(path)}`;
}

/** Weights that heads were fitted on and that need no file. */
function seededWeights(heads: readonly HeadRecord[]): WeightsRecord[] {
  const found = new Map<string, WeightsRecord>();
  for (const { entry } of heads) {
    if (!/^random initialisation, seed \d+$/.test(entry.encoder)) continue;
    const id = idOf('weights', `${entry.backbone}\0${entry.encoder}`);
    found.set(id, { entry: { id, name: entry.encoder, path: '', backbone: entry.backbone } });
  }
  return [...found.values()];
}

export async function findModels(
  listing: Listing,
  peeks: PeekCache,
): Promise<{ heads: readonly HeadRecord[]; weights: readonly WeightsRecord[] }> {
  const { root } = listing;
  const heads: HeadRecord[] = [];
  const weights: WeightsRecord[] = [];
  for (const file of listing.files) {
    const { path, absolute } = file;
    if (!path.endsWith('.safetensors')) continue;
    const stamp = stampOf(file);
    const place = { root, absolute, stamp };
    const metadata = await peeks.peek({ kind: 'model', path, stamp, root }, async () => metadataOf(absolute));
    if (metadata?.kind === 'expression head') {
      const card = cardOf(metadata);
      const { backbone = 'unknown', weights: encoder = 'unknown' } = card;
      const genes = metadata.genes?.split('\t') ?? [];
      heads.push({
        entry: { id: idOf('head', path), name: modelName(path), path, genes, backbone, encoder },
        place,
        card,
      });
    } else if (metadata?.backbone !== undefined) {
      const { backbone } = metadata;
      weights.push({ entry: { id: idOf('weights', path), name: modelName(path), path, backbone }, place });
    }
  }
  return { heads, weights: [...weights, ...seededWeights(heads)] };
}
