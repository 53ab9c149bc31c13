/** One pane: the slide, the spots over it, drawings on top, legend and scale bar. */
import type OpenSeadragonNamespace from 'openseadragon';
import OpenSeadragon from 'openseadragon';
import type { SlideDetail } from '../../../src/contract/index.ts';
import { showError } from '../dom/announce.ts';
import { element } from '../dom/element.ts';
import { scaleBar } from '../numbers/scale-bar.ts';
import { createOverlay } from '../overlay/create-overlay.ts';
import {
  type DrawOptions,
  type Geometry,
  type Layer,
  type OverlayRenderer,
  sameView,
  shiftBetween,
  type View,
} from '../overlay/layer.ts';
import { Pace } from '../overlay/pace.ts';
import type { Place } from '../router.ts';
import { AnnotationCanvas, type Annotations } from './annotations.ts';
import { createDeepZoom } from './deep-zoom.ts';
import { createLegend, type Legend } from './legend.ts';

/** Longest scale bar in a pane, so that it stays clear of the legend. */
export function barLimit(widthPx: number): number {
  return Math.min(140, widthPx / 5);
}

export interface PaneEvents {
  /** In each frame of a movement. */
  readonly onMove: () => void;
  readonly onResize: () => void;
  /** When a movement has ended. */
  readonly onSettled: () => void;
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
  readonly #pace = new Pace();
  /** The view the spots were last drawn for; undefined once they have changed. */
  #drawn: View | undefined;

  /** @param root an empty element that is in the page: OpenSeadragon measures it at once */
  constructor(root: HTMLElement, slide: SlideDetail, label: string, events: PaneEvents) {
    const { onMove, onResize, onSettled } = events;
    this.slide = slide;
    const box = element('div', { class: 'pane-slide' });
    this.#barLabel = element('span', { class: 'scale-label' });
    this.#bar = element('div', { class: 'scale-bar', attributes: { 'aria-hidden': 'true' } }, this.#barLabel);
    this.#empty = element('p', { class: 'pane-empty' });
    this.overlay.canvas.className = 'pane-layer';
    this.annotations.canvas.className = 'pane-layer';
    this.root = root;
    root.setAttribute('aria-label', label);
    root.append(box, this.overlay.canvas, this.annotations.canvas, this.#empty, this.legend.root, this.#bar);
    this.#empty.hidden = true;
    this.viewer = createDeepZoom(box, slide);
    this.viewer.addHandler('open', () => {
      this.viewer.canvas.setAttribute('aria-label', `${label}: slide ${slide.name}; arrow keys move it`);
      this.draw();
    });
    this.viewer.addHandler('viewport-change', onMove);
    this.viewer.addHandler('update-viewport', () => this.#frame());
    this.viewer.addHandler('resize', () => {
      this.requestDraw();
      onResize();
    });
    this.viewer.addHandler('animation-finish', () => {
      this.requestDraw();
      onSettled();
    });
    this.viewer.addOnceHandler('tile-load-failed', () => {
      showError(
        new Error(`Parts of ${slide.name} could not be read; the slide may be damaged or the server gone.`),
      );
    });
    this.overlay.canvas.addEventListener('redraw', () => {
      this.#drawn = undefined;
      this.requestDraw();
    });
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
    this.#drawn = undefined;
    this.overlay.setLayer(layer);
    this.requestDraw();
  }

  setGrid(grid: Geometry | null): void {
    this.#drawn = undefined;
    this.overlay.setGrid(grid);
    this.requestDraw();
  }

  setOptions(options: DrawOptions): void {
    this.#drawn = undefined;
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

  /** Draws everything anew, so that the canvases can be read in the same task. */
  redraw(): void {
    this.#drawn = undefined;
    this.draw();
  }

  /** Draws everything at this moment's place, whatever it costs. */
  draw(): void {
    cancelAnimationFrame(this.#requested);
    this.#requested = 0;
    const { view } = this;
    if (view === undefined) return;
    if (this.#drawn === undefined || !sameView(this.#drawn, view)) this.#drawSpots(view);
    this.#drawRest(view);
  }

  /** A frame of a movement: the spots are drawn, or only moved along where drawing is slow. */
  #frame(): void {
    const { view } = this;
    if (view === undefined) return;
    const drawn = this.#drawn;
    if (drawn === undefined || drawn.widthPx !== view.widthPx || drawn.heightPx !== view.heightPx)
      this.draw();
    else if (!sameView(drawn, view)) {
      if (this.#pace.mayDraw(performance.now())) this.#drawSpots(view);
      else this.overlay.canvas.style.transform = shiftBetween(drawn, view);
      this.#drawRest(view);
    }
  }

  #drawSpots(view: View): void {
    this.overlay.draw(view, this.#options);
    this.overlay.canvas.style.transform = '';
    this.#drawn = view;
    this.#pace.drew(performance.now());
    requestAnimationFrame(() => requestAnimationFrame(() => this.#pace.secondFrame(performance.now())));
  }

  #drawRest(view: View): void {
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
