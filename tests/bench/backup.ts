import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '#kit';
import type { Health } from '#protocols';
import { newPassphrase } from '../../server/domain/backup/passphrase.ts';
import { KeyService } from '../../server/domain/keys/key-service.ts';
import { BackupWorker } from '../../server/storage/backup/index.ts';
import { openStorage } from '../../server/storage/index.ts';
import { KeyFiles } from '../../server/storage/key-files.ts';
import { watched } from './ingest/loop-watch.ts';
import { healthOf } from './load/background.ts';
import { median, round } from './statistics.ts';

const ROUNDS = 5;
/** As many loudspeakers as report at once while the backup is made, ten times a second. */
const REPORTING = 100;
const SLICE = 2_000;

/**
 * A backup beside a controller that goes on storing: for how long at most it holds the event loop. `--rows`: health reports in the database
 * (300,000 are some 200 MB: a commune's year).
 */
export async function backup(args: readonly string[]): Promise<object> {
  const given = args.indexOf('--rows');
  const rows = given < 0 ? 300_000 : Number(args[given + 1]);
  const dataFolder = await mkdtemp(join(tmpdir(), 'loa-bench-backup-'));
  const databaseUrl = `file:${join(dataFolder, 'loa.db')}`;
  const clock = new SystemClock();
  const storage = openStorage({ url: databaseUrl, clock });
  const worker = new BackupWorker({ clock });
  try {
    await storage.start();
    // A backup is read back, and its keys have to belong together.
    const keys = new KeyService({ vault: new KeyFiles({ folder: join(dataFolder, 'keys') }), clock });
    await keys.start();
    const root = keys.statingRoot;
    await keys.stop();
    await worker.start();
    const store = (from: number, count: number) =>
      storage.transaction((tx) =>
        tx.speakers.saveHealth(Array.from({ length: count }, (_, n) => reportOf(from + n))),
      );
    for (let at = 0; at < rows; at += SLICE) await store(at, SLICE);
    const folder = join(dataFolder, 'backups');
    await mkdir(folder);
    const passphrase = newPassphrase();
    let { heldMs } = await watched(async () => {
      await worker.sealKey(passphrase, root);
    });
    const key = await worker.sealKey(passphrase, root);
    let at = rows;
    /** Goes on storing as a controller does, until `work` has ended. */
    const besides = async (work: () => Promise<unknown>) => {
      let ended = false;
      const storing = (async () => {
        while (!ended) {
          await store(at, REPORTING);
          at += REPORTING;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      })();
      await work().finally(() => {
        ended = true;
      });
      await storing;
    };
    // What storing alone holds, for as long.
    const alone = await watched(() => besides(() => new Promise((resolve) => setTimeout(resolve, 10_000))));
    const took: number[] = [];
    let bytes = 0;
    for (let i = 0; i < ROUNDS; i++) {
      const made = await watched(() =>
        besides(async () => {
          const order = {
            dataFolder,
            folder,
            areaId: 'tan-an',
            at: Date.now() + i,
            version: 'bench',
            sheet: 1,
          };
          ({ bytes } = await worker.make({ ...order, databaseUrl, ...key }, () => undefined));
        }),
      );
      took.push(made.tookMs);
      heldMs = Math.max(heldMs, made.heldMs);
    }
    return {
      ...{ bench: 'backup', rows, bytes, ms: round(median(took), 0) },
      ...{ heldMs: round(heldMs), heldWithoutMs: round(alone.heldMs) },
    };
  } finally {
    await worker.stop();
    await storage.stop();
    await rm(dataFolder, { recursive: true, force: true });
  }
}

function reportOf(n: number): { readonly speakerId: string; readonly health: Health } {
  const speakerId = `loa-${n % REPORTING}`;
  return { speakerId, health: { ...(healthOf(speakerId) as Health), at: Date.UTC(2026, 0, 1) + n } };
}
