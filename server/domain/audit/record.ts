import type { Instant } from '#kit';
import { type Actor, rolesOf } from '../accounts/actor.ts';
import type { Transaction } from '../unit-of-work.ts';

/** Appends who did what to which subject. `detail` holds neither secrets nor audio. */
export async function record(
  tx: Pick<Transaction, 'audit'>,
  at: Instant,
  actor: Actor,
  action: string,
  subject: string,
  detail: object = {},
): Promise<void> {
  await tx.audit.append({
    at,
    actor: actor.name,
    role: rolesOf(actor),
    action,
    subject,
    detail: JSON.stringify(detail),
  });
}

/** Appends what a loudspeaker did, or was found to do. */
export async function recordSpeaker(
  tx: Pick<Transaction, 'audit'>,
  at: Instant,
  speakerId: string,
  action: string,
  detail: object,
): Promise<void> {
  const who = { actor: speakerId, role: 'speaker', subject: speakerId };
  await tx.audit.append({ at, ...who, action, detail: JSON.stringify(detail) });
}
