import { readdir, readFile, statfs } from 'node:fs/promises';
import { freemem, loadavg, networkInterfaces, totalmem } from 'node:os';
import type { Health } from '#protocols';

/** What the machine itself tells of its condition. */
export type SystemFacts = Pick<Health, 'cpuTemperatureC' | 'load1' | 'memory' | 'disk' | 'network'>;

export interface SystemFactsOptions {
  /** The disk that this folder lies on is told of. */
  readonly folder: string;
  /** Linux's own unless a test says otherwise. */
  readonly thermal?: string;
  readonly netDev?: string;
  readonly route?: string;
}

/** Reads them. What a machine does not tell is null. */
export async function readSystemFacts(options: SystemFactsOptions): Promise<SystemFacts> {
  const {
    folder,
    thermal = '/sys/class/thermal',
    netDev = '/proc/net/dev',
    route = '/proc/net/route',
  } = options;
  const { bavail, blocks, bsize } = await statfs(folder);
  const name = defaultInterface(await textOf(route));
  const counted = name === null ? undefined : countersOf(await textOf(netDev), name);
  return {
    cpuTemperatureC: await hottest(thermal),
    load1: loadavg()[0] ?? 0,
    memory: { totalBytes: totalmem(), freeBytes: await availableMemory() },
    disk: { totalBytes: blocks * bsize, freeBytes: bavail * bsize },
    network: {
      interface: name,
      address: name === null ? null : addressOf(name),
      receivedBytes: counted?.received ?? null,
      sentBytes: counted?.sent ?? null,
    },
  };
}

/** The highest of all zones, °C: on these boards it is the processor's. */
async function hottest(folder: string): Promise<number | null> {
  const zones = await readdir(folder).catch(() => []);
  const read = await Promise.all(
    zones
      .filter((zone) => zone.startsWith('thermal_zone'))
      .map(async (zone) => Number.parseInt(await textOf(`${folder}/${zone}/temp`), 10) / 1000),
  );
  const sane = read.filter((degrees) => degrees > -40 && degrees < 150);
  return sane.length === 0 ? null : Math.max(...sane);
}

/** Memory that programs can still get: what serves as disk cache is free. */
async function availableMemory(): Promise<number> {
  const found = /^MemAvailable:\s+(\d+) kB/m.exec(await textOf('/proc/meminfo'));
  return found === null ? freemem() : Number(found[1]) * 1024;
}

/** The interface of the default route. */
function defaultInterface(routes: string): string | null {
  const line = routes.split('\n').find((text) => text.split(/\s+/)[1] === '00000000');
  return line?.split(/\s+/)[0]?.slice(0, 32) ?? null;
}

function addressOf(name: string): string | null {
  const addresses = networkInterfaces()[name] ?? [];
  return (addresses.find(({ family }) => family === 'IPv4') ?? addresses[0])?.address ?? null;
}

function countersOf(text: string, name: string): { received: number; sent: number } | undefined {
  const line = text.split('\n').find((row) => row.trim().startsWith(`${name}:`));
  const numbers = line?.split(':')[1]?.trim().split(/\s+/).map(Number);
  const [received, sent] = [numbers?.[0], numbers?.[8]];
  return received === undefined || sent === undefined ? undefined : { received, sent };
}

async function textOf(path: string): Promise<string> {
  return readFile(path, 'latin1').catch(() => '');
}
