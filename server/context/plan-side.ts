import type { Clock } from '#kit';
import type { ClearedMessage } from '../domain/announcements/clearance.ts';
import type { AreaDirectory } from '../domain/areas/area-directory.ts';
import type { HolidayTable } from '../domain/calendar/holiday.ts';
import { CollisionWatch } from '../domain/collisions/collision-watch.ts';
import type { LiveEvents } from '../domain/events/live-events.ts';
import type { KeyService } from '../domain/keys/key-service.ts';
import { HeadBook } from '../domain/plans/head-book.ts';
import { PlanCompiler } from '../domain/plans/plan-compiler.ts';
import { PlanTold } from '../domain/plans/plan-state.ts';
import { ScheduleSlots } from '../domain/plans/schedule-slots.ts';
import { SlotBook } from '../domain/plans/slot-book.ts';
import { SlotBroadcasts } from '../domain/plans/slot-broadcasts.ts';
import { SlotIssuer } from '../domain/plans/slot-issuer.ts';
import { SlotReadinessService } from '../domain/plans/slot-readiness.ts';
import { planOfBroadcasts } from '../domain/plans/take-back.ts';
import type { SpeakerDirectory } from '../domain/speakers/speaker-directory.ts';
import { type BootTime, ClockGuard, type TimeWitness } from '../domain/time/clock-guard.ts';
import type { Storage } from '../domain/unit-of-work.ts';
import type { Logger } from '../logger.ts';
import { Planning } from './planning.ts';
import type { SpeakerSide } from './speaker-side.ts';
import { StoredMessages } from './stored-messages.ts';

export interface PlanSideOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly storage: Storage;
  readonly events: LiveEvents;
  readonly keys: KeyService;
  readonly areas: AreaDirectory;
  readonly speakers: SpeakerDirectory;
  readonly speakerSide: Pick<
    SpeakerSide,
    'publisher' | 'presence' | 'credentials' | 'dispatcher' | 'settler' | 'held'
  >;
  readonly holidays: () => HolidayTable;
  /** The messages that the loudspeakers of an area keep decoded. */
  readonly storedMessages: (areaId: string) => Promise<readonly ClearedMessage[]>;
  readonly boot: BootTime;
  readonly witness: TimeWitness;
}

export type PlanSide = ReturnType<typeof buildPlanSide>;

/** The plan: compiled, kept on the loudspeakers, issued when its time comes. Joined but not started: the guard first, then the planning. */
export function buildPlanSide(options: PlanSideOptions) {
  const { clock, log, storage, events, keys, areas, speakers, speakerSide } = options;
  const { publisher, presence, credentials, dispatcher, settler, held } = speakerSide;
  const failed = (part: string) => (error: unknown) => log.error({ err: error, part }, 'a part failed');
  const statusOf = (speakerId: string) => presence.statusOf(speakerId);
  const slots = new SlotBook();
  const heads = new HeadBook();
  const guard = new ClockGuard({
    ...{ clock, storage, boot: options.boot, witness: options.witness },
    onChange: (dispute) => {
      if (dispute === null) log.info('the clock is believed again');
      else log.error(dispute, 'the clock is in doubt: nothing is planned');
      if (dispute === null) planning.changed();
    },
    onError: failed('clock'),
  });
  const disputed = () => guard.disputed;
  const broadcasts = new SlotBroadcasts({
    ...{ areas, speakers, signer: keys, dispatcher, events, clock },
    holdsPlans: (speakerId) => {
      const capabilities = statusOf(speakerId)?.capabilities;
      return capabilities === undefined || capabilities.length === 0
        ? undefined
        : capabilities.includes('plan');
    },
  });
  const issuer = new SlotIssuer({
    ...{ storage, slots, broadcasts, clock, disputed, settler, onError: failed('slots') },
  });
  const messages = new StoredMessages(areas, options.storedMessages);
  const compiler = new PlanCompiler({
    ...{ storage, areas, speakers, keys, publisher, broadcasts, slots, heads, clock, disputed },
    source: new ScheduleSlots({ areas, speakers, holidays: options.holidays }),
    watermark: () => issuer.watermark,
    storedMessages: () => messages.all(),
    onCompiled: () => {
      issuer.look();
      collisions.kick();
    },
    onError: failed('plans'),
  });
  const collisions = new CollisionWatch({
    ...{ read: storage.read, slots, areas, speakers, events, clock, onError: failed('collisions') },
  });
  const planning = new Planning({ compiler, issuer, messages, onError: failed('planning') });
  held.register(compiler);
  const told = new PlanTold({ documents: held, heads, areas: credentials, speakers, statusOf });
  const readiness = new SlotReadinessService({
    ...{ read: storage.read, areas, speakers, ancestries: credentials, slots, told, statusOf, clock },
    documents: held,
    failureOf: (broadcastId) => issuer.failureOf(broadcastId),
  });
  const plan = planOfBroadcasts({
    ...{ slots, clock, changed: () => planning.changed(), requireClock: () => guard.require() },
  });
  const areasOf = (sha256: string) =>
    heads.naming(sha256).flatMap(({ kind, id }) => (kind === 'area' ? id : (speakers.get(id)?.areaId ?? [])));
  return { guard, planning, compiler, issuer, told, areasOf, readiness, plan, slots, collisions };
}
