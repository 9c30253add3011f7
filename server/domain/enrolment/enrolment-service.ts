import { randomBytes, verify } from 'node:crypto';
import type { Clock } from '#kit';
import {
  DomainError,
  type EnrolmentBegin,
  type EnrolmentBegun,
  type EnrolmentExchange,
  type EnrolmentFinish,
  type EnrolmentFinished,
  type EnrolmentGrant,
  generateExchangeKey,
  isProof,
  keyId,
  prove,
  type StatementMark,
  seal,
  sha256,
  transcript,
  verifyingKey,
} from '#protocols';
import { recordSpeaker } from '../audit/record.ts';
import type { TrustAnchors } from '../keys/trust-anchors.ts';
import type { Speaker } from '../speakers/speaker.ts';
import type { Storage, Transaction } from '../unit-of-work.ts';
import { type Enrolment, provableKey } from './enrolment.ts';
import { EnrolmentNonces } from './nonces.ts';
import { WrongTries } from './wrong-tries.ts';

/** At this many wrong proofs of one code, from wherever, it is told that somebody tries. */
const WRONG_TRIES_TOLD = 10;

export interface EnrolmentServiceOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  /** Root keys (raw, base64url) that a loudspeaker pins. */
  readonly rootKeys: () => readonly string[];
  /** The newest key statement: a loudspeaker believes none before it. */
  readonly newestStatement: () => StatementMark;
  readonly trust: TrustAnchors;
  /** Number of a speaker's newest connection; 0: there was none. */
  readonly lastSession: (speakerId: string) => number;
  /** Told after the commit: the broker's table and the journal keys follow, and a connection with the old secret ends. */
  readonly onEnrolled: (speaker: Speaker) => void;
}

/**
 * Enrolment, as a loudspeaker does it: both sides prove a code that neither sends. Who asks without the code gets an answer of the same kind and learns neither
 * which loudspeakers there are nor which codes; a proof that could be tried against guesses is of no use with 95 bits.
 */
export class EnrolmentService {
  readonly #options: EnrolmentServiceOptions;
  readonly #nonces: EnrolmentNonces;
  readonly #tries: WrongTries;
  /** Proves nothing to anybody: stands where there is no code. */
  readonly #decoy = randomBytes(32);

  constructor(options: EnrolmentServiceOptions) {
    this.#options = options;
    this.#nonces = new EnrolmentNonces(options.clock);
    this.#tries = new WrongTries(options.clock);
  }

