/** Up to three panes that move together. */
import type { SlideDetail } from '../../../src/contract/index.ts';
import { element } from '../dom/element.ts';
import type { Place } from '../router.ts';
import { Pane } from './pane.ts';

/** Zoom factor of one key press. */
const KEY_ZOOM = 1.5;

export class PaneGroup {
  readonly root = element('div', { class: 'panes' });
  readonly slide: SlideDetail;
  #panes: Pane[] = [];
  #leader = 0;
  #start: Place | null;
  #following = false;
  readonly #onPane: ((pane: Pane) => void)[] = [];
  readonly #onSettled: (() => void)[] = [];

  /** @param start where to begin; null: the whole slide */
  constructor(slide: SlideDetail, start: Place | null) {
    this.slide = slide;
    this.#start = start;
  }

  /** Called for each pane that is made from now on. */
  onPane(listener: (pane: Pane) => void): void {
    this.#onPane.push(listener);
  }

  /** Called when a movement has ended. */
  onSettled(listener: () => void): void {
    this.#onSettled.push(listener);
  }

  get panes(): readonly Pane[] {
    return this.#panes;
  }

  /** The pane that was used last. */
  get leader(): Pane | undefined {
    return this.#panes[this.#leader] ?? this.#panes[0];
  }

  /** Place of the leading pane. */
  get place(): Place | null {
    const view = this.leader?.view;
    return view === undefined ? null : { x: view.x, y: view.y, zoom: view.zoom };
  }

  /** Makes or removes panes; what is seen stays. */
  setCount(count: number): void {
    if (count === this.#panes.length) return;
    const kept = this.place ?? this.#start;
    while (this.#panes.length > count) this.#panes.pop()!.dispose();
    this.#leader = Math.min(this.#leader, count - 1);
    // All boxes first: each pane measures its own when it begins.
    const boxes = Array.from({ length: count - this.#panes.length }, () =>
      element('section', { class: 'pane' }),
    );
    this.root.append(...boxes);
    for (const box of boxes) this.#add(box, kept);
    this.root.dataset.count = String(count);
  }

  zoomBy(factor: number): void {
    const { viewport } = this.leader?.viewer ?? {};
    viewport?.zoomBy(factor);
    viewport?.applyConstraints();
  }

  zoomIn = (): void => this.zoomBy(KEY_ZOOM);
  zoomOut = (): void => this.zoomBy(1 / KEY_ZOOM);

  /** Moves by shares of the pane's size. */
  panBy(shareX: number, shareY: number): void {
    const { view } = this.leader ?? {};
    if (view === undefined) return;
    const x = view.x + (shareX * view.widthPx) / view.zoom;
    const y = view.y + (shareY * view.heightPx) / view.zoom;
    this.leader?.moveTo({ x, y, zoom: view.zoom }, false);
  }

  home(): void {
    this.leader?.viewer.viewport.goHome();
  }

  moveTo(place: Place, immediately = false): void {
    this.leader?.moveTo(place, immediately);
  }

  dispose(): void {
    for (const pane of this.#panes) pane.dispose();
    this.#panes = [];
  }

  #add(box: HTMLElement, place: Place | null): void {
    const index = this.#panes.length;
    const settled = () => {
      if (pane === this.leader) for (const listener of this.#onSettled) listener();
    };
    const pane = new Pane(box, this.slide, `Pane ${index + 1}`, {
      onMove: () => {
        if (pane === this.leader) this.#align();
      },
      onResize: () => {
        this.#align();
        settled();
      },
      onSettled: settled,
    });
    this.#panes.push(pane);
    const lead = () => {
      this.#leader = this.#panes.indexOf(pane);
    };
    for (const event of ['pointerdown', 'wheel', 'focusin'] as const) {
      pane.root.addEventListener(event, lead, { capture: true, passive: true });
    }
    pane.viewer.addOnceHandler('open', () => {
      const target = index === 0 ? place : (this.place ?? place);
      if (target !== null) pane.moveTo(target, true);
    });
    for (const listener of this.#onPane) listener(pane);
  }

  /** The other panes go where the leading one is. */
  #align(): void {
    const { leader, place } = this;
    if (this.#following || place === null || this.#panes.length < 2) return;
    this.#following = true;
    for (const other of this.#panes) if (other !== leader) other.moveTo(place, true);
    this.#following = false;
  }
}
