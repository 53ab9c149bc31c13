/** Arithmetic of Deep Zoom levels: level `maxLevel` is full size, each below halves, rounded up. */
export interface Pyramid {
  readonly width: number;
  readonly height: number;
  readonly tileSize: number;
  readonly maxLevel: number;
}

export interface LevelSize {
  readonly width: number;
  readonly height: number;
  readonly columns: number;
  readonly rows: number;
}

export function levelSize(pyramid: Pyramid, level: number): LevelSize {
  const shrink = 2 ** (pyramid.maxLevel - level);
  const width = Math.max(1, Math.ceil(pyramid.width / shrink));
  const height = Math.max(1, Math.ceil(pyramid.height / shrink));
  return {
    width,
    height,
    columns: Math.ceil(width / pyramid.tileSize),
    rows: Math.ceil(height / pyramid.tileSize),
  };
}
