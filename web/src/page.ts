/** A page that is open in the window. */
export interface Page {
  /** Ends everything that the page began. */
  dispose(): void;
  /** Shows a table that was dropped on the page; absent where a page has no slide. */
  addTable?(id: string): Promise<void>;
}
