/** Building pieces of the page. */
type Child = Node | string | null | undefined | false;
type Handlers = { [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void };

interface Options {
  readonly class?: string;
  /** Attributes; `true` writes an empty one, `false` and undefined none. */
  readonly attributes?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly on?: Handlers;
}

/** An element with its class, attributes, listeners and children. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  options: Options = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (options.class !== undefined) made.className = options.class;
  for (const [name, value] of Object.entries(options.attributes ?? {})) {
    if (value === true) made.setAttribute(name, '');
    else if (value !== false && value !== undefined) made.setAttribute(name, String(value));
  }
  for (const [name, listener] of Object.entries(options.on ?? {})) {
    made.addEventListener(name, listener as EventListener);
  }
  made.append(...children.filter((child): child is Node | string => Boolean(child)));
  return made;
}

/** A button that is not a form's submit button. */
export function button(label: string, onClick: () => void, options: Options = {}): HTMLButtonElement {
  return element(
    'button',
    { ...options, attributes: { type: 'button', ...options.attributes }, on: { click: onClick } },
    label,
  );
}

/** Replaces everything inside. */
export function fill(parent: Element, ...children: Child[]): void {
  parent.replaceChildren(...children.filter((child): child is Node | string => Boolean(child)));
}

/** A control with its label above it. */
export function labelled(label: string, control: HTMLElement, extra?: Child): HTMLLabelElement {
  return element(
    'label',
    { class: 'field' },
    element('span', { class: 'field-label' }, label, extra),
    control,
  );
}

/** A `select` of values and their labels. */
export function select(
  options: readonly (readonly [value: string, label: string])[],
  value: string,
  onChange: (value: string) => void,
  attributes: Options['attributes'] = {},
): HTMLSelectElement {
  const made = element(
    'select',
    { attributes },
    ...options.map(([key, label]) => element('option', { attributes: { value: key } }, label)),
  );
  made.value = value;
  made.addEventListener('change', () => onChange(made.value));
  return made;
}
