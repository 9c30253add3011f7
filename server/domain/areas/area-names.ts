import type { AreaTree } from './area.ts';

/** As many names as a sentence takes. */
const MOST_NAMES = 5;

/** An area as people say it: "xã Tân An". */
export function nameOf(areaId: string, tree: AreaTree): string {
  if (!tree.has(areaId)) return areaId;
  const { kind, name } = tree.get(areaId);
  return `${kind} ${name}`;
}

/** Areas as a sentence names them: "xã Tân An, xã Tân Bình", the rest as their number. */
export function namesOf(areaIds: readonly string[], tree: AreaTree): string {
  const names = areaIds.slice(0, MOST_NAMES).map((id) => nameOf(id, tree));
  const more = areaIds.length - names.length;
  return more > 0 ? `${names.join(', ')} (+${more})` : names.join(', ');
}
