import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Type from 'typebox';
import { SystemClock } from '#kit';
import { codec, type Provisioning, provisioningCodec, readEnrolmentUri } from '#protocols';
import { enrol } from '../enrol/enrol.ts';
import { agentFolder, type FleetOptions } from './options.ts';

const createdCodec = codec('new speaker', Type.Object({ enrolment: Type.Object({ uri: Type.String() }) }));
const refusedCodec = codec(
  'refusal',
  Type.Object({ error: Type.Object({ code: Type.String(), message: Type.String() }) }),
);

/** Requests to the API under way at once. */
const AT_ONCE = 8;

/** Provisioning of as many loudspeakers as were asked for: from the folder, and the missing ones through the API. */
export async function provisionFleet(options: FleetOptions): Promise<Provisioning[]> {
  const { speakers, provisioning: folder, token, url } = options;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  const found: Provisioning[] = [];
  for (const name of names.slice(0, speakers)) {
    const provisioning = provisioningCodec.parse(await readFile(join(folder, name)));
    found.push(url === null ? provisioning : { ...provisioning, url });
  }
  if (found.length === speakers) return found;
  if (token === null)
    throw new Error(
      `${folder} holds ${found.length} provisioning files, ${speakers} are needed: give --token, --url and --area to enter the others`,
    );
  const held = new Set(found.map(({ speakerId }) => speakerId));
  const ids: string[] = [];
  for (let i = 1; ids.length < speakers - found.length; i++) {
    const id = `fleet-${String(i).padStart(5, '0')}`;
    if (!held.has(id)) ids.push(id);
  }
  const workers = Array.from({ length: AT_ONCE }, async () => {
    for (let id = ids.shift(); id !== undefined; id = ids.shift()) found.push(await enter(id, options));
  });
  await Promise.all(workers);
  return found;
}

/** Enters one loudspeaker and enrols it with the code that it gets. The key follows from what is asked, so that a second try finds the first. */
async function enter(
  id: string,
  { url, token, area, data, provisioning: folder }: FleetOptions,
): Promise<Provisioning> {
  const key = createHash('sha256').update(`fleet\n${folder}\n${area}\n${id}`).digest('hex').slice(0, 40);
  const answer = await fetch(`${url}/api/v1/speakers`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'idempotency-key': key,
    },
    body: JSON.stringify({ id, areaId: area, name: `Cụm loa mô phỏng ${id}` }),
  });
  const body = await answer.text();
  if (!answer.ok) throw new Error(`loudspeaker "${id}" was not entered: ${reasonOf(answer.status, body)}`);
  const invitation = readEnrolmentUri(createdCodec.parse(body).enrolment.uri);
  return enrol({
    invitation: { ...invitation, url: url ?? invitation.url },
    dataFolder: agentFolder(data, id),
    provisioningFile: join(folder, `${id}.json`),
    clock: new SystemClock(),
  });
}

function reasonOf(status: number, body: string): string {
  try {
    const { code, message } = refusedCodec.parse(body).error;
    return `${code}: ${message}`;
  } catch {
    return `the controller answered ${status}`;
  }
}
