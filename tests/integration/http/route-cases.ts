import { payloadOf, planHeadCodec } from '#protocols';
import type { FakeClock } from '../../helpers/fake-clock.ts';
import { until } from '../../helpers/until.ts';
import { daily, vietnam } from './schedule-support.ts';
import {
  type Answer,
  COMMUNE,
  type Problem,
  speechLikeWav,
  type TestController,
  type Who,
} from './support.ts';

/** How a route is asked about something of the commune, and what somebody of another commune gets. */
export interface RouteCase {
  readonly path: string;
  readonly body?: object;
  /**
   * `forbidden`; a list's name: what the commune has is not in it; or why the route has no area: then nothing more than the permission
   * stands before it.
   */
  readonly elsewhere: 'forbidden' | { readonly list: string } | { readonly noArea: string };
  /** Where a body of JSON is not enough. */
  readonly send?: (who: Who) => Promise<Answer<Problem>>;
}

const DAY_MS = 86_400_000;
const REASON = { reason: 'kiểm thử' };

/** Things of the commune that have ids. */
interface Things {
  readonly announcement: string;
  readonly sha256: string;
  readonly broadcast: string;
  readonly job: string;
  readonly programme: string;
  readonly schedule: string;
  readonly latch: string;
  readonly pairing: string;
  readonly token: string;
  readonly standing: string;
  /** An area-day document. */
  readonly plan: string;
  /** Drafted, and approved by nobody. */
  readonly urgent: { readonly id: string; readonly approvalHash: string };
  /** One that waits for a second person, and one that is to be reviewed. */
  readonly waiting: string;
  readonly review: string;
}

