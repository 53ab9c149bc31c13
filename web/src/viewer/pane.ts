/** One pane: the slide, the spots over it, drawings on top, legend and scale bar. */
import type OpenSeadragonNamespace from 'openseadragon';
import OpenSeadragon from 'openseadragon';
import type { SlideDetail } from '../../../src/contract/index.ts';
import { element } from '../dom/element.ts';
import { scaleBar } from '../numbers/scale-bar.ts';
import { createOverlay } from '../overlay/create-overlay.ts';
import type { DrawOptions, Geometry, Layer, OverlayRenderer, View } from '../overlay/layer.ts';
import type { Place } from '../router.ts';
import { type Annotations, AnnotationCanvas } from './annotations.ts';
import { createDeepZoom } from './deep-zoom.ts';
import { createLegend, type Legend } from './legend.ts';

/** Longest scale bar in a pane, so that it stays clear of the legend. */
export function barLimit(widthPx: number): number {
  return Math.min(140, widthPx / 5);
}

export class Pane {
  readonly slide: SlideDetail;
  readonly root: HTMLElement;
  readonly overlay: OverlayRenderer = createOverlay();
  readonly annotations = new AnnotationCanvas();
  readonly legend: Legend = createLegend();
  readonly viewer: OpenSeadragonNamespace.Viewer;
  readonly #bar: HTMLElement;
  readonly #barLabel: HTMLElement;
  readonly #empty: HTMLElement;
  #options: DrawOptions = { opacity: 0.8, spotScale: 1 };
  #requested = 0;

  constructor(
    parent: HTMLElement,
    slide: SlideDetail,
    label: string,
    onMove: () => void,
    onSettled: () => void,
  ) {
    this.slide = slide;
    const box = element('div', { class: 'pane-slide' });
    this.#barLabel = element('span', { class: 'scale-label' });
    this.#bar = element('div', { class: 'scale-bar', attributes: { 'aria-hidden': 'true' } }, this.#barLabel);
    this.#empty = element('p', { class: 'pane-empty' });
    this.overlay.canvas.className = 'pane-layer';
    this.annotations.canvas.className = 'pane-layer';
    this.root = element(
      'section',
      { class: 'pane', attributes: { 'aria-label': label } },
      box,
      this.overlay.canvas,
      this.annotations.canvas,
      this.#empty,
      this.legend.root,
      this.#bar,
    );
    this.#empty.hidden = true;
    // OpenSeadragon measures its box at once: it has to be in the page.
    parent.append(this.root);
    this.viewer = createDeepZoom(box, slide);
    this.viewer.addHandler('open', () => {
      this.viewer.canvas.setAttribute('aria-label', `${label}: slide ${slide.name}; arrow keys move it`);
      this.draw();
    });
    this.viewer.addHandler('viewport-change', onMove);
    this.viewer.addHandler('update-viewport', () => this.draw());
    this.viewer.addHandler('resize', () => {
      onMove();
      this.requestDraw();
    });
    this.viewer.addHandler('animation-finish', onSettled);
    this.overlay.canvas.addEventListener('redraw', () => this.requestDraw());
  }

  /** What the screen shows at this moment, in the middle of a movement too; undefined before the slide is open. */
  get view(): View | undefined {
    const { viewport } = this.viewer;
    if (viewport === undefined || viewport === null || !this.viewer.isOpen()) return undefined;
    const size = viewport.getContainerSize();
    const middle = viewport.getCenter(true);
    if (!(size.x > 0 && size.y > 0)) return undefined;
    return {
      x: middle.x * this.slide.width,
      y: middle.y * this.slide.width,
      zoom: (viewport.getZoom(true) * size.x) / this.slide.width,
      widthPx: size.x,
      heightPx: size.y,
    };
  }

  moveTo({ x, y, zoom }: Place, immediately: boolean): void {
    const { viewport } = this.viewer;
    if (!this.viewer.isOpen()) return;
    const scale = (zoom * this.slide.width) / viewport.getContainerSize().x;
    viewport.zoomTo(scale, undefined, immediately);
    viewport.panTo(new OpenSeadragon.Point(x / this.slide.width, y / this.slide.width), immediately);
  }

  setLayer(layer: Layer | null): void {
    this.overlay.setLayer(layer);
    this.requestDraw();
  }

  setGrid(grid: Geometry | null): void {
    this.overlay.setGrid(grid);
    this.requestDraw();
  }

  setOptions(options: DrawOptions): void {
    this.#options = options;
    this.requestDraw();
  }

  setAnnotations(annotations: Partial<Annotations>): void {
    this.annotations.set(annotations);
    const { view } = this;
    if (view !== undefined) this.annotations.draw(view);
  }

  /** Shows why there is nothing to show; an empty sentence hides it. */
  setEmpty(sentence: string): void {
    this.#empty.textContent = sentence;
    this.#empty.hidden = sentence === '';
  }

  requestDraw(): void {
    if (this.#requested !== 0) return;
    this.#requested = requestAnimationFrame(() => this.draw());
  }

  draw(): void {
    cancelAnimationFrame(this.#requested);
    this.#requested = 0;
    const { view } = this;
    if (view === undefined) return;
    this.overlay.draw(view, this.#options);
    this.annotations.draw(view);
    const { widthPx, label } = scaleBar(view.zoom, this.slide.mpp, barLimit(view.widthPx));
    this.#bar.style.width = `${widthPx}px`;
    if (this.#barLabel.textContent !== label) this.#barLabel.textContent = label;
  }

  dispose(): void {
    cancelAnimationFrame(this.#requested);
    this.#requested = -1;
    this.viewer.destroy();
    this.overlay.dispose();
    this.root.remove();
  }
}
