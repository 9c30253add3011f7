import type { AreaView } from '#protocols';

type ById = ReadonlyMap<string, AreaView>;

export function byId(areas: readonly AreaView[]): ById {
  return new Map(areas.map((area) => [area.id, area]));
}

/** An area with what it lies in, as far as the person sees it, itself first. */
function upwards(id: string, areas: ById): AreaView[] {
  const found: AreaView[] = [];
  for (let at = areas.get(id); at !== undefined; at = areas.get(at.parentId ?? '')) found.push(at);
  return found;
}

/** Whether an area is one of these, or lies below one. */
export function liesWithin(id: string, wider: readonly string[], areas: ById): boolean {
  return upwards(id, areas).some((one) => wider.includes(one.id));
}

/** How deep an area lies below the widest that the person sees, as spaces before its name. */
export function indented(area: AreaView, areas: ById): string {
  return `${'\u2003'.repeat(upwards(area.id, areas).length - 1)}${area.kind} ${area.name}`;
}
