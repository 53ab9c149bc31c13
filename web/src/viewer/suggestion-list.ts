/** The list below a search box: options of a combobox, one of them active. */
import { element, fill } from '../dom/element.ts';

let made = 0;

export class SuggestionList {
  readonly id = `suggestions-${++made}`;
  readonly root: HTMLElement;
  readonly #input: HTMLInputElement;
  readonly #onPick: (name: string) => void;
  #names: readonly string[] = [];
  #active = -1;

  /** @param input the combobox; its ARIA attributes are kept in step with the list */
  constructor(input: HTMLInputElement, label: string, onPick: (name: string) => void) {
    this.#input = input;
    this.#onPick = onPick;
    this.root = element('ul', {
      class: 'suggestions',
      attributes: { role: 'listbox', id: this.id, 'aria-label': label },
    });
    input.setAttribute('aria-controls', this.id);
    this.close();
  }

  get isOpen(): boolean {
    return !this.root.hidden;
  }

  /** The active name; undefined while the list is closed or empty. */
  get active(): string | undefined {
    return this.isOpen ? this.#names[this.#active] : undefined;
  }

  /** @param nothing what stands there when there are no names */
  show(names: readonly string[], nothing: string): void {
    this.#names = names;
    const options = names.map((name, i) => this.#option(name, i));
    fill(this.root, ...(names.length > 0 ? options : [element('li', { class: 'nothing' }, nothing)]));
    this.root.hidden = false;
    this.#input.setAttribute('aria-expanded', 'true');
    this.#activate(names.length > 0 ? 0 : -1);
  }

  close(): void {
    this.root.hidden = true;
    this.#input.setAttribute('aria-expanded', 'false');
    this.#input.removeAttribute('aria-activedescendant');
  }

  /** Makes the next (1) or the previous (-1) name active, around the ends. */
  move(step: number): void {
    const count = this.#names.length;
    if (count > 0) this.#activate((this.#active + step + count) % count);
  }

  #option(name: string, i: number): HTMLElement {
    const item = element('li', { attributes: { role: 'option', id: `${this.id}-${i}` } }, name);
    item.addEventListener('pointerdown', (event) => {
      event.preventDefault();
      this.#onPick(name);
    });
    return item;
  }

  #activate(index: number): void {
    this.#active = index;
    for (const [i, item] of [...this.root.children].entries()) {
      item.setAttribute('aria-selected', String(i === index));
      if (i === index) item.scrollIntoView({ block: 'nearest' });
    }
    if (index >= 0) this.#input.setAttribute('aria-activedescendant', `${this.id}-${index}`);
  }
}
