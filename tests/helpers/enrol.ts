import { join } from 'node:path';
import { SystemClock } from '#kit';
import {
  type EnrolmentCode,
  generateSigningKey,
  type Provisioning,
  readEnrolmentUri,
  type SigningKey,
} from '#protocols';
import { enrol } from '../../device-agent/enrol/enrol.ts';
import { exchangeCode } from '../../device-agent/enrol/exchange.ts';
import { httpPost } from '../../device-agent/enrol/http-post.ts';
import type { ApiClient } from '../../server/demo/api-client.ts';

/** What a test says of a loudspeaker that it enters. */
export interface Entered {
  readonly id: string;
  readonly areaId: string;
  readonly name: string;
}

/** Enters a loudspeaker and enrols it as its agent does: the key lies in `<folder>/data`, the provisioning file in `folder`. */
export async function enterAgent(
  technician: ApiClient,
  body: Entered,
  folder: string,
): Promise<Provisioning> {
  return enrol({
    invitation: readEnrolmentUri(await entered(technician, body)),
    dataFolder: join(folder, 'data'),
    provisioningFile: join(folder, 'provisioning.json'),
    clock: new SystemClock(),
  });
}

/** Enters a loudspeaker that a test plays itself, with a key in memory. */
export async function enterWithKey(
  technician: ApiClient,
  body: Entered,
  key: SigningKey = generateSigningKey(),
): Promise<Provisioning & { readonly key: SigningKey }> {
  const invitation = readEnrolmentUri(await entered(technician, body));
  const post = httpPost(invitation.url, new AbortController().signal);
  return { ...(await exchangeCode(invitation, key, post)), key };
}

async function entered(technician: ApiClient, body: Entered): Promise<string> {
  const { enrolment } = await technician.post<{ enrolment: EnrolmentCode }>('/speakers', body);
  return enrolment.uri;
}
