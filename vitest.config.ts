import { defineConfig } from 'vitest/config';
import { SummaryReporter } from './tests/support/summary-reporter.ts';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    // The addon holds one tensor table per process: forked processes, not worker threads.
    pool: 'forks',
    maxWorkers: 2,
    // Two workers share the cores; threads of their own would only wait for each other.
    env: { MVHYBRID_THREADS: '1' },
    // Two busy cores: what takes a second alone may take many.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ['default', new SummaryReporter()],
    setupFiles: ['tests/support/setup.ts'],
  },
});
