/** Another program that does the same work. */
export interface Peer {
  /** For people: runtime and version. */
  readonly name: string;
  /** Does the work once. @returns milliseconds by its own clock. */
  run(): Promise<number>;
  close(): Promise<void>;
}

/** A peer that is not installed: what to do about it. */
export interface Absent {
  readonly absent: string;
}
