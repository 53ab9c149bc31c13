/** The overlay on WebGL 2: one point or square per row, coloured on the graphics processor. */
import { fitCanvas } from '../dom/canvas.ts';
import {
  boxOf,
  type DrawOptions,
  type Geometry,
  type Layer,
  type OverlayRenderer,
  strideFor,
  UNCHOSEN_OPACITY,
  type View,
} from './layer.ts';
import { createProgram, type Program } from './webgl-program.ts';

/** Written for rows without a value: NaN does not pass through every driver. */
const MISSING = -2e30;
const OUTLINE: readonly [number, number, number, number] = [0.1, 0.25, 0.5, 0.8];

/**
 * Up to this many device pixels a row is a point: one vertex, and one batch for all rows. Larger ones are instanced
 * squares, because the size of points has a limit that differs between drivers; few of them fit on a screen.
 */
const LARGEST_POINT = 32;

interface Buffers {
  readonly positions: WebGLBuffer;
  readonly values: WebGLBuffer;
  readonly chosen: WebGLBuffer;
}

export class WebglOverlay implements OverlayRenderer {
  readonly kind = 'webgl';
  readonly canvas = document.createElement('canvas');
  readonly #gl: WebGL2RenderingContext;
  #program: Program;
  #spots: Buffers;
  #outlines: Buffers;
  #colours: WebGLTexture | null = null;
  #layer: Layer | null = null;
  #grid: Geometry | null = null;

  /** @throws Error where WebGL 2 is absent or refused */
  constructor() {
    const gl = this.canvas.getContext('webgl2', { antialias: false, premultipliedAlpha: true, depth: false });
    if (gl === null) throw new Error('overlay: needed WebGL 2, found none');
    this.#gl = gl;
    this.#program = createProgram(gl);
    this.#spots = this.#createBuffers();
    this.#outlines = this.#createBuffers();
    this.canvas.addEventListener('webglcontextlost', (event) => event.preventDefault());
    this.canvas.addEventListener('webglcontextrestored', () => this.#restore());
  }

  setLayer(layer: Layer | null): void {
    const before = this.#layer;
    this.#layer = layer;
    if (layer === null) return;
    const order = layer.index.order;
    const moved = before?.positions !== layer.positions;
    if (moved) this.#upload(this.#spots.positions, ordered(layer));
    if (moved || before?.values !== layer.values) {
      const { values } = layer;
      this.#upload(
        this.#spots.values,
        Float32Array.from(order, (row) => numberOr(values[row]!)),
      );
    }
    if (moved || before?.mask !== layer.mask) {
      const { mask } = layer;
      this.#upload(
        this.#spots.chosen,
        mask === null ? ones(order.length) : Float32Array.from(order, (r) => mask[r]!),
      );
    }
    if (before?.colours !== layer.colours || this.#colours === null) this.#uploadColours(layer.colours);
  }

  setGrid(grid: Geometry | null): void {
    if (grid !== null && grid.positions !== this.#grid?.positions) {
      this.#upload(this.#outlines.positions, ordered(grid));
      this.#upload(this.#outlines.values, new Float32Array(grid.index.order.length));
      this.#upload(this.#outlines.chosen, ones(grid.index.order.length));
    }
    this.#grid = grid;
  }

