import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SystemClock } from '#kit';
import { exportSigningKey, generateSigningKey, keyId, type SigningKey, sha256 } from '#protocols';
import type { Announcement } from '../../../server/domain/announcements/announcement.ts';
import { asApproved } from '../../../server/domain/announcements/approval-hash.ts';
import type { Medium } from '../../../server/domain/media/medium.ts';
import { enteredSpeaker, type Speaker } from '../../../server/domain/speakers/speaker.ts';
import { openStorage, SEED_AREAS, SEED_HAMLETS, seedTanAn, TAN_AN } from '../../../server/storage/index.ts';
import type { LightSpeakerIdentity } from './light-speaker.ts';

/** The commune that every loudspeaker of a load test belongs to, and its ancestry. */
export const LOAD_AREA = SEED_HAMLETS[0]?.id ?? TAN_AN;
export const LOAD_ANCESTRY: readonly string[] = ancestry(LOAD_AREA);
export const LOAD_ANNOUNCEMENT = 'ann_load';

const SPEAKERS_PER_TRANSACTION = 500;
const POLICY = JSON.stringify({
  windows: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '00:00', closes: '24:00' }],
  sessionMinutes: null,
  // As loud at night as by day.
  night: null,
  legalBasis: 'bench',
});

/**
 * Writes a database with this many loudspeakers and one approved announcement, so that a controller started on it
 * can broadcast at once. Returns what the loudspeakers need to connect; `key` is what they enrolled with.
 */
export async function writeCommune(
  dataFolder: string,
  count: number,
  // One key for all: what is measured is not the making of keys.
  key: SigningKey = generateSigningKey(),
): Promise<LightSpeakerIdentity[]> {
  await mkdir(dataFolder, { recursive: true });
  const clock = new SystemClock();
  const storage = openStorage({ url: `file:${join(dataFolder, 'loa.db')}`, clock });
  await storage.start();
  try {
    await seedTanAn(storage, clock.now());
    await storage.transaction(async (tx) => {
      const root = (await tx.areas.all()).find(({ id }) => id === 'vn');
      if (root === undefined) throw new Error('the seed has no area "vn"');
      await tx.areas.update({ ...root, policy: POLICY }, clock.now());
      const medium = loadMedium(clock.now());
      await tx.media.put(medium);
      await tx.announcements.insert(loadAnnouncement(medium.sha256, clock.now()));
    });
    const pem = exportSigningKey(key);
    const identities = Array.from({ length: count }, (_, i) => ({
      speakerId: `loa-${String(i).padStart(5, '0')}`,
      secret: randomBytes(32).toString('base64url'),
      areas: LOAD_ANCESTRY,
      publicKey: key.publicKey,
      key: pem,
    }));
    for (let from = 0; from < count; from += SPEAKERS_PER_TRANSACTION)
      await storage.transaction(async (tx) => {
        for (const identity of identities.slice(from, from + SPEAKERS_PER_TRANSACTION))
          await tx.speakers.insert(loadSpeaker(identity, clock.now()));
      });
    return identities;
  } finally {
    await storage.stop();
  }
}

function loadSpeaker({ speakerId, secret, publicKey }: LightSpeakerIdentity, now: number): Speaker {
  return {
    ...enteredSpeaker({ id: speakerId, areaId: LOAD_AREA, name: speakerId, createdAt: now }),
    ...{ lifecycle: 'active', secretHash: sha256(secret), keyId: keyId(publicKey), publicKey },
  };
}

/** Nobody fetches its bytes: light speakers only answer. */
function loadMedium(now: number): Medium {
  const hash = sha256('bench');
  return {
    sha256: hash,
    bytes: 100_000,
    durationMs: 20_000,
    integratedLufs: -16,
    truePeakDb: -1.6,
    peaks: '[]',
    chunkList: '{}',
    chunkListSha256: sha256('{}'),
    createdAt: now,
  };
}

function loadAnnouncement(mediaSha256: string, now: number): Announcement {
  return asApproved({
    id: LOAD_ANNOUNCEMENT,
    areaId: TAN_AN,
    title: 'Bản tin đo tải',
    category: 'do-tai',
    origin: 'own',
    language: 'vi',
    priority: 'normal',
    text: null,
    state: 'submitted',
    mediaSha256,
    approvedSha256: null,
    rejectedReason: null,
    stream: null,
    stored: false,
    createdBy: 'bench',
    composers: ['bench'],
    recordedBy: null,
    forAreas: [],
    decisions: [],
    createdAt: now,
    updatedAt: now,
  });
}

function ancestry(areaId: string): string[] {
  const parentId = SEED_AREAS.find(({ id }) => id === areaId)?.parentId;
  return parentId ? [...ancestry(parentId), areaId] : [areaId];
}
