import type { Reporter, TestModule } from 'vitest/node';

/** Ends the output with one line that a program can read: `tests: 300 passed, 0 failed, 2 skipped`. */
export class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    for (const module of modules) {
      const states = [...module.children.allTests()].map((test) => test.result().state);
      for (const state of states) counts[state]++;
      // A file that could not be loaded or set up fails without a failed test.
      if (!module.ok() && !states.includes('failed')) counts.failed++;
    }
    process.stdout.write(
      `tests: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`,
    );
  }
}
