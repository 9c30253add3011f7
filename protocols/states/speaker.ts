import type { StateTable } from './table.ts';

/** enrolled: entered, never connected · active: in use · retired: taken down · blocked: its credentials are refused. */
export type SpeakerLifecycle = 'enrolled' | 'active' | 'retired' | 'blocked';

export const SPEAKER_LIFECYCLE: StateTable<SpeakerLifecycle> = {
  enrolled: ['active', 'blocked', 'retired'],
  active: ['blocked', 'retired'],
  blocked: ['active', 'retired'],
  retired: [],
};

/** `unknown`: we were away ourselves and have not heard since. */
export type SpeakerLink = 'online' | 'offline' | 'unknown';

export const SPEAKER_LINK: StateTable<SpeakerLink> = {
  online: ['offline', 'unknown'],
  offline: ['online', 'unknown'],
  unknown: ['online', 'offline'],
};

export type SpeakerCondition = 'ok' | 'degraded';

export type SpeakerOutput = 'normal' | 'muted' | 'stopped' | 'maintenance';
