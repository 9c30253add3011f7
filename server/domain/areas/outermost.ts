import type { AreaTree } from './area.ts';

/** Those of these areas that lie in no other one of them, each once. Throws `request.not_found`. */
export function outermost(areaIds: readonly string[], tree: AreaTree): string[] {
  const wanted = new Set(areaIds.map((id) => tree.get(id).id));
  return [...wanted].filter((id) => !tree.ancestry(id).some((above) => above !== id && wanted.has(above)));
}