  draw(view: View, { opacity, spotScale }: DrawOptions): void {
    const gl = this.#gl;
    const { program, uniforms } = this.#program;
    fitCanvas(this.canvas, view.widthPx, view.heightPx);
    const ratio = this.canvas.width / view.widthPx;
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (this.#layer === null && this.#grid === null) return;
    gl.useProgram(program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.uniform2f(uniforms.middle, view.x, view.y);
    gl.uniform2f(uniforms.canvasSize, this.canvas.width, this.canvas.height);
    gl.uniform1f(uniforms.zoom, view.zoom * ratio);
    gl.uniform1i(uniforms.colours, 0);
    gl.uniform4fv(uniforms.outlineColour, OUTLINE);
    if (this.#grid !== null) {
      gl.uniform1i(uniforms.outline, 1);
      gl.uniform1f(uniforms.opacity, 1);
      gl.uniform1f(uniforms.dimmed, 1);
      this.#drawRows(this.#grid, this.#outlines, view, 1);
    }
    if (this.#layer !== null) {
      gl.uniform1i(uniforms.outline, 0);
      gl.uniform1f(uniforms.opacity, opacity);
      gl.uniform1f(uniforms.dimmed, UNCHOSEN_OPACITY);
      gl.uniform1f(uniforms.low, this.#layer.low);
      gl.uniform1f(uniforms.high, this.#layer.high);
      this.#drawRows(this.#layer, this.#spots, view, spotScale);
    }
  }

  dispose(): void {
    this.#gl.getExtension('WEBGL_lose_context')?.loseContext();
    this.canvas.remove();
  }

  #drawRows({ index, sizePx, shape }: Geometry, buffers: Buffers, view: View, scale: number): void {
    const gl = this.#gl;
    const { uniforms } = this.#program;
    const runs = index.runsIn(boxOf(view, (sizePx * scale) / 2));
    const count = runs.reduce((sum, { start, end }) => sum + end - start, 0);
    const stride = strideFor(count);
    const ratio = this.canvas.width / view.widthPx;
    // Thinned rows stand for their neighbours and cover as much.
    const size = Math.max(1, sizePx * scale * view.zoom * ratio * Math.sqrt(stride));
    gl.uniform1f(uniforms.size, size);
    gl.uniform1i(uniforms.disc, shape === 'disc' ? 1 : 0);
    const points = size <= LARGEST_POINT;
    gl.uniform1i(uniforms.points, points ? 1 : 0);
    for (const { start, end } of runs) {
      const columns = [buffers.positions, buffers.values, buffers.chosen];
      columns.forEach((buffer, location) => {
        const bytes = location === 0 ? 8 : 4;
        gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
        gl.enableVertexAttribArray(location);
        gl.vertexAttribPointer(location, bytes / 4, gl.FLOAT, false, bytes * stride, bytes * start);
        gl.vertexAttribDivisor(location, points ? 0 : 1);
      });
      const shown = Math.ceil((end - start) / stride);
      if (points) gl.drawArrays(gl.POINTS, 0, shown);
      else gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, shown);
    }
  }

  #createBuffers(): Buffers {
    const gl = this.#gl;
    return { positions: gl.createBuffer(), values: gl.createBuffer(), chosen: gl.createBuffer() };
  }

  #upload(buffer: WebGLBuffer, data: Float32Array<ArrayBuffer>): void {
    this.#gl.bindBuffer(this.#gl.ARRAY_BUFFER, buffer);
    this.#gl.bufferData(this.#gl.ARRAY_BUFFER, data, this.#gl.STATIC_DRAW);
  }

  #uploadColours(colours: Uint8Array<ArrayBuffer>): void {
    const gl = this.#gl;
    this.#colours ??= gl.createTexture();
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.#colours);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, colours);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
  }

  /** Everything on the graphics processor is gone after a lost context. */
  #restore(): void {
    this.#program = createProgram(this.#gl);
    this.#spots = this.#createBuffers();
    this.#outlines = this.#createBuffers();
    this.#colours = null;
    const [layer, grid] = [this.#layer, this.#grid];
    this.#layer = null;
    this.#grid = null;
    this.setLayer(layer);
    this.setGrid(grid);
    this.canvas.dispatchEvent(new CustomEvent('redraw'));
  }
}

function numberOr(value: number): number {
  return Number.isFinite(value) ? value : MISSING;
}

function ones(count: number): Float32Array<ArrayBuffer> {
  return new Float32Array(count).fill(1);
}

/** Positions in the order of the index. */
function ordered({ positions, index }: Geometry): Float32Array<ArrayBuffer> {
  const sorted = new Float32Array(2 * index.order.length);
  for (let i = 0; i < index.order.length; i++) {
    sorted[2 * i] = positions[2 * index.order[i]!]!;
    sorted[2 * i + 1] = positions[2 * index.order[i]! + 1]!;
  }
  return sorted;
}
