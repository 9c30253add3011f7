import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BroadcastView, EnrolmentCode, MediaJobView } from '#protocols';
import { COMMUNE, type Problem, speechLikeWav, startController } from './support.ts';

describe('an acting request', { timeout: 60_000 }, () => {
  it('needs a key', async () => {
    const controller = await startController();
    for (const key of [null, 'short', `${'x'.repeat(129)}`, 'with blank in']) {
      const body = { areaId: COMMUNE, title: 'x' };
      const answer = await controller.call<Problem>('editor', 'POST', 'announcements', { body, key });
      expect(answer.body.error.code).toBe('request.key_missing');
    }
  });

  it('tried again under its key gets the first answer, also from a controller that was started anew', async () => {
    const controller = await startController();
    await controller.speaker('loa-1', 'ap-1');
    const { id } = await controller.approved();
    const request = { announcementId: id, targets: { areas: [COMMUNE] }, leadMs: 3_600_000 };
    const first = await controller.post<BroadcastView>('editor', 'broadcasts', request, 'key-of-one-act');
    const second = await controller.post<BroadcastView>('editor', 'broadcasts', request, 'key-of-one-act');
    expect([second.status, second.body]).toEqual([201, first.body]);
    expect(second.headers['idempotent-replayed']).toBe('true');

    await controller.stop();
    await controller.start();
    const third = await controller.post<BroadcastView>('editor', 'broadcasts', request, 'key-of-one-act');
    expect([third.status, third.body]).toEqual([201, first.body]);
    const list = await controller.get<{ broadcasts: object[] }>('editor', 'broadcasts');
    expect(list.body.broadcasts).toHaveLength(1);

    const other = await controller.post<Problem>(
      'editor',
      'broadcasts',
      { ...request, gainDb: -1 },
      'key-of-one-act',
    );
    expect([other.status, other.body.error.code]).toEqual([409, 'request.key_reused']);
    const somebodyElse = await controller.post<BroadcastView>(
      'chairman',
      'broadcasts',
      request,
      'key-of-one-act',
    );
    expect(somebodyElse.body.id).not.toBe(first.body.id);
  });

  it('acts once however many come at once', async () => {
    const controller = await startController();
    const body = { areaId: COMMUNE, title: 'một lần' };
    const answers = await Promise.all(
      Array.from({ length: 8 }, () =>
        controller.post<Problem & { id: string }>('editor', 'announcements', body, 'same-moment'),
      ),
    );
    const made = answers.filter(({ status }) => status === 201).map(({ body: { id } }) => id);
    expect(new Set(made).size).toBe(1);
    for (const { status, body: refused } of answers)
      if (status !== 201) expect(refused.error.code).toBe('request.key_in_use');
    const list = await controller.get<{ announcements: object[] }>('editor', 'announcements');
    expect(list.body.announcements).toHaveLength(1);
  });

  it('that was refused may be tried again under its key', async () => {
    const controller = await startController();
    const { id } = await controller.approved();
    const request = { announcementId: id, targets: { areas: [COMMUNE] } };
    const refused = await controller.post<Problem>('editor', 'broadcasts', request, 'first-refused');
    expect(refused.body.error.code).toBe('broadcast.no_targets');
    await controller.speaker('loa-1', 'ap-1');
    expect((await controller.post('editor', 'broadcasts', request, 'first-refused')).status).toBe(201);
  });

  it('that makes a code stores none: repeated, it makes another, until one was used', async () => {
    const controller = await startController();
    const request = { id: 'loa-9', areaId: 'ap-1', name: 'Cụm loa 9' };
    interface Created {
      enrolment: EnrolmentCode;
    }
    const ask = () => controller.post<Created>('technician', 'speakers', request, 'key-of-loa-9');
    const [first, second, third] = [await ask(), await ask(), await ask()];
    expect(third.headers['idempotent-replayed']).toBe('true');
    const { storage } = controller.context;
    const kept = await storage.read.idempotency.get('technician', 'key-of-loa-9');
    const newest = await storage.read.enrolments.newest('loa-9');
    expect(kept?.body).toBe(JSON.stringify({ speakerId: 'loa-9', enrolmentId: newest?.id }));
    for (const old of [first, second])
      await expect(controller.enrol(old.body.enrolment.uri)).rejects.toThrow('does not prove the code');
    await controller.enrol(third.body.enrolment.uri);
    const fourth = await controller.post<Problem>('technician', 'speakers', request, 'key-of-loa-9');
    expect(fourth.body.error.code).toBe('enrolment.code_used');
  });

  it('with a file is told apart by the file, and leaves no file behind', async () => {
    const controller = await startController();
    const wav = speechLikeWav();
    const first = await controller.upload<MediaJobView>('editor', COMMUNE, wav, 'key-of-upload');
    const second = await controller.upload<MediaJobView>('editor', COMMUNE, wav, 'key-of-upload');
    expect(second.body.id).toBe(first.body.id);
    const other = await controller.upload<Problem>('editor', COMMUNE, speechLikeWav(2), 'key-of-upload');
    expect(other.body.error.code).toBe('request.key_reused');
    expect((await controller.ended(first.body.id)).state).toBe('ready');
    await controller.context.services.mediaJobs.idle();
    expect(await readdir(join(controller.folder, 'data', 'uploads'))).toEqual([]);
  });
});

describe('a preparation under way', { timeout: 60_000 }, () => {
  it('is taken up again by the next start, and failed with a code when its file is gone', async () => {
    const controller = await startController();
    const { body: job } = await controller.upload<MediaJobView>('editor', COMMUNE, speechLikeWav(20));
    // Stopped before it can end: a stop does not end a job.
    await controller.stop();
    await controller.start();
    expect((await controller.ended(job.id)).state).toBe('ready');

    await controller.context.storage.transaction((tx) =>
      tx.media.insertJob({
        id: 'job_gone',
        areaId: COMMUNE,
        state: 'running',
        stage: 'encoding',
        progress: 0.5,
        sourceName: 'x.wav',
        sourceBytes: 1,
        sha256: null,
        errorCode: null,
        errorMessage: null,
        createdBy: 'editor',
        createdAt: 1,
        endedAt: null,
      }),
    );
    await controller.stop();
    await controller.start();
    expect(await controller.ended('job_gone')).toMatchObject({
      state: 'failed',
      error: { code: 'upload.lost' },
    });
  });

  it('can be given up', async () => {
    const controller = await startController();
    const { body: job } = await controller.upload<MediaJobView>('editor', COMMUNE, speechLikeWav(60));
    const { body } = await controller.post<MediaJobView>('editor', `media/jobs/${job.id}/cancel`, {});
    expect(body.state).toBe('cancelled');
    await controller.context.services.mediaJobs.idle();
    expect((await controller.get<MediaJobView>('editor', `media/jobs/${job.id}`)).body.state).toBe(
      'cancelled',
    );
    const twice = await controller.post<Problem>('editor', `media/jobs/${job.id}/cancel`, {});
    expect(twice.body.error.code).toBe('request.conflict');
  });
});
