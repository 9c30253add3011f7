import type { Clock } from '#kit';
import { type Capacity, DomainError, newId } from '#protocols';
import { type Actor, authorize, isAllowed, type Permission, refusal } from '../accounts/actor.ts';
import { capacityOf } from '../accounts/capacity.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import type { Territory } from '../areas/territory.ts';
import type { Stores, Transaction } from '../unit-of-work.ts';
import type { Announcement, Decision, Refusal } from './announcement.ts';
import { type AnnouncementRecords, conflict, requireStep } from './announcement-records.ts';
import { allowanceOf, isAllowedIn, meantAreas, missingIn, related, soundingIn } from './approval-areas.ts';
import { approvalHash } from './approval-hash.ts';
import { openIn, withDecisions } from './decisions.ts';
import { wordsHash } from './refused-before.ts';

/** Takes back every broadcast of an announcement that is not over yet; where `within` is given only in these areas and below. */
type Stop = (
  tx: Transaction,
  actor: Actor,
  announcementId: string,
  reason: string,
  within?: readonly string[],
) => Promise<void>;

/** What sounds somewhere, and where who asks may take it back: all of it, or in these areas of his. */
export interface Given {
  readonly announcement: Announcement;
  readonly whole: boolean;
  readonly areas: readonly string[];
}

/** Announcements that are looked at for one page; so a page may be short, and more come after it. */
const MOST_LOOKED_AT = 500;
/** Of which so many are read together, however short a page is wanted. */
const LEAST_READ = 20;

export interface ApprovalServiceOptions {
  readonly read: Pick<Stores, 'announcements'>;
  readonly areas: AreaDirectory;
  readonly clock: Clock;
  readonly records: AnnouncementRecords;
  readonly territory: () => Territory;
  readonly stop: Stop;
}

/**
 * What leaders say to announcements. Each answers for the own areas: it airs where somebody approved exactly what it is, and not where somebody
 * said no, whatever a wider approval says, also when it was changed since. Whoever answers for the wider area overrules a "no" by naming that area.
 */
export class ApprovalService {
  readonly #options: ApprovalServiceOptions;

  constructor(options: ApprovalServiceOptions) {
    this.#options = options;
  }

  /**
   * One page of what is approved for somewhere in these areas and the actor may take back, newest first: of the own station, and of others that are heard there.
   * `before`: the `next` of the page before; null: that was all.
   */
  async given(
    actor: Actor,
    areaIds: readonly string[],
    { limit, before }: { readonly limit: number; readonly before?: string | undefined },
  ): Promise<{ given: Given[]; next: string | null }> {
    const { read, records, territory, areas } = this.#options;
    const here = territory();
    const { tree } = here;
    const wanted = new Set(areaIds);
    const near = related(areaIds, here);
    const given: Given[] = [];
    let next = before;
    const look = (announcement: Announcement) => {
      const whole = isAllowed(actor, 'announcement:write', announcement.areaId, areas.tree);
      const own = whole
        ? meantAreas(announcement, here.tree)
        : records.concerned(actor, 'announcement:approve', announcement);
      const sounding = soundingIn(own, allowanceOf(announcement), here);
      const inWanted = sounding.some((id) => [...tree.within(id)].some((one) => wanted.has(one)));
      if (inWanted) given.push({ announcement, whole, areas: sounding });
    };
    const size = Math.max(limit, LEAST_READ);
    for (let looked = 0; looked < MOST_LOOKED_AT; looked += size) {
      const page = { limit: size, ...(next === undefined ? {} : { before: next }) };
      const found = await read.announcements.approvedFor(near, page);
      for (const one of found) {
        look(one);
        next = one.id;
        if (given.length === limit) return { given, next };
      }
      if (found.length < size) return { given, next: null };
    }
    return { given, next: next ?? null };
  }

