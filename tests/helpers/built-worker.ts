import { pathToFileURL } from 'node:url';
import { inRepo } from './repo-root.ts';

/** The built worker: Node cannot run the sources. */
export const BUILT_WORKER = pathToFileURL(inRepo('dist/server/storage/backup/worker.js'));
