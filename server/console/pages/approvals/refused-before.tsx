import type { AnnouncementDetail } from '#protocols';
import { when } from '../../ui/format.ts';
import { Notice } from '../../ui/notice.tsx';
import { signed } from '../../ui/signed.ts';
import { words } from './words.ts';

/** A warning that the same words or the same sound were refused before, in another announcement: by whom, where, when and why. */
export function RefusedBefore(props: { readonly known: AnnouncementDetail['refusedBefore'] }) {
  if (props.known.length === 0) return null;
  return (
    <Notice kind="bad">
      <div>{words.refusedBefore}</div>
      {props.known.map(
        ({ announcementId, areaId, areaName, title, verdict, byName, as, at, reason, ...same }) => (
          <div key={`${announcementId} ${areaId} ${at}`}>
            {words.refusedSame(same.sameWords, same.sameSound, title)}{' '}
            {words.decision(areaName, words.verdicts[verdict], signed(byName, as), when(at))}
            {reason !== null && `: “${reason}”`}
          </div>
        ),
      )}
    </Notice>
  );
}
