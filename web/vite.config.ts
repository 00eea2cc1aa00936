import optimizeLocales from '@react-aria/optimize-locales-plugin';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Where the API is while one works on the pages; in production the same server answers both. */
const server = process.env['MADOGUCHI_URL'] ?? 'http://127.0.0.1:8080';
const proxy = { '/api': server, '/openapi.json': server, '/docs': server };

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * What nearly every page needs, the queue among them, as one file: it packs better than two dozen, and the first script
 * names every file that there is. Only what the queue needs belongs here.
 */
const COMMON = [
  /\/src\/ui\/(?:button|chip|icon|narrow|case-bits|clear-of)\.tsx?$/,
  /\/src\/text\/(?:now|format|dates|preferences)\.ts$/,
  /\/src\/api\/(?:client|session|problem|connection)\.ts$/,
  /\/src\/data\/(?:cases|directory|next-step|poll)\.ts$/,
  /\/node_modules\/(?:react|react-dom|scheduler|openapi-fetch|use-sync-external-store)\//,
  /\/node_modules\/@tanstack\/(?:store|react-store|history|query-core|react-query|react-router|router-core)\//,
];

export default defineConfig({
  plugins: [
    react(),
    tailwindcss(),
    // react-aria brings its words in 30 languages; we speak two.
    { ...optimizeLocales.vite({ locales: ['ja-JP', 'en-US'] }), enforce: 'pre' },
  ],
  resolve: { alias: { '@': fileURLToPath(new URL('src', import.meta.url)) } },
  server: { proxy },
  // With the policy that the server is to send: nothing from elsewhere, nothing inline.
  preview: { proxy, headers: { 'content-security-policy': CONTENT_SECURITY_POLICY } },
  build: {
    // No data: URLs: everything is a file of this host, so that the content security policy stays 'self'.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            {
              name: 'common',
              test: (id: string) => COMMON.some((pattern) => pattern.test(id)),
              includeDependenciesRecursively: false,
            },
          ],
        },
      },
    },
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
