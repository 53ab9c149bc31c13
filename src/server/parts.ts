/** What the routes work with. */
import type { Catalogue } from './catalogue/catalogue.ts';
import type { JobQueue } from './jobs/job-queue.ts';
import type { RateLimit } from './security/rate-limit.ts';
import type { SlideService } from './slides/slide-service.ts';
import type { TableService } from './tables/table-service.ts';
import type { TemporaryFolder } from './temporary-folder.ts';
import type { Uploads } from './uploads.ts';

export interface ServerParts {
  readonly catalogue: Catalogue;
  readonly slides: SlideService;
  readonly tables: TableService;
  readonly jobs: JobQueue;
  readonly uploads: Uploads;
  readonly temporary: TemporaryFolder;
  /** For what takes seconds. */
  readonly expensive: RateLimit;
}
