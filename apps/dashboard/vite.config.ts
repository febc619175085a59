import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  build: {
    target: 'es2022',
    // The page is served with `script-src 'self'`, which an inlined preload polyfill would break.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  server: {
    host: '127.0.0.1',
    port: 5180,
    proxy: Object.fromEntries(
      ['/experiments', '/trials', '/workers', '/datasets', '/live', '/healthz', '/docs'].map((path) => [
        path,
        process.env.BITKILN_API ?? 'http://127.0.0.1:3000',
      ]),
    ),
  },
});
