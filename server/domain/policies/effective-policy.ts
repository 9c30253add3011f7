import type { EffectivePolicy, Policy } from '#protocols';
import type { AreaTree } from '../areas/area.ts';
import { policyCodec, policyOf } from './policy.ts';

type Source = EffectivePolicy['zoneFrom'];
const NOBODY: Source = { areaId: null, areaName: null };

/**
 * The rules that hold in an area and where each comes from: the nearest area of the ancestry that names it; what none of them names is
 * as built in.
 */
export function effectivePolicy(areaId: string, tree: AreaTree): EffectivePolicy {
  const upward = tree.ancestry(areaId).reverse();
  const zoneGiver = upward.find((id) => tree.get(id).zone !== null);
  const own = upward.map((id) => {
    const { policy } = tree.get(id);
    const fields: Partial<Policy> = policy === null ? {} : policyCodec.parse(policy);
    return { id, fields };
  });
  const source = (field: keyof Policy) =>
    sourceOf(own.find(({ fields }) => fields[field] !== undefined)?.id, tree);
  return {
    areaId,
    zone: tree.zoneOf(areaId),
    zoneFrom: sourceOf(zoneGiver, tree),
    policy: policyOf(tree.policyOf(areaId)),
    from: {
      windows: source('windows'),
      sessionMinutes: source('sessionMinutes'),
      sessionsPerDay: source('sessionsPerDay'),
      night: source('night'),
      sensitive: source('sensitive'),
      testing: source('testing'),
      legalBasis: source('legalBasis'),
    },
  };
}

function sourceOf(areaId: string | undefined, tree: AreaTree): Source {
  if (areaId === undefined) return NOBODY;
  const { kind, name } = tree.get(areaId);
  return { areaId, areaName: `${kind} ${name}` };
}
