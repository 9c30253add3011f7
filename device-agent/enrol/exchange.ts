import { randomBytes, sign } from 'node:crypto';
import {
  DomainError,
  type EnrolmentBegin,
  type EnrolmentExchange,
  type EnrolmentFinish,
  type EnrolmentInvitation,
  enrolmentBegunCodec,
  enrolmentFinishedCodec,
  enrolmentGrantCodec,
  enrolmentKey,
  generateExchangeKey,
  isProof,
  type Provisioning,
  prove,
  type SigningKey,
  transcript,
  unseal,
} from '#protocols';

/** Sends one step to the controller; resolves with what it answered (JSON). Rejects with its refusal as a `DomainError` where it sent one. */
export type EnrolmentPost = (
  step: 'begin' | 'finish',
  body: EnrolmentBegin | EnrolmentFinish,
) => Promise<unknown>;

/**
 * Proves a code to a controller that proves it too, and gives back what the loudspeaker is to keep. Root keys and certificates are believed only after the controller's
 * proof; the code and the private key go nowhere. Throws `enrolment.unproved`, and what `post` throws.
 */
export async function exchangeCode(
  { url, speakerId, code }: EnrolmentInvitation,
  key: SigningKey,
  post: EnrolmentPost,
): Promise<Provisioning> {
  const secret = enrolmentKey(code, speakerId);
  const unproved = () => new DomainError('enrolment.unproved', { url, speakerId });
  const own = {
    speakerId,
    speakerPublicKey: key.publicKey,
    speakerNonce: randomBytes(32).toString('base64url'),
  };
  const begun = enrolmentBegunCodec.check(await post('begin', { v: 1, ...own }));
  const { rootKeys, ca = null, controllerNonce } = begun;
  const exchange: EnrolmentExchange = { ...own, rootKeys, ca, controllerNonce };
  if (!isProof(secret, transcript('controller', exchange), begun.proof)) throw unproved();

  const mine = generateExchangeKey();
  const said = transcript('speaker', exchange, mine.publicKey);
  const finished = enrolmentFinishedCodec.check(
    await post('finish', {
      ...{ v: 1, ...own, controllerNonce, speakerExchangeKey: mine.publicKey },
      proof: prove(secret, said),
      signature: sign(undefined, said, key.privateKey).toString('base64url'),
    }),
  );
  const { controllerExchangeKey: peer, sealed } = finished;
  const about = [mine.publicKey, peer];
  if (!isProof(secret, transcript('secret', exchange, ...about, sealed), finished.proof)) throw unproved();
  const text = unseal(sealed, {
    ...{ own: mine, peer, key: secret, said: transcript('secret', exchange, ...about) },
  });
  const { secret: mqttSecret, sessionEpoch, statement } = enrolmentGrantCodec.parse(text);
  return {
    ...{ v: 1, speakerId, secret: mqttSecret, rootKeys, url, sessionEpoch },
    ...(ca === null ? {} : { ca }),
    ...(statement === undefined ? {} : { statement }),
  };
}
