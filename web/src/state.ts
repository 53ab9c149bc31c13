/** A small store: one object, changed by patches, with listeners. */
export interface Store<T extends object> {
  get(): T;
  /** Changes some fields; listeners are called when any of them differs. */
  set(patch: Partial<T>): void;
  /** Calls the listener after each change until the returned function is called. */
  subscribe(listener: (now: T, before: T) => void): () => void;
}

export function createStore<T extends object>(initial: T): Store<T> {
  let state = initial;
  const listeners = new Set<(now: T, before: T) => void>();
  return {
    get: () => state,
    set(patch) {
      const keys = Object.keys(patch) as (keyof T)[];
      if (keys.every((key) => Object.is(state[key], patch[key]))) return;
      const before = state;
      state = { ...state, ...patch };
      for (const listener of [...listeners]) listener(state, before);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
