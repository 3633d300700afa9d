import { defineConfig } from 'vitest/config';

// A busy machine is no failure: what is waited for has its time.
const common = { expect: { poll: { timeout: 15_000 } }, testTimeout: 60_000, hookTimeout: 180_000 };

// biome-ignore lint/style/noDefaultExport: vitest wants its configuration so
export default defineConfig({
  test: {
    // Each file of these runs servers of its own; two at a time is what a small machine bears.
    maxWorkers: 2,
    globalSetup: './test/support/one-postgres.ts',
    reporters: ['default', './test/support/summary-reporter.ts'],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.{ts,tsx}'],
      // What runs in browsers is measured by nobody here; Chromium's tests hold it.
      exclude: ['src/**/*.test.{ts,tsx}', 'src/client/**'],
      // One that failed after ten minutes does not take the figures with it.
      reportOnFailure: true,
      reporter: ['text-summary', 'json-summary', 'html'],
    },
    projects: [
      {
        test: {
          ...common,
          name: 'unit',
          // Functions and tables: nothing of one file is seen by another, and what they import is read once.
          isolate: false,
          include: ['src/**/*.test.ts', 'src/**/*.test.tsx'],
        },
      },
      { test: { ...common, name: 'contract', include: ['test/contract/**/*.test.ts'] } },
      {
        test: {
          ...common,
          name: 'integration',
          // Each file has a database and servers of its own; what they import is read once.
          isolate: false,
          include: ['test/integration/**/*.test.ts', 'test/regressions/**/*.test.ts'],
          // Columnstore takes the place of packed days on that server.
          exclude: process.env['TEST_TIMESCALE_URL'] === undefined ? [] : ['test/integration/packing*.test.ts'],
        },
      },
      // Whole processes, each starting its own database: on a busy small machine a story takes its time.
      { test: { ...common, testTimeout: 120_000, name: 'e2e', include: ['test/e2e/**/*.test.ts'] } },
      // Whether it runs at all, in half a minute; the gate's stories hold all of it and more. `npm run test:smoke`.
      { test: { ...common, name: 'smoke', include: ['test/smoke/**/*.test.ts'] } },
      // What takes minutes by its nature; `npm run test:long`.
      {
        test: {
          ...common,
          testTimeout: 900_000,
          name: 'long',
          // Properties that the gate tries on thousands of inputs are tried on a million here.
          setupFiles: ['test/support/at-length.ts'],
          include: ['test/long/**/*.test.ts', 'test/contract/protocols.test.ts'],
        },
      },
    ],
  },
});
