import type { Reporter, TestModule } from 'vitest/node';
import { glitchTable } from './glitch-table.ts';

/** Closes the run with the table of glitches, and one plain line that scripts and people read alike: `N passed, N failed`. */
// biome-ignore lint/style/noDefaultExport: vitest loads reporters by their default export
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    let passed = 0;
    let failed = 0;
    let skipped = 0;
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') passed++;
        else if (state === 'failed') failed++;
        else skipped++;
      }
      // A file that could not even be loaded has failed, though none of its tests ran.
      if (module.state() === 'failed' && [...module.children.allTests('failed')].length === 0) failed++;
    }
    const glitches = glitchTable(modules);
    if (glitches !== '') console.log(`\n${glitches}`);
    console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  }
}
