import { statfs } from 'node:fs/promises';
import type { Clock } from '#kit';
import { namesOf } from '../domain/areas/area-names.ts';
import { communeDoubt } from '../domain/areas/commune.ts';
import type { Territory } from '../domain/areas/territory.ts';
import { roomState } from '../domain/backup/storage-use.ts';
import { plausible } from '../domain/time/plausible.ts';
import type { CheckResult } from '../http/readiness.ts';

export interface ReadinessParts {
  readonly storage: { ping(): Promise<void> };
  readonly gateway: { readonly connected: boolean };
  /** Whether the broker is our own. */
  readonly embedded: boolean;
  readonly clock: Clock;
  readonly clockGuard: { readonly disputed: boolean };
  readonly planning: { readonly progress: CheckResult };
  readonly dataFolder: string;
  readonly territory: () => Territory;
  readonly heads: { behind(): Promise<readonly string[]> };
}

/** What has to be so before the controller can broadcast. */
export function readinessChecks(parts: ReadinessParts): Record<string, () => Promise<CheckResult>> {
  const { storage, gateway, embedded, clock, clockGuard, planning, dataFolder, territory, heads } = parts;
  return {
    database: async () => {
      await storage.ping();
      return { ok: true, detail: 'answers' };
    },
    broker: async () => ({
      ok: gateway.connected,
      detail: `${embedded ? 'embedded' : 'external'}, ${gateway.connected ? 'connected' : 'not connected'}`,
    }),
    clock: async () => {
      const now = clock.now();
      if (clockGuard.disputed)
        return { ok: false, detail: `${new Date(now).toISOString()}, in doubt: nothing is planned` };
      return { ok: now === plausible(now), detail: new Date(now).toISOString() };
    },
    plan: async () => planning.progress,
    // A warning and never unreadiness: what is broadcast does not depend on it.
    'audit heads': async () => {
      const behind = await heads.behind();
      if (behind.length === 0) return { ok: true, detail: 'taken outside, or nowhere to take them' };
      const places = behind.join(' and ');
      return { ok: true, detail: `NOT TAKEN OUTSIDE: the newest did not get to ${places}; see the log` };
    },
    // A warning too: whoever enters the areas mends it.
    communes: async () => ({ ok: true, detail: communesIn(territory()) }),
    disk: async () => {
      const { bavail, blocks, bsize } = await statfs(dataFolder);
      const freeBytes = bavail * bsize;
      const state = roomState({ freeBytes, totalBytes: blocks * bsize });
      const detail = `${Math.floor(freeBytes / 1024 / 1024)} MB free${state === 'low' ? ': LOW, make room' : ''}`;
      return { ok: state !== 'full', detail };
    },
  };
}

function communesIn(territory: Territory): string {
  const doubt = communeDoubt(territory);
  if (doubt === null) return 'the kinds of areas say which are communes';
  const what =
    'set the kind of the areas that have a People’s Committee of a commune to xã, phường, thị trấn or đặc khu';
  return doubt.kind === 'none'
    ? `NO AREA IS CALLED A COMMUNE: an emergency for all of it takes one person; ${what}`
    : `LOUDSPEAKERS OUTSIDE COMMUNES: ${namesOf(doubt.areas, territory.tree)}; ${what}`;
}
