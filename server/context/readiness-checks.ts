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
}

/** What has to be so before the controller can broadcast. */
export function readinessChecks(parts: ReadinessParts): Record<string, () => Promise<CheckResult>> {
  const { storage, gateway, embedded, clock, clockGuard, planning, dataFolder } = parts;
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
    disk: async () => {
      const { bavail, blocks, bsize } = await statfs(dataFolder);
      const freeBytes = bavail * bsize;
      const state = roomState({ freeBytes, totalBytes: blocks * bsize });
      const detail = `${Math.floor(freeBytes / 1024 / 1024)} MB free${state === 'low' ? ': LOW, make room' : ''}`;
      return { ok: state !== 'full', detail };
    },
  };
}
