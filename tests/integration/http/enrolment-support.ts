import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import {
  type EnrolmentCode,
  type EnrolmentFinish,
  type EnrolmentInvitation,
  generateExchangeKey,
  readEnrolmentUri,
  type SigningKey,
} from '#protocols';
import type { EnrolmentPost } from '../../../device-agent/enrol/exchange.ts';
import { TestSpeaker } from '../mqtt/test-speaker.ts';
import { COMMUNE, type EnrolledSpeaker, type Problem, type TestController } from './support.ts';

export const SPEAKER = 'loa-1';

/** Enters the loudspeaker and gives back what stands on its sheet. */
export async function enter(controller: TestController, id = SPEAKER): Promise<EnrolmentCode> {
  const body = { id, areaId: 'ap-1', name: `Cụm loa ${id}`, validHours: 1 };
  const answer = await controller.post<{ enrolment: EnrolmentCode }>('technician', 'speakers', body);
  return answer.body.enrolment;
}

export function invitationOf({ uri }: EnrolmentCode): EnrolmentInvitation {
  return readEnrolmentUri(uri);
}

/** Address of the controller, which listens from then on. */
export async function addressOf(controller: TestController): Promise<string> {
  if (!controller.app.server.listening) await controller.app.listen({ port: 0, host: '127.0.0.1' });
  return `127.0.0.1:${(controller.app.server.address() as AddressInfo).port}`;
}

/** A loudspeaker on the wire; it says hello where `greet` says so. */
export async function connect(
  controller: TestController,
  enrolled: EnrolledSpeaker,
  { sessionEpoch = 1, greet = true, epoch = 'jnl-1' } = {},
): Promise<TestSpeaker> {
  const url = `ws://${await addressOf(controller)}/mqtt`;
  const speaker = new TestSpeaker({ ...enrolled, url, sessionEpoch, epoch });
  onTestFinished(() => speaker.cut());
  await speaker.connect([COMMUNE, 'ap-1']);
  if (!greet) return speaker;
  await speaker.send('hello', speaker.hello());
  await speaker.welcome();
  return speaker;
}

/** Resolves when the broker has ended the connection. */
export async function closed(speaker: TestSpeaker): Promise<void> {
  const { client } = speaker;
  if (client === undefined) throw new Error('not connected');
  if (client.connected) await new Promise<void>((resolve) => client.once('close', () => resolve()));
}

/** What the controller answers to a loudspeaker's secret over HTTP, asking for audio. */
export async function audioStatus(
  controller: TestController,
  { id, secret }: Pick<EnrolledSpeaker, 'id' | 'secret'>,
): Promise<number> {
  const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
  const path = `media/${'a'.repeat(64)}`;
  return (await controller.get('nobody', path, { authorization })).status;
}

/** Somebody who heard everything and has no code: begins like a loudspeaker, and proves what it can. */
export async function impostorFinish(
  controller: TestController,
  key: SigningKey,
  over: Partial<EnrolmentFinish> & Pick<EnrolmentFinish, 'speakerId'>,
): Promise<Problem['error'] & { readonly status: number }> {
  const own = {
    ...{ speakerId: over.speakerId, speakerPublicKey: key.publicKey },
    speakerNonce: 'n'.repeat(43),
  };
  const begun = (await controller.enrolmentPost('begin', { v: 1, ...own })) as { controllerNonce: string };
  const request: EnrolmentFinish = {
    ...{ v: 1, ...own, controllerNonce: begun.controllerNonce },
    ...{ speakerExchangeKey: generateExchangeKey().publicKey, proof: 'p'.repeat(43) },
    ...{ signature: 's'.repeat(86), ...over },
  };
  const { status, body } = await controller.call<Problem>('nobody', 'POST', 'enrolments/finish', {
    body: request,
    key: null,
  });
  return { status, ...body.error };
}

/** Remembers what went to and fro. */
export function listening(
  post: EnrolmentPost,
): EnrolmentPost & { readonly heard: [string, object, object][] } {
  const heard: [string, object, object][] = [];
  const through: EnrolmentPost = async (step, body) => {
    const answer = await post(step, body);
    heard.push([step, body, answer as object]);
    return answer;
  };
  return Object.assign(through, { heard });
}
