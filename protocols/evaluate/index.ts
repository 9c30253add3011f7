export { arbitrate, soundsAnyway } from './arbitrate.ts';
export { clustersOf } from './clusters.ts';
export { conflictsOf, inPlanOrder } from './conflicts.ts';
export * from './item.ts';
export {
  countsForSessions,
  limitsSessions,
  SESSION_SLACK_MS,
  type SoundedSpan,
} from './sessions.ts';
export * from './simulate.ts';
export * from './situation.ts';
export * from './timeline.ts';
export { cutCode, endOf, PREPARE_MS, type Timing, timingOf } from './timing.ts';
export type { Holding } from './world.ts';
