import { statfs } from 'node:fs/promises';
import type { Clock } from '#kit';
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
  readonly heads: { behind(): Promise<readonly string[]> };
}

/** What has to be so before the controller can broadcast. */
export function readinessChecks(parts: ReadinessParts): Record<string, () => Promise<CheckResult>> {
  const { storage, gateway, embedded, clock, clockGuard, planning, dataFolder, heads } = parts;
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
    disk: async () => {
      const { bavail, blocks, bsize } = await statfs(dataFolder);
      const freeBytes = bavail * bsize;
      const state = roomState({ freeBytes, totalBytes: blocks * bsize });
      const detail = `${Math.floor(freeBytes / 1024 / 1024)} MB free${state === 'low' ? ': LOW, make room' : ''}`;
      return { ok: state !== 'full', detail };
    },
  };
}
