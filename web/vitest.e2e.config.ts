import { defineConfig } from 'vitest/config';

/**
 * The browser tests: one after the other, against one real server. Start them with tests/e2e/run or tests/e2e/all, and `--mode measure` for the
 * times of the pages with tests/measure/run.
 */
export default defineConfig(({ mode }) => ({
  test: {
    include: [mode === 'measure' ? 'tests/measure/*.measure.ts' : 'tests/e2e/*.e2e.ts'],
    environment: 'node',
    fileParallelism: false,
    sequence: { concurrent: false },
    // Slow machines are waited for; a test that stands still ends at the page's own limits.
    testTimeout: 300_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000, interval: 100 } },
  },
}));
