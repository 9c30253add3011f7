import type { Static } from 'typebox';
import type { CommuneDoubtView, SlotReadinessListSchema } from '#protocols';
import { call, query } from '../api/client.ts';
import { useLoad } from '../api/hooks.ts';
import { PageLink } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { useAddress } from './router.ts';
import { useSigned } from './session.tsx';
import { words } from './words.ts';

/** Says where the kinds of areas do not tell which are communes: then nobody asks for a second person where the law means one, and what to do. */
export function CommuneNotice() {
  const { areas, may, session } = useSigned();
  const { pathname } = useAddress();
  const ids = new Set(areas.map(({ id }) => id));
  const widest = areas.filter(({ parentId }) => !ids.has(parentId ?? '')).map(({ id }) => id);
  const found = useLoad(widest.length === 0 ? null : widest.join(' '), (signal) =>
    Promise.all(widest.map((area) => readDoubt(area, session.now, signal))),
  );
  const doubts = (found.value ?? []).filter((one) => one !== null);
  const names = doubts.flatMap((one) => one.areas.map(({ name }) => name)).join(', ');
  if (doubts.length === 0) return null;
  const none = doubts.some(({ kind }) => kind === 'none');
  return (
    <Notice kind="warning">
      {none ? words.noCommune : words.outsideCommunes(names)} {words.nameCommunes}
      {may('area:write') && pathname !== '/areas' && (
        <PageLink to="/areas">{words.nameCommunesHere}</PageLink>
      )}
    </Notice>
  );
}

/** Of an instant at which no slot is asked for. */
async function readDoubt(area: string, now: number, signal: AbortSignal): Promise<CommuneDoubtView> {
  const path = `readiness${query({ area, from: now, to: now + 1 })}`;
  const { communeDoubt } = await call<Static<typeof SlotReadinessListSchema>>('GET', path, { signal });
  return communeDoubt;
}
