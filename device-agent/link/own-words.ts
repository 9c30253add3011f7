import { needsSignature, type Signer, signedWord, type UpTopicName } from '#protocols';

/** Writes what this loudspeaker says: what it took and what it holds under its signature, the latter numbered. */
export class OwnWords {
  readonly #speakerId: string;
  readonly #sign: Signer;
  /** Never begins anew, so that it grows on each connection. */
  #n = 0;

  /** `sign`: with the loudspeaker's journal key. */
  constructor(speakerId: string, sign: Signer) {
    this.#speakerId = speakerId;
    this.#sign = sign;
  }

  /** The text of a message as it goes out. To be sent in the order in which it was asked for. */
  text(name: UpTopicName, message: object): string {
    if (!needsSignature(name, message)) return JSON.stringify(message);
    const numbered = name === 'answer' ? message : { ...message, n: ++this.#n };
    return signedWord(name, this.#speakerId, numbered, this.#sign);
  }
}
