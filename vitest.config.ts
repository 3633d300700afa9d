import { defineConfig } from 'vitest/config';

const common = { testTimeout: 30_000, hookTimeout: 120_000 };

// biome-ignore lint/style/noDefaultExport: vitest wants its configuration so
export default defineConfig({
  test: {
    // Each file of these runs servers of its own; two at a time is what a small machine bears.
    maxWorkers: 2,
    globalSetup: './test/support/one-postgres.ts',
    reporters: ['default', './test/support/summary-reporter.ts'],
    projects: [
      {
        test: {
          ...common,
          name: 'unit',
          include: ['src/**/*.test.ts', 'src/**/*.test.tsx'],
        },
      },
      { test: { ...common, name: 'contract', include: ['test/contract/**/*.test.ts'] } },
      {
        test: {
          ...common,
          name: 'integration',
          include: ['test/integration/**/*.test.ts', 'test/regressions/**/*.test.ts'],
        },
      },
      { test: { ...common, name: 'e2e', include: ['test/e2e/**/*.test.ts'] } },
    ],
  },
});
