import { join } from 'node:path';
import { SystemClock } from '#kit';

import { actAsOwner } from './act-as-owner.ts';
import { loadConfig } from './config/index.ts';
import { KEYS_USAGE, keysCommand } from './keys/commands.ts';
import { createLogger } from './logger.ts';
import { holdDataFolder } from './storage/folder-lock.ts';
import { openStorage } from './storage/index.ts';
import { failureLine } from './terminal.ts';

/** The terminal's side of the keys: settings, messages, exit code. */
async function main(): Promise<number> {
  const config = loadConfig(process.env);
  actAsOwner(config);
  const clock = new SystemClock();
  const code = await keysCommand({
    args: process.argv.slice(2),
    folder: join(config.dataFolder, 'keys'),
    clock,
    publicUrl: config.publicUrl,
    own: async () => {
      const release = holdDataFolder(config.dataFolder);
      const storage = openStorage({ url: config.databaseUrl, clock, log: createLogger('error') });
      await storage.start();
      return { storage, release: () => storage.stop().finally(release) };
    },
    say: (line) => void process.stdout.write(`${line}\n`),
  });
  if (code === 2) process.stderr.write(KEYS_USAGE);
  return code;
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`loa: ${failureLine(error)}\n`);
  return 1;
});
