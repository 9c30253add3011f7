import type { AreaNeeds } from '#protocols';
import type { Approvers } from '../accounts/approvers.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import { nameOf } from '../areas/area-names.ts';

/** Says of areas in which something is not approved whom to ask. */
export type NeedsOf = (areaIds: readonly string[]) => AreaNeeds;

export function needsOf(approvers: Approvers, areas: AreaDirectory): NeedsOf {
  return (areaIds) => {
    const asked = approvers.of(areaIds);
    return areaIds.map((areaId, i) => ({
      areaId,
      name: nameOf(areaId, areas.tree),
      approvers: (asked[i] ?? []).map((one) => ({ ...one })),
    }));
  };
}
