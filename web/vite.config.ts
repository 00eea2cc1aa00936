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
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
