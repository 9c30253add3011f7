import type { Static } from 'typebox';
import type { WaitingListSchema } from '#protocols';

/** What waits for this person, and what a leave for its series covers. */
export type WaitingLists = Static<typeof WaitingListSchema>;
/** An announcement and the own areas in which it waits. */
export type Waiting = WaitingLists['waiting'][number];
/** An announcement and the own areas for which somebody answers about it. */
export type Answered = Pick<Waiting, 'announcement' | 'areas'>;
/** An announcement that does not wait there, and the leaves that cover it. */
export type Covered = WaitingLists['covered'][number];
/** An announcement that aired there by a leave and is planned no more. */
export type Past = WaitingLists['past'][number];
