import optimizeLocales from '@react-aria/optimize-locales-plugin';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Where the API is while one works on the pages; in production the same server answers both. */
const server = process.env['MADOGUCHI_URL'] ?? 'http://127.0.0.1:8080';
const proxy = { '/api': server, '/openapi.json': server, '/docs': server };

export default defineConfig({
  plugins: [
    react(),
    tailwindcss(),
    // react-aria brings its words in 30 languages; we speak two.
    { ...optimizeLocales.vite({ locales: ['ja-JP', 'en-US'] }), enforce: 'pre' },
  ],
  resolve: { alias: { '@': fileURLToPath(new URL('src', import.meta.url)) } },
  server: { proxy },
  preview: { proxy },
  build: {
    // No data: URLs: everything is a file of this host, so that the content security policy stays 'self'.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