/** A case for each route that names a permission, by "METHOD /path" of the API's own description. */
export async function routeCases(
  controller: TestController,
  clock: FakeClock,
): Promise<Record<string, RouteCase>> {
  const things = await makeThings(controller, clock);
  const { announcement, sha256, broadcast, job, programme, schedule, latch, pairing, token, standing } =
    things;
  const { urgent, waiting, review, plan } = things;
  const range = `from=${vietnam(0, '00:00')}&to=${vietnam(1, '00:00')}`;
  const forbidden = (path: string, body?: object): RouteCase => ({
    ...{ path, elsewhere: 'forbidden' },
    ...(body === undefined ? {} : { body }),
  });
  const list = (path: string, name = path): RouteCase => ({ path, elsewhere: { list: name } });
  const free = (path: string, noArea: string, body?: object): RouteCase => ({
    ...{ path, elsewhere: { noArea } },
    ...(body === undefined ? {} : { body }),
  });
  const wanted = scheduleOf(announcement);
  const name = { scheduleId: schedule, originalAt: vietnam(1, '05:30') };
  const person = { name: 'moi', displayName: 'Mới', grants: [{ role: 'viewer', areas: [COMMUNE] }] };
  const machine = {
    ...{ name: 'may', grants: [{ role: 'viewer', areas: [COMMUNE] }], scope: ['area:read'] },
    expiresAt: controller.context.services.clock.now() + DAY_MS,
  };
  return {
    'GET /metrics': free('/metrics', 'figures of the whole controller'),
    'GET /api/v1/me': free('me', 'about who asks'),
    'GET /api/v1/areas': list('areas'),
    'GET /api/v1/areas/{id}': forbidden(`areas/${COMMUNE}`),
    'GET /api/v1/areas/{id}/policy': forbidden(`areas/${COMMUNE}/policy`),
    'GET /api/v1/areas/{id}/kind': forbidden(`areas/${COMMUNE}/kind?kind=x%C3%A3`),
    'POST /api/v1/areas': forbidden('areas', { parentId: COMMUNE, kind: 'ấp', name: 'x' }),
    'PATCH /api/v1/areas/{id}': forbidden(`areas/${COMMUNE}`, { kind: 'xã' }),
    'POST /api/v1/areas/{id}/move': forbidden(`areas/${COMMUNE}/move`, { parentId: 'ap-1' }),
    'POST /api/v1/areas/{id}/merge': forbidden(`areas/${COMMUNE}/merge`, { into: 'ap-1' }),
    'POST /api/v1/areas/{id}/retire': forbidden(`areas/${COMMUNE}/retire`, {}),
    'GET /api/v1/speakers': list('speakers'),
    'GET /api/v1/speakers/{id}': forbidden('speakers/loa-1'),
    'GET /api/v1/speakers/{id}/journal': forbidden('speakers/loa-1/journal'),
    'POST /api/v1/speakers': forbidden('speakers', { areaId: 'ap-1', name: 'x' }),
    'PATCH /api/v1/speakers/{id}': forbidden('speakers/loa-1', { mute: null }),
    'POST /api/v1/speakers/{id}/test': forbidden('speakers/loa-1/test', {}),
    'POST /api/v1/speakers/{id}/block': forbidden('speakers/loa-1/block', REASON),
    'POST /api/v1/speakers/{id}/unblock': forbidden('speakers/loa-1/unblock', REASON),
    'POST /api/v1/speakers/{id}/retire': forbidden('speakers/loa-1/retire', REASON),
    'GET /api/v1/speakers/{id}/enrolment': forbidden('speakers/loa-1/enrolment'),
    'POST /api/v1/speakers/{id}/enrolment': forbidden('speakers/loa-1/enrolment', {}),
    'DELETE /api/v1/speakers/{id}/enrolment': forbidden('speakers/loa-1/enrolment'),
    ...contentCases(sha256),
    'POST /api/v1/media': {
      ...forbidden('media'),
      send: (who) => controller.upload<Problem>(who, COMMUNE, speechLikeWav(0.2)),
    },
    'GET /api/v1/media/jobs/{id}': forbidden(`media/jobs/${job}`),
    'POST /api/v1/media/jobs/{id}/cancel': forbidden(`media/jobs/${job}/cancel`, {}),
    'GET /api/v1/evidence': forbidden(`evidence?area=${COMMUNE}&${range}`),
    'GET /api/v1/evidence/page': forbidden(`evidence/page?area=${COMMUNE}&${range}`),
    'GET /api/v1/audit': forbidden(`audit?area=${COMMUNE}`),
    'GET /api/v1/audit/export': forbidden(`audit/export?area=${COMMUNE}&format=json`),
    'GET /api/v1/audit/heads': forbidden('audit/heads'),
    'POST /api/v1/audit/heads': forbidden('audit/heads', {}),
    'GET /api/v1/audit/heads/{n}/sheet': forbidden('audit/heads/1/sheet'),
    'GET /api/v1/backups': forbidden('backups'),
    'GET /api/v1/backups/notices': free('backups/notices', 'tells nothing to who answers for a part alone'),
    'POST /api/v1/backups': forbidden('backups', {}),
    'PUT /api/v1/backups/settings': forbidden('backups/settings', {
      ...{ at: '02:30', keep: { daily: 7, weekly: 4, monthly: 12 }, destinations: [], alarmDays: 14 },
    }),
    'PUT /api/v1/storage/retention': forbidden('storage/retention', {
      ...{ healthDays: 400, unusedAudioDays: null },
    }),
    'POST /api/v1/backups/passphrase': forbidden('backups/passphrase', {}),
    'GET /api/v1/storage': forbidden('storage'),
    'GET /api/v1/announcements': list('announcements'),
    'GET /api/v1/announcements/{id}': forbidden(`announcements/${announcement}`),
    'POST /api/v1/announcements': forbidden('announcements', { areaId: COMMUNE, title: 'x' }),
    'PATCH /api/v1/announcements/{id}': forbidden(`announcements/${announcement}`, { title: 'x' }),
    'POST /api/v1/announcements/{id}/submit': forbidden(`announcements/${announcement}/submit`, {}),
    'POST /api/v1/announcements/{id}/withdraw': forbidden(`announcements/${announcement}/withdraw`, {}),
    'POST /api/v1/announcements/{id}/approve': forbidden(`announcements/${announcement}/approve`, { sha256 }),
    'POST /api/v1/announcements/{id}/reject': forbidden(`announcements/${announcement}/reject`, REASON),
    'GET /api/v1/approvals': list('approvals', 'waiting'),
    'GET /api/v1/approvals/given': list('approvals/given', 'given'),
    'POST /api/v1/broadcasts': forbidden('broadcasts', {
      announcementId: announcement,
      targets: { areas: ['ap-1'] },
    }),
    'GET /api/v1/broadcasts': list('broadcasts'),
    'GET /api/v1/broadcasts/{id}': forbidden(`broadcasts/${broadcast}`),
    'GET /api/v1/broadcasts/{id}/deliveries': forbidden(`broadcasts/${broadcast}/deliveries`),
    'GET /api/v1/broadcasts/{id}/coverage': forbidden(`broadcasts/${broadcast}/coverage`),
    'POST /api/v1/broadcasts/{id}/cancel': forbidden(`broadcasts/${broadcast}/cancel`, REASON),
    'POST /api/v1/broadcasts/{id}/make-good': forbidden(`broadcasts/${broadcast}/make-good`, {}),
    'GET /api/v1/make-goods': forbidden(`make-goods?area=${COMMUNE}`),
    'GET /api/v1/plans/state': forbidden(`plans/state?area=${COMMUNE}`),
    'GET /api/v1/readiness': forbidden(`readiness?area=${COMMUNE}`),
    'GET /api/v1/system/clock': free('system/clock', 'the controller’s clock'),
    'POST /api/v1/system/clock/confirm': free('system/clock/confirm', 'the controller’s clock'),
    'GET /api/v1/keys': free('keys', 'the keys of the whole controller'),
    'POST /api/v1/keys/rotate': free('keys/rotate', 'the keys of the whole controller'),
    'GET /api/v1/programmes': list('programmes'),
    'GET /api/v1/programmes/{id}': forbidden(`programmes/${programme}`),
    'POST /api/v1/programmes': forbidden('programmes', {
      ...{ areaId: COMMUNE, title: 'x', items: [{ announcementId: announcement }] },
    }),
    'PATCH /api/v1/programmes/{id}': forbidden(`programmes/${programme}`, { title: 'y' }),
    'DELETE /api/v1/programmes/{id}': forbidden(`programmes/${programme}`, {}),
    'GET /api/v1/schedules': list('schedules'),
    'GET /api/v1/schedules/{id}': forbidden(`schedules/${schedule}`),
    'GET /api/v1/schedules/{id}/occurrences': forbidden(`schedules/${schedule}/occurrences?${range}`),
    'POST /api/v1/schedules': forbidden('schedules', wanted),
    'POST /api/v1/schedules/preview': forbidden('schedules/preview', wanted),
    'GET /api/v1/collisions': list('collisions', 'undecided'),
    'GET /api/v1/plans/{sha256}': forbidden(`plans/${plan}`),
    'HEAD /api/v1/plans/{sha256}': { path: `plans/${plan}`, elsewhere: 'forbidden' },
    'POST /api/v1/collisions/decide': forbidden('collisions/decide', { first: name, second: name }),
    'POST /api/v1/schedules/{id}/change': forbidden(`schedules/${schedule}/change`, {
      ...{ span: { kind: 'all' }, change: { gainDb: 1 } },
    }),
    'POST /api/v1/schedules/{id}/occurrences': forbidden(`schedules/${schedule}/occurrences`, {
      ...{ kind: 'skip', originalAt: name.originalAt, reason: 'x' },
    }),
    'POST /api/v1/schedules/{id}/pause': forbidden(`schedules/${schedule}/pause`, {}),
    'POST /api/v1/schedules/{id}/resume': forbidden(`schedules/${schedule}/resume`, {}),
    'DELETE /api/v1/schedules/{id}': forbidden(`schedules/${schedule}`, {}),
    'GET /api/v1/approvals/due': list('approvals/due', 'due'),
    'GET /api/v1/emergencies': list('emergencies'),
    'POST /api/v1/emergencies': forbidden('emergencies', {
      ...{ announcementId: urgent.id, sha256: urgent.approvalHash, targets: { areas: ['ap-1'] } },
    }),
    'POST /api/v1/emergencies/{id}/confirm': forbidden(`emergencies/${waiting}/confirm`, {
      sha256: urgent.approvalHash,
    }),
    'POST /api/v1/emergencies/{id}/drop': forbidden(`emergencies/${waiting}/drop`, REASON),
    'GET /api/v1/reviews': list('reviews'),
    'POST /api/v1/reviews/{id}/resolve': forbidden(`reviews/${review}/resolve`, {
      ...{ justified: true, note: 'x' },
    }),
    'GET /api/v1/standing-approvals': list('standing-approvals', 'standing'),
    'POST /api/v1/schedules/{id}/standing-approval': forbidden(`schedules/${schedule}/standing-approval`, {
      ...{ maxMinutes: 5, expiresAt: vietnam(30, '00:00') },
    }),
    'POST /api/v1/standing-approvals/{id}/revoke': forbidden(`standing-approvals/${standing}/revoke`, REASON),
    'GET /api/v1/calendar': forbidden(`calendar?area=${COMMUNE}&${range}`),
    'GET /api/v1/lunar': free('lunar?from=2026-01-01&to=2026-01-02', 'the calendar of everybody'),
    'GET /api/v1/holidays': free('holidays', 'the calendar of everybody'),
    'PUT /api/v1/holidays': free('holidays', 'the calendar of everybody', []),
    'POST /api/v1/latches': forbidden('latches', { scope: { kind: 'area', id: COMMUNE }, ...REASON }),
    'GET /api/v1/latches': list('latches'),
    'GET /api/v1/latches/{id}': forbidden(`latches/${latch}`),
    'POST /api/v1/latches/{id}/release': forbidden(`latches/${latch}/release`, REASON),
    'GET /api/v1/reminders': list('reminders'),
    'GET /api/v1/accounts': list('accounts'),
    'GET /api/v1/accounts/{name}': forbidden('accounts/co-dan'),
    'POST /api/v1/accounts': forbidden('accounts', person),
    'PATCH /api/v1/accounts/{name}': forbidden('accounts/co-dan', { displayName: 'y' }),
    'POST /api/v1/accounts/{name}/reset': forbidden('accounts/co-dan/reset', REASON),
    'POST /api/v1/accounts/{name}/pairing': forbidden('accounts/co-dan/pairing'),
    'GET /api/v1/accounts/{name}/pairing/{id}': forbidden(`accounts/co-dan/pairing/${pairing}`),
    'POST /api/v1/accounts/{name}/deactivate': forbidden('accounts/co-dan/deactivate', REASON),
    'POST /api/v1/accounts/{name}/end-sessions': forbidden('accounts/co-dan/end-sessions', REASON),
    'POST /api/v1/accounts/{name}/reactivate': forbidden('accounts/co-dan/reactivate', REASON),
    'GET /api/v1/tokens': list('tokens'),
    'POST /api/v1/tokens': forbidden('tokens', machine),
    'DELETE /api/v1/tokens/{id}': forbidden(`tokens/${token}`),
  };
}

