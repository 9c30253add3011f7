import type { BroadcastDetail, BroadcastView, DeliveryList } from '#protocols';
import type { ApiClient } from '../../server/demo/api-client.ts';
import { until } from '../helpers/until.ts';
import type { FinalBroadcast, FinalDelivery, FinalState, RunFacts } from './evidence.ts';
import { AREA, type Scene } from './scene.ts';

/** States of a delivery after which nothing more is told of it. */
const OVER: readonly string[] = [
  'pending',
  'refused',
  'finished',
  'failed',
  'interrupted',
  'missed',
  'cancelled',
];
/** The records have settled when they say the same for so long. */
const STILL_MS = 3_000;
const LIMIT_MS = 120_000;
const EVERY_MS = 500;
const PAGE = 200;

/** Waits until nothing more is told, not before `overAt`, and gives what the controller says then. */
export async function settle(scene: Scene, facts: RunFacts, overAt: number): Promise<FinalState> {
  await scene.online(LIMIT_MS);
  let last = '';
  let stillSince = Date.now();
  let broadcasts: FinalBroadcast[] = [];
  let unsettled: string | null = null;
  try {
    await until(
      'the records to settle',
      async () => {
        broadcasts = await allBroadcasts(scene, facts);
        const text = JSON.stringify(broadcasts);
        if (text !== last) stillSince = Date.now();
        last = text;
        unsettled = openDelivery(broadcasts);
        return unsettled === null && Date.now() >= overAt && Date.now() - stillSince >= STILL_MS;
      },
      Math.max(0, overAt - Date.now()) + LIMIT_MS,
      EVERY_MS,
    );
  } catch (error) {
    unsettled ??= String(error);
  }
  const views = await scene.speakerViews();
  return {
    settledAt: Date.now(),
    unsettled,
    broadcasts,
    muted: Object.fromEntries(views.map(({ id, mute }) => [id, mute !== null])),
    schedules: await listed(scene, '/schedules', 'schedules', (one) => one['deletedAt'] === null),
    latched: await listed(scene, '/latches', 'latches', (one) => one['state'] === 'set'),
  };
}

function openDelivery(broadcasts: readonly FinalBroadcast[]): string | null {
  for (const { id, deliveries } of broadcasts)
    for (const { speakerId, state } of deliveries)
      if (!OVER.includes(state)) return `${id} at ${speakerId} is still ${state}`;
  return null;
}

async function allBroadcasts(scene: Scene, facts: RunFacts): Promise<FinalBroadcast[]> {
  const client = scene.controller.as('editor');
  const found: FinalBroadcast[] = [];
  for (let before = ''; ; ) {
    const page = await client.get<{ broadcasts: BroadcastView[] }>(
      `/broadcasts?limit=${PAGE}${before === '' ? '' : `&before=${before}`}`,
    );
    for (const { id } of page.broadcasts) found.push(await oneBroadcast(client, id, facts));
    before = page.broadcasts.at(-1)?.id ?? '';
    if (page.broadcasts.length < PAGE) return found;
  }
}

async function oneBroadcast(client: ApiClient, id: string, facts: RunFacts): Promise<FinalBroadcast> {
  const { broadcast } = await client.get<BroadcastDetail>(`/broadcasts/${id}`);
  const { deliveries } = await client.get<DeliveryList>(`/broadcasts/${id}/deliveries?limit=1000`);
  const { announcementId, state, startsAt, latestStartAt, hardEndAt } = broadcast;
  return {
    ...{ id, announcementId, state, startsAt, latestStartAt, hardEndAt },
    deliveries: deliveries
      .filter(({ speakerId }) => facts.speakers.includes(speakerId))
      .map(
        ({ speakerId, state: is, played, code, flags, plays }): FinalDelivery => ({
          ...{ speakerId, state: is, played, code, flags },
          plays: plays.map(({ play, state: how, startedAt, fromMs, toMs, uncertaintyMs }) => ({
            ...{ play, state: how, startedAt, fromMs, toMs, uncertaintyMs },
          })),
        }),
      ),
  };
}

/** Ids of what a list holds and pleases; none where this controller has no such list. */
async function listed(
  scene: Scene,
  path: string,
  name: string,
  pleases: (one: Readonly<Record<string, unknown>>) => boolean,
): Promise<string[]> {
  const query = path.includes('?') ? `&area=${AREA}` : `?area=${AREA}`;
  try {
    const answer = await scene.controller
      .as('editor')
      .get<Record<string, Readonly<Record<string, unknown>>[]>>(`${path}${query}`);
    return (answer[name] ?? []).filter(pleases).map(({ id }) => String(id));
  } catch {
    return [];
  }
}
