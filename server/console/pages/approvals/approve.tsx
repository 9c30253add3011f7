import { useState } from 'react';
import type { AnnouncementDetail, AnnouncementView } from '#protocols';
import { call, isApiError } from '../../api/client.ts';
import { useAct } from '../../api/hooks.ts';
import { Confirm } from '../../ui/dialog.tsx';
import { Notice } from '../../ui/notice.tsx';
import { PersonNames } from '../../ui/person.tsx';
import { RefusedBefore } from './refused-before.tsx';
import { Spoken } from './spoken.tsx';
import type { Answered } from './waiting.ts';
import { words } from './words.ts';

/**
 * Asks before a yes, with all that it is said to. The yes names the hash of what stands in this window, whatever the list shows by now; where it was
 * changed meanwhile it is refused, and the new text is shown to be read.
 */
export function Approve(props: {
  readonly asked: Answered;
  readonly onDone: (said: string) => void;
  readonly onClose: () => void;
}) {
  const { asked, onDone, onClose } = props;
  const [shown, setShown] = useState<AnnouncementDetail>(asked.announcement);
  const approve = useAct(async (key, sha256: string | null) => {
    try {
      const body = { sha256, ...overNoes(asked) };
      const given = await call<AnnouncementView>('POST', `announcements/${shown.id}/approve`, { key, body });
      onDone(saidOf(given));
    } catch (error) {
      if (!isApiError(error, 'announcement.audio_changed', 'request.conflict')) throw error;
      const now = await call<AnnouncementDetail>('GET', `announcements/${shown.id}`);
      setShown(now);
      throw error;
    }
  });
  const waits = shown.state === 'submitted' || shown.state === 'approved';
  const other = shown.approvalHash !== asked.announcement.approvalHash;
  return (
    <Confirm
      title={words.approveTitle(shown.title)}
      verb={words.approve}
      disabled={!waits || shown.approvalHash === null}
      busy={approve.busy}
      error={other || !waits ? undefined : approve.error}
      onConfirm={() => approve.run(shown.approvalHash)}
      onClose={onClose}
    >
      <div className="stack">
        {!waits && (
          <Notice kind="bad">{words.notWaiting(words.announcementStates[shown.state] ?? shown.state)}</Notice>
        )}
        {waits && other && <Notice kind="bad">{words.changedSince}</Notice>}
        <p>{words.approveWhy}</p>
        <dl className="facts">
          <dt>{words.yourAreas}</dt>
          <dd>{asked.areas.map(({ name }) => name).join(', ')}</dd>
          <dt>{words.by}</dt>
          <dd>
            <PersonNames names={shown.composerNames} logins={shown.composers} />
          </dd>
        </dl>
        <RefusedBefore known={shown.refusedBefore} />
        <Spoken announcement={shown} />
      </div>
    </Confirm>
  );
}

/** What a yes came to: where somebody who answers for more said no before, it sounds nowhere until he says yes too. */
function saidOf({ state, title, decisions }: AnnouncementView): string {
  if (state === 'approved') return words.approvedDone(title);
  const noes = decisions.filter(({ verdict }) => verdict !== 'approved').map(({ areaName }) => areaName);
  return words.approvedNotYet(title, noes.join(', '));
}

/** Somebody's "no" ends with a yes to that very area alone: where there was one, the areas that are shown are named. */
function overNoes({ areas, announcement: { decisions } }: Answered): { readonly areas?: readonly string[] } {
  const named = areas.map(({ areaId }) => areaId);
  return decisions.some(({ areaId, carried }) => carried && named.includes(areaId)) ? { areas: named } : {};
}
