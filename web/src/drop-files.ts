/** Files dropped on the page go to the server and open. */
import type { RunEntry, TableEntry } from '../../src/contract/index.ts';
import { api } from './api.ts';
import { showError, showNote } from './dom/announce.ts';

const ENDINGS = /\.(?:h5ad|csv|json)$/i;

function isTable(entry: TableEntry | RunEntry): entry is TableEntry {
  return 'rows' in entry;
}

export interface DropHandlers {
  /** The slide that is open, or null. */
  readonly slideId: () => string | null;
  readonly onTable: (table: TableEntry) => Promise<void>;
  readonly onRun: (run: RunEntry) => Promise<void>;
}

/** Listens as long as the page lives. */
export function acceptDrops({ slideId, onTable, onRun }: DropHandlers): void {
  const root = document.documentElement;
  const holdsFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
  const open = async (file: File) => {
    if (!ENDINGS.test(file.name)) {
      throw new Error(`${file.name} cannot be opened here: needed an .h5ad, .csv or result.json file.`);
    }
    showNote(`Reading ${file.name} ...`);
    const entry = await api.upload(file, slideId());
    await (isTable(entry) ? onTable(entry) : onRun(entry));
  };
  document.addEventListener('dragover', (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    root.dataset.dropping = 'true';
  });
  document.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) delete root.dataset.dropping;
  });
  document.addEventListener('drop', (event) => {
    delete root.dataset.dropping;
    if (!holdsFiles(event)) return;
    event.preventDefault();
    void (async () => {
      for (const file of event.dataTransfer?.files ?? []) await open(file).catch(showError);
    })();
  });
}
