import type { AreaNeeds } from '#protocols';
import type { Approvers } from '../accounts/approvers.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import { nameOf } from '../areas/area-names.ts';

/** Says of areas in which something is not approved whom to ask. */
export type NeedsOf = (areaIds: readonly string[]) => AreaNeeds;

export function needsOf(approvers: Approvers, areas: AreaDirectory): NeedsOf {
  return (areaIds) =>
    areaIds.map((areaId) => ({
      areaId,
      name: nameOf(areaId, areas.tree),
      approvers: approvers.of(areaId).map((one) => ({ ...one })),
    }));
}
