import { defineConfig } from 'vite';

/**
 * `vite build server/console`. Nothing is put inline: the controller's Content-Security-Policy takes scripts and styles from files alone.
 */
export default defineConfig({
  // Phones in use are years old.
  build: {
    target: 'es2020',
    outDir: '../../dist/console',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  // For work on the console: pages from here, everything else from a controller that runs on this machine.
  server: { proxy: { '/api': 'http://127.0.0.1:8080' } },
});