  /** Where nobody has said anything yet, of where it is meant for. */
  missing(announcement: Announcement): readonly string[] {
    return missingIn(
      meantAreas(announcement, this.#options.areas.tree),
      allowanceOf(announcement),
      this.#options.territory(),
    );
  }

  /**
   * Approves exactly what has the `approvalHash` `sha256`, for the areas that are named, by default for all of the approver's own that it concerns. Four
   * eyes: what one composed another approves, except a leader's own recording. Throws `request.forbidden`, `announcement.audio_changed`,
   * `announcement.four_eyes`, `request.conflict`.
   */
  async approve(
    tx: Transaction,
    actor: Actor,
    id: string,
    { sha256, areas: named }: { readonly sha256: string; readonly areas?: readonly string[] | undefined },
  ): Promise<Announcement> {
    const before = await this.#options.records.find(tx, id);
    const areaIds = this.#decided(actor, before, named);
    if (before.state === 'approved') {
      if (!this.#addsTo(before, areaIds)) throw conflict(id, 'approved', 'one that is not approved there');
    } else requireStep(before, 'approved');
    if (before.composers.includes(actor.name) && !isOwnRecording(actor, before))
      throw new DomainError('announcement.four_eyes', { actor: actor.name, id });
    const held = approvalHash(before);
    if (held !== sha256) throw new DomainError('announcement.audio_changed', { id, held, given: sha256 });
    const [decisions, as] = this.#decide(actor, before, areaIds, { verdict: 'approved', reason: null });
    // Where somebody answers for more than he and said no to it, it sounds nowhere yet.
    const sounds = this.#soundsIn({ decisions });
    return this.#options.records.save(
      tx,
      actor,
      before,
      'announcement.approve',
      { sha256, areas: areaIds, as },
      {
        state: sounds ? 'approved' : before.state,
        approvedSha256: sounds ? sha256 : before.approvedSha256,
        ...{ decisions, forAreas: this.#stillMeant({ ...before, decisions }, areaIds) },
      },
    );
  }

  /**
   * Sends it back with a reason: all of it where the actor answers for all that it is meant for, and else for his areas alone. What is approved there is
   * withdrawn instead. Throws `request.forbidden`, `request.conflict`.
   */
  async reject(
    tx: Transaction,
    actor: Actor,
    id: string,
    { reason, areas: named }: { readonly reason: string; readonly areas?: readonly string[] | undefined },
  ): Promise<Announcement> {
    const { records, stop } = this.#options;
    const before = await records.find(tx, id);
    const areaIds = this.#decided(actor, before, named);
    if (before.state !== 'approved') requireStep(before, 'rejected');
    else if (areaIds.some((one) => isAllowedIn(allowanceOf(before), one, this.#options.areas.tree)))
      throw conflict(id, 'approved', 'submitted; what is approved is withdrawn');
    const [decisions, as] = this.#decide(actor, before, areaIds, { verdict: 'rejected', reason });
    const next = this.#afterNo({ ...before, decisions });
    const after = await records.save(
      tx,
      actor,
      before,
      'announcement.reject',
      { reason, areas: areaIds, as },
      {
        decisions,
        forAreas: this.#stillMeant({ ...before, decisions }, areaIds),
        ...next,
        ...(next.state === 'rejected' ? { rejectedReason: reason } : {}),
      },
    );
    await this.#remember(tx, before, { verdict: 'rejected', reason, by: actor.name, areaIds, decisions });
    await stop(tx, actor, id, 'announcement.rejected', areaIds);
    return after;
  }

  /**
   * Never again broadcast, or where areas are named only there; what is planned, under way or on the air of it is taken back with it, whether it airs by an
   * approval, a leave for its series, as an emergency, or as it was ordered before a change. All of it who may write it, in an area also who answers for
   * that. Throws `request.forbidden`, `request.conflict` for what is withdrawn already.
   */
  async withdraw(
    tx: Transaction,
    actor: Actor,
    id: string,
    {
      areas: named,
      reason = null,
    }: { readonly areas?: readonly string[]; readonly reason?: string | null } = {},
  ): Promise<Announcement> {
    const { records, stop, areas } = this.#options;
    const before = await records.find(tx, id);
    if (named === undefined) {
      authorize(actor, 'announcement:write', before.areaId, areas.tree);
      requireStep(before, 'withdrawn');
      const as = capacityOf(actor, 'announcement:write', [before.areaId], areas.tree);
      const detail = { ...(reason === null ? {} : { reason }), as };
      const change = { state: 'withdrawn' } as const;
      const after = await records.save(tx, actor, before, 'announcement.withdraw', detail, change);
      // A station's own withdrawal is nobody's "no"; a leader's is.
      if (isAllowed(actor, 'announcement:approve', before.areaId, areas.tree)) {
        const [said] = this.#decide(actor, before, [before.areaId], { verdict: 'withdrawn', reason });
        await this.#remember(tx, before, {
          ...{ verdict: 'withdrawn', reason, by: actor.name, areaIds: [before.areaId], decisions: said },
        });
      }
      await stop(tx, actor, id, 'announcement.withdrawn');
      return after;
    }
    const ofStation = isAllowed(actor, 'announcement:write', before.areaId, areas.tree);
    const areaIds = ofStation
      ? named.map((one) => areas.tree.get(one).id)
      : this.#decided(actor, before, named);
    requireStep(before, 'withdrawn');
    const by = ofStation ? 'announcement:write' : 'announcement:approve';
    const [decisions, as] = this.#decide(actor, before, areaIds, { verdict: 'withdrawn', reason }, by);
    const after = await records.save(
      tx,
      actor,
      before,
      'announcement.withdraw',
      { areas: areaIds, reason, as },
      {
        decisions,
        forAreas: this.#stillMeant({ ...before, decisions }, areaIds),
        ...this.#afterWithdrawal({ ...before, decisions }),
      },
    );
    const led = areaIds.filter((one) => isAllowed(actor, 'announcement:approve', one, areas.tree));
    await this.#remember(tx, before, {
      ...{ verdict: 'withdrawn', reason, by: actor.name, areaIds: led, decisions },
    });
    await stop(tx, actor, id, 'announcement.withdrawn', areaIds);
    return after;
  }

  /** Keeps to what a leader said no, so that who reads the same words or hears the same sound in another announcement is told. */
  async #remember(
    tx: Transaction,
    { id: announcementId, title, text, mediaSha256 }: Announcement,
    no: {
      readonly verdict: Refusal['verdict'];
      readonly reason: string | null;
      readonly by: string;
      readonly areaIds: readonly string[];
      readonly decisions: readonly Decision[];
    },
  ): Promise<void> {
    const at = Math.floor(this.#options.clock.now());
    const { verdict, reason, by, areaIds, decisions } = no;
    for (const areaId of areaIds) {
      const as = decisions.find((one) => one.areaId === areaId)?.as ?? null;
      await tx.refusals.insert({
        ...{ id: newId('ref', at), announcementId, title, areaId, verdict, by, as, at, reason },
        ...{ mediaSha256, wordsSha256: wordsHash(text) },
      });
    }
  }

  /** The areas that a decision is for. Throws `request.forbidden` where the actor does not answer for them, or it does not concern them. */
  #decided(actor: Actor, announcement: Announcement, named: readonly string[] | undefined): string[] {
    const { areas, records } = this.#options;
    const own = records.concerned(actor, 'announcement:approve', announcement);
    if (own.length === 0) {
      const [areaId = announcement.areaId] = meantAreas(announcement, areas.tree);
      throw refusal(actor, 'announcement:approve', areaId);
    }
    if (named === undefined) return own;
    for (const id of named) authorize(actor, 'announcement:approve', areas.tree.get(id).id, areas.tree);
    return [...new Set(named)];
  }

