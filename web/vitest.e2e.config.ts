import { defineConfig } from 'vitest/config';

/** The browser tests: one after the other, against one real server. Start them with tests/e2e/run. */
export default defineConfig({
  test: {
    include: ['tests/e2e/**/*.e2e.ts'],
    environment: 'node',
    fileParallelism: false,
    sequence: { concurrent: false },
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
