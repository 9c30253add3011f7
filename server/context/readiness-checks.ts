import { statfs } from 'node:fs/promises';
import type { Clock } from '#kit';
import { plausible } from '../domain/time/plausible.ts';
import type { CheckResult } from '../http/readiness.ts';

/** Below this much free room the controller says that it is not ready: receipts need a place. */
const LEAST_FREE_BYTES = 100 * 1024 * 1024;

export interface ReadinessParts {
  readonly storage: { ping(): Promise<void> };
  readonly gateway: { readonly connected: boolean };
  /** Whether the broker is our own. */
  readonly embedded: boolean;
  readonly clock: Clock;
  readonly clockGuard: { readonly disputed: boolean };
  readonly dataFolder: string;
}

/** What has to be so before the controller can broadcast. */
export function readinessChecks(parts: ReadinessParts): Record<string, () => Promise<CheckResult>> {
  const { storage, gateway, embedded, clock, clockGuard, dataFolder } = parts;
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
    disk: async () => {
      const { bavail, bsize } = await statfs(dataFolder);
      const free = bavail * bsize;
      return { ok: free >= LEAST_FREE_BYTES, detail: `${Math.floor(free / 1024 / 1024)} MB free` };
    },
  };
}
