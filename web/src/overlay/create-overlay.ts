import { CanvasOverlay } from './canvas.ts';
import type { OverlayRenderer } from './layer.ts';
import { WebglOverlay } from './webgl.ts';

/** WebGL where there is any; `?overlay=canvas` in the page's address asks for the other. */
export function createOverlay(): OverlayRenderer {
  if (new URLSearchParams(location.search).get('overlay') === 'canvas') return new CanvasOverlay();
  try {
    return new WebglOverlay();
  } catch {
    return new CanvasOverlay();
  }
}
