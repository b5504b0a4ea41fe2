import { defineConfig } from 'vite';
declare const process: { env: Record<string, string | undefined> };

const api = process.env['TOCSIN_API'] ?? 'http://127.0.0.1:8808';

export default defineConfig({
  base: './',
  build: {
    outDir: '../src/tocsin/serve/page',
    emptyOutDir: true,
    license: { fileName: 'licences.md' },
    target: 'es2022',
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1200,
  },
  server: { proxy: { '/api': { target: api, ws: true }, '/cap': api, '/feeds': api } },
});
