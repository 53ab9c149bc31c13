/** The keys of the viewer, in one list: what is bound is what the help shows. */
export interface KeyBinding {
  /** `event.key`, one or several. */
  readonly keys: readonly string[];
  /** As the help writes them. */
  readonly label: string;
  readonly what: string;
  readonly run: () => void;
}

function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest('input, select, textarea, [contenteditable], dialog') !== null
  );
}

/** Moving with the arrows belongs to the slide, not to buttons and lists that have the focus. */
function usesArrows(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.closest('[role="tablist"], [role="listbox"], summary') !== null
  );
}

/** Listens until the returned function is called. Keys with Ctrl, Alt or Meta stay the browser's. */
export function bindKeys(bindings: readonly KeyBinding[]): () => void {
  const listener = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing(event.target)) return;
    if (event.key.startsWith('Arrow') && usesArrows(event.target)) return;
    const binding = bindings.find(({ keys }) => keys.includes(event.key));
    if (binding === undefined) return;
    event.preventDefault();
    binding.run();
  };
  document.addEventListener('keydown', listener);
  return () => document.removeEventListener('keydown', listener);
}
