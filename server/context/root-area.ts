import type { Instant } from '#kit';
import { type Area, DEFAULT_ZONE } from '../domain/areas/area.ts';
import { firstPolicy } from '../domain/policies/morning-start.ts';
import type { Storage } from '../domain/unit-of-work.ts';

/**
 * Every area; in a new database first makes the widest one, without which nobody could be given rights, with a policy whose
 * morning begins at what `morningStart` gives ("HH:MM").
 */
export async function ensureRootArea(
  storage: Storage,
  { id, kind, name }: { readonly id: string; readonly kind: string; readonly name: string },
  now: Instant,
  morningStart: () => Promise<string>,
): Promise<Area[]> {
  const areas = await storage.read.areas.all();
  if (areas.length > 0) return areas;
  const policy = firstPolicy(await morningStart());
  const root: Area = {
    id,
    parentId: null,
    kind,
    name,
    zone: DEFAULT_ZONE,
    policy: JSON.stringify(policy),
    createdAt: Math.floor(now),
    retiredAt: null,
  };
  await storage.transaction(async (tx) => {
    await tx.areas.insert(root);
    await tx.audit.append({
      at: Math.floor(now),
      actor: 'controller',
      role: 'system',
      action: 'area.create',
      subject: id,
      detail: JSON.stringify({ kind, name, policy }),
    });
  });
  return [root];
}