/** What is fetched by its hash. */
function contentCases(sha256: string): Record<string, RouteCase> {
  const routes = ['media/{sha256}', 'media/{sha256}/chunks', 'media/{sha256}/peaks'];
  return Object.fromEntries(
    routes.flatMap((route) =>
      ['GET', 'HEAD'].map((method) => [
        `${method} /api/v1/${route}`,
        { path: route.replace('{sha256}', sha256), elsewhere: 'forbidden' },
      ]),
    ),
  );
}

async function makeThings(controller: TestController, clock: FakeClock): Promise<Things> {
  await controller.speaker('loa-1', 'ap-1');
  const { id: announcement, sha256 } = await controller.approved();
  const idOf = async (who: Who, path: string, body: object): Promise<string> => {
    const answer = await controller.post<{ id: string } & Problem>(who, path, body);
    if (answer.status >= 300) throw new Error(`${path}: ${answer.body.error.message}`);
    return answer.body.id;
  };
  const targets = { areas: [COMMUNE] };
  const broadcast = await idOf('editor', 'broadcasts', { announcementId: announcement, targets });
  const items = [{ announcementId: announcement }];
  const programme = await idOf('editor', 'programmes', { areaId: COMMUNE, title: 'x', items });
  const schedule = await idOf('editor', 'schedules', scheduleOf(announcement));
  const leave = { maxMinutes: 5, expiresAt: vietnam(30, '00:00') };
  const standing = await idOf('chairman', `schedules/${schedule}/standing-approval`, leave);
  const draft = { areaId: COMMUNE, title: 'Xả lũ', priority: 'emergency', mediaSha256: sha256 };
  const { body: urgent } = await controller.post<Things['urgent']>('editor', 'announcements', draft);
  const ask = { announcementId: urgent.id, sha256: urgent.approvalHash, targets: { areas: ['ap-1'] } };
  const asked = async (over: object) => {
    const answer = await controller.post<{ emergency: { id: string } }>('editor', 'emergencies', {
      ...{ ...ask, ...over },
    });
    return answer.body.emergency.id;
  };
  const waiting = await asked({});
  const review = await asked({ breakGlass: { reason: 'vỡ đê, không gọi được ai' } });
  const { planSide } = controller.context;
  const head = await until('the plan', async () => {
    await clock.advance(200);
    return planSide.compiler.current({ kind: 'area', id: COMMUNE });
  });
  const plan = planHeadCodec.parse(payloadOf(head.document)).documents[0]?.sha256 ?? '';
  const job = await controller.upload<{ id: string }>('editor', COMMUNE, speechLikeWav(0.3));
  const scope = { kind: 'area', id: 'ap-2' };
  const latch = await idOf('technician', 'latches', { scope, reason: 'loa hú' });
  const grants = [{ role: 'viewer', areas: [COMMUNE] }];
  await controller.post('administrator', 'accounts', { name: 'co-dan', displayName: 'Cô Đan', grants });
  const pairing = await idOf('editor', 'accounts/co-dan/pairing', {});
  const expiresAt = controller.context.services.clock.now() + DAY_MS;
  const machine = { name: 'may-cu', grants, scope: ['area:read'], expiresAt };
  const { body } = await controller.post<{ token: { id: string } }>('administrator', 'tokens', machine);
  return {
    ...{ announcement, sha256, broadcast, programme, schedule, latch, pairing, standing },
    ...{ urgent, waiting, review, plan },
    job: job.body.id,
    token: body.token.id,
  };
}

function scheduleOf(announcementId: string): object {
  return {
    ...{ areaId: COMMUNE, content: { kind: 'announcement', announcementId }, targets: { areas: [COMMUNE] } },
    recurrence: daily('05:30'),
  };
}
