import { useState } from 'react';
import type { AnnouncementView } from '#protocols';
import { call } from '../../api/client.ts';
import { useAct } from '../../api/hooks.ts';
import { useSigned } from '../../app/session.tsx';
import { Button } from '../../ui/button.tsx';
import { Confirm } from '../../ui/dialog.tsx';
import { SelectField } from '../../ui/fields.tsx';
import { AnnouncementCard } from './announcement-card.tsx';
import { words } from './words.ts';

/** What was approved, and may be taken back. */
export function ApprovedList(props: {
  readonly approved: readonly AnnouncementView[];
  readonly onDone: (said: string) => void;
}) {
  const { may, areasFor, areaName } = useSigned();
  const [leaving, setLeaving] = useState<AnnouncementView>();
  const [where, setWhere] = useState('');
  const withdraw = useAct(async (key, id: string, title: string, area: string, reason: string) => {
    const body = area === '' ? {} : { areas: [area], reason };
    await call('POST', `announcements/${id}/withdraw`, { key, body });
    props.onDone(words.withdrawnDone(title));
  });
  const mine = new Set(areasFor('announcement:approve').map(({ id }) => id));
  const places = (leaving?.decisions ?? [])
    .filter(({ verdict, areaId }) => verdict === 'approved' && mine.has(areaId))
    .map(({ areaId }) => ({ value: areaId, label: words.onlyThere(areaName(areaId)) }));
  if (props.approved.length === 0) return <p className="soft">{words.nothingApproved}</p>;
  return (
    <>
      {props.approved.map((one) => (
        <AnnouncementCard key={one.id} announcement={one}>
          {may('announcement:write') && (
            <div className="actions">
              <Button
                onPress={() => {
                  setWhere('');
                  setLeaving(one);
                }}
              >
                {words.withdraw}
              </Button>
            </div>
          )}
        </AnnouncementCard>
      ))}
      {leaving !== undefined && (
        <Confirm
          title={words.withdrawTitle(leaving.title)}
          verb={words.withdraw}
          danger
          busy={withdraw.busy}
          error={withdraw.error}
          {...(where === '' ? {} : { reason: words.reason })}
          onConfirm={(reason) => withdraw.run(leaving.id, leaving.title, where, reason)}
          onClose={() => setLeaving(undefined)}
        >
          <div className="stack">
            {places.length > 1 && (
              <SelectField
                label={words.withdrawWhere}
                value={where}
                onChange={setWhere}
                choices={[{ value: '', label: words.everywhere }, ...places]}
              />
            )}
            <p>{where === '' ? words.withdrawWhy : words.withdrawThereWhy}</p>
          </div>
        </Confirm>
      )}
    </>
  );
}
