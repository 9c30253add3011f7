import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ControllerProcess } from '../helpers/processes.ts';
import { fanOut } from './fan-out.ts';
import { writeCommune } from './load/commune.ts';
import { maxLoopDelayMs, residentMb } from './load/controller-figures.ts';
import { preciseNow } from './load/messages.ts';
import { LoadPool } from './load/pool.ts';
import { numberOption, percentile, round } from './statistics.ts';

/**
 * Very many authenticated loudspeakers on the embedded broker, with five subscriptions each and a hello, then one broadcast
 * to all of them, until the last answer is committed. `--tls` connects them through TLS 1.3.
 */
export async function connections(args: readonly string[]): Promise<object> {
  const count = numberOption(args, 'speakers', 15_000);
  const tls = args.includes('--tls');
  const folder = await mkdtemp(join(tmpdir(), 'loa-connections-'));
  const controller = new ControllerProcess({
    folder,
    areas: ['vn'],
    env: { LOA_LOG_LEVEL: 'warn', ...(tls ? tlsEnvironment(folder) : {}) },
  });
  const speakers = await writeCommune(controller.dataFolder, count);
  await controller.start();
  const pool = new LoadPool({ speakers, port: controller.mqttPort, tls, hello: true });
  try {
    const startedAt = preciseNow();
    await pool.connect();
    const connectMs = preciseNow() - startedAt;
    const helloLoopMs = await maxLoopDelayMs(controller);
    const { received, durable } = await fanOut(controller, pool, speakers);
    return {
      bench: 'connections',
      speakers: count,
      tls,
      connectMs: round(connectMs, 0),
      receivedLastMs: round(percentile(received, 1)),
      broadcastMs: round(percentile(durable, 1)),
      rssMb: await residentMb(controller.pid),
      maxLoopDelayMs: round(Math.max(helloLoopMs, await maxLoopDelayMs(controller))),
    };
  } finally {
    await pool.close();
    await controller.end();
    await rm(folder, { recursive: true, force: true });
  }
}

/** A certificate for this run, and the settings that name it. */
function tlsEnvironment(folder: string): Record<string, string> {
  const key = join(folder, 'tls.key');
  const certificate = join(folder, 'tls.crt');
  const subject = ['-subj', '/CN=localhost', '-days', '2'];
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-keyout', key, '-out', certificate, ...subject],
  ]);
  if (made.status !== 0) throw new Error('openssl could not make a certificate; install openssl');
  return { LOA_TLS: 'off', LOA_TLS_KEY: key, LOA_TLS_CERT: certificate };
}
