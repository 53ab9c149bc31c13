/** Canvases at the resolution of the screen. */

/** Gives the canvas the size of its box in device pixels; true when that changed it. */
export function fitCanvas(canvas: HTMLCanvasElement, widthPx: number, heightPx: number): boolean {
  const ratio = devicePixelRatio || 1;
  const width = Math.max(1, Math.round(widthPx * ratio));
  const height = Math.max(1, Math.round(heightPx * ratio));
  if (canvas.width === width && canvas.height === height) return false;
  canvas.width = width;
  canvas.height = height;
  return true;
}

/** The canvas' 2D context. @throws Error where the browser has none */
export function context2d(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext('2d');
  if (context === null)
    throw new Error('Drawing needs a 2D canvas, and this browser gives none; try another browser.');
  return context;
}
