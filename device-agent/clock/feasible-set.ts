/**
 * The set of (offset, drift) pairs that explain what was measured: a convex polygon in the plane. The offset is in
 * ms at a reference time, the drift in ms per second (1 ppm = 0.001 ms/s).
 */

export interface Vertex {
  readonly offset: number;
  readonly drift: number;
}

/** Corners in order; empty when nothing explains the measurements. */
export type Polygon = readonly Vertex[];

/** The rectangle that a search starts from. */
export function rectangle(offset: readonly [number, number], drift: readonly [number, number]): Polygon {
  return [
    { offset: offset[0], drift: drift[0] },
    { offset: offset[1], drift: drift[0] },
    { offset: offset[1], drift: drift[1] },
    { offset: offset[0], drift: drift[1] },
  ];
}

/**
 * Keeps the part where the line's value `offset + drift × seconds`, times `side`, is at least `limit × side`:
 * `side` 1 cuts at a lower bound, −1 at an upper one.
 */
export function cut(polygon: Polygon, seconds: number, limit: number, side: 1 | -1): Polygon {
  const over = (vertex: Vertex) => side * (vertex.offset + vertex.drift * seconds - limit);
  if (polygon.every((vertex) => over(vertex) >= 0)) return polygon;
  const kept: Vertex[] = [];
  let before = polygon.at(-1);
  for (const vertex of polygon) {
    if (before === undefined) break;
    const [a, b] = [over(before), over(vertex)];
    if (a < 0 !== b < 0) {
      const part = a / (a - b);
      kept.push({
        offset: before.offset + part * (vertex.offset - before.offset),
        drift: before.drift + part * (vertex.drift - before.drift),
      });
    }
    if (b >= 0) kept.push(vertex);
    before = vertex;
  }
  return kept;
}

/** Smallest and largest offset of the set, `seconds` after its reference. */
export function offsetRange(polygon: Polygon, seconds: number): readonly [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { offset, drift } of polygon) {
    const value = offset + drift * seconds;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

/** Centre of gravity; the mean of the corners where the set has no area worth speaking of. */
export function centroid(polygon: Polygon): Vertex {
  const first = polygon[0];
  if (first === undefined) throw new RangeError('an empty set has no centre');
  let [area, offset, drift] = [0, 0, 0];
  for (const [i, vertex] of polygon.entries()) {
    const next = polygon[(i + 1) % polygon.length] ?? first;
    // Taken relative to a corner: far from the origin the products would lose their small differences.
    const [ax, ay] = [vertex.offset - first.offset, vertex.drift - first.drift];
    const [bx, by] = [next.offset - first.offset, next.drift - first.drift];
    const cross = ax * by - bx * ay;
    area += cross;
    offset += (ax + bx) * cross;
    drift += (ay + by) * cross;
  }
  if (Math.abs(area) < 1e-9) {
    const mean = (pick: (vertex: Vertex) => number) =>
      polygon.reduce((sum, vertex) => sum + pick(vertex), 0) / polygon.length;
    return { offset: mean((vertex) => vertex.offset), drift: mean((vertex) => vertex.drift) };
  }
  return { offset: first.offset + offset / (3 * area), drift: first.drift + drift / (3 * area) };
}
