import { useState } from 'react';
import { call } from '../../api/client.ts';
import { useAct } from '../../api/hooks.ts';
import { useSigned } from '../../app/session.tsx';
import { byId, indented, liesWithin } from '../../ui/area-tree.ts';
import { Button } from '../../ui/button.tsx';
import { Confirm } from '../../ui/dialog.tsx';
import { SelectField } from '../../ui/fields.tsx';
import { AnnouncementCard } from './announcement-card.tsx';
import type { Given } from './lists.ts';
import { words } from './words.ts';

/** What was approved, also of other stations that are heard here, and may be taken back. */
export function ApprovedList(props: {
  readonly given: readonly Given[];
  readonly onDone: (said: string) => void;
}) {
  const [leaving, setLeaving] = useState<Given>();
  if (props.given.length === 0) return <p className="soft">{words.nothingApproved}</p>;
  return (
    <>
      {props.given.map((one) => (
        <AnnouncementCard key={one.announcement.id} announcement={one.announcement}>
          {!one.whole && (
            <p className="soft">{words.ofOthers(one.areas.map(({ name }) => name).join(', '))}</p>
          )}
          <div className="actions">
            <Button label={`${words.withdraw}: ${one.announcement.title}`} onPress={() => setLeaving(one)}>
              {words.withdraw}
            </Button>
          </div>
        </AnnouncementCard>
      ))}
      {leaving !== undefined && (
        <Withdraw given={leaving} onDone={props.onDone} onClose={() => setLeaving(undefined)} />
      )}
    </>
  );
}

function Withdraw(props: {
  readonly given: Given;
  readonly onDone: (said: string) => void;
  readonly onClose: () => void;
}) {
  const { announcement, whole, areas: sounding } = props.given;
  const { areas, areasFor } = useSigned();
  const tree = byId(areas);
  const wider = sounding.map(({ areaId }) => areaId);
  // The station that made it may name any area, others only those that they answer for.
  const parts = (
    whole ? areas.filter(({ retiredAt }) => retiredAt === null) : areasFor('announcement:approve')
  )
    .filter(({ id }) => liesWithin(id, wider, tree))
    .map((area) => ({ value: area.id, label: words.onlyThere(indented(area, tree)) }));
  const choices = [...(whole ? [{ value: '', label: words.everywhere }] : []), ...parts];
  const [where, setWhere] = useState(choices[0]?.value ?? '');
  const withdraw = useAct(async (key, area: string, reason: string) => {
    const body = area === '' ? {} : { areas: [area], reason };
    await call('POST', `announcements/${announcement.id}/withdraw`, { key, body });
    props.onDone(words.withdrawnDone(announcement.title));
  });
  return (
    <Confirm
      title={words.withdrawTitle(announcement.title)}
      verb={words.withdraw}
      danger
      busy={withdraw.busy}
      error={withdraw.error}
      {...(where === '' ? {} : { reason: words.reason })}
      onConfirm={(reason) => withdraw.run(where, reason)}
      onClose={props.onClose}
    >
      <div className="stack">
        {choices.length > 1 && (
          <SelectField label={words.withdrawWhere} value={where} onChange={setWhere} choices={choices} />
        )}
        {choices.length === 1 && <p>{choices[0]?.label.trim()}</p>}
        <p>{where === '' ? words.withdrawWhy : words.withdrawThereWhy}</p>
      </div>
    </Confirm>
  );
}
