import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { backoff, type Clock, delay, writeFileAtomic } from '#kit';
import { type EnrolmentInvitation, isDomainError, type Provisioning, provisioningCodec } from '#protocols';
import { ifMissing } from '../state/files.ts';
import { loadIdentity } from '../state/identity.ts';
import { type EnrolmentPost, exchangeCode } from './exchange.ts';
import { httpPost } from './http-post.ts';

const ATTEMPTS = 4;
const RETRY = { baseMs: 500, maxMs: 4_000 };

export interface EnrolOptions {
  readonly invitation: EnrolmentInvitation;
  /** The agent's state: its key is made there, if it has none yet, and never leaves it. */
  readonly dataFolder: string;
  readonly provisioningFile: string;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  /** By default HTTP to the invitation's address. */
  readonly post?: EnrolmentPost;
}

/** The file belongs to another loudspeaker: its journal and orders lie beside it. */
export class EnrolledOtherwise extends Error {
  readonly speakerId: string;

  constructor(speakerId: string) {
    super(`this machine is enrolled as loudspeaker "${speakerId}" already`);
    this.name = 'EnrolledOtherwise';
    this.speakerId = speakerId;
  }
}

/**
 * Enrols the loudspeaker of this machine: key on the disk → code proved → provisioning file written (mode 0600), each durable before the next. It may be cut off anywhere
 * and done again with the same code: the key is the same, and the controller answers it again until the loudspeaker has connected. Tried again by itself where the
 * line breaks. Throws `EnrolledOtherwise`, what `exchangeCode` throws, and errors of line and disk.
 */
export async function enrol(options: EnrolOptions): Promise<Provisioning> {
  const { invitation, dataFolder, provisioningFile, signal = new AbortController().signal } = options;
  const before = await held(provisioningFile);
  if (before !== undefined && before !== invitation.speakerId) throw new EnrolledOtherwise(before);
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  await mkdir(dirname(provisioningFile), { recursive: true });
  const key = await loadIdentity(dataFolder);
  const post = options.post ?? httpPost(invitation.url, signal);
  const delays = backoff({ ...RETRY, random: Math.random });
  for (let attempt = 1; ; attempt++)
    try {
      const provisioning = await exchangeCode(invitation, key, post);
      await writeFileAtomic(provisioningFile, JSON.stringify(provisioning), 0o600);
      return provisioning;
    } catch (error) {
      const final = isDomainError(error) && error.code !== 'enrolment.begin_again' && error.status < 500;
      if (final || attempt === ATTEMPTS) throw error;
      await delay(options.clock, 'enrolment: again', delays.next().value, signal);
    }
}

/** Whose provisioning a file holds; undefined: nobody's, or it cannot be read, and is then written anew. */
async function held(provisioningFile: string): Promise<string | undefined> {
  const bytes = await ifMissing(readFile(provisioningFile), undefined);
  if (bytes === undefined) return undefined;
  try {
    return provisioningCodec.parse(bytes).speakerId;
  } catch {
    return undefined;
  }
}
