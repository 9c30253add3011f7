import type { EffectivePolicy, Policy } from '#protocols';
import type { AreaTree } from '../areas/area.ts';
import { policyCodec, policyOf } from './policy.ts';

type Source = EffectivePolicy['zoneFrom'];
const NOBODY: Source = { areaId: null, areaName: null };

/**
 * The rules that hold in an area and where each comes from. The nearest area of the ancestry that has a policy gives all of them; what
 * that one leaves out is as built in.
 */
export function effectivePolicy(areaId: string, tree: AreaTree): EffectivePolicy {
  const upward = tree.ancestry(areaId).reverse();
  const giver = upward.find((id) => tree.get(id).policy !== null);
  const zoneGiver = upward.find((id) => tree.get(id).zone !== null);
  const text = giver === undefined ? null : tree.get(giver).policy;
  const own: Partial<Policy> = text === null ? {} : policyCodec.parse(text);
  const source = (field: keyof Policy) => (own[field] === undefined ? NOBODY : sourceOf(giver, tree));
  return {
    areaId,
    zone: tree.zoneOf(areaId),
    zoneFrom: sourceOf(zoneGiver, tree),
    policy: policyOf(text),
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
