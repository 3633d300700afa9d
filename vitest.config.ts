import { defineConfig } from 'vitest/config';

// biome-ignore lint/style/noDefaultExport: vitest wants its configuration so
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'src/**/*.test.tsx', 'test/**/*.test.ts', 'test/**/*.test.tsx'],
    testTimeout: 30_000,
    hookTimeout: 120_000,
  },
});
