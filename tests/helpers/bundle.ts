import { build } from 'esbuild';
import { inRepo } from './repo-root.ts';

/** Makes one file of a program of the repository and all that it imports, from the sources. */
export async function bundleProgram(entry: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [inRepo(entry)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['loa-source'],
    banner: {
      js: "import { createRequire as own } from 'node:module'; const require = own(import.meta.url);",
    },
    logLevel: 'silent',
  });
}
