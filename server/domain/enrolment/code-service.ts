import type { Clock } from '#kit';
import {
  DEFAULT_CODE_HOURS,
  DomainError,
  type EnrolmentView,
  enrolmentKey,
  enrolmentUri,
  newEnrolmentCode,
  newId,
  shownCode,
} from '#protocols';
import type { Actor } from '../accounts/actor.ts';
import { record } from '../audit/record.ts';
import type { SpeakerService } from '../speakers/speaker-service.ts';
import type { Stores, Transaction } from '../unit-of-work.ts';
import { type Enrolment, enrolmentState } from './enrolment.ts';

const HOUR_MS = 3_600_000;

export interface CodeServiceOptions {
  readonly read: Pick<Stores, 'enrolments'>;
  readonly speakers: Pick<SpeakerService, 'find' | 'get'>;
  readonly clock: Clock;
  /** Where speakers find the controller, without trailing slash. */
  readonly publicUrl: () => string;
}

/** A code that was made just now: the only time that it is seen. */
export interface NewCode {
  readonly enrolmentId: string;
  /** In groups. */
  readonly code: string;
  readonly uri: string;
  readonly expiresAt: number;
}

/** Enrolment codes, as people make them. */
export class CodeService {
  readonly #options: CodeServiceOptions;

  constructor(options: CodeServiceOptions) {
    this.#options = options;
  }

  /**
   * Makes a code for a loudspeaker, for its first enrolment or a later one; one that was still good is void from now on. What the loudspeaker has
   * already goes on working until the new code is used. Throws `request.not_found`, `request.forbidden`, `request.conflict` for a blocked or retired one.
   */
  async make(
    tx: Transaction,
    actor: Actor,
    speakerId: string,
    validHours = DEFAULT_CODE_HOURS,
  ): Promise<NewCode> {
    const { speakers, clock } = this.#options;
    const { lifecycle } = await speakers.find(tx, actor, 'speaker:provision', speakerId);
    if (lifecycle === 'blocked' || lifecycle === 'retired')
      throw new DomainError('request.conflict', {
        ...{ what: 'speaker', id: speakerId, state: lifecycle, expected: 'one in use' },
      });
    const now = Math.floor(clock.now());
    await tx.enrolments.void(speakerId, 'replaced');
    const { code, key } = this.#draw(speakerId);
    const enrolment: Enrolment = {
      ...{ id: newId('enr', now), speakerId, key, createdBy: actor.name, createdAt: now },
      ...{ expiresAt: now + validHours * HOUR_MS, wrongTries: 0, publicKey: null, usedAt: null },
      ...{ acknowledgedAt: null, voidReason: null },
    };
    await tx.enrolments.insert(enrolment);
    const { id: enrolmentId, expiresAt } = enrolment;
    await record(tx, now, actor, 'speaker.code', speakerId, { enrolmentId, expiresAt });
    return this.#shown(enrolment, code);
  }

  /**
   * Answers a repeated `make` whose first answer may have been lost. The code was not kept: another takes its place, good for as long.
   * Throws `enrolment.code_used` when the first was used or is over.
   */
  async makeAgain(tx: Transaction, actor: Actor, speakerId: string, enrolmentId: string): Promise<NewCode> {
    const { speakers, clock } = this.#options;
    await speakers.find(tx, actor, 'speaker:provision', speakerId);
    const now = Math.floor(clock.now());
    const before = await tx.enrolments.newest(speakerId);
    const { code, key } = this.#draw(speakerId);
    if (before?.id !== enrolmentId || enrolmentState(before, now) !== 'pending')
      throw new DomainError('enrolment.code_used', { id: speakerId });
    if (!(await tx.enrolments.rekey(enrolmentId, key)))
      throw new DomainError('enrolment.code_used', { id: speakerId });
    await record(tx, now, actor, 'speaker.code_again', speakerId, { enrolmentId });
    return this.#shown(before, code);
  }

  /** Makes a code void that nobody has used yet. Throws `request.not_found`, `request.forbidden`, `request.conflict`. */
  async withdraw(tx: Transaction, actor: Actor, speakerId: string): Promise<EnrolmentView> {
    const { speakers, clock } = this.#options;
    await speakers.find(tx, actor, 'speaker:provision', speakerId);
    const now = Math.floor(clock.now());
    const enrolment = await tx.enrolments.newest(speakerId);
    if (enrolment === null) throw new DomainError('request.not_found', { what: 'enrolment', id: speakerId });
    const state = enrolmentState(enrolment, now);
    if (state !== 'pending')
      throw new DomainError('request.conflict', {
        ...{ what: 'enrolment', id: speakerId, state, expected: 'pending' },
      });
    await tx.enrolments.void(speakerId, 'withdrawn');
    await record(tx, now, actor, 'speaker.code_withdrawn', speakerId, { enrolmentId: enrolment.id });
    return enrolmentView({ ...enrolment, voidReason: 'withdrawn' }, now);
  }

  /** What became of the newest code; null: there was none. Throws `request.not_found`, `request.forbidden`. */
  async state(actor: Actor, speakerId: string): Promise<EnrolmentView | null> {
    const { read, speakers, clock } = this.#options;
    await speakers.get(actor, speakerId);
    const enrolment = await read.enrolments.newest(speakerId);
    return enrolment === null ? null : enrolmentView(enrolment, Math.floor(clock.now()));
  }

  #draw(speakerId: string): { readonly code: string; readonly key: string } {
    const code = newEnrolmentCode();
    return { code, key: enrolmentKey(code, speakerId).toString('base64url') };
  }

  #shown({ id, speakerId, expiresAt }: Enrolment, code: string): NewCode {
    const uri = enrolmentUri({ url: this.#options.publicUrl(), speakerId, code });
    return { enrolmentId: id, code: shownCode(code), uri, expiresAt };
  }
}

function enrolmentView(enrolment: Enrolment, now: number): EnrolmentView {
  const { createdBy, createdAt, expiresAt, wrongTries, usedAt, acknowledgedAt, voidReason } = enrolment;
  const state = enrolmentState(enrolment, now);
  return { state, createdBy, createdAt, expiresAt, wrongTries, usedAt, acknowledgedAt, voidReason };
}