  /** What the loudspeaker is to believe, with a proof of the code if there is one for it. */
  async begin(request: EnrolmentBegin): Promise<EnrolmentBegun> {
    const { key = this.#decoy } = await this.#code(request);
    const controllerNonce = this.#nonces.issue(request);
    const exchange = this.#exchange({ ...request, controllerNonce });
    const { rootKeys, ca } = exchange;
    const proof = prove(key, transcript('controller', exchange));
    return { v: 1, controllerNonce, rootKeys: [...rootKeys], ...(ca === null ? {} : { ca }), proof };
  }

  /**
   * Gives the loudspeaker its secret when it proves the code. The same key may do so again until it has connected: each time with another secret, the newest one
   * holds. `address` is where it asks from. Throws `enrolment.refused`, `enrolment.begin_again`, `enrolment.too_many_tries`.
   */
  async finish(request: EnrolmentFinish, address: string): Promise<EnrolmentFinished> {
    const waitMs = this.#tries.waitMs(address);
    if (waitMs > 0)
      throw new DomainError('enrolment.too_many_tries', { minutes: Math.ceil(waitMs / 60_000) });
    const { speakerId, speakerExchangeKey } = request;
    const { enrolment, key } = await this.#code(request);
    const exchange = this.#exchange(request);
    const said = transcript('speaker', exchange, speakerExchangeKey);
    // All of it is reckoned for everybody.
    const proved = isProof(key ?? this.#decoy, said, request.proof);
    const signed = isSignature(request.speakerPublicKey, said, request.signature);
    if (enrolment === null || key === undefined || !proved || !signed) {
      this.#tries.count(address);
      if (enrolment !== null && enrolment.key !== null) await this.#countWrongTry(enrolment);
      throw refused(speakerId);
    }
    if (!this.#nonces.take(request.controllerNonce, request))
      throw new DomainError('enrolment.begin_again', { speakerId });
    const grant: EnrolmentGrant = {
      v: 1,
      secret: randomBytes(32).toString('base64url'),
      sessionEpoch: this.#options.lastSession(speakerId),
      statement: this.#options.newestStatement(),
    };
    const finished = sealed(grant, request, exchange, key);
    await this.#options.storage.transaction((tx) => this.#enrol(tx, enrolment.id, request, grant));
    return finished;
  }

  async #enrol(
    tx: Transaction,
    enrolmentId: string,
    { speakerId, speakerPublicKey: publicKey }: EnrolmentFinish,
    { secret }: EnrolmentGrant,
  ): Promise<void> {
    const now = Math.floor(this.#options.clock.now());
    const before = await tx.speakers.get(speakerId);
    const credentials = { secretHash: sha256(secret), keyId: keyId(publicKey), publicKey };
    // Void, used by another key or blocked since it was looked at.
    if (!(await tx.enrolments.use(enrolmentId, publicKey, now))) throw refused(speakerId);
    if (before === null || !(await tx.speakers.enrol(speakerId, credentials))) throw refused(speakerId);
    await tx.enrolments.keepKey(speakerId, credentials, now);
    const detail = { enrolmentId, keyId: credentials.keyId, previousKeyId: before.keyId };
    await recordSpeaker(tx, now, speakerId, 'speaker.enrol', detail);
    tx.afterCommit(() => this.#options.onEnrolled({ ...before, ...credentials }));
  }

  /** The newest code of a loudspeaker, and the key to verify its proofs with when it may be proved now. */
  async #code({ speakerId, speakerPublicKey }: EnrolmentBegin | EnrolmentFinish): Promise<{
    readonly enrolment: Enrolment | null;
    readonly key?: Buffer | undefined;
  }> {
    const { storage, clock } = this.#options;
    const [speaker, enrolment] = await Promise.all([
      storage.read.speakers.get(speakerId),
      storage.read.enrolments.newest(speakerId),
    ]);
    const inUse = speaker?.lifecycle === 'enrolled' || speaker?.lifecycle === 'active';
    return inUse ? { enrolment, key: provableKey(enrolment, speakerPublicKey, clock.now()) } : { enrolment };
  }

  /** The code stays good: nobody guesses 95 bits, and a code that wrong tries end could be ended by whoever knows the loudspeaker's name. */
  async #countWrongTry({ id, speakerId }: Enrolment): Promise<void> {
    await this.#options.storage.transaction(async (tx) => {
      const wrongTries = await tx.enrolments.countWrongTry(id);
      if (wrongTries !== WRONG_TRIES_TOLD) return;
      const now = Math.floor(this.#options.clock.now());
      await recordSpeaker(tx, now, speakerId, 'speaker.code_guessed', { enrolmentId: id, wrongTries });
    });
  }

  #exchange(said: Omit<EnrolmentExchange, 'rootKeys' | 'ca'>): EnrolmentExchange {
    const { speakerId, speakerPublicKey, speakerNonce, controllerNonce } = said;
    const { rootKeys, trust } = this.#options;
    const ours = { rootKeys: rootKeys(), ca: trust.ca() };
    return { speakerId, speakerPublicKey, speakerNonce, controllerNonce, ...ours };
  }
}

/** The grant under a key of this exchange. Throws `enrolment.refused` for an exchange key that is none. */
function sealed(
  grant: EnrolmentGrant,
  { speakerId, speakerExchangeKey }: EnrolmentFinish,
  exchange: EnrolmentExchange,
  key: Buffer,
): EnrolmentFinished {
  const own = generateExchangeKey();
  const keys = [speakerExchangeKey, own.publicKey];
  let text: string;
  try {
    const said = transcript('secret', exchange, ...keys);
    text = seal(JSON.stringify(grant), { own, peer: speakerExchangeKey, key, said });
  } catch (cause) {
    throw new DomainError('enrolment.refused', { speakerId }, { cause });
  }
  const proof = prove(key, transcript('secret', exchange, ...keys, text));
  return { v: 1, controllerExchangeKey: own.publicKey, sealed: text, proof };
}

function isSignature(publicKey: string, said: Uint8Array, signature: string): boolean {
  try {
    return verify(undefined, said, verifyingKey(publicKey), Buffer.from(signature, 'base64url'));
  } catch {
    return false;
  }
}

function refused(speakerId: string): DomainError {
  return new DomainError('enrolment.refused', { speakerId });
}
