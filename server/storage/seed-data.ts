import { type Area, DEFAULT_ZONE } from '../domain/areas/area.ts';
import type { Storage } from '../domain/unit-of-work.ts';

/** Tân An commune, Đồng Nai (before 2025 in Vĩnh Cửu district). */
export const TAN_AN = 'vn-dong-nai-tan-an';

/** Its seven hamlets, as the commune's own page names them. `name` is the whole name, as it is said. */
export const SEED_HAMLETS: readonly { readonly id: string; readonly name: string }[] = [
  { id: 'vn-dong-nai-tan-an-ap-1', name: 'ấp 1' },
  { id: 'vn-dong-nai-tan-an-ap-2', name: 'ấp 2' },
  { id: 'vn-dong-nai-tan-an-ap-3', name: 'ấp 3' },
  { id: 'vn-dong-nai-tan-an-binh-chanh', name: 'ấp Bình Chánh' },
  { id: 'vn-dong-nai-tan-an-binh-trung', name: 'ấp Bình Trung' },
  { id: 'vn-dong-nai-tan-an-thai-an', name: 'ấp Thái An' },
  { id: 'vn-dong-nai-tan-an-cay-xoai', name: 'ấp Cây Xoài' },
];

/** When the seeded areas say that they were made, unless told otherwise: the first day of 2026 in Vietnam. */
const SEEDED_AT = Date.UTC(2025, 11, 31, 17);

type Place = Pick<Area, 'id' | 'parentId' | 'kind' | 'name' | 'zone'>;

/** Nation, province, commune, hamlets: real places, for demo and tests. Parents come first. */
export const SEED_AREAS: readonly Place[] = [
  { id: 'vn', parentId: null, kind: 'quốc gia', name: 'Việt Nam', zone: DEFAULT_ZONE },
  { id: 'vn-dong-nai', parentId: 'vn', kind: 'tỉnh', name: 'Đồng Nai', zone: null },
  { id: TAN_AN, parentId: 'vn-dong-nai', kind: 'xã', name: 'Tân An', zone: null },
  ...SEED_HAMLETS.map(({ id, name }) => ({
    id,
    parentId: TAN_AN,
    kind: 'ấp',
    name: name.slice('ấp '.length),
    zone: null,
  })),
];

/** Puts the places of Tân An into a database, those that are missing, as made at `now`. No loudspeakers: each is provisioned with a secret of its own. */
export async function seedTanAn(storage: Storage, now = SEEDED_AT): Promise<void> {
  await storage.transaction(async (tx) => {
    const known = new Set((await tx.areas.all()).map(({ id }) => id));
    for (const place of SEED_AREAS)
      if (!known.has(place.id))
        await tx.areas.insert({ ...place, policy: null, createdAt: now, retiredAt: null });
  });
}