  /** Whether approving there changes anything. */
  #addsTo({ decisions }: Announcement, areaIds: readonly string[]): boolean {
    return areaIds.some((id) => decisions.find(({ areaId }) => areaId === id)?.verdict !== 'approved');
  }

  /** The decisions with the actor's own for these areas, and in which capacity he made all of those. */
  #decide(
    actor: Actor,
    before: Announcement,
    areaIds: readonly string[],
    said: Pick<Decision, 'verdict' | 'reason'>,
    permission: Permission = 'announcement:approve',
  ): readonly [Decision[], Capacity | null] {
    const { clock, areas } = this.#options;
    const at = Math.floor(clock.now());
    const capacity = (ids: readonly string[]) => capacityOf(actor, permission, ids, areas.tree);
    const own = areaIds.map((areaId): Decision => {
      return { areaId, ...said, by: actor.name, as: capacity([areaId]), at };
    });
    return [withDecisions(before, own), capacity(areaIds)];
  }

  /** Whether these decisions let it sound anywhere. */
  #soundsIn(announcement: Pick<Announcement, 'decisions'>): boolean {
    const allowance = allowanceOf(announcement);
    return announcement.decisions.some(({ areaId }) =>
      isAllowedIn(allowance, areaId, this.#options.areas.tree),
    );
  }

  /** What it is after a "no": approved as long as it is so anywhere, and else still asked for while somebody has said nothing. */
  #afterNo(announcement: Announcement): Pick<Announcement, 'state' | 'approvedSha256'> {
    const { state, approvedSha256 } = announcement;
    const territory = this.#options.territory();
    if (this.#soundsIn(announcement)) return { state, approvedSha256 };
    if (openIn(announcement, territory).length > 0) return { state: 'submitted', approvedSha256: null };
    return state === 'approved'
      ? { state: 'withdrawn', approvedSha256 }
      : { state: 'rejected', approvedSha256 };
  }

  /** What it is once it was withdrawn somewhere: what nobody is asked about, still being written or sent back, stays so. */
  #afterWithdrawal(announcement: Announcement): Pick<Announcement, 'state' | 'approvedSha256'> {
    const { state, approvedSha256 } = announcement;
    if (state === 'draft' || state === 'rejected') return { state, approvedSha256 };
    const next = this.#afterNo(announcement);
    return next.state === 'rejected' ? { ...next, state: 'withdrawn' } : next;
  }

  /** Once some answer and others are still asked, it says for whom it is meant: so it is found for them. */
  #stillMeant(announcement: Announcement, areaIds: readonly string[]): readonly string[] {
    const { tree } = this.#options.areas;
    const meant = meantAreas(announcement, tree);
    const asked = announcement.decisions.some(({ areaId, carried }) => carried && !areaIds.includes(areaId));
    const whole =
      !asked && meant.every((id) => tree.has(id) && tree.ancestry(id).some((one) => areaIds.includes(one)));
    return whole ? announcement.forAreas : meant;
  }
}

/** Whether it is the voice of the one who approves, who stands for it himself. A relay is nobody's voice. */
function isOwnRecording(actor: Actor, { recordedBy, stream, mediaSha256 }: Announcement): boolean {
  return recordedBy === actor.name && stream === null && mediaSha256 !== null;
}
