import type { Instant } from '#kit';
import type { AuditAction } from '#protocols';
import { type Actor, rolesOf } from '../accounts/actor.ts';
import type { Transaction } from '../unit-of-work.ts';

/** Where an act took place, and what it changed. */
export interface RecordOptions {
  readonly areaId?: string;
  /** Fields that changed, as they were and as they are (see `changes`). */
  readonly before?: object;
  readonly after?: object;
}

/** Appends who did what to which subject, from where. Neither `detail` nor `before` and `after` hold secrets or audio. */
export async function record(
  tx: Pick<Transaction, 'audit'>,
  at: Instant,
  actor: Actor,
  action: AuditAction,
  subject: string,
  detail: object = {},
  { areaId, before, after }: RecordOptions = {},
): Promise<void> {
  await tx.audit.append({
    at,
    actor: actor.name,
    role: rolesOf(actor),
    action,
    subject,
    detail: JSON.stringify(detail),
    origin: actor.origin ?? null,
    before: before === undefined ? null : JSON.stringify(before),
    after: after === undefined ? null : JSON.stringify(after),
    areaId: areaId ?? null,
  });
}

/** Appends what a loudspeaker did, or was found to do. */
export async function recordSpeaker(
  tx: Pick<Transaction, 'audit'>,
  at: Instant,
  speakerId: string,
  action: AuditAction,
  detail: object,
): Promise<void> {
  const who = { actor: speakerId, role: 'speaker', subject: speakerId };
  await tx.audit.append({ at, ...who, action, detail: JSON.stringify(detail) });
}

/** The fields of `names` in which two states of one record differ, as they were and as they are. */
export function changes<State extends object>(
  before: State,
  after: State,
  names: readonly (keyof State)[],
): { readonly before: object; readonly after: object } {
  const differ = names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  const of = (state: State) => Object.fromEntries(differ.map((name) => [name, state[name]]));
  return { before: of(before), after: of(after) };
}
